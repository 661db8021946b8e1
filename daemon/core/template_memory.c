/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Each source has one place, by its length and some of its bytes; whoever comes later takes it. So to find one is to compare one text.
 */
#include "template_memory.h"

#include <stdlib.h>
#include <string.h>

struct kept {
	struct arena arena; /* all of it */
	struct template_source source;
	struct template *template;
};

struct template_memory {
	struct kept kept[MEMORY_TEMPLATES];
};

struct template_memory *template_memory_new(void)
{
	struct template_memory *memory = calloc(1, sizeof *memory);

	if (!memory)
		abort();
	return memory;
}

void template_memory_free(struct template_memory *memory)
{
	for (int i = 0; memory && i < MEMORY_TEMPLATES; i++)
		arena_free(&memory->kept[i].arena);
	free(memory);
}

static size_t place_of(const struct template_source *source)
{
	size_t length = strlen(source->text), at = length * 31 + (size_t)source->place * 7 + (source->action ? strlen(source->action) : 0);

	for (size_t i = 0; i < length; i += 1 + length / 16)
		at = at * 31 + (unsigned char)source->text[i];
	return at % MEMORY_TEMPLATES;
}

static bool same(const struct template_source *a, const struct template_source *b)
{
	return a->place == b->place && a->made == b->made && !a->action == !b->action && (!a->action || !strcmp(a->action, b->action)) &&
		!strcmp(a->text, b->text);
}

const struct template *template_memory_find(const struct template_memory *memory, const struct template_source *source)
{
	const struct kept *kept = &memory->kept[place_of(source)];

	return kept->template && same(&kept->source, source) ? kept->template : NULL;
}

int template_memory_parse(struct template_memory *memory, const struct template_source *source, const char *text, struct arena *arena,
	const struct template **ret, struct problem *problem)
{
	struct kept *kept = &memory->kept[place_of(source)], now = { .source = *source };
	bool keeps = strlen(source->text) <= MEMORY_BYTES && strlen(text) <= MEMORY_BYTES;
	int r = template_parse(text, source->place, keeps ? &now.arena : arena, &now.template, problem);

	if (r) {
		arena_free(&now.arena);
		return r;
	}
	*ret = now.template;
	if (!keeps)
		return 0;
	now.source.text = arena_copy(&now.arena, source->text);
	now.source.action = arena_copy(&now.arena, source->action);
	arena_free(&kept->arena);
	*kept = now;
	return 0;
}
