package main

import (
	"bytes"
	"os"
	"testing"
)

func TestTablesAreUpToDate(t *testing.T) {
	have, err := os.ReadFile("../../tables.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, source()) {
		t.Error("tables.go is not what gentables makes: run go generate in dsp/xmath")
	}
}
