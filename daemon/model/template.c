/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Templates: a program's own text of a message, or the institution's (no program), in place of the shipped one.
 *
 * draft -> in use -> retired. One is in use for each program, key and language: putting another one to use retires it. What is
 * saved can be sent: a text that names what there is not, or what its reader may not read, is refused with the place, so nothing has to be
 * found wrong at the moment of sending. Made with a key and a language alone, it begins as the shipped text.
 */
#include <string.h>

#include "core/settings.h"
#include "core/template.h"
#include "model.h"
#include "texts_inside.h"

static const char *const states[] = { "draft", "in_use", "retired", NULL };

static const struct field fields[] = { ID_AND_VERSION(struct message_template, .anchor = NO_ANCHOR),
	{ AS_INT(struct message_template, program, LINK, MEMBER), .flags = FROZEN | LISTED | LEADS | KEY, .to = "program",
		.anchor = AT_PROGRAM, .label = "Program (none: the institution)" },
	{ AS_TEXT(struct message_template, key, STAFF), .flags = REQUIRED | FROZEN | HAS_MIN | HAS_MAX | SORTED | LABEL | LISTED | KEY,
		.min = 1, .max = 64, .label = "Kind of message" },
	{ AS_TEXT(struct message_template, language, STAFF), .flags = REQUIRED | FROZEN | HAS_MIN | HAS_MAX | LISTED | KEY, .min = 2,
		.max = 35, .label = "Language" },
	{ AS_TEXT(struct message_template, subject, STAFF), .flags = HAS_MIN | HAS_MAX | LISTED, .min = 1, .max = 200, .label = "Subject" },
	{ AS_TEXT(struct message_template, text, STAFF), .flags = HAS_MIN | HAS_MAX | LINES, .min = 1, .max = 20000, .label = "Text" },
	{ AS_TEXT(struct message_template, html, STAFF), .flags = HAS_MAX | LINES, .max = 60000,
		.label = "HTML (none: made from the text)" },
	{ AS_INT(struct message_template, state, CHOICE, STAFF), .flags = REQUIRED | BY_VERB | SORTED | LISTED, .choices = states,
		.starts = true, .label = "State" },
	{ AS_INT(struct message_template, state_since, INSTANT, STAFF), .flags = BY_VERB, .label = "In this state since" }, { 0 } };
COVERS(fields, struct message_template, 0);

static const struct message_language *shipped_language(struct call *call, const struct message_template *t)
{
	return message_language_for(call, t->language);
}

static struct message_source source_of(struct call *call, const struct message_template *t)
{
	const struct message_language *l = shipped_language(call, t);
	const struct shipped_text *shipped = shipped_text_of(l->texts, t->key);

	return (struct message_source){ t->language, t->subject, shipped ? shipped->action : l->page, t->text, t->html };
}

static int fail_kind(struct call *call, const char *key)
{
	size_t same = 0;
	struct buffer near = { 0 };
	int r;

	/* those that begin in the most similar way; all of them would be no sentence */
	for (const struct message_kind *kind = message_kinds; kind->key; kind++) {
		size_t n = 0;

		while (key[n] && key[n] == kind->key[n])
			n++;
		if (n < same)
			continue;
		if (n > same)
			buffer_clear(&near);
		same = n;
		buffer_print(&near, "%s%s", near.length ? ", " : "", kind->key);
	}
	r = fail(call, E_INVALID, "key", "there is no message of the kind '%.40s'%s%.200s; `mentorshipd --print messages` lists them all",
		key, same ? "; there are " : "", same ? buffer_string(&near) : "");
	buffer_free(&near);
	return r;
}

/* de, pt-BR: letters and digits in parts. */
static bool is_language(const char *tag)
{
	size_t n = strspn(tag, "abcdefghijklmnopqrstuvwxyz");

	return (n == 2 || n == 3) &&
		(!tag[n] ||
			(strchr("-_", tag[n]) && tag[n + 1] &&
				!tag[n + 1 + strspn(tag + n + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")]));
}

static int check(struct call *call, const void *record)
{
	const struct message_template *t = record;
	const struct message_kind *kind = message_kind_named(t->key);
	struct message_source source;

	if (t->state == TEMPLATE_RETIRED)
		return 0; /* whatever later versions know of it */
	if (!kind)
		return fail_kind(call, t->key);
	if (!is_language(t->language))
		return fail(call, E_INVALID, "language", "'%s' is no language; write one like de or pt-BR", t->language);
	if (!t->subject || !t->text)
		return fail(call, E_INVALID, t->subject ? "text" : "subject", "a message needs a subject and a text; write one");
	source = source_of(call, t);
	return message_source_check(call, kind, &source);
}

/* What is not given begins as it is shipped. */
static int create(struct call *call, const void *was, void *now)
{
	struct message_template *t = now;
	const struct shipped_text *shipped = shipped_text_of(shipped_language(call, t)->texts, t->key);

	(void)was;
	if (!shipped)
		return 0;
	t->subject = t->subject ? t->subject : arena_copy(call->arena, shipped->subject);
	if (!t->text && !t->html)
		t->html = arena_copy(call->arena, shipped->html);
	t->text = t->text ? t->text : arena_copy(call->arena, shipped->text);
	return 0;
}

static int retire_twin(struct call *call, void *record, void *data)
{
	const struct message_template *twin = record, *t = data;

	if (twin->id == t->id || strcmp(twin->key, t->key) != 0 || strcmp(twin->language, t->language) != 0)
		return 0;
	return perform_also(call, &template_entity, twin->id, "Retire", NULL, 0);
}

static int use(struct call *call, const void *was, void *now)
{
	struct message_template *t = now;

	(void)was;
	return each(call, &template_entity, retire_twin, t, "\"program\" IS ?1 AND \"state\" = 'in_use'", VALUES(t->program));
}

/* ---- preview ---- */

struct preview {
	const struct template_name *names;
	int language; /* of the samples */
};

static const char *sample(void *data, const char *name)
{
	const struct preview *preview = data;
	const struct template_name *known = preview->names;
	const struct message_name *n = message_names;

	while (known->name && strcmp(known->name, name) != 0)
		known++;
	if (!known->name || known->flags & TEMPLATE_CLOSED)
		return NULL;
	while (n->name && strcmp(n->name, name) != 0)
		n++;
	return n->name ? n->sample[preview->language] : NULL;
}

static int preview(struct call *call, const void *was, void *now)
{
	const struct message_template *t = was;
	struct message_source source = source_of(call, t);
	const struct message_kind *kind = message_kind_named(t->key);
	struct message_text text;
	struct preview data;
	int r;

	(void)now;
	if (!kind)
		return fail_kind(call, t->key);
	data = (struct preview){ message_kind_names(kind, call->arena), shipped_language(call, t) == &message_language_de };
	r = message_source_render(call, &source, sample, &data, &text);
	if (r)
		return r;
	answer(call, "subject", (struct value){ .type = V_TEXT, .text = text.subject });
	answer(call, "text", (struct value){ .type = V_TEXT, .text = text.text });
	answer(call, "html", (struct value){ .type = V_TEXT, .text = text.html });
	return 0;
}

#define S(x) IN(TEMPLATE_##x)
static const struct verb verbs[] = { { "Create", COORDINATOR, 0, KEEP, "*", create, "Write a text of your own", ON_COLLECTION, NULL, NULL,
					     0 },
	{ "Update", COORDINATOR, S(DRAFT) | S(IN_USE), KEEP, "*", NULL, "Change", 0, NULL, NULL, 0 },
	{ "Use", COORDINATOR, S(DRAFT) | S(RETIRED), S(IN_USE), NULL, use, "Send it from now on", 0, NULL, NULL, 0 },
	{ "Retire", COORDINATOR, S(DRAFT) | S(IN_USE), S(RETIRED), NULL, NULL, "Send it no more", 0, NULL, NULL, 0 },
	{ "Preview", COORDINATOR, 0, KEEP, NULL, preview, "Show it as an invented person would get it", ANSWERS | NO_KEY, NULL, NULL, 0 },
	{ 0 } };

const struct entity template_entity = { .name = "template",
	.collection = "templates",
	.size = sizeof(struct message_template),
	.fields = fields,
	.verbs = verbs,
	.check = check,
	.retention = WITH_RECORD,
	.label = "Template",
	.help = "A text of a message in place of the shipped one.",
	.order = "key" };
