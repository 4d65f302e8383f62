# SPDX-License-Identifier: Apache-2.0
# The same root and tools as for tests/bats.
# shellcheck shell=bash source=tests/bats/setup_suite.bash
source "$(dirname "${BASH_SOURCE[0]}")/../bats/setup_suite.bash"
