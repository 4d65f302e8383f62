/* SPDX-License-Identifier: Apache-2.0 */
/* The program that speaks D-Bus, embedded. */
	.section .rodata
	.globl	bus_blob, bus_blob_end
	.balign	16
bus_blob:
	.incbin	"bus.bin"
bus_blob_end:
	.byte	0
	.section .note.GNU-stack,"",@progbits
