# SPDX-License-Identifier: Apache-2.0
# By hand: a guest takes minutes, and figures a quiet machine.
check-vm-demo: all check-tools
	PF_BUILD='$(abs_builddir)' $(top_srcdir)/tests/vm/run.sh
bench: all
	PINFOLD='$(abs_builddir)/pinfold' $(top_srcdir)/tests/bench/run
.PHONY: check-vm-demo bench
