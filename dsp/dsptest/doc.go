// Package dsptest holds what the tests of all processors share: one harness
// that checks every promise of [dsp.Processor], test signals that are the same
// everywhere, and means to measure with.
//
// A family's test is a table:
//
//	func TestKindSaturator(t *testing.T) {
//		dsptest.Run(t, colour.Saturator,
//			dsptest.Case{Name: "defaults", Golden: "9b1f..."},
//			dsptest.Case{Name: "hard", Values: param.Values{"type": "hard", "drive": 20.0}, Golden: "04ce..."},
//		)
//	}
//
// # Golden tests
//
// A golden test compares the SHA-256 of output samples with one written in the source. They
// must hold on every machine, so .ci/same-bytes runs them, and only them, on several targets
// (amd64 with and without fused multiply-add, arm64). It finds them by name, with
//
//	go test -run '^TestGolden|^TestKind/^Golden$' ./...
//
// that is: all of a test whose name begins with TestGolden, and the part "Golden" of a test whose name
// begins with TestKind, which is where [Run] puts its hashes. Run refuses to work under another name.
//
// To see the hashes of changed code, run LATHE_GOLDEN=update go test -v: the tests then print
// what they found and pass. Whoever pastes it into the source raises the kind's Version as well.
package dsptest
