/* SPDX-License-Identifier: Apache-2.0 */
/* The life of the init as tables. steps.h tells the theory; each step's own comment tells why it stands where it does. */
#include "runtime/init/steps.h"

/* clang-format off */
const struct step before_ready[] = {
	{ "session", child_enter_session },
	{ "ids", child_become_root },
	{ "names", child_set_names },
	{ "loopback", child_raise_loopback },
	{ "rootfs", child_build_rootfs },
	{ "mounts", child_mount_all },
	{ "devices", child_make_devices },
	{ "cwd", child_make_cwd },
	{ "hooks", child_sync_mounted },
	{ "pivot", child_pivot },
	{ "sysctl", child_write_sysctls },
	{ "masks", child_mask_paths },
	{ "terminal", child_open_terminal },
	{ "program", child_find_program },
	{ "home", child_find_home },
	{ "confine", child_confine },
	{ "shed", child_shed_caps },
	{ NULL, NULL },
};
/* clang-format on */

/* At exec the root stands already: only the way in differs, the way out of privilege is the same table. */
const struct step exec_steps[] = {
	{ "session", child_enter_session },
	{ "ids", child_become_root },
	{ "root", child_enter_root },
	{ "terminal", child_open_terminal },
	{ "program", child_find_program },
	{ "home", child_find_home },
	{ "confine", child_confine_again },
	{ "shed", child_shed_caps },
	{ NULL, NULL },
};

const struct step after_start[] = {
	{ "hooks", child_start_hooks },
	{ "fds", child_close_fds },
	{ "label", child_set_label },
	{ "working directory", child_enter_cwd },
	{ "limits", child_set_limits }, /* after the last open(2): there may be none left */
	{ "early seccomp", child_early_seccomp },
	{ "privileges", child_drop_privileges },
	{ "no_new_privs", child_set_no_new_privs },
	{ "landlock", child_seal_landlock },
	{ "own filter", child_load_own_filter },
	{ "seccomp", child_late_seccomp }, /* last: it may forbid seccomp(2) */
	{ "execute", child_execute },
	{ NULL, NULL },
};
