# SPDX-License-Identifier: Apache-2.0
RUNTIME_SOURCES = \
	runtime/blob.c \
	runtime/cli.c \
	runtime/cmd_control.c \
	runtime/cmd_credentials.c \
	runtime/cmd_exec.c \
	runtime/cmd_host.c \
	runtime/cmd_lifecycle.c \
	runtime/cmd_log.c \
	runtime/cmd_policy.c \
	runtime/cmd_query.c \
	runtime/console.c \
	runtime/container.c \
	runtime/container_create.c \
	runtime/container_egress.c \
	runtime/container_spawn.c \
	runtime/exec.c \
	runtime/flat.c \
	runtime/hooks.c \
	runtime/host.c \
	runtime/idmap.c \
	runtime/init/hook_words.c \
	runtime/init/sync.c \
	runtime/init_blob.S \
	runtime/planfile.c \
	runtime/planfile_mounts.c \
	runtime/planfile_process.c \
	runtime/sources.c \
	runtime/spawn.c \
	runtime/state.c \
	runtime/state_json.c
