/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Just enough of ELF to find programs, and the places in them where a map's address belongs. The bytes are our own, so
 * a bound that does not hold is a bug of the build; it is checked all the same, once, where it costs nothing.
 */
#include <config.h>

#include "runtime/egress/object.h"

#include <elf.h>
#include <string.h>

#include "base/cleanup.h"

enum {
	R_BPF_INSN_64 = 1
}; /* the only kind there is here: elf.h of musl and older glibc has no name for it */

static int fail(struct pf_error *e, const char *what)
{
	return pf_fail(e, PF_ERR_BUG, 0, "the embedded egress programs: %s", what);
}

static const void *section_bytes(const struct object *o, const Elf64_Shdr *s)
{
	if (s->sh_offset > o->len || s->sh_size > o->len - s->sh_offset)
		return NULL;
	return o->bytes + s->sh_offset;
}

static int take_symbols(struct object *o, const Elf64_Shdr *sections, size_t n, const Elf64_Shdr *s)
{
	if (s->sh_link >= n)
		return -1;
	o->symbols = section_bytes(o, s);
	o->n_symbols = s->sh_size / sizeof(Elf64_Sym);
	o->names = section_bytes(o, &sections[s->sh_link]);
	o->names_len = sections[s->sh_link].sh_size;
	return o->symbols && o->names && o->names_len && !o->names[o->names_len - 1] ? 0 : -1;
}

static const char *name_at(const char *names, size_t len, size_t at)
{
	return at < len ? names + at : "";
}

/* The section of programs has relocations of its own; there are no others. */
static int take_section(struct object *o, const Elf64_Shdr *sections, size_t n, size_t i,
			const char *name)
{
	const Elf64_Shdr *s = &sections[i];

	if (s->sh_type == SHT_SYMTAB)
		return take_symbols(o, sections, n, s);
	if (s->sh_type == SHT_REL && strcmp(name, ".relprograms") == 0) {
		o->relocations = section_bytes(o, s);
		o->n_relocations = s->sh_size / sizeof(Elf64_Rel);
		return o->relocations ? 0 : -1;
	}
	if (s->sh_type == SHT_PROGBITS && strcmp(name, "programs") == 0) {
		o->programs = section_bytes(o, s);
		o->programs_len = s->sh_size;
		o->programs_section = (unsigned int)i;
		return o->programs ? 0 : -1;
	}
	return 0;
}

int object_open(const char *bytes, size_t len, struct object *ret, struct pf_error *e)
{
	struct object o = { .bytes = bytes, .len = len };
	const Elf64_Ehdr *head = (const Elf64_Ehdr *)bytes;
	const Elf64_Shdr *sections;
	const char *names;

	if (len < sizeof(*head) || memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 ||
	    head->e_machine != EM_BPF || head->e_shentsize != sizeof(*sections) ||
	    head->e_shoff > len || head->e_shnum > (len - head->e_shoff) / sizeof(*sections) ||
	    head->e_shstrndx >= head->e_shnum)
		return fail(e, "no object file for this machine");
	sections = (const Elf64_Shdr *)(bytes + head->e_shoff);
	names = section_bytes(&o, &sections[head->e_shstrndx]);
	if (!names)
		return fail(e, "sections without names");
	for (size_t i = 0; i < head->e_shnum; i++)
		if (take_section(&o, sections, head->e_shnum, i,
				 name_at(names, sections[head->e_shstrndx].sh_size,
					 sections[i].sh_name)) < 0)
			return fail(e, "a section lies outside the file");
	if (!o.symbols || !o.programs)
		return fail(e, "no programs, or no symbols");
	*ret = o;
	return 0;
}

int object_find(const struct object *o, const char *name, struct object_program *ret,
		struct pf_error *e)
{
	const Elf64_Sym *s = o->symbols;

	for (size_t i = 0; i < o->n_symbols; i++, s++) {
		if (ELF64_ST_TYPE(s->st_info) != STT_FUNC || s->st_shndx != o->programs_section ||
		    strcmp(name_at(o->names, o->names_len, s->st_name), name) != 0)
			continue;
		if (s->st_value > o->programs_len || s->st_size > o->programs_len - s->st_value)
			return fail(e, "a program lies outside its section");
		ret->offset = s->st_value;
		ret->code = (const struct bpf_insn *)(o->programs + s->st_value);
		ret->n = s->st_size / sizeof(*ret->code);
		return 0;
	}
	return pf_fail(e, PF_ERR_BUG, 0, "the embedded egress programs: no `%s'", name);
}

int object_use(const struct object *o, const struct object_program *p, size_t *from,
	       struct object_use *ret)
{
	const Elf64_Sym *symbols = o->symbols;
	const Elf64_Rel *r = o->relocations;

	for (; *from < o->n_relocations; (*from)++) {
		const Elf64_Rel *here = &r[*from];
		size_t symbol = ELF64_R_SYM(here->r_info);

		if (here->r_offset < p->offset ||
		    here->r_offset - p->offset >= p->n * sizeof(*p->code))
			continue;
		if (ELF64_R_TYPE(here->r_info) != R_BPF_INSN_64 || symbol >= o->n_symbols)
			return -1;
		ret->at = (here->r_offset - p->offset) / sizeof(*p->code);
		ret->map = name_at(o->names, o->names_len, symbols[symbol].st_name);
		(*from)++;
		return 1;
	}
	return 0;
}
