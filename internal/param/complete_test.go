package param

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestComplete(t *testing.T) {
	params := []Param{
		{Name: "drive", Default: 3.0},
		{Name: "rate"},
		{Name: "bands", Type: Items, Fields: []Param{{Name: "q", Default: 0.7}, {Name: "gain", Default: 0.0}}},
	}
	given := Values{"rate": 2.0, "bands": []Values{{"gain": 6.0}, {"q": 2.0}}}
	want := Values{"drive": 3.0, "rate": 2.0, "bands": []Values{{"q": 0.7, "gain": 6.0}, {"q": 2.0, "gain": 0.0}}}
	if diff := cmp.Diff(want, Complete(params, given)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(Values{"rate": 2.0, "bands": []Values{{"gain": 6.0}, {"q": 2.0}}}, given); diff != "" {
		t.Errorf("what was given has changed:\n%s", diff)
	}
	if diff := cmp.Diff(Values{"drive": 3.0}, Complete(params, nil)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
