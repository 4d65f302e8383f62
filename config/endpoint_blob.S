/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the grammar of endpoints, embedded as they were written: they are read as text, where they lie. */
	.section .rodata
	.globl	suffixes_blob, suffixes_blob_end, endpoint_sets_blob, endpoint_sets_blob_end
suffixes_blob:
	.incbin	"config/suffixes.txt"
suffixes_blob_end:
	.byte	0
endpoint_sets_blob:
	.incbin	"config/endpoint_sets.tsv"
endpoint_sets_blob_end:
	.byte	0
	.section .note.GNU-stack,"",@progbits
