/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of names, as a hostile writer could have made it: the first 64 bytes are a name and an address, the rest is the
 * block. Whatever opens must be walked without a byte read beside it.
 */
#include <config.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/warden/nametab.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ASKED = 48, ADDRESS = 16 };

static void look_up(const struct nametab *t, const char *name, const uint8_t *addr)
{
	struct nametab_found found;

	nametab_find(t, name, &found);
	for (unsigned int i = 0; i < found.n; i++)
		for (uint32_t j = 0; j < found.ranges[i].n; j++)
			if (!nametab_row_at(t, found.ranges[i].at + j))
				abort();
	(void)nametab_judge(t, found.is_internal, addr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nametab_head head;
	char name[ASKED + 1] = "";
	struct nametab table;
	uint8_t *block;

	if (size < ASKED + ADDRESS + sizeof(head))
		return 0;
	memcpy(name, data, ASKED);
	block = malloc(size - ASKED - ADDRESS);
	if (!block)
		abort();
	memcpy(block, data + ASKED + ADDRESS, size - ASKED - ADDRESS);
	/* a fuzzer need not find these two by itself */
	memcpy(&head, block, sizeof(head));
	head.magic = NAMETAB_MAGIC;
	head.size = (uint32_t)(size - ASKED - ADDRESS);
	memcpy(block, &head, sizeof(head));
	if (nametab_open(block, head.size, &table) == 0)
		look_up(&table, name, data + ASKED);
	free(block);
	return 0;
}
