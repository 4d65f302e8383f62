/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue of credentials, embedded as it was written. */
	.section .rodata
	.globl	catalogue_blob, catalogue_blob_end
	.balign	16
catalogue_blob:
	.incbin	"config/credentials.json"
catalogue_blob_end:
	.byte	0
	.section .note.GNU-stack,"",@progbits
