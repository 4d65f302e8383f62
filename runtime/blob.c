/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that this one carries within itself. */
#include <config.h>

#include "runtime/blob.h"

#include <errno.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/sys.h"

int blob_memfd(const char *name, const char *from, const char *to, struct pf_error *e)
{
	unsigned int flags = PF_MFD_CLOEXEC | PF_MFD_ALLOW_SEALING;
	auto_fd fd = sys_memfd_create(name, flags | PF_MFD_EXEC);
	int ret;

	if (fd == -EINVAL) /* compat: kernel < 6.3 has no MFD_EXEC, and needs none */
		fd = sys_memfd_create(name, flags);
	if (fd == -EACCES)
		return pf_fail(
			e, PF_ERR_HOST, EACCES,
			"the sysctl vm.memfd_noexec=2 forbids `%s' in sealed memory: set it to 0 or 1",
			name);
	if (fd < 0)
		return pf_fail_sys(e, fd, "memfd_create for `%s'", name);
	ret = pf_write_all(fd, from, (size_t)(to - from));
	if (ret < 0)
		return pf_fail_sys(e, ret, "write `%s'", name);
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return pf_fail_sys(e, errno, "seal `%s'", name);
	return pf_take_fd(&fd);
}
