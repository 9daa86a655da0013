package dyn

// Style is a manner of limiting: how far ahead the gain looks, how long it waits, and
// how it comes back. All styles keep the same promise; they differ in what is heard of
// it.
//
// The way back has three stages. The first lets go of what stands above the
// others, with Fast; each of the others rises toward the reduction with its
// Charge and falls with its Release, and holds up the stage before it. So what a
// single peak took off comes back with Fast, and what has been taken off for about
// as long as a stage charges comes back with that stage.
type Style struct {
	Name string

	LookAhead float64 // ms in which the gain comes down before a peak
	Hold      float64 // ms more than that for which a peak is held
	Fast      float64 // ms, time constant of the first stage
	Middle    Stage
	Slow      Stage
	Unlink    float64 // 0..1, how far each side is limited for itself
}

// Stage is one of the slower stages of a release, as time constants in ms. One that
// takes for ever to charge (0) is none.
type Stage struct{ Charge, Release float64 }

// The styles. docs/limiter.md has what they measure beside other limiters.
var (
	// Transparent moves the gain least: a single peak is gone after 40 ms, and where
	// the music is over the ceiling all the time the gain stays down between its
	// peaks. Look-ahead and hold together bridge the gaps between the peaks of a bass
	// wave (5 ms for 50 Hz, 3 dB over), which the gain would else follow, and so
	// distort; that most of it is look-ahead makes the steps of the gain smoother.
	Transparent = Style{
		Name: "transparent", LookAhead: 6, Hold: 1,
		Fast: 40, Slow: Stage{Charge: 100, Release: 400},
	}
	// Punchy lets a hit keep its shape: the hold is long enough for its body, which
	// goes down by as much as its attack, and what comes before it is touched for a
	// millisecond only.
	Punchy = Style{
		Name: "punchy", LookAhead: 1, Hold: 20,
		Fast: 60, Middle: Stage{Charge: 60, Release: 150}, Slow: Stage{Charge: 400, Release: 800},
	}
	// Loud takes off a peak and as little as can be beside it: the gain is back after
	// some milliseconds, and a side that is not over gives way to the other only half.
	Loud = Style{
		Name: "loud", LookAhead: 3,
		Fast: 8, Middle: Stage{Charge: 25, Release: 60}, Slow: Stage{Charge: 400, Release: 300}, Unlink: 0.5,
	}
)

// Styles lists the styles.
func Styles() []Style { return []Style{Transparent, Punchy, Loud} }
