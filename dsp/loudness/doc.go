// Package loudness measures programme loudness (ITU-R BS.1770-5, EBU R 128,
// EBU Tech 3341 and 3342), true peak, and plain statistics of a stream.
//
//   - [Meter] reads loudness and peaks of any number of channels.
//   - [Integrator] reads only the loudness of a stereo stream, and fast.
//   - [Statistics] reads what needs no weighting: rms, crest, DC, correlation,
//     clipped runs, silence at the ends, dynamic range, noise floor, word length.
//   - [Spectrum] averages the power over frequency, [Envelope] keeps the wave's outline.
//
// All take blocks of any length, and what they read does not depend, bit for
// bit, on how the stream was cut. Memory grows by a few bytes for each 100 ms.
//
// A loudness that does not exist is -Inf, a difference or ratio that does not
// exist is NaN; callers print neither as a number.
package loudness
