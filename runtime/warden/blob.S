/* SPDX-License-Identifier: Apache-2.0 */
/* The resolver, embedded. */
	.section .rodata
	.globl	warden_blob, warden_blob_end
	.balign	16
warden_blob:
	.incbin	"warden.bin"
warden_blob_end:
	.byte	0
	.section .note.GNU-stack,"",@progbits
