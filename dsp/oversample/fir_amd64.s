#include "textflag.h"

// func firAVX(dst, x, taps *float64, k, n int)
//
// Sixteen outputs at a time, in four registers of four. Each lane does what fir
// does for its output, in the same order and with the same roundings: sum of the
// two inputs, product with the tap, sum with what there is.
TEXT ·firAVX(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ taps+16(FP), DX
	MOVQ k+24(FP), CX
	MOVQ n+32(FP), BX
	MOVQ CX, R11
	SHLQ $4, R11
	SUBQ $8, R11        // offset of the last of the 2k inputs: 16k-8 bytes

outputs:
	CMPQ BX, $16
	JLT  done
	VXORPD Y0, Y0, Y0
	VXORPD Y1, Y1, Y1
	VXORPD Y2, Y2, Y2
	VXORPD Y3, Y3, Y3
	MOVQ SI, R8         // head, moving up
	LEAQ (SI)(R11*1), R9 // tail, moving down
	MOVQ DX, R10
	MOVQ CX, AX

taps:
	VMOVUPD (R8), Y4
	VMOVUPD 32(R8), Y5
	VMOVUPD 64(R8), Y6
	VMOVUPD 96(R8), Y7
	VBROADCASTSD (R10), Y8
	VADDPD (R9), Y4, Y4
	VADDPD 32(R9), Y5, Y5
	VADDPD 64(R9), Y6, Y6
	VADDPD 96(R9), Y7, Y7
	VMULPD Y8, Y4, Y4
	VMULPD Y8, Y5, Y5
	VMULPD Y8, Y6, Y6
	VMULPD Y8, Y7, Y7
	VADDPD Y4, Y0, Y0
	VADDPD Y5, Y1, Y1
	VADDPD Y6, Y2, Y2
	VADDPD Y7, Y3, Y3
	ADDQ $8, R8
	SUBQ $8, R9
	ADDQ $8, R10
	DECQ AX
	JNZ  taps

	VMOVUPD Y0, (DI)
	VMOVUPD Y1, 32(DI)
	VMOVUPD Y2, 64(DI)
	VMOVUPD Y3, 96(DI)
	ADDQ $128, DI
	ADDQ $128, SI
	SUBQ $16, BX
	JMP  outputs

done:
	VZEROUPPER
	RET
