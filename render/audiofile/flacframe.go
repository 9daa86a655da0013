package audiofile

import (
	"encoding/binary"
	"errors"
	"io"
	"math/bits"
)

// flacFrame is one FLAC frame, decoded (RFC 9639, section 9). It keeps its
// buffers from frame to frame.
type flacFrame struct {
	flacHeader
	samples [][]int32 // one slice for each channel
	memory  []int32   // of which samples are parts
}

// flacHeader is the header of a FLAC frame.
type flacHeader struct {
	variable bool  // number counts samples, not frames
	number   int64 // of the frame, or of its first sample
	block    int   // samples of each channel
	rate     int   // Hz; 0: as the stream
	layout   int   // 0 to 7: so many channels and one more; else the two are predicted from each other
	depth    int   // bits; 0: as the stream
	length   int   // bytes of the header itself
}

// How two channels share what they have in common.
const (
	leftSide  = 8
	sideRight = 9
	midSide   = 10
)

func (h *flacHeader) channels() int {
	if h.layout >= leftSide {
		return 2
	}
	return h.layout + 1
}

// start is the place in the stream of the frame's first sample; block is the
// stream's block size, for those that count frames.
func (h *flacHeader) start(block int64) int64 {
	if h.variable {
		return h.number
	}
	return h.number * block
}

var (
	errFLACShort = errors.New("the frame goes on")   // beyond the bytes that there are
	errFLACBad   = errors.New("not a frame of FLAC") // or a damaged one
)

// flacPad is how many bytes there must be behind the data that frames are
// decoded from, whatever is in them: the bit reader loads eight at a time.
const flacPad = 16

// parseFLACHeader reads the frame header at the beginning of b.
func parseFLACHeader(b []byte) (h flacHeader, err error) {
	if len(b) < 6 {
		return h, errFLACShort
	}
	if b[0] != 0xFF || b[1]&0xFE != 0xF8 || b[3]&1 != 0 {
		return h, errFLACBad
	}
	h.variable = b[1]&1 == 1
	size, rate := int(b[2]>>4), int(b[2]&15)
	h.layout = int(b[3] >> 4)
	h.depth = []int{0, 8, 12, -1, 16, 20, 24, 32}[b[3]>>1&7]
	if h.layout > midSide || h.depth < 0 || size == 0 || rate == 15 {
		return h, errFLACBad
	}
	at := 4
	if h.number, at, err = flacNumber(b, at); err != nil {
		return h, err
	}
	extra := func(n int) (x int) { // the next n bytes
		if at+n > len(b) {
			err = errFLACShort
			return 0
		}
		for range n {
			x = x<<8 | int(b[at])
			at++
		}
		return x
	}
	switch {
	case size == 1:
		h.block = 192
	case size <= 5:
		h.block = 144 << size
	case size <= 7:
		h.block = extra(size-5) + 1
	default:
		h.block = 1 << size
	}
	switch {
	case rate < 12:
		h.rate = []int{0, 88200, 176400, 192000, 8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000}[rate]
	case rate == 12:
		h.rate = extra(1) * 1000
	default:
		h.rate = extra(2) * []int{1, 10}[rate-13]
	}
	sum := byte(extra(1))
	if err == nil && sum != crc8(b[:at-1]) {
		err = errFLACBad
	}
	h.length = at
	return h, err
}

// flacNumber reads a number in the manner of UTF-8, of up to 36 bits.
func flacNumber(b []byte, at int) (n int64, next int, err error) {
	ones := bits.LeadingZeros8(^b[at])
	if ones == 1 || ones == 8 {
		return 0, 0, errFLACBad
	}
	n = int64(b[at]) & (0x7F >> ones)
	for range ones - 1 {
		if at++; at >= len(b) {
			return 0, 0, errFLACShort
		}
		if b[at]&0xC0 != 0x80 {
			return 0, 0, errFLACBad
		}
		n = n<<6 | int64(b[at]&0x3F)
	}
	if at++; at >= len(b) {
		return 0, 0, errFLACShort
	}
	return n, at, nil
}

// decode decodes the frame at the beginning of b, behind which there are flacPad
// bytes of anything, and returns how many bytes it has. depth is the stream's.
// errFLACShort says that b ends before the frame does.
func (f *flacFrame) decode(b []byte, depth int) (n int, err error) {
	if f.flacHeader, err = parseFLACHeader(b); err != nil {
		return 0, err
	}
	if f.depth == 0 {
		f.depth = depth
	}
	if f.depth > 24 { // the sums below are of 32 bits, and a side channel needs one more
		return 0, errFLACBad
	}
	n, ok := f.body(b)
	switch {
	case n+2 > len(b):
		return 0, errFLACShort
	case !ok || crc16(b[:n]) != binary.BigEndian.Uint16(b[n:]):
		return 0, errFLACBad
	}
	f.correlate()
	return n + 2, nil
}

// body decodes the subframes behind the header, and returns where they end.
// Whether they are behind the end of b is for the caller to see.
func (f *flacFrame) body(b []byte) (n int, ok bool) {
	f.resize()
	r := flacBits{b: b[:len(b)+flacPad], pos: f.length}
	for ch, x := range f.samples {
		depth := f.depth
		if side := f.layout == sideRight && ch == 0 || f.layout != sideRight && ch == 1; side && f.layout >= leftSide {
			depth++
		}
		if !r.subframe(x, depth) {
			return r.byteAligned(), false
		}
	}
	return r.byteAligned(), true
}

func (f *flacFrame) resize() {
	n := f.channels()
	if cap(f.memory) < n*f.block {
		f.memory = make([]int32, n*f.block)
	}
	f.samples = f.samples[:0]
	for ch := range n {
		f.samples = append(f.samples, f.memory[ch*f.block:(ch+1)*f.block])
	}
}

// correlate makes left and right of what is stored in place of them.
func (f *flacFrame) correlate() {
	if f.layout < leftSide {
		return
	}
	x, y := f.samples[0], f.samples[1]
	y = y[:len(x)]
	switch f.layout {
	case leftSide:
		for i := range x {
			y[i] = x[i] - y[i]
		}
	case sideRight:
		for i := range x {
			x[i] += y[i]
		}
	case midSide:
		for i := range x {
			side := y[i]
			mid := x[i]<<1 | side&1 // half of it was lost, and side has the same last bit
			x[i], y[i] = (mid+side)>>1, (mid-side)>>1
		}
	}
}

// flacBits reads bits, the highest first.
type flacBits struct {
	b    []byte
	pos  int    // of the next byte to load
	acc  uint64 // loaded bits, from the highest on
	have uint   // how many of them are; those below are part of the next byte, or 0
}

// load makes at least 56 bits ready. Behind the end come ones, so that whatever
// counts zeros ends; it is noticed later that the end was passed.
func (r *flacBits) load() {
	if r.pos+8 > len(r.b) {
		r.acc |= ^uint64(0) >> r.have
		r.pos += int(63-r.have) >> 3
		r.have |= 56
		return
	}
	r.acc |= binary.BigEndian.Uint64(r.b[r.pos:]) >> r.have
	r.pos += int(63-r.have) >> 3
	r.have |= 56
}

// read returns the next n bits, at most 32.
func (r *flacBits) read(n int) uint32 {
	if r.have < 32 {
		r.load()
	}
	x := r.acc >> 32 >> (32 - n)
	r.acc <<= n
	r.have -= uint(n)
	return uint32(x)
}

// signed returns the next n bits, at most 32, as a two's complement number.
func (r *flacBits) signed(n int) int32 {
	return int32(r.read(n)<<(32-n)) >> (32 - n)
}

// unary counts the zeros before the next one, and takes that too.
func (r *flacBits) unary() (n int) {
	for {
		if r.have < 32 {
			r.load()
		}
		zeros := bits.LeadingZeros64(r.acc)
		if zeros < int(r.have) {
			r.acc <<= zeros + 1
			r.have -= uint(zeros) + 1
			return n + zeros
		}
		n += int(r.have)
		r.acc, r.have = 0, 0
	}
}

// byteAligned is the place of the first byte of which no bit has been read.
func (r *flacBits) byteAligned() int { return r.pos - int(r.have)/8 }

// subframe decodes one channel of so many bits; false if there is none.
func (r *flacBits) subframe(x []int32, depth int) bool {
	if r.read(1) != 0 {
		return false
	}
	kind, wasted := int(r.read(6)), 0
	if r.read(1) == 1 {
		wasted = r.unary() + 1
		if depth -= wasted; depth < 1 {
			return false
		}
	}
	ok := true
	switch {
	case kind == 0: // constant
		v := r.signed(depth)
		for i := range x {
			x[i] = v
		}
	case kind == 1: // verbatim
		for i := range x {
			x[i] = r.signed(depth)
		}
	case kind >= 8 && kind <= 12:
		ok = r.fixed(x, depth, kind-8)
	case kind >= 32:
		ok = r.linear(x, depth, kind-31)
	default:
		return false
	}
	if wasted > 0 {
		for i := range x {
			x[i] <<= wasted
		}
	}
	return ok
}

// fixed decodes a subframe of one of the predictors that need no coefficients:
// the residual is a difference of that order.
func (r *flacBits) fixed(x []int32, depth, order int) bool {
	if !r.warmUp(x, depth, order) || !r.residual(x, order) {
		return false
	}
	switch order {
	case 1:
		for i := 1; i < len(x); i++ {
			x[i] += x[i-1]
		}
	case 2:
		for i := 2; i < len(x); i++ {
			x[i] += 2*x[i-1] - x[i-2]
		}
	case 3:
		for i := 3; i < len(x); i++ {
			x[i] += 3*(x[i-1]-x[i-2]) + x[i-3]
		}
	case 4:
		for i := 4; i < len(x); i++ {
			x[i] += 4*(x[i-1]+x[i-3]) - 6*x[i-2] - x[i-4]
		}
	}
	return true
}

// linear decodes a subframe with a linear predictor of its own.
func (r *flacBits) linear(x []int32, depth, order int) bool {
	if !r.warmUp(x, depth, order) {
		return false
	}
	precision := int(r.read(4)) + 1
	shift := r.signed(5)
	if precision > 15 || shift < 0 {
		return false
	}
	var memory [32]int64
	coeffs := memory[:order] // the oldest sample's first
	for i := range coeffs {
		coeffs[order-1-i] = int64(r.signed(precision))
	}
	if !r.residual(x, order) {
		return false
	}
	for i := order; i < len(x); i++ {
		past := x[i-order:][:len(coeffs)]
		sum := int64(0)
		for j, c := range coeffs {
			sum += c * int64(past[j])
		}
		x[i] += int32(sum >> shift)
	}
	return true
}

// warmUp reads the samples that nothing can be predicted from yet.
func (r *flacBits) warmUp(x []int32, depth, order int) bool {
	if order > len(x) {
		return false
	}
	for i := range x[:order] {
		x[i] = r.signed(depth)
	}
	return true
}

// residual reads what prediction leaves, for all samples after the warm-up: in
// partitions of equal length, each with a Rice parameter of its own.
func (r *flacBits) residual(x []int32, order int) bool {
	method := r.read(2)
	if method > 1 {
		return false
	}
	bitsOfK := 4 + int(method)
	parts := 1 << r.read(4)
	size := len(x) / parts
	if size*parts != len(x) || size < order {
		return false
	}
	for p := range parts {
		part := x[max(p*size, order) : (p+1)*size] // the first one is short of the warm-up
		if r.pos > len(r.b) {
			return true // behind the end: it is all noise
		}
		k := int(r.read(bitsOfK))
		if k < 1<<bitsOfK-1 {
			r.rice(part, uint(k))
			continue
		}
		n := int(r.read(5)) // not coded
		for i := range part {
			part[i] = r.signed(n)
		}
	}
	return true
}

// rice reads numbers of which all but the k lowest bits are unary, the sign
// being the last bit.
func (r *flacBits) rice(x []int32, k uint) {
	s := *r // in locals while the loop runs
	for i := range x {
		s.load()
		zeros := uint(bits.LeadingZeros64(s.acc))
		if zeros+1+k > s.have { // rare: more than one load
			zeros = uint(s.unary())
			u := uint32(zeros)<<k | s.read(int(k))
			x[i] = int32(u>>1) ^ -int32(u&1)
			continue
		}
		s.acc <<= zeros + 1
		u := uint32(zeros)<<k | uint32(s.acc>>(64-k))
		s.acc <<= k
		s.have -= zeros + 1 + k
		x[i] = int32(u>>1) ^ -int32(u&1)
	}
	*r = s
}

// flacWindow is the part of a file that frames are decoded from.
type flacWindow struct {
	b      []byte // with flacPad bytes behind
	at, to int    // what of it is data
}

// maxFLACFrame bounds the window: no encoder makes frames of a tenth of that.
const maxFLACFrame = 16 << 20

func (w *flacWindow) clear()        { w.at, w.to = 0, 0 }
func (w *flacWindow) bytes() []byte { return w.b[w.at:w.to] }
func (w *flacWindow) skip(n int)    { w.at += n }

// more reads on: into the room behind the data, or twice as much of it where
// there is none. io.EOF says that the file is at its end, and
// io.ErrUnexpectedEOF that it is so within a frame.
func (w *flacWindow) more(in io.Reader) error {
	data := w.bytes()
	switch {
	case len(data) > maxFLACFrame:
		return errFLACBad
	case len(w.b)-flacPad < 2*len(data) || w.b == nil:
		w.b = append(make([]byte, 0, max(64<<10, 4*len(data))), data...)
		w.b = w.b[:cap(w.b)]
	default:
		copy(w.b, data)
	}
	w.at, w.to = 0, len(data)
	n, err := io.ReadAtLeast(in, w.b[w.to:len(w.b)-flacPad], 1)
	w.to += n
	if err == io.EOF && len(data) > 0 {
		return io.ErrUnexpectedEOF
	}
	return err
}

// crc8 is the checksum of frame headers: polynomial x^8 + x^2 + x + 1.
func crc8(b []byte) (sum byte) {
	for _, c := range b {
		sum ^= c
		for range 8 {
			sum = sum<<1 ^ sum>>7*7
		}
	}
	return sum
}

// crc16Tables hold the checksums of a byte that is followed by 0 to 7 zero
// bytes: polynomial x^16 + x^15 + x^2 + 1.
var crc16Tables = func() (t [8][256]uint16) {
	for i := range 256 {
		sum := uint16(i) << 8
		for range 8 {
			sum = sum<<1 ^ sum>>15*0x8005
		}
		t[0][i] = sum
	}
	for n := 1; n < 8; n++ {
		for i := range 256 {
			sum := t[n-1][i]
			t[n][i] = sum<<8 ^ t[0][sum>>8]
		}
	}
	return t
}()

// crc16 is the checksum of frames, eight bytes at a time.
func crc16(b []byte) (sum uint16) {
	t := &crc16Tables
	for ; len(b) >= 8; b = b[8:] {
		u := binary.BigEndian.Uint64(b) ^ uint64(sum)<<48
		sum = t[7][u>>56] ^ t[6][u>>48&0xFF] ^ t[5][u>>40&0xFF] ^ t[4][u>>32&0xFF] ^
			t[3][u>>24&0xFF] ^ t[2][u>>16&0xFF] ^ t[1][u>>8&0xFF] ^ t[0][u&0xFF]
	}
	for _, c := range b {
		sum = sum<<8 ^ t[0][sum>>8^uint16(c)]
	}
	return sum
}
