// A public resampler for `-work resample`: FROM TO TIMES IN OUT, see resample.go. One
// core; samples are float64, in turn for two channels; IN is converted so many
// times over as one stream. Prints the CPU seconds that converting took.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#ifdef USE_SOXR
#include <soxr.h>
#else
#include <samplerate.h>
#endif

enum { block = 4096, room = 65536 };

static double cpu(void) {
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return u.ru_utime.tv_sec + u.ru_stime.tv_sec + 1e-6 * (u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static FILE *sink;
static void put(const double *x, size_t frames) {
	if (sink) fwrite(x, 16, frames, sink);
}

int main(int argc, char **argv) {
	if (argc != 6) return 2;
	double from = atof(argv[1]), to = atof(argv[2]);
	int times = atoi(argv[3]);
	FILE *f = fopen(argv[4], "rb");
	if (!f) return 1;
	fseek(f, 0, SEEK_END);
	size_t frames = ftell(f) / 16;
	rewind(f);
	double *in = malloc(frames * 16), *out = malloc(room * 16);
	if (fread(in, 16, frames, f) != frames) return 1;
	if (strcmp(argv[5], "-")) sink = fopen(argv[5], "wb");
	double took = 0;
#ifdef USE_SOXR
	soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT64_I, SOXR_FLOAT64_I);
	soxr_quality_spec_t quality = soxr_quality_spec(SOXR_VHQ, 0);
	soxr_runtime_spec_t runtime = soxr_runtime_spec(1);
	soxr_error_t err;
	soxr_t r = soxr_create(from, to, 2, &err, &io, &quality, &runtime);
	if (err) return 1;
	double start = cpu();
	for (int t = 0; t < times; t++)
		for (size_t at = 0; at < frames;) {
			size_t n = frames - at < block ? frames - at : block, used, made;
			soxr_process(r, in + 2 * at, n, &used, out, room, &made);
			put(out, made);
			at += used;
		}
	for (size_t made = 1; made;) {
		soxr_process(r, NULL, 0, NULL, out, room, &made);
		put(out, made);
	}
	took = cpu() - start;
#else
	float *single = malloc(frames * 8), *result = malloc(room * 8);
	for (size_t i = 0; i < 2 * frames; i++) single[i] = in[i];
	int err;
	SRC_STATE *r = src_new(SRC_SINC_BEST_QUALITY, 2, &err);
	if (!r) return 1;
	SRC_DATA d = {.src_ratio = to / from, .data_out = result, .output_frames = room};
	double start = cpu();
	for (int t = 0; t < times; t++)
		for (size_t at = 0; at < frames || (t == times - 1 && d.output_frames_gen);) {
			d.data_in = single + 2 * at;
			d.input_frames = frames - at < block ? frames - at : block;
			d.end_of_input = t == times - 1 && at + d.input_frames == frames;
			if (src_process(r, &d)) return 1;
			at += d.input_frames_used;
			if (!sink) continue;
			for (long i = 0; i < 2 * d.output_frames_gen; i++) out[i] = result[i];
			put(out, d.output_frames_gen);
		}
	took = cpu() - start;
#endif
	printf("%.6f\n", took);
	if (sink) fclose(sink);
	return 0;
}
