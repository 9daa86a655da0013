package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The pages and figures in the repository are what the tables and the processors say.
func TestDocsAreCurrent(t *testing.T) {
	want, err := pages()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join("../../docs", name))
		if err != nil {
			t.Errorf("run go run ./internal/docs: %v", err)
			continue
		}
		if diff := cmp.Diff(string(text), string(got)); diff != "" {
			t.Errorf("docs/%s is not current; run go run ./internal/docs (-want +got):\n%s", name, diff[:min(len(diff), 4000)])
		}
	}
	figures, err := os.ReadDir(filepath.Join("../../docs", figureDir))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range figures {
		if want[figureDir+"/"+f.Name()] == nil {
			t.Errorf("docs/%s/%s is a figure of nothing; run go run ./internal/docs", figureDir, f.Name())
		}
	}
}

// A chart that would show nothing is refused: TestDocsAreCurrent relies on it.
func TestChartOfNothing(t *testing.T) {
	axes := chart{x: axis{max: 10, step: 1}, y: axis{max: 10, step: 1}}
	for name, curves := range map[string][]curve{
		"no curves":      nil,
		"no points":      {{label: "a"}},
		"beyond the top": {{label: "a", points: []xy{{1, 20}, {2, 20}, {3, 20}}}},
		"mostly beyond":  {{label: "a", points: []xy{{1, 1}, {2, 1}, {20, 1}, {30, 1}, {40, 1}, {50, 1}, {60, 1}}}},
	} {
		c := axes
		c.curves = curves
		if c.check() == nil {
			t.Errorf("%s: not refused", name)
		}
	}
	axes.curves = []curve{{label: "a", points: []xy{{1, 1}, {2, 2}}}}
	if err := axes.check(); err != nil {
		t.Error(err)
	}
}

// Thinning keeps every point within a tenth of a pixel of the line.
func TestThin(t *testing.T) {
	var bend []xy
	for i := range 200 {
		x := float64(i)
		bend = append(bend, xy{x, x * x / 400})
	}
	kept := thin(bend)
	if len(kept) < 5 || len(kept) > 60 {
		t.Errorf("%d of 200 points kept of a parabola", len(kept))
	}
	for _, p := range bend {
		for i := 1; i < len(kept); i++ {
			a, b := kept[i-1], kept[i]
			if p.x >= a.x && p.x <= b.x {
				if off := p.y - a.y - (b.y-a.y)*(p.x-a.x)/(b.x-a.x); off > 0.15 || off < -0.15 { // a tenth across, seen upright at up to 45°
					t.Errorf("at %v the line is %v off", p.x, off)
				}
			}
		}
	}
	if straight := thin([]xy{{0, 0}, {1, 1}, {2, 2}, {9, 9}}); len(straight) != 2 {
		t.Errorf("a straight line keeps %d points", len(straight))
	}
}
