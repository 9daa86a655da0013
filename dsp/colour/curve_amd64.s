#include "textflag.h"

// Constants of hyperbolicAVX, in the order of their use.
DATA  ·hyperbolicConst+0(SB)/8, $0x7fffffffffffffff // of |u|
DATA  ·hyperbolicConst+8(SB)/8, $16.0
DATA  ·hyperbolicConst+16(SB)/8, $0.25
DATA  ·hyperbolicConst+24(SB)/8, $21.0
DATA  ·hyperbolicConst+32(SB)/8, $1260.0
DATA  ·hyperbolicConst+40(SB)/8, $10395.0
DATA  ·hyperbolicConst+48(SB)/8, $210.0
DATA  ·hyperbolicConst+56(SB)/8, $4725.0
GLOBL ·hyperbolicConst(SB), RODATA|NOPTR, $64

// func hyperbolicAVX(x *float64, n int, pre, bias, rest, post float64)
//
// Four values at a time, each with the operations of hyperbolic in its order.
TEXT ·hyperbolicAVX(SB), NOSPLIT, $0-48
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX
	VBROADCASTSD pre+16(FP), Y8
	VBROADCASTSD bias+24(FP), Y9
	VBROADCASTSD rest+32(FP), Y10
	VBROADCASTSD post+40(FP), Y11
	VBROADCASTSD ·hyperbolicConst+0(SB), Y12
	VBROADCASTSD ·hyperbolicConst+8(SB), Y13
	VBROADCASTSD ·hyperbolicConst+16(SB), Y14
	VBROADCASTSD ·hyperbolicConst+40(SB), Y15

loop:
	VMULPD (SI), Y8, Y0
	VADDPD Y9, Y0, Y0            // u
	VANDPD Y12, Y0, Y1           // |u|
	VCMPPD $0x1e, Y13, Y1, Y2    // |u| > 16
	VANDNPD Y0, Y12, Y3          // its sign
	VORPD Y13, Y3, Y3
	VBLENDVPD Y2, Y3, Y0, Y0
	VMULPD Y14, Y0, Y0           // y
	VMULPD Y0, Y0, Y1            // yy
	VBROADCASTSD ·hyperbolicConst+24(SB), Y2
	VMULPD Y1, Y2, Y2
	VBROADCASTSD ·hyperbolicConst+32(SB), Y3
	VADDPD Y2, Y3, Y2
	VMULPD Y1, Y2, Y2
	VADDPD Y2, Y15, Y2
	VMULPD Y0, Y2, Y2            // p
	VBROADCASTSD ·hyperbolicConst+48(SB), Y3
	VADDPD Y1, Y3, Y3
	VMULPD Y1, Y3, Y3
	VBROADCASTSD ·hyperbolicConst+56(SB), Y4
	VADDPD Y3, Y4, Y3
	VMULPD Y1, Y3, Y3
	VADDPD Y3, Y15, Y3           // q
	VADDPD Y2, Y2, Y4
	VMULPD Y3, Y4, Y4            // 2pq
	VMULPD Y2, Y2, Y2
	VMULPD Y3, Y3, Y3
	VADDPD Y3, Y2, Y3            // p²+q²
	VADDPD Y4, Y4, Y2
	VMULPD Y3, Y2, Y2
	VMULPD Y4, Y4, Y4
	VMULPD Y3, Y3, Y3
	VADDPD Y3, Y4, Y3
	VDIVPD Y3, Y2, Y2
	VSUBPD Y10, Y2, Y2
	VMULPD Y2, Y11, Y2
	VMOVUPD Y2, (SI)
	ADDQ $32, SI
	SUBQ $4, CX
	JG   loop
	VZEROUPPER
	RET
