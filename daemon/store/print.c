/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What can be printed from the tables: the schema, the reference of the interface, and the record of processing (what is held
 * about people, who reads it, how long). tests/golden/ holds all three, so that a change of them shows.
 */
#include <stdio.h>
#include <string.h>

#include "internal.h"

static const char *const kinds[] = { "text", "number", "real", "date", "instant", "choice", "link", "words", "yes/no" };
static const char *const classes[] = { "public", "member", "pair", "staff", "sealed" };
static const char *const retentions[] = { "with its record", "until the program's retention has passed", "until the person is erased",
	"as the audit", "as messages", "as jobs", "as backups" };

static void print_roles(FILE *out, unsigned mask)
{
	bool first = true;

	if ((mask & ~(unsigned)SYSTEM) == (unsigned)~(unsigned)SYSTEM || mask & ANYONE) {
		fputs("anyone", out);
		return;
	}
	for (int i = 0; i < ROLE_COUNT; i++)
		if (mask & 1U << i) {
			fprintf(out, "%s%s", first ? "" : ", ", role_names[i]);
			first = false;
		}
	if (first)
		fputs("nobody", out);
}

static void print_field(FILE *out, const struct shape *shape, int i)
{
	const struct field *f = &shape->entity->fields[i];

	if (f->flags & HIDDEN)
		return;
	fprintf(out, "- `%s` (%s", f->name, kinds[f->kind]);
	if (f->to)
		fprintf(out, " to %s", f->to);
	if (f->unit)
		fprintf(out, ", %s", f->unit);
	if (f->flags & HAS_MIN)
		fprintf(out, ", from %lld", (long long)f->min);
	if (f->flags & HAS_MAX)
		fprintf(out, ", to %lld", (long long)f->max);
	fprintf(out, "%s%s%s): %s; %s", f->flags & REQUIRED ? ", required" : "", f->flags & FROZEN ? ", set once" : "",
		f->computed                  ? ", computed"
			: f->flags & BY_VERB ? ", by verbs"
					     : "",
		f->label, classes[f->privacy]);
	for (int c = 0; f->choices && f->choices[c]; c++)
		fprintf(out, "%s%s", c ? ", " : "; one of: ", f->choices[c]);
	fputs("\n", out);
}

static void print_states(FILE *out, const struct shape *shape, unsigned mask)
{
	bool first = true;

	for (int i = 0; shape->state >= 0 && shape->entity->fields[shape->state].choices[i]; i++)
		if (mask & IN(i)) {
			fprintf(out, "%s%s", first ? "" : " or ", shape->entity->fields[shape->state].choices[i]);
			first = false;
		}
}

static void print_verb(FILE *out, const struct shape *shape, const struct verb *v)
{
	fprintf(out, "- **%s**: %s. By: ", v->name, v->label);
	print_roles(out, v->who);
	if (v->from) {
		fputs(". When ", out);
		print_states(out, shape, v->from);
	}
	if (v->to) {
		fputs(". Then ", out);
		print_states(out, shape, v->to);
	}
	if (v->takes)
		fprintf(out, ". Takes: %s", strcmp(v->takes, "*") ? v->takes : "the fields that are not set by verbs");
	for (const struct field *f = v->arguments; f && f->name; f++)
		fprintf(out, "%s`%s` (%s%s)", f == v->arguments ? ". Arguments: " : ", ", f->name, kinds[f->kind],
			f->flags & REQUIRED ? ", required" : "");
	fprintf(out, "%s%s%s%s.\n", v->flags & NEEDS_REASON ? ". Needs a reason" : "",
		v->flags & FOR_SOMEBODY ? ". A coordinator may enter it for somebody" : "", v->flags & LONG ? ". Returns a task" : "",
		v->action ? ". An admin is asked for by polkit" : "");
}

static void print_docs(FILE *out)
{
	fputs("# The objects of org.mentorship1\n\nPrinted by `mentorshipd --print docs`.\n", out);
	for (int i = 0; entities[i]; i++) {
		const struct shape *shape = shape_of(entities[i]);

		fprintf(out, "\n## %s (`%s`, /org/mentorship1/%s)\n\n%s\n\n", entities[i]->label, entities[i]->name,
			entities[i]->collection, entities[i]->help);
		for (int f = 0; f < shape->count; f++)
			print_field(out, shape, f);
		fputs("\n", out);
		for (const struct verb *v = entities[i]->verbs; v && v->name; v++)
			print_verb(out, shape, v);
		for (const struct job *j = entities[i]->jobs; j && j->name; j++)
			fprintf(out, "- job **%s**%s%s\n", j->name, j->rule ? ": " : "", j->rule ? j->rule : "");
	}
}

static void print_privacy(FILE *out)
{
	fputs("# Record of processing\n\nPrinted by `mentorshipd --print privacy`: each field about a person, who reads it, how long it is kept, and whether "
	      "erasure clears it.\n",
		out);
	for (int i = 0; entities[i]; i++) {
		const struct shape *shape = shape_of(entities[i]);

		if (shape->anchors[AT_PERSON] < 0)
			continue;
		fprintf(out, "\n## %s\n\n", entities[i]->label);
		for (int f = 2; f < shape->count; f++) {
			const struct field *field = &entities[i]->fields[f];

			if (field->flags & HIDDEN)
				continue;
			fprintf(out, "- %s: %s; read by ", field->name, classes[field->privacy]);
			if (field->privacy == SEALED)
				fputs("those who may Disclose", out);
			else
				print_roles(out, shape->readers[f]);
			fprintf(out, "; kept %s%s\n", retentions[field->retention ? field->retention : entities[i]->retention],
				field->flags & ERASED ? "; cleared by erasure" : "");
		}
	}
}

int store_print(const char *what, void *file)
{
	FILE *out = file;

	if (!strcmp(what, "schema")) {
		struct buffer text = { 0 };

		schema_print(&text);
		fputs(buffer_string(&text), out);
		buffer_free(&text);
	} else if (!strcmp(what, "docs"))
		print_docs(out);
	else if (!strcmp(what, "privacy"))
		print_privacy(out);
	else
		return E_INVALID;
	return 0;
}
