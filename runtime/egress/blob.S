/* SPDX-License-Identifier: Apache-2.0 */
/* The egress programs, as a compiler for BPF made them of egress.bpf.c. */
	.section .rodata
	.globl	egress_blob, egress_blob_end
	.balign	16
egress_blob:
	.incbin	"egress.bpf.o"
egress_blob_end:
	.byte	0
	.section .note.GNU-stack,"",@progbits
