package dyn

import (
	"fmt"

	"github.com/lathe-audio/lathe/internal/param"
)

// The settings that the kinds have in common, with their defaults.

func thresholdParam(db float64) param.Param {
	return param.Param{Name: "threshold", Unit: param.DB, Min: -80, Max: 0, Default: db,
		Doc: "level above which the gain is reduced"}
}

func ratioParam(ratio, most float64) param.Param {
	return param.Param{Name: "ratio", Unit: param.Ratio, Min: 1, Max: most, Default: ratio,
		Doc: "dB in for one dB out above the threshold"}
}

func kneeParam(db float64) param.Param {
	return param.Param{Name: "knee", Unit: param.DB, Min: 0, Max: 36, Default: db,
		Doc: "width of the soft bend around the threshold"}
}

func rangeParam(db, most float64) param.Param {
	return param.Param{Name: "range", Unit: param.DB, Min: 0, Max: most, Default: db,
		Doc: "the most it may take off"}
}

func attackParam(ms float64) param.Param {
	return param.Param{Name: "attack", Unit: param.MS, Min: 0.01, Max: 500, Default: ms,
		Doc: "time in which 63 % of a reduction is reached"}
}

func releaseParam(ms float64, auto bool) param.Param {
	p := param.Param{Name: "release", Unit: param.MS, Min: 1, Max: 5000, Default: ms, Auto: auto,
		Doc: "time in which 63 % of a reduction is let go"}
	if auto {
		p.Doc += fmt.Sprintf("; auto: from %g ms after a peak to %g s after steady loudness", autoFast, autoSlow/1000)
	}
	return p
}

func makeupParam() param.Param {
	return param.Param{Name: "makeup", Unit: param.DB, Min: -24, Max: 24, Default: 0.0, Auto: true,
		Doc: "gain after the reduction; auto: half of what is taken off a full-scale signal"}
}

// curveOf reads the settings of a curve.
func curveOf(v param.Values) Curve {
	return Curve{
		Threshold: v.Num("threshold"),
		Ratio:     v.Num("ratio"),
		Knee:      v.Num("knee"),
		Range:     v.Num("range"),
	}
}

// settingsOf reads the settings of a core that compressor and multiband share.
func settingsOf(v param.Values) settings {
	return settings{
		Curve:       curveOf(v),
		attack:      v.Num("attack"),
		release:     v.Num("release"),
		autoRelease: v.IsAuto("release"),
		makeup:      v.Num("makeup"),
		autoMakeup:  v.IsAuto("makeup"),
		link:        1,
	}
}
