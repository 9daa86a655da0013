package main

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The page in the repository is what the tables say.
func TestReferenceIsCurrent(t *testing.T) {
	want, err := reference()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../docs/reference.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("docs/reference.md is not current; run go run ./internal/docs (-want +got):\n%s", diff)
	}
}
