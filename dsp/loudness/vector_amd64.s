#include "textflag.h"

// Each lane does what the function in Go that it stands for does, in the same
// order and with the same roundings: see vector.go and vector_amd64.go.

// func kEnergyAVX(f *kFilter, s *kPair, x, y *float64, n int)
//
// Two channels in the two lanes of a register. What limits the speed is the way
// from one sample's output to the next one's, not the number of instructions.
TEXT ·kEnergyAVX(SB), NOSPLIT, $0-40
	MOVQ f+0(FP), AX
	MOVQ s+8(FP), DI
	MOVQ x+16(FP), SI
	MOVQ y+24(FP), DX
	MOVQ n+32(FP), CX
	VMOVDDUP (AX), X8   // shelf B0
	VMOVDDUP 8(AX), X9  // B1
	VMOVDDUP 16(AX), X10 // B2
	VMOVDDUP 24(AX), X11 // A1
	VMOVDDUP 32(AX), X12 // A2
	VMOVDDUP 64(AX), X13 // pass A1
	VMOVDDUP 72(AX), X14 // A2
	VMOVUPD (DI), X0    // s1
	VMOVUPD 16(DI), X1  // s2
	VMOVUPD 32(DI), X2  // p1
	VMOVUPD 48(DI), X3  // p2
	VMOVUPD 64(DI), X4  // sums
	TESTQ CX, CX
	JZ   kdone

kframe:
	VMOVSD  (SI), X5
	VMOVHPD (DX), X5, X5
	VMULPD  X8, X5, X6
	VADDPD  X0, X6, X6  // w = b0 u + s1
	VMULPD  X9, X5, X0
	VADDPD  X1, X0, X0
	VMULPD  X11, X6, X7
	VSUBPD  X7, X0, X0  // s1 = (b1 u + s2) - a1 w
	VMULPD  X10, X5, X1
	VMULPD  X12, X6, X7
	VSUBPD  X7, X1, X1  // s2 = b2 u - a2 w
	VADDPD  X2, X6, X5  // z = w + p1
	VADDPD  X6, X6, X7
	VSUBPD  X7, X3, X2
	VMULPD  X13, X5, X7
	VSUBPD  X7, X2, X2  // p1 = (p2 - (w + w)) - c1 z
	VMULPD  X14, X5, X7
	VSUBPD  X7, X6, X3  // p2 = w - c2 z
	VMULPD  X5, X5, X5
	VADDPD  X5, X4, X4  // sum += z z
	ADDQ    $8, SI
	ADDQ    $8, DX
	DECQ    CX
	JNZ     kframe

kdone:
	VMOVUPD X0, (DI)
	VMOVUPD X1, 16(DI)
	VMOVUPD X2, 32(DI)
	VMOVUPD X3, 48(DI)
	VMOVUPD X4, 64(DI)
	RET

// func halvesAVX(dst, x, taps *float64)
//
// Eight gaps in two registers of four; even and odd taps are summed apart.
TEXT ·halvesAVX(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ taps+16(FP), DX
	LEAQ 184(SI), R8 // centre, moving down
	LEAQ 192(SI), R9 // its right neighbour, moving up
	MOVQ $12, CX
	VXORPD Y0, Y0, Y0
	VXORPD Y1, Y1, Y1
	VXORPD Y2, Y2, Y2
	VXORPD Y3, Y3, Y3

htaps:
	VMOVUPD (R8), Y4
	VMOVUPD 32(R8), Y5
	VMOVUPD -8(R8), Y6
	VMOVUPD 24(R8), Y7
	VBROADCASTSD (DX), Y8
	VBROADCASTSD 8(DX), Y9
	VADDPD (R9), Y4, Y4
	VADDPD 32(R9), Y5, Y5
	VADDPD 8(R9), Y6, Y6
	VADDPD 40(R9), Y7, Y7
	VMULPD Y8, Y4, Y4
	VMULPD Y8, Y5, Y5
	VMULPD Y9, Y6, Y6
	VMULPD Y9, Y7, Y7
	VADDPD Y4, Y0, Y0
	VADDPD Y5, Y1, Y1
	VADDPD Y6, Y2, Y2
	VADDPD Y7, Y3, Y3
	SUBQ $16, R8
	ADDQ $16, R9
	ADDQ $16, DX
	DECQ CX
	JNZ  htaps
	VADDPD Y2, Y0, Y0
	VADDPD Y3, Y1, Y1
	VMOVUPD Y0, (DI)
	VMOVUPD Y1, 32(DI)
	VZEROUPPER
	RET

// func quartersAVX(even, odd, x, quarter, skew *float64)
TEXT ·quartersAVX(SB), NOSPLIT, $0-40
	MOVQ even+0(FP), DI
	MOVQ odd+8(FP), BX
	MOVQ x+16(FP), SI
	MOVQ quarter+24(FP), DX
	MOVQ skew+32(FP), AX
	LEAQ 184(SI), R8
	LEAQ 192(SI), R9
	MOVQ $24, CX
	VXORPD Y0, Y0, Y0
	VXORPD Y1, Y1, Y1
	VXORPD Y2, Y2, Y2
	VXORPD Y3, Y3, Y3

qtaps:
	VMOVUPD (R8), Y4
	VMOVUPD 32(R8), Y5
	VMOVUPD (R9), Y6
	VMOVUPD 32(R9), Y7
	VBROADCASTSD (DX), Y8
	VBROADCASTSD (AX), Y9
	VADDPD Y6, Y4, Y10 // l + r
	VADDPD Y7, Y5, Y11
	VSUBPD Y6, Y4, Y12 // l - r
	VSUBPD Y7, Y5, Y13
	VMULPD Y8, Y10, Y10
	VMULPD Y8, Y11, Y11
	VMULPD Y9, Y12, Y12
	VMULPD Y9, Y13, Y13
	VADDPD Y10, Y0, Y0
	VADDPD Y11, Y1, Y1
	VADDPD Y12, Y2, Y2
	VADDPD Y13, Y3, Y3
	SUBQ $8, R8
	ADDQ $8, R9
	ADDQ $8, DX
	ADDQ $8, AX
	DECQ CX
	JNZ  qtaps
	VMOVUPD Y0, (DI)
	VMOVUPD Y1, 32(DI)
	VMOVUPD Y2, (BX)
	VMOVUPD Y3, 32(BX)
	VZEROUPPER
	RET

// func tallyAVX(out *tallies, x *float64, n int)
TEXT ·tallyAVX(SB), NOSPLIT, $0-24
	MOVQ out+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	SHRQ $2, CX
	VXORPD Y0, Y0, Y0 // sums
	VXORPD Y1, Y1, Y1 // squares
	VXORPD Y2, Y2, Y2 // largest
	VXORPD Y3, Y3, Y3 // what is not finite
	VPCMPEQD X8, X8, X8
	VPSRLQ $1, X8, X8
	VINSERTF128 $1, X8, Y8, Y8 // all bits but the sign

tframe:
	VMOVUPD (SI), Y4
	VADDPD Y4, Y0, Y0
	VMULPD Y4, Y4, Y5
	VADDPD Y5, Y1, Y1
	VANDPD Y8, Y4, Y6
	VMAXPD Y6, Y2, Y2
	VSUBPD Y4, Y4, Y7 // 0, or no number
	VORPD  Y7, Y3, Y3
	ADDQ $32, SI
	DECQ CX
	JNZ  tframe
	VMOVUPD Y0, (DI)
	VMOVUPD Y1, 32(DI)
	VMOVUPD Y2, 64(DI)
	VMOVUPD Y3, 96(DI)
	VZEROUPPER
	RET

// func productAVX(out *[4]float64, x, y *float64, n int)
TEXT ·productAVX(SB), NOSPLIT, $0-32
	MOVQ out+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ y+16(FP), DX
	MOVQ n+24(FP), CX
	SHRQ $2, CX
	VXORPD Y0, Y0, Y0

pframe:
	VMOVUPD (SI), Y1
	VMULPD (DX), Y1, Y1
	VADDPD Y1, Y0, Y0
	ADDQ $32, SI
	ADDQ $32, DX
	DECQ CX
	JNZ  pframe
	VMOVUPD Y0, (DI)
	VZEROUPPER
	RET
