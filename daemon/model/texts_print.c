/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What somebody who writes texts of their own has to know, printed from the tables: which messages there are, and what each may name.
 */
#include <stdio.h>
#include <string.h>

#include "core/template.h"
#include "model.h"
#include "texts.h"

static const char beginning[] =
	"# The texts of messages\n\nPrinted by `mentorshipd --print messages`.\n\n"
	"A program has its own text of a message with `mentorctl template create program=PROGRAM key=KEY language=de`. It begins as the shipped one, "
	"and is changed with `template update`, shown with `template preview` and sent from `template use` on. Greeting, links to the own page "
	"and to somebody to talk to, and the end are added to every text.\n\n"
	"`{{name}}` stands for a value; what may be absent stands between `{{#name}}` and `{{/name}}`, and what is said without it between "
	"`{{^name}}` and `{{/name}}`. `{{link}}` on a line of its own becomes a link that is called by what it does.\n\n";

static void print_name(FILE *out, const struct message_name *name, bool optional)
{
	fprintf(out, "- `{{%s}}`%s: %s\n", name->name, optional ? " (may be absent)" : "", name->help);
}

static void print_kind(FILE *out, const struct message_kind *kind, struct arena *arena)
{
	const struct template_name *has = message_kind_names(kind, arena);
	bool first = true;

	fprintf(out, "\n## `%s`: %s\n\nTo: ", kind->key, kind->label);
	for (int i = 0; i < ROLE_COUNT; i++)
		if (kind->readers & 1U << i) {
			fprintf(out, "%s%s", first ? "" : ", ", role_names[i]);
			first = false;
		}
	fprintf(out, ".%s%s\n\n", kind->flags & MESSAGE_DAILY ? " Goes in the one mail of the day." : "",
		kind->flags & MESSAGE_OPTIONAL ? " Not sent to who unsubscribed." : "");
	for (const struct message_name *name = message_names; name->name; name++) {
		const struct template_name *n = has;

		while (n->name && strcmp(n->name, name->name) != 0)
			n++;
		if (n->name && !(n->flags & TEMPLATE_CLOSED) && !(name->flags & NAME_COMMON))
			print_name(out, name, n->flags & TEMPLATE_OPTIONAL);
	}
}

void messages_print(void *file)
{
	struct arena arena = { 0 };
	FILE *out = file;

	fprintf(out, "%sIn every text:\n\n", beginning);
	for (const struct message_name *name = message_names; name->name; name++)
		if (name->flags & NAME_COMMON)
			print_name(out, name, name->flags & NAME_OPTIONAL);
	for (const struct message_kind *kind = message_kinds; kind->key; kind++)
		print_kind(out, kind, &arena);
	arena_free(&arena);
}
