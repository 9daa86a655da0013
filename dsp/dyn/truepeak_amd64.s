#include "textflag.h"

// func doubleAVX(out *[16]float64, x *[87]float64, half *[40]float64)
//
// Eight frames in two registers of four; the values half-way behind them are summed in
// the same order as in Go.
TEXT ·doubleAVX(SB), NOSPLIT, $0-24
	MOVQ   out+0(FP), DI
	MOVQ   x+8(FP), SI
	MOVQ   half+16(FP), DX
	LEAQ   312(SI), R8 // the frames, moving down
	LEAQ   320(SI), R9 // those behind them, moving up
	MOVQ   $40, CX
	VXORPD Y0, Y0, Y0
	VXORPD Y1, Y1, Y1

pairs:
	VMOVUPD      (R8), Y4
	VMOVUPD      32(R8), Y5
	VBROADCASTSD (DX), Y8
	VADDPD       (R9), Y4, Y4
	VADDPD       32(R9), Y5, Y5
	VMULPD       Y8, Y4, Y4
	VMULPD       Y8, Y5, Y5
	VADDPD       Y4, Y0, Y0
	VADDPD       Y5, Y1, Y1
	SUBQ         $8, R8
	ADDQ         $8, R9
	ADDQ         $8, DX
	DECQ         CX
	JNZ          pairs

	VMOVUPD    312(SI), Y2
	VMOVUPD    344(SI), Y3
	VUNPCKLPD  Y0, Y2, Y4 // frames 0 and 2, with what is behind them
	VUNPCKHPD  Y0, Y2, Y5 // 1 and 3
	VUNPCKLPD  Y1, Y3, Y6
	VUNPCKHPD  Y1, Y3, Y7
	VPERM2F128 $0x20, Y5, Y4, Y8
	VPERM2F128 $0x31, Y5, Y4, Y9
	VPERM2F128 $0x20, Y7, Y6, Y10
	VPERM2F128 $0x31, Y7, Y6, Y11
	VMOVUPD    Y8, (DI)
	VMOVUPD    Y9, 32(DI)
	VMOVUPD    Y10, 64(DI)
	VMOVUPD    Y11, 96(DI)
	VZEROUPPER
	RET
