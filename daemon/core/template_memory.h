/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Templates that were read before: what is sent to thousands is parsed once. What is kept is found by its whole text, so a text that somebody
 * has changed is another one; there is nothing to forget.
 */
#ifndef MENTORSHIP_TEMPLATE_MEMORY_H
#define MENTORSHIP_TEMPLATE_MEMORY_H

#include "template.h"

enum {
	MEMORY_TEMPLATES = 64,
	MEMORY_BYTES = 8192 /* longer texts are not kept */
};

struct template_memory;

/* `text`: the author's. `made`: the template was made of it, with `action` or NULL. */
struct template_source {
	const char *text, *action;
	enum template_place place;
	bool made;
};

/* Never NULL; freed with template_memory_free, which takes NULL. */
struct template_memory *template_memory_new(void);
void template_memory_free(struct template_memory *);
/* The template that was made of the source, or NULL. Good until the next template_memory_parse. */
const struct template *template_memory_find(const struct template_memory *, const struct template_source *);
/* As template_parse of `text`, and kept under the source, in place of another if need be. Good until the next one, or as long as the arena. */
int template_memory_parse(struct template_memory *, const struct template_source *, const char *text, struct arena *,
	const struct template **ret, struct problem *);

#endif
