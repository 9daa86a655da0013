#include "textflag.h"

// Each does to every element what the function in Go that it stands for does, with the
// same roundings: see vector.go and pcm.go.

// func addAVX(dst, src *float64, n int)
TEXT ·addAVX(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX

aloop:
	VMOVUPD (DI), Y0
	VADDPD  (SI), Y0, Y0
	VMOVUPD Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $4, CX
	JNZ     aloop
	VZEROUPPER
	RET

// func subtractAVX(dst, src *float64, n int)
TEXT ·subtractAVX(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX

uloop:
	VMOVUPD (DI), Y0
	VSUBPD  (SI), Y0, Y0
	VMOVUPD Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $4, CX
	JNZ     uloop
	VZEROUPPER
	RET

// func putAVX(dst, src *float64, n int)
TEXT ·putAVX(SB), NOSPLIT, $0-24
	MOVQ   dst+0(FP), DI
	MOVQ   src+8(FP), SI
	MOVQ   n+16(FP), CX
	VXORPD Y1, Y1, Y1

ploop:
	VADDPD  (SI), Y1, Y0
	VMOVUPD Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $4, CX
	JNZ     ploop
	VZEROUPPER
	RET

// func scaleAVX(x *float64, n int, gain float64)
TEXT ·scaleAVX(SB), NOSPLIT, $0-24
	MOVQ         x+0(FP), DI
	MOVQ         n+8(FP), CX
	VBROADCASTSD gain+16(FP), Y1

cloop:
	VMULPD  (DI), Y1, Y0
	VMOVUPD Y0, (DI)
	ADDQ    $32, DI
	SUBQ    $4, CX
	JNZ     cloop
	VZEROUPPER
	RET

// func multiplyAVX(x, gains *float64, n int)
TEXT ·multiplyAVX(SB), NOSPLIT, $0-24
	MOVQ x+0(FP), DI
	MOVQ gains+8(FP), SI
	MOVQ n+16(FP), CX

mloop:
	VMOVUPD (DI), Y0
	VMULPD  (SI), Y0, Y0
	VMOVUPD Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $4, CX
	JNZ     mloop
	VZEROUPPER
	RET

// func round32AVX(x *float64, n int)
TEXT ·round32AVX(SB), NOSPLIT, $0-16
	MOVQ x+0(FP), DI
	MOVQ n+8(FP), CX

rloop:
	VCVTPD2PSY (DI), X0
	VCVTPS2PD  X0, Y0
	VMOVUPD    Y0, (DI)
	ADDQ       $32, DI
	SUBQ       $4, CX
	JNZ        rloop
	VZEROUPPER
	RET

// func largestAVX(x *float64, n int) float64
TEXT ·largestAVX(SB), NOSPLIT, $0-24
	MOVQ        x+0(FP), SI
	MOVQ        n+8(FP), CX
	VXORPD      Y0, Y0, Y0
	VPCMPEQD    X8, X8, X8
	VPSRLQ      $1, X8, X8
	VINSERTF128 $1, X8, Y8, Y8 // all bits but the sign

lloop:
	VANDPD (SI), Y8, Y1
	VMAXPD Y0, Y1, Y0 // of NaN and a number the second: the largest so far
	ADDQ   $32, SI
	SUBQ   $4, CX
	JNZ    lloop
	VEXTRACTF128 $1, Y0, X1
	VMAXPD       X1, X0, X0
	VUNPCKHPD    X0, X0, X1
	VMAXSD       X1, X0, X0
	VMOVSD       X0, ret+16(FP)
	VZEROUPPER
	RET

// func aboveAVX(x *float64, n int, floor float64) (sum, largest float64, count int)
TEXT ·aboveAVX(SB), NOSPLIT, $0-48
	MOVQ         x+0(FP), SI
	MOVQ         n+8(FP), CX
	VBROADCASTSD floor+16(FP), Y8
	VXORPD       Y0, Y0, Y0 // sums
	VXORPD       Y1, Y1, Y1 // largest
	XORQ         BX, BX

vloop:
	VMOVUPD   (SI), Y2
	VCMPPD    $0x1e, Y8, Y2, Y3 // above, and a number
	VANDPD    Y3, Y2, Y2
	VADDPD    Y2, Y0, Y0
	VMAXPD    Y2, Y1, Y1
	VMOVMSKPD Y3, AX
	POPCNTQ   AX, AX
	ADDQ      AX, BX
	ADDQ      $32, SI
	SUBQ      $4, CX
	JNZ       vloop
	VHADDPD      Y0, Y0, Y0 // lanes 0 and 1, lanes 2 and 3
	VEXTRACTF128 $1, Y0, X2
	VADDSD       X2, X0, X0
	VEXTRACTF128 $1, Y1, X2
	VMAXPD       X2, X1, X1
	VUNPCKHPD    X1, X1, X2
	VMAXSD       X2, X1, X1
	VMOVSD       X0, sum+24(FP)
	VMOVSD       X1, largest+32(FP)
	MOVQ         BX, count+40(FP)
	VZEROUPPER
	RET

// func spansAVX(dst *Span, x *float64, groups int)
TEXT ·spansAVX(SB), NOSPLIT, $0-24
	MOVQ     dst+0(FP), DI
	MOVQ     x+8(FP), SI
	MOVQ     groups+16(FP), CX
	MOVQ     $0x3fe0000000000000, AX // 0.5
	VMOVQ    AX, X8
	VMOVDDUP X8, X8

sgroup:
	VMOVUPD      (SI), Y0
	VMOVUPD      32(SI), Y1
	VMINPD       Y1, Y0, Y2
	VMAXPD       Y1, Y0, Y3
	VEXTRACTF128 $1, Y2, X4
	VEXTRACTF128 $1, Y3, X5
	VMINPD       X4, X2, X2
	VMAXPD       X5, X3, X3
	VUNPCKLPD    X3, X2, X4 // low of lane 0, high of lane 0
	VUNPCKHPD    X3, X2, X5 // of lane 1
	VMINSD       X5, X4, X6 // low
	VMAXPD       X5, X4, X7 // upper half: high
	VUNPCKHPD    X7, X7, X7
	VADDSD       X6, X7, X0 // high + low
	VSUBSD       X6, X7, X1 // high - low
	VUNPCKLPD    X1, X0, X0
	VMULPD       X8, X0, X0
	VMOVUPD      X0, (DI)
	ADDQ         $64, SI
	ADDQ         $16, DI
	DECQ         CX
	JNZ          sgroup
	VZEROUPPER
	RET

// func dotsAVX(p, q, x *float64, n int) (a, b float64)
TEXT ·dotsAVX(SB), NOSPLIT, $0-48
	MOVQ   p+0(FP), AX
	MOVQ   q+8(FP), DX
	MOVQ   x+16(FP), SI
	MOVQ   n+24(FP), CX
	VXORPD Y0, Y0, Y0
	VXORPD Y1, Y1, Y1

dtaps:
	VMOVUPD (SI), Y2
	VMULPD  (AX), Y2, Y3
	VMULPD  (DX), Y2, Y4
	VADDPD  Y3, Y0, Y0
	VADDPD  Y4, Y1, Y1
	ADDQ    $32, SI
	ADDQ    $32, AX
	ADDQ    $32, DX
	SUBQ    $4, CX
	JNZ     dtaps
	VHADDPD      Y1, Y0, Y0 // of each: lanes 0 and 1, lanes 2 and 3
	VEXTRACTF128 $1, Y0, X1
	VADDPD       X1, X0, X0
	VMOVSD       X0, a+32(FP)
	VMOVHPD      X0, b+40(FP)
	VZEROUPPER
	RET

// Each sample goes to the upper bytes of an int32, so that the sign is its own.

// Of four frames of 16 bits the left ones, and the right ones.
DATA left16<>+0(SB)/8, $0x0504808001008080
DATA left16<>+8(SB)/8, $0x0d0c808009088080
GLOBL left16<>(SB), RODATA|NOPTR, $16
DATA right16<>+0(SB)/8, $0x0706808003028080
DATA right16<>+8(SB)/8, $0x0f0e80800b0a8080
GLOBL right16<>(SB), RODATA|NOPTR, $16

// Of two frames of 24 bits the left ones, then the right ones.
DATA split24<>+0(SB)/8, $0x0807068002010080
DATA split24<>+8(SB)/8, $0x0b0a098005040380
GLOBL split24<>(SB), RODATA|NOPTR, $16

// Of the frames L0 R0 L1 R1, as int32, three bytes each.
DATA join24<>+0(SB)/8, $0x0908060504020100
DATA join24<>+8(SB)/8, $0x808080800e0d0c0a
GLOBL join24<>(SB), RODATA|NOPTR, $16

// func split16AVX(left, right *float64, raw *byte, n int)
TEXT ·split16AVX(SB), NOSPLIT, $0-32
	MOVQ         left+0(FP), DI
	MOVQ         right+8(FP), DX
	MOVQ         raw+16(FP), SI
	MOVQ         n+24(FP), CX
	VMOVDQU      left16<>(SB), X8
	VMOVDQU      right16<>(SB), X9
	MOVQ         $0x3e00000000000000, AX // 2^-31
	VMOVQ        AX, X10
	VMOVDDUP     X10, X10
	VINSERTF128  $1, X10, Y10, Y10

s16loop:
	VMOVDQU   (SI), X0
	VPSHUFB   X9, X0, X1
	VPSHUFB   X8, X0, X0
	VCVTDQ2PD X0, Y0
	VCVTDQ2PD X1, Y1
	VMULPD    Y10, Y0, Y0
	VMULPD    Y10, Y1, Y1
	VMOVUPD   Y0, (DI)
	VMOVUPD   Y1, (DX)
	ADDQ      $16, SI
	ADDQ      $32, DI
	ADDQ      $32, DX
	SUBQ      $4, CX
	JNZ       s16loop
	VZEROUPPER
	RET

// func split24AVX(left, right *float64, raw *byte, n int)
TEXT ·split24AVX(SB), NOSPLIT, $0-32
	MOVQ         left+0(FP), DI
	MOVQ         right+8(FP), DX
	MOVQ         raw+16(FP), SI
	MOVQ         n+24(FP), CX
	VMOVDQU      split24<>(SB), X8
	MOVQ         $0x3e00000000000000, AX // 2^-31
	VMOVQ        AX, X10
	VMOVDDUP     X10, X10
	VINSERTF128  $1, X10, Y10, Y10

s24loop:
	VMOVDQU      (SI), X0
	VMOVDQU      12(SI), X1
	VPSHUFB      X8, X0, X0
	VPSHUFB      X8, X1, X1
	VCVTDQ2PD    X0, Y0 // L0 L1 R0 R1
	VCVTDQ2PD    X1, Y1
	VMULPD       Y10, Y0, Y0
	VMULPD       Y10, Y1, Y1
	VMOVUPD      X0, (DI)
	VMOVUPD      X1, 16(DI)
	VEXTRACTF128 $1, Y0, (DX)
	VEXTRACTF128 $1, Y1, 16(DX)
	ADDQ         $24, SI
	ADDQ         $32, DI
	ADDQ         $32, DX
	SUBQ         $4, CX
	JNZ          s24loop
	VZEROUPPER
	RET

// func split32AVX(left, right *float64, raw *byte, n int) (odd int)
TEXT ·split32AVX(SB), NOSPLIT, $0-40
	MOVQ     left+0(FP), DI
	MOVQ     right+8(FP), DX
	MOVQ     raw+16(FP), SI
	MOVQ     n+24(FP), CX
	VPXOR    X7, X7, X7
	VPCMPEQD X8, X8, X8
	VPSLLD   $24, X8, X8
	VPSRLD   $1, X8, X8 // the exponent of a 32-bit float

s32loop:
	VMOVDQU   (SI), X0
	VMOVDQU   16(SI), X1
	VPAND     X8, X0, X2
	VPAND     X8, X1, X3
	VPCMPEQD  X8, X2, X2
	VPCMPEQD  X8, X3, X3
	VPOR      X2, X7, X7
	VPOR      X3, X7, X7
	VSHUFPS   $0x88, X1, X0, X2 // L0 L1 L2 L3
	VSHUFPS   $0xdd, X1, X0, X3
	VCVTPS2PD X2, Y2
	VCVTPS2PD X3, Y3
	VMOVUPD   Y2, (DI)
	VMOVUPD   Y3, (DX)
	ADDQ      $32, SI
	ADDQ      $32, DI
	ADDQ      $32, DX
	SUBQ      $4, CX
	JNZ       s32loop
	VMOVMSKPS X7, AX
	MOVQ      AX, odd+32(FP)
	VZEROUPPER
	RET

// func join32AVX(raw *byte, left, right *float64, n int)
TEXT ·join32AVX(SB), NOSPLIT, $0-32
	MOVQ raw+0(FP), DI
	MOVQ left+8(FP), SI
	MOVQ right+16(FP), DX
	MOVQ n+24(FP), CX

j32loop:
	VCVTPD2PSY (SI), X0
	VCVTPD2PSY (DX), X1
	VUNPCKLPS  X1, X0, X2
	VUNPCKHPS  X1, X0, X3
	VMOVUPS    X2, (DI)
	VMOVUPS    X3, 16(DI)
	ADDQ       $32, SI
	ADDQ       $32, DX
	ADDQ       $32, DI
	SUBQ       $4, CX
	JNZ        j32loop
	VZEROUPPER
	RET

// func join24AVX(raw *byte, left, right *int32, n int) (out uint32)
TEXT ·join24AVX(SB), NOSPLIT, $0-36
	MOVQ     raw+0(FP), DI
	MOVQ     left+8(FP), SI
	MOVQ     right+16(FP), DX
	MOVQ     n+24(FP), CX
	VMOVDQU  join24<>(SB), X8
	VPCMPEQD X9, X9, X9
	VPSRLD   $31, X9, X9
	VPSLLD   $23, X9, X9 // half the range
	VPXOR    X7, X7, X7

j24loop:
	VMOVDQU    (SI), X0
	VMOVDQU    (DX), X1
	VPADDD     X9, X0, X2
	VPADDD     X9, X1, X3
	VPOR       X2, X7, X7
	VPOR       X3, X7, X7
	VPUNPCKLDQ X1, X0, X2 // L0 R0 L1 R1
	VPUNPCKHDQ X1, X0, X3
	VPSHUFB    X8, X2, X2
	VPSHUFB    X8, X3, X3
	VMOVDQU    X2, (DI)
	VMOVDQU    X3, 12(DI)
	ADDQ       $16, SI
	ADDQ       $16, DX
	ADDQ       $24, DI
	SUBQ       $4, CX
	JNZ        j24loop
	VPSRLDQ    $8, X7, X0
	VPOR       X0, X7, X7
	VPSRLDQ    $4, X7, X0
	VPOR       X0, X7, X7
	VMOVD      X7, AX
	MOVL       AX, out+32(FP)
	VZEROUPPER
	RET

// func boundsAVX(dst *float64, spans *Span, n int, weights *float64, taps int, lift float64)
//
// Four groups at a time, in the order 0 2 1 3.
TEXT ·boundsAVX(SB), NOSPLIT, $0-48
	MOVQ         dst+0(FP), DI
	MOVQ         spans+8(FP), SI
	MOVQ         n+16(FP), CX
	MOVQ         weights+24(FP), DX
	MOVQ         taps+32(FP), BX
	VBROADCASTSD lift+40(FP), Y9
	VPCMPEQD     X8, X8, X8
	VPSRLQ       $1, X8, X8
	VINSERTF128  $1, X8, Y8, Y8 // all bits but the sign
	MOVQ         BX, R10
	SHRQ         $1, R10
	SHLQ         $4, R10        // from the first span to the middle one

bgroups:
	VMOVUPD   (SI)(R10*1), Y0
	VUNPCKLPD 32(SI)(R10*1), Y0, Y0 // the middles of the middle groups
	VANDPD    Y8, Y0, Y1
	VMULPD    Y9, Y1, Y1            // the bounds
	MOVQ      SI, R8
	MOVQ      DX, R9
	MOVQ      BX, AX

bweights:
	VMOVUPD      (R8), Y2
	VMOVUPD      32(R8), Y3
	VUNPCKLPD    Y3, Y2, Y4
	VUNPCKHPD    Y3, Y2, Y5
	VSUBPD       Y0, Y4, Y4
	VANDPD       Y8, Y4, Y4
	VADDPD       Y5, Y4, Y4
	VBROADCASTSD (R9), Y6
	VMULPD       Y6, Y4, Y4
	VADDPD       Y4, Y1, Y1
	ADDQ         $16, R8
	ADDQ         $8, R9
	DECQ         AX
	JNZ          bweights
	VEXTRACTF128 $1, Y1, X2
	VUNPCKLPD    X2, X1, X3
	VUNPCKHPD    X2, X1, X4
	VMOVUPD      X3, (DI)
	VMOVUPD      X4, 16(DI)
	ADDQ         $64, SI
	ADDQ         $32, DI
	SUBQ         $4, CX
	JNZ          bgroups
	VZEROUPPER
	RET
