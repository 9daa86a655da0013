package fft

// The three forms of a radix-4 pass: for the first one, where groups are single
// numbers, from complex and from packed real input; and for all others, where
// the inner loop runs along a group with the same twiddle factors.
//
// With a, b, c, d the four inputs a quarter apart, the outputs are
//
//	a+c + (b+d),  w (a-c - i(b-d)),  w² (a+c - (b+d)),  w³ (a-c + i(b-d))

// firstReal is the first pass on real samples taken in pairs.
func (p *pass) firstReal(x []float64, to buffer) {
	n := p.quarter
	xa, xb, xc, xd := x[:2*n], x[2*n:][:2*n], x[4*n:][:2*n], x[6*n:][:2*n]
	for k := range n {
		w := p.twiddle[6*k : 6*k+6 : 6*k+6]
		yr, yi := to.re[4*k:4*k+4:4*k+4], to.im[4*k:4*k+4:4*k+4]
		ar, ai := xa[2*k], xa[2*k+1]
		br, bi := xb[2*k], xb[2*k+1]
		cr, ci := xc[2*k], xc[2*k+1]
		dr, di := xd[2*k], xd[2*k+1]

		sr, si, tr, ti := ar+cr, ai+ci, br+dr, bi+di
		ur, ui, vr, vi := ar-cr, ai-ci, bi-di, dr-br // v = -i(b-d)
		yr[0], yi[0] = sr+tr, si+ti
		er, ei := ur+vr, ui+vi
		fr, fi := sr-tr, si-ti
		gr, gi := ur-vr, ui-vi
		yr[1], yi[1] = float64(er*w[0])-float64(ei*w[1]), float64(er*w[1])+float64(ei*w[0])
		yr[2], yi[2] = float64(fr*w[2])-float64(fi*w[3]), float64(fr*w[3])+float64(fi*w[2])
		yr[3], yi[3] = float64(gr*w[4])-float64(gi*w[5]), float64(gr*w[5])+float64(gi*w[4])
	}
}

// first is the first pass on complex numbers.
func (p *pass) first(from, to buffer) {
	n := p.quarter
	re, im := from.re, from.im
	xar, xbr, xcr, xdr := re[:n], re[n:][:n], re[2*n:][:n], re[3*n:][:n]
	xai, xbi, xci, xdi := im[:n], im[n:][:n], im[2*n:][:n], im[3*n:][:n]
	for k := range n {
		w := p.twiddle[6*k : 6*k+6 : 6*k+6]
		yr, yi := to.re[4*k:4*k+4:4*k+4], to.im[4*k:4*k+4:4*k+4]
		ar, ai := xar[k], xai[k]
		br, bi := xbr[k], xbi[k]
		cr, ci := xcr[k], xci[k]
		dr, di := xdr[k], xdi[k]

		sr, si, tr, ti := ar+cr, ai+ci, br+dr, bi+di
		ur, ui, vr, vi := ar-cr, ai-ci, bi-di, dr-br // v = -i(b-d)
		yr[0], yi[0] = sr+tr, si+ti
		er, ei := ur+vr, ui+vi
		fr, fi := sr-tr, si-ti
		gr, gi := ur-vr, ui-vi
		yr[1], yi[1] = float64(er*w[0])-float64(ei*w[1]), float64(er*w[1])+float64(ei*w[0])
		yr[2], yi[2] = float64(fr*w[2])-float64(fi*w[3]), float64(fr*w[3])+float64(fi*w[2])
		yr[3], yi[3] = float64(gr*w[4])-float64(gi*w[5]), float64(gr*w[5])+float64(gi*w[4])
	}
}

// run is any later pass.
func (p *pass) run(from, to buffer) {
	s := p.stride
	quarter := p.quarter * s
	for k := range p.quarter {
		w := p.twiddle[6*k : 6*k+6 : 6*k+6]
		w1r, w1i, w2r, w2i, w3r, w3i := w[0], w[1], w[2], w[3], w[4], w[5]
		at, out := s*k, 4*s*k
		xar, xai := from.re[at:][:s], from.im[at:][:s]
		xbr, xbi := from.re[at+quarter:][:s], from.im[at+quarter:][:s]
		xcr, xci := from.re[at+2*quarter:][:s], from.im[at+2*quarter:][:s]
		xdr, xdi := from.re[at+3*quarter:][:s], from.im[at+3*quarter:][:s]
		y0r, y0i := to.re[out:][:s], to.im[out:][:s]
		y1r, y1i := to.re[out+s:][:s], to.im[out+s:][:s]
		y2r, y2i := to.re[out+2*s:][:s], to.im[out+2*s:][:s]
		y3r, y3i := to.re[out+3*s:][:s], to.im[out+3*s:][:s]
		if k == 0 { // all factors are 1; so it is throughout the last pass
			for q := range s {
				sr, si, tr, ti := xar[q]+xcr[q], xai[q]+xci[q], xbr[q]+xdr[q], xbi[q]+xdi[q]
				ur, ui, vr, vi := xar[q]-xcr[q], xai[q]-xci[q], xbi[q]-xdi[q], xdr[q]-xbr[q]
				y0r[q], y0i[q] = sr+tr, si+ti
				y1r[q], y1i[q] = ur+vr, ui+vi
				y2r[q], y2i[q] = sr-tr, si-ti
				y3r[q], y3i[q] = ur-vr, ui-vi
			}
			continue
		}
		for q := range s {
			ar, ai := xar[q], xai[q]
			br, bi := xbr[q], xbi[q]
			cr, ci := xcr[q], xci[q]
			dr, di := xdr[q], xdi[q]

			sr, si, tr, ti := ar+cr, ai+ci, br+dr, bi+di
			ur, ui, vr, vi := ar-cr, ai-ci, bi-di, dr-br
			y0r[q], y0i[q] = sr+tr, si+ti
			er, ei := ur+vr, ui+vi
			y1r[q], y1i[q] = float64(er*w1r)-float64(ei*w1i), float64(er*w1i)+float64(ei*w1r)
			er, ei = sr-tr, si-ti
			y2r[q], y2i[q] = float64(er*w2r)-float64(ei*w2i), float64(er*w2i)+float64(ei*w2r)
			er, ei = ur-vr, ui-vi
			y3r[q], y3i[q] = float64(er*w3r)-float64(ei*w3i), float64(er*w3i)+float64(ei*w3r)
		}
	}
}
