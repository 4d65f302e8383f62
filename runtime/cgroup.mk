# SPDX-License-Identifier: Apache-2.0
CGROUP_SOURCES =
