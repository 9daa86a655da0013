package cache

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// When a result is worth its place.
//
// Measured on two busy cores of a server (EPYC, ext4 on a virtual disk) with a
// stage of 92 MB, which is four minutes of stereo in 32-bit float at 48 kHz:
// hashing it on the way back takes 0.05-0.2 s (0.5-1.7 GB/s, by load and SHA
// instructions), and the sync when it is stored 0.05-0.1 s. A laptop's disk reads
// some 0.5 GB/s when the file is no longer in memory. A cheap strip (read, gain,
// pan) of that length takes about 0.1 s, one with an equaliser and a compressor
// 1-3 s, a master with a limiter more.
const (
	readBytesPerSecond = 500e6                // to read a blob back and hash it
	openTime           = 5 * time.Millisecond // to find an entry and store it: two small syncs
	worthFactor        = 4                    // times cheaper than making it: pays for storing, and for the room it takes
)

// largestShare is the part of the cache that one result may take.
const largestShare = 4

// Keep tells whether a result is worth storing: when making it cost at least
// four times as long as reading it back would. By this rule a 92 MB stage is kept
// from 0.75 s on. A result larger than a quarter of the cache never is.
func (s *Store) Keep(cost time.Duration, size int64) bool {
	return size <= s.maxBytes()/largestShare && worthKeeping(cost, size)
}

func worthKeeping(cost time.Duration, size int64) bool {
	back := openTime.Seconds() + float64(size)/readBytesPerSecond
	return cost.Seconds() >= worthFactor*back
}

// SizeVariable names the environment variable with the size limit.
const SizeVariable = "LATHE_CACHE_SIZE"

// defaultSize is the limit where nothing else is said and the disk is large.
const defaultSize = 20e9

// setLimit settles the size limit: the one given, or LATHE_CACHE_SIZE, or else
// 20 GB, or a tenth of what is free on the disk if that is less. The cache's own
// files count as free, so that the limit does not shrink as it fills; they are
// counted when the limit is first needed, which is not when there is nothing to do.
func (s *Store) setLimit(given int64) error {
	if text := os.Getenv(SizeVariable); given <= 0 && text != "" {
		var err error
		if given, err = ParseSize(text); err != nil {
			return fmt.Errorf("%s: %w", SizeVariable, err)
		}
	}
	s.maxBytes = sync.OnceValue(func() int64 {
		if given > 0 {
			return given
		}
		if free, ok := freeBytes(s.dir); ok {
			return min(defaultSize, (free+folderBytes(s.dir))/10)
		}
		return defaultSize
	})
	return nil
}

var sizeUnits = []struct {
	suffix string
	bytes  float64
}{
	{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"tib", 1 << 40},
	{"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"tb", 1e12}, {"b", 1},
}

// ParseSize reads a size such as "20 GB", "500MB" or "1.5 TiB". It is at least
// one byte.
func ParseSize(text string) (int64, error) {
	number, unit := strings.ToLower(strings.TrimSpace(text)), 1.0
	for _, u := range sizeUnits {
		if s, ok := strings.CutSuffix(number, u.suffix); ok {
			number, unit = strings.TrimSpace(s), u.bytes
			break
		}
	}
	x, err := strconv.ParseFloat(number, 64)
	bytes := float64(x * unit)
	if err != nil || !(bytes >= 1 && bytes < math.MaxInt64) {
		return 0, fmt.Errorf("%q is not a size: write for example \"20 GB\"", text)
	}
	return int64(bytes), nil
}
