/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue of credentials, embedded as it was written, and as the build prepared it (catalogue_builtin.c). */
	.section .rodata
	.globl	catalogue_blob, catalogue_blob_end, catalogue_image, catalogue_image_end
	.balign	16
catalogue_image:
	.incbin	"config/catalogue.img"
catalogue_image_end:
	.balign	16
catalogue_blob:
	.incbin	"config/credentials.json"
catalogue_blob_end:
	.byte	0
	.section .note.GNU-stack,"",@progbits
