package spec

import (
	"os"
	"testing"
)

func TestZ(t *testing.T) {
	text, _ := os.ReadFile("testdata/page-song.yaml")
	p, diags := loadText(t, string(text))
	t.Log(diags.Text())
	if p == nil {
		t.Fatal()
	}
	for _, l := range Explain(p, "") {
		t.Logf("%-60s %-30s %s", l.Path, l.Value, l.Origin)
	}
	t.Log(len(Schema(fakeCatalogue)))
}
