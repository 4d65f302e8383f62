/* SPDX-License-Identifier: Apache-2.0 */
/* The last words of a hook that failed, for the message: the reason is usually there. */
#include "runtime/init/hook_words.h"

#include <string.h>
#include <unistd.h>

void hook_words(int sink, char said[HOOK_WORDS])
{
	static const char intro[] = ", it said: ";
	off_t end = lseek(sink, 0, SEEK_END);
	size_t room = HOOK_WORDS - sizeof(intro);
	ssize_t n = pread(sink, said + sizeof(intro) - 1, room,
			  end > (off_t)room ? end - (off_t)room : 0);

	memcpy(said, intro, sizeof(intro) - 1);
	while (n > 0 && said[sizeof(intro) - 2 + (size_t)n] == '\n')
		n--;
	said[n > 0 ? sizeof(intro) - 1 + (size_t)n : 0] = '\0';
}
