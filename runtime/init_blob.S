/* SPDX-License-Identifier: Apache-2.0 */
/* The init program, embedded: the parent copies it into a sealed memfd and executes it from there. */
	.section .rodata
	.globl	init_blob, init_blob_end
	.balign	16
init_blob:
	.incbin	"init.bin"
init_blob_end:
	.byte	0
	.section .note.GNU-stack,"",@progbits
