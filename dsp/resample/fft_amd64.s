#include "textflag.h"

// The stages of the transform, four numbers at a time. Each lane does what the
// loop in fft.go does for its number, in the same order and with the same
// roundings; only where a sum of two comes first of two is left open, as x+y and
// y+x are the same.
//
// In all of them SI, DI are the next real and imaginary input, R8, R9 the next
// output, R10 is the distance of a stage's inputs in bytes and BX that of its
// outputs; R11, R12 and R13, AX are three and five times as much. DX is the next
// turn, CX counts what is left of a group. The inputs of the groups follow one
// another, the outputs have gaps.

// func pass4AVX(xr, xi, yr, yi *float64, w *turn, groups, stride int), and so on.
#define ARGUMENTS \
	MOVQ xr+0(FP), SI \
	MOVQ xi+8(FP), DI \
	MOVQ yr+16(FP), R8 \
	MOVQ yi+24(FP), R9 \
	MOVQ w+32(FP), DX \
	MOVQ groups+40(FP), R10 \
	MOVQ stride+48(FP), BX \
	IMULQ BX, R10 \
	SHLQ $3, R10 \
	SHLQ $3, BX \
	LEAQ (R10)(R10*2), R11 \
	LEAQ (R10)(R10*4), R12 \
	LEAQ (BX)(BX*2), R13 \
	LEAQ (BX)(BX*4), AX

#define NEXT \
	ADDQ $32, SI \
	ADDQ $32, DI \
	ADDQ $32, R8 \
	ADDQ $32, R9 \
	SUBQ $4, CX

// SUM is s = (at p + at q), DIFFERENCE is d = (at p - at q), BOTH is both.
#define SUM(p, q, s) \
	VMOVUPD p, s \
	VADDPD q, s, s

#define DIFFERENCE(p, q, d) \
	VMOVUPD p, d \
	VSUBPD q, d, d

#define BOTH(p, q, s, d) \
	VMOVUPD p, d \
	VADDPD q, d, s \
	VSUBPD q, d, d

// TIMES puts (re + i im)(wr + i wi) to yr, yi; t and u are working space.
#define TIMES(re, im, wr, wi, t, u, yr, yi) \
	VMULPD wr, re, t \
	VMULPD wi, im, u \
	VSUBPD u, t, t \
	VMOVUPD t, yr \
	VMULPD wi, re, t \
	VMULPD wr, im, u \
	VADDPD u, t, t \
	VMOVUPD t, yi

// WEIGH2 is r = x + c·a + d·b, from left to right; WEIGH3 has a third.
#define WEIGH2(x, c, a, d, b, r, t) \
	VMULPD c, a, r \
	VADDPD x, r, r \
	VMULPD d, b, t \
	VADDPD t, r, r

#define WEIGH3(x, c, a, d, b, e, k, r, t) \
	WEIGH2(x, c, a, d, b, r, t) \
	VMULPD e, k, t \
	VADDPD t, r, r

// SPREAD puts a number into all four places of where.
#define SPREAD(number, where) \
	VBROADCASTSD number, Y0 \
	VMOVUPD Y0, where

// For five and seven the registers do for the numbers only: cosines, sines and
// turns are four times side by side on the stack.

#define C1 0(SP)
#define C2 32(SP)
#define C3 64(SP)
#define D1 96(SP)
#define D2 128(SP)
#define D3 160(SP)

// func pass2AVX(xr, xi, yr, yi *float64, w *turn, groups, stride int)
TEXT ·pass2AVX(SB), NOSPLIT, $0-56
	ARGUMENTS

group2:
	VBROADCASTSD (DX), Y14
	VBROADCASTSD 8(DX), Y15
	MOVQ stride+48(FP), CX

loop2:
	BOTH((SI), (SI)(R10*1), Y0, Y1)
	BOTH((DI), (DI)(R10*1), Y2, Y3)
	VMOVUPD Y0, (R8)
	VMOVUPD Y2, (R9)
	TIMES(Y1, Y3, Y14, Y15, Y4, Y5, (R8)(BX*1), (R9)(BX*1))
	NEXT
	JNZ  loop2
	ADDQ BX, R8
	ADDQ BX, R9
	ADDQ $16, DX
	DECQ groups+40(FP)
	JNZ  group2
	VZEROUPPER
	RET

// func pass4AVX(xr, xi, yr, yi *float64, w *turn, groups, stride int)
TEXT ·pass4AVX(SB), NOSPLIT, $0-56
	ARGUMENTS

group4:
	VBROADCASTSD (DX), Y10
	VBROADCASTSD 8(DX), Y11
	VBROADCASTSD 16(DX), Y12
	VBROADCASTSD 24(DX), Y13
	VBROADCASTSD 32(DX), Y14
	VBROADCASTSD 40(DX), Y15
	MOVQ stride+48(FP), CX

loop4:
	BOTH((SI), (SI)(R10*2), Y0, Y1)         // ar, br
	BOTH((DI), (DI)(R10*2), Y2, Y3)         // ai, bi
	VMOVUPD (SI)(R11*1), Y5
	VADDPD (SI)(R10*1), Y5, Y4              // cr
	VSUBPD (SI)(R10*1), Y5, Y5              // di
	BOTH((DI)(R10*1), (DI)(R11*1), Y6, Y7)  // ci, dr
	VADDPD Y4, Y0, Y8
	VMOVUPD Y8, (R8)
	VADDPD Y6, Y2, Y9
	VMOVUPD Y9, (R9)
	VSUBPD Y4, Y0, Y0
	VSUBPD Y6, Y2, Y2
	TIMES(Y0, Y2, Y12, Y13, Y8, Y9, (R8)(BX*2), (R9)(BX*2))
	VADDPD Y7, Y1, Y0
	VADDPD Y5, Y3, Y2
	TIMES(Y0, Y2, Y10, Y11, Y8, Y9, (R8)(BX*1), (R9)(BX*1))
	VSUBPD Y7, Y1, Y0
	VSUBPD Y5, Y3, Y2
	TIMES(Y0, Y2, Y14, Y15, Y8, Y9, (R8)(R13*1), (R9)(R13*1))
	NEXT
	JNZ  loop4
	ADDQ R13, R8
	ADDQ R13, R9
	ADDQ $48, DX
	DECQ groups+40(FP)
	JNZ  group4
	VZEROUPPER
	RET

// TRANSPOSE stores lane g of a, b, c, d as the four numbers from 4g on.
#define TRANSPOSE(a, b, c, d, t, u, y) \
	VUNPCKLPD b, a, t \
	VUNPCKHPD b, a, a \
	VUNPCKLPD d, c, u \
	VUNPCKHPD d, c, c \
	VPERM2F128 $0x20, u, t, b \
	VMOVUPD b, (y) \
	VPERM2F128 $0x20, c, a, b \
	VMOVUPD b, 32(y) \
	VPERM2F128 $0x31, u, t, b \
	VMOVUPD b, 64(y) \
	VPERM2F128 $0x31, c, a, b \
	VMOVUPD b, 96(y)

// TURN is TIMES in place.
#define TURN(re, im, wr, wi, t, u) \
	VMULPD wi, re, t \
	VMULPD wr, im, u \
	VMULPD wr, re, re \
	VMULPD wi, im, im \
	VSUBPD im, re, re \
	VADDPD u, t, im

// func first4AVX(xr, xi, yr, yi *float64, lanes *float64, groups int)
//
// Four groups of the first stage at a time; lanes has their turns, four real parts
// and four imaginary ones of each in a row.
TEXT ·first4AVX(SB), NOSPLIT, $0-48
	MOVQ xr+0(FP), SI
	MOVQ xi+8(FP), DI
	MOVQ yr+16(FP), R8
	MOVQ yi+24(FP), R9
	MOVQ lanes+32(FP), DX
	MOVQ groups+40(FP), CX
	MOVQ CX, R10
	SHLQ $3, R10
	LEAQ (R10)(R10*2), R11

first:
	BOTH((SI), (SI)(R10*2), Y0, Y1)         // ar, br
	BOTH((DI), (DI)(R10*2), Y2, Y3)         // ai, bi
	VMOVUPD (SI)(R11*1), Y5
	VADDPD (SI)(R10*1), Y5, Y4              // cr
	VSUBPD (SI)(R10*1), Y5, Y5              // di
	BOTH((DI)(R10*1), (DI)(R11*1), Y6, Y7)  // ci, dr
	VSUBPD Y4, Y0, Y8
	VSUBPD Y6, Y2, Y9
	TURN(Y8, Y9, 64(DX), 96(DX), Y14, Y15)  // y2
	VADDPD Y4, Y0, Y0
	VADDPD Y6, Y2, Y2                       // y0
	VADDPD Y7, Y1, Y10
	VADDPD Y5, Y3, Y11
	TURN(Y10, Y11, (DX), 32(DX), Y14, Y15)  // y1
	VSUBPD Y7, Y1, Y1
	VSUBPD Y5, Y3, Y3
	TURN(Y1, Y3, 128(DX), 160(DX), Y14, Y15) // y3
	TRANSPOSE(Y0, Y10, Y8, Y1, Y14, Y15, R8)
	TRANSPOSE(Y2, Y11, Y9, Y3, Y14, Y15, R9)
	ADDQ $192, DX
	ADDQ $32, SI
	ADDQ $32, DI
	ADDQ $128, R8
	ADDQ $128, R9
	SUBQ $4, CX
	JNZ  first
	VZEROUPPER
	RET

// func pass3AVX(xr, xi, yr, yi *float64, w *turn, groups, stride int, roots *turn)
TEXT ·pass3AVX(SB), NOSPLIT, $0-64
	ARGUMENTS
	MOVQ roots+56(FP), CX
	VBROADCASTSD 16(CX), Y14                // c
	VBROADCASTSD 24(CX), Y15                // d

group3:
	VBROADCASTSD (DX), Y10
	VBROADCASTSD 8(DX), Y11
	VBROADCASTSD 16(DX), Y12
	VBROADCASTSD 24(DX), Y13
	MOVQ stride+48(FP), CX

loop3:
	BOTH((SI)(R10*1), (SI)(R10*2), Y0, Y1)
	BOTH((DI)(R10*1), (DI)(R10*2), Y2, Y3)
	VMULPD Y15, Y1, Y1                      // dr
	VMULPD Y15, Y3, Y3                      // di
	VMOVUPD (SI), Y4
	VMOVUPD (DI), Y5
	VADDPD Y0, Y4, Y6
	VMOVUPD Y6, (R8)
	VADDPD Y2, Y5, Y7
	VMOVUPD Y7, (R9)
	VMULPD Y14, Y0, Y0
	VADDPD Y0, Y4, Y4                       // er
	VMULPD Y14, Y2, Y2
	VADDPD Y2, Y5, Y5                       // ei
	VSUBPD Y3, Y4, Y6
	VADDPD Y1, Y5, Y7
	TIMES(Y6, Y7, Y10, Y11, Y8, Y9, (R8)(BX*1), (R9)(BX*1))
	VADDPD Y3, Y4, Y6
	VSUBPD Y1, Y5, Y7
	TIMES(Y6, Y7, Y12, Y13, Y8, Y9, (R8)(BX*2), (R9)(BX*2))
	NEXT
	JNZ  loop3
	LEAQ (R8)(BX*2), R8
	LEAQ (R9)(BX*2), R9
	ADDQ $32, DX
	DECQ groups+40(FP)
	JNZ  group3
	VZEROUPPER
	RET

// func pass5AVX(xr, xi, yr, yi *float64, w *turn, groups, stride int, roots *turn)
TEXT ·pass5AVX(SB), 0, $448-64
	ARGUMENTS
	MOVQ roots+56(FP), CX
	SPREAD(16(CX), C1)
	SPREAD(24(CX), D1)
	SPREAD(32(CX), C2)
	SPREAD(40(CX), D2)

group5:
	SPREAD((DX), 192(SP))
	SPREAD(8(DX), 224(SP))
	SPREAD(16(DX), 256(SP))
	SPREAD(24(DX), 288(SP))
	SPREAD(32(DX), 320(SP))
	SPREAD(40(DX), 352(SP))
	SPREAD(48(DX), 384(SP))
	SPREAD(56(DX), 416(SP))
	MOVQ stride+48(FP), CX

loop5:
	BOTH((SI)(R10*1), (SI)(R10*4), Y0, Y2)  // ar, fr
	BOTH((SI)(R10*2), (SI)(R11*1), Y1, Y3)  // br, hr
	BOTH((DI)(R10*1), (DI)(R10*4), Y4, Y6)  // ai, fi
	BOTH((DI)(R10*2), (DI)(R11*1), Y5, Y7)  // bi, hi
	VADDPD (SI), Y0, Y8
	VADDPD Y1, Y8, Y8
	VMOVUPD Y8, (R8)
	VADDPD (DI), Y4, Y8
	VADDPD Y5, Y8, Y8
	VMOVUPD Y8, (R9)

	WEIGH2((SI), C1, Y0, C2, Y1, Y8, Y10)   // pr
	VMULPD D1, Y6, Y9
	VMULPD D2, Y7, Y10
	VADDPD Y10, Y9, Y9                      // ti
	VSUBPD Y9, Y8, Y11
	VADDPD Y9, Y8, Y12
	WEIGH2((SI), C2, Y0, C1, Y1, Y8, Y10)   // ur
	VMULPD D2, Y6, Y9
	VMULPD D1, Y7, Y10
	VSUBPD Y10, Y9, Y9                      // vi
	VSUBPD Y9, Y8, Y13
	VADDPD Y9, Y8, Y14

	WEIGH2((DI), C1, Y4, C2, Y5, Y8, Y10)   // pi
	VMULPD D1, Y2, Y9
	VMULPD D2, Y3, Y10
	VADDPD Y10, Y9, Y9                      // tr
	VADDPD Y9, Y8, Y0
	VSUBPD Y9, Y8, Y1
	WEIGH2((DI), C2, Y4, C1, Y5, Y8, Y10)   // ui
	VMULPD D2, Y2, Y9
	VMULPD D1, Y3, Y10
	VSUBPD Y10, Y9, Y9                      // vr
	VADDPD Y9, Y8, Y6
	VSUBPD Y9, Y8, Y7

	TIMES(Y11, Y0, 192(SP), 224(SP), Y8, Y9, (R8)(BX*1), (R9)(BX*1))
	TIMES(Y13, Y6, 256(SP), 288(SP), Y8, Y9, (R8)(BX*2), (R9)(BX*2))
	TIMES(Y14, Y7, 320(SP), 352(SP), Y8, Y9, (R8)(R13*1), (R9)(R13*1))
	TIMES(Y12, Y1, 384(SP), 416(SP), Y8, Y9, (R8)(BX*4), (R9)(BX*4))
	NEXT
	JNZ  loop5
	LEAQ (R8)(BX*4), R8
	LEAQ (R9)(BX*4), R9
	ADDQ $64, DX
	DECQ groups+40(FP)
	JNZ  group5
	VZEROUPPER
	RET

// DIFFER3 is r = c·a - d·b - e·k, from left to right.
#define DIFFER3(c, a, d, b, e, k, r, t) \
	VMULPD c, a, r \
	VMULPD d, b, t \
	VSUBPD t, r, r \
	VMULPD e, k, t \
	VSUBPD t, r, r

// func pass7AVX(xr, xi, yr, yi *float64, w *turn, groups, stride int, roots *turn)
TEXT ·pass7AVX(SB), 0, $576-64
	ARGUMENTS
	MOVQ roots+56(FP), CX
	SPREAD(16(CX), C1)
	SPREAD(24(CX), D1)
	SPREAD(32(CX), C2)
	SPREAD(40(CX), D2)
	SPREAD(48(CX), C3)
	SPREAD(56(CX), D3)

group7:
	SPREAD((DX), 192(SP))
	SPREAD(8(DX), 224(SP))
	SPREAD(16(DX), 256(SP))
	SPREAD(24(DX), 288(SP))
	SPREAD(32(DX), 320(SP))
	SPREAD(40(DX), 352(SP))
	SPREAD(48(DX), 384(SP))
	SPREAD(56(DX), 416(SP))
	SPREAD(64(DX), 448(SP))
	SPREAD(72(DX), 480(SP))
	SPREAD(80(DX), 512(SP))
	SPREAD(88(DX), 544(SP))
	MOVQ stride+48(FP), CX

loop7:
	// Real parts of the outputs 1 to 6: Y6, Y8, Y10, Y11, Y9, Y7.
	SUM((SI)(R10*1), (SI)(R11*2), Y0)        // ar
	SUM((SI)(R10*2), (SI)(R12*1), Y1)        // br
	SUM((SI)(R11*1), (SI)(R10*4), Y2)        // er
	DIFFERENCE((DI)(R10*1), (DI)(R11*2), Y3) // fi
	DIFFERENCE((DI)(R10*2), (DI)(R12*1), Y4) // hi
	DIFFERENCE((DI)(R11*1), (DI)(R10*4), Y5) // ki
	VADDPD (SI), Y0, Y12
	VADDPD Y1, Y12, Y12
	VADDPD Y2, Y12, Y12
	VMOVUPD Y12, (R8)
	WEIGH3((SI), C1, Y0, C2, Y1, C3, Y2, Y12, Y15)
	VMULPD D1, Y3, Y13
	VMULPD D2, Y4, Y15
	VADDPD Y15, Y13, Y13
	VMULPD D3, Y5, Y15
	VADDPD Y15, Y13, Y13
	VSUBPD Y13, Y12, Y6
	VADDPD Y13, Y12, Y7
	WEIGH3((SI), C2, Y0, C3, Y1, C1, Y2, Y12, Y15)
	DIFFER3(D2, Y3, D3, Y4, D1, Y5, Y13, Y15)
	VSUBPD Y13, Y12, Y8
	VADDPD Y13, Y12, Y9
	WEIGH3((SI), C3, Y0, C1, Y1, C2, Y2, Y12, Y15)
	VMULPD D3, Y3, Y13
	VMULPD D1, Y4, Y15
	VSUBPD Y15, Y13, Y13
	VMULPD D2, Y5, Y15
	VADDPD Y15, Y13, Y13
	VSUBPD Y13, Y12, Y10
	VADDPD Y13, Y12, Y11

	// The imaginary parts, two at a time, and the turns.
	SUM((DI)(R10*1), (DI)(R11*2), Y0)        // ai
	SUM((DI)(R10*2), (DI)(R12*1), Y1)        // bi
	SUM((DI)(R11*1), (DI)(R10*4), Y2)        // ei
	DIFFERENCE((SI)(R10*1), (SI)(R11*2), Y3) // fr
	DIFFERENCE((SI)(R10*2), (SI)(R12*1), Y4) // hr
	DIFFERENCE((SI)(R11*1), (SI)(R10*4), Y5) // kr
	VADDPD (DI), Y0, Y12
	VADDPD Y1, Y12, Y12
	VADDPD Y2, Y12, Y12
	VMOVUPD Y12, (R9)
	WEIGH3((DI), C1, Y0, C2, Y1, C3, Y2, Y12, Y15)
	VMULPD D1, Y3, Y13
	VMULPD D2, Y4, Y15
	VADDPD Y15, Y13, Y13
	VMULPD D3, Y5, Y15
	VADDPD Y15, Y13, Y13
	VADDPD Y13, Y12, Y14
	VSUBPD Y13, Y12, Y12
	TIMES(Y6, Y14, 192(SP), 224(SP), Y13, Y15, (R8)(BX*1), (R9)(BX*1))
	TIMES(Y7, Y12, 512(SP), 544(SP), Y13, Y15, (R8)(R13*2), (R9)(R13*2))
	WEIGH3((DI), C2, Y0, C3, Y1, C1, Y2, Y12, Y15)
	DIFFER3(D2, Y3, D3, Y4, D1, Y5, Y13, Y15)
	VADDPD Y13, Y12, Y14
	VSUBPD Y13, Y12, Y12
	TIMES(Y8, Y14, 256(SP), 288(SP), Y13, Y15, (R8)(BX*2), (R9)(BX*2))
	TIMES(Y9, Y12, 448(SP), 480(SP), Y13, Y15, (R8)(AX*1), (R9)(AX*1))
	WEIGH3((DI), C3, Y0, C1, Y1, C2, Y2, Y12, Y15)
	VMULPD D3, Y3, Y13
	VMULPD D1, Y4, Y15
	VSUBPD Y15, Y13, Y13
	VMULPD D2, Y5, Y15
	VADDPD Y15, Y13, Y13
	VADDPD Y13, Y12, Y14
	VSUBPD Y13, Y12, Y12
	TIMES(Y10, Y14, 320(SP), 352(SP), Y13, Y15, (R8)(R13*1), (R9)(R13*1))
	TIMES(Y11, Y12, 384(SP), 416(SP), Y13, Y15, (R8)(BX*4), (R9)(BX*4))
	NEXT
	JNZ  loop7
	LEAQ (R8)(R13*2), R8
	LEAQ (R9)(R13*2), R9
	ADDQ $96, DX
	DECQ groups+40(FP)
	JNZ  group7
	VZEROUPPER
	RET
