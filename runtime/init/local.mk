# SPDX-License-Identifier: Apache-2.0
INIT_SOURCES =
