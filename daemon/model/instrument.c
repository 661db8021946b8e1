/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Instruments: versioned forms. An instrument is a row of its own for each edition; its items, their texts in other languages and its
 * scales are rows below it. They change while it is a draft and never again: a wave or a check-in asks what was ready, and what was asked
 * must still be there when answers are read. A change is a new edition, made by Revise as a copy.
 *
 * draft -> ready (the form was looked at whole) -> retired. Shipped ones are made by Create with a starter (instruments.c).
 */
#include <string.h>

#include "survey.h"

static const char *const states[] = { "draft", "ready", "retired", NULL };

static const struct field fields[] = { ID_AND_VERSION(struct instrument, .anchor = NO_ANCHOR),
	{ AS_INT(struct instrument, program, LINK, MEMBER), .flags = REQUIRED | FROZEN | LISTED | LEADS, .to = "program",
		.anchor = AT_PROGRAM, .label = "Program" },
	{ AS_TEXT(struct instrument, key, STAFF), .flags = REQUIRED | FROZEN | HAS_MIN | HAS_MAX | SORTED | LISTED | KEY, .min = 1,
		.max = 64, .label = "Key" },
	{ AS_INT(struct instrument, edition, NUMBER, STAFF), .flags = REQUIRED | BY_VERB | LISTED, .starts = true, .initial = 1,
		.label = "Edition" },
	{ AS_TEXT(struct instrument, title, STAFF), .flags = REQUIRED | HAS_MIN | HAS_MAX | SORTED | LABEL | LISTED, .min = 1, .max = 200,
		.label = "Title" },
	{ AS_TEXT(struct instrument, language, STAFF), .flags = HAS_MAX | LISTED, .max = 35, .starts = true, .initial_text = "en",
		.label = "Language of its texts" },
	{ AS_TEXT(struct instrument, licence, STAFF), .flags = HAS_MAX, .max = 200, .label = "Licence of the items" },
	{ AS_TEXT(struct instrument, source, STAFF), .flags = HAS_MAX, .max = 500, .label = "Where the items come from" },
	{ AS_TEXT(struct instrument, starter, STAFF), .flags = FROZEN | HAS_MAX, .max = 64, .label = "Made from the shipped" },
	{ AS_INT(struct instrument, state, CHOICE, STAFF), .flags = REQUIRED | BY_VERB | SORTED | LISTED, .choices = states, .starts = true,
		.label = "State" },
	{ 0 } };
COVERS(fields, struct instrument, 0);

/* ---- verbs of the instrument ---- */

static bool key_is_fine(const char *key)
{
	for (; *key; key++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.", *key))
			return false;
	return true;
}

struct editions {
	const char *key;
	int64_t *last;
};

static int see_edition(struct call *call, void *record, void *data)
{
	const struct instrument *other = record;
	const struct editions *editions = data;

	(void)call;
	if (!strcmp(other->key, editions->key) && other->edition > *editions->last)
		*editions->last = other->edition;
	return 0;
}

/* A file brings the next edition of a form that is here already; by hand that is Revise. */
static int next_edition(struct call *call, struct instrument *instrument)
{
	int64_t last = NONE;
	struct editions editions = { instrument->key, &last };
	int r = each(call, &instrument_entity, see_edition, &editions, "\"program\" = ?1", VALUES(instrument->program));

	if (!r && last != NONE)
		instrument->edition = last + 1;
	return r;
}

static int find(struct call *call, const void *record, int64_t *ret_id)
{
	(void)call;
	(void)record;
	*ret_id = NONE; /* what is here stays as it was asked */
	return 0;
}

static int create(struct call *call, const void *was, void *now)
{
	struct instrument *instrument = now;

	(void)was;
	if (instrument->starter)
		return shipped_fill(call, instrument);
	return call->caller->way == BY_WORKER ? next_edition(call, instrument) : 0;
}

static int check(struct call *call, const void *record)
{
	const struct instrument *instrument = record;

	return key_is_fine(instrument->key) ? 0 : fail(call, E_INVALID, "key", "small letters, digits, - _ and . only");
}

static int changed(struct call *call, const void *was, const void *now)
{
	const struct instrument *instrument = now;

	if (was || !instrument->starter || instrument->edition > 1)
		return 0;
	return shipped_items(call, instrument);
}

static int ready(struct call *call, const void *was, void *now)
{
	const struct instrument *instrument = now;
	struct form *form;
	size_t asked = 0;
	int r = survey_form(call, instrument->id, NULL, &form);

	(void)was;
	for (size_t i = 0; !r && i < form->item_count; i++)
		asked += form->items[i].kind != FORM_NOTE;
	if (!r && !asked)
		return fail(call, E_STATE, "state", "there is nothing to answer yet: add an item first");
	return r ? r : survey_fits(call, instrument);
}

/* What a program asks from now on has to stay ready. */
static int no_policy(struct call *call, const struct instrument *instrument)
{
	int64_t named;
	int r = ask(call, "SELECT count(*) FROM \"program\" WHERE \"id\" = ?1 AND \"check_in_form\" = ?2",
		VALUES(instrument->program, instrument->id), &named);

	if (r || !named)
		return r;
	return fail(call, E_STATE, "state", "it is the form of the program's check-ins; name another edition there first (check_in_form)");
}

static int rework(struct call *call, const void *was, void *now)
{
	int64_t id = ((const struct instrument *)was)->id, used, asked = 0;
	int r = ask(call, "SELECT count(*) FROM \"wave\" WHERE \"instrument\" = ?1", VALUES(id), &used);

	(void)now;
	if (!r && used)
		return fail(call, E_STATE, "state", "a wave uses it, so it stays as it was asked; Revise makes a new edition");
	if (!r)
		r = ask(call, "SELECT EXISTS (SELECT 1 FROM \"check_in\" WHERE \"form\" = ?1)", VALUES(id), &asked);
	if (!r && asked)
		return fail(call, E_STATE, "state", "a check-in asked it, so it stays as it was asked; Revise makes a new edition");
	return r ? r : no_policy(call, was);
}

static int retire(struct call *call, const void *was, void *now)
{
	(void)now;
	return no_policy(call, was);
}

struct copying {
	int64_t to;
	int64_t from_item, to_item;
};

static int copy_text(struct call *call, void *record, void *data)
{
	struct item_text *text = record;

	text->id = NONE;
	text->version = 1;
	text->item = ((const struct copying *)data)->to_item;
	return add(call, &item_text_entity, text);
}

static int copy_item(struct call *call, void *record, void *data)
{
	struct item *item = record;
	struct copying *copying = data;
	int r;

	copying->from_item = item->id;
	item->id = NONE;
	item->version = 1;
	item->instrument = copying->to;
	r = add(call, &item_entity, item);
	copying->to_item = item->id;
	return r ? r : each(call, &item_text_entity, copy_text, copying, "\"item\" = ?1", VALUES(copying->from_item));
}

static int copy_scale(struct call *call, void *record, void *data)
{
	struct scale *scale = record;

	scale->id = NONE;
	scale->version = 1;
	scale->instrument = ((const struct copying *)data)->to;
	return add(call, &scale_entity, scale);
}

/* A draft of the next edition, with all that is below. */
static int revise(struct call *call, const void *was, void *now)
{
	const struct instrument *old = was;
	struct instrument *made = fresh(call, &instrument_entity);
	struct copying copying = { 0 };
	int64_t last;
	int r = ask(call,
		"SELECT max(o.\"edition\") FROM \"instrument\" o, \"instrument\" t WHERE t.\"id\" = ?1 AND o.\"program\" = t.\"program\" AND "
		"o.\"key\" = t.\"key\"",
		VALUES(old->id), &last);

	(void)now;
	if (r)
		return r;
	*made = *old;
	made->id = NONE;
	made->version = 1;
	made->edition = last + 1;
	made->state = INSTRUMENT_DRAFT;
	r = add(call, &instrument_entity, made);
	copying.to = made->id;
	if (!r)
		r = each(call, &item_entity, copy_item, &copying, "\"instrument\" = ?1", VALUES(old->id));
	if (!r)
		r = each(call, &scale_entity, copy_scale, &copying, "\"instrument\" = ?1", VALUES(old->id));
	return r;
}

static int instrument_remove(struct call *call, const void *was, void *now);

#define S(x) IN(INSTRUMENT_##x)
static const struct verb verbs[] = { { "Create", COORDINATOR, 0, KEEP, "*", create, "Make an instrument, or take a shipped one (starter)",
					     ON_COLLECTION, NULL, NULL, 0 },
	{ "Update", COORDINATOR, S(DRAFT), KEEP, "*", NULL, "Change", 0, NULL, NULL, 0 },
	{ "Ready", COORDINATOR | SYSTEM, S(DRAFT), S(READY), NULL, ready, "Can be asked; from now on it stays as it is", 0, NULL, NULL, 0 },
	{ "Rework", COORDINATOR, S(READY), S(DRAFT), NULL, rework, "Back to the draft, while nobody was asked", 0, NULL, NULL, 0 },
	{ "Revise", COORDINATOR, S(READY) | S(RETIRED), KEEP, NULL, revise, "Make a draft of the next edition", 0, NULL, NULL, 0 },
	{ "Retire", COORDINATOR, S(READY), S(RETIRED), NULL, retire, "Is not asked any more", 0, NULL, NULL, 0 },
	{ "Remove", COORDINATOR, S(DRAFT), KEEP, NULL, instrument_remove, "Remove the draft", REMOVES | DESTRUCTIVE, NULL, NULL, 0 },
	{ 0 } };

const struct entity instrument_entity = { .name = "instrument",
	.collection = "instruments",
	.size = sizeof(struct instrument),
	.fields = fields,
	.verbs = verbs,
	.check = check,
	.changed = changed,
	.unique = "program key edition",
	.retention = AFTER_PROGRAM,
	.label = "Instrument",
	.help = "A form, in one edition: what is asked, and how it is counted.",
	.order = "title",
	.find = find,
	.formats = "xlsform",
	.write = xlsform_write };

/* ---- what is below: changed while the instrument is a draft ---- */

static int still_draft(struct call *call, int64_t instrument)
{
	struct instrument *record;
	int r = load(call, &instrument_entity, instrument, (void **)&record);

	if (r || record->state == INSTRUMENT_DRAFT)
		return r;
	return fail(call, E_STATE, "instrument", "the instrument is %s, so it stays as it is; Revise makes a new edition",
		states[record->state]);
}

static int draft_of_item(struct call *call, int64_t item)
{
	struct item *record;
	int r = load(call, &item_entity, item, (void **)&record);

	return r ? r : still_draft(call, record->instrument);
}

#define OF_INSTRUMENT(S) \
	{ AS_INT(S, program, LINK, MEMBER), .flags = REQUIRED | BY_VERB, .to = "program", .anchor = AT_PROGRAM, .label = "Program" }, \
	{ \
		AS_INT(S, instrument, LINK, STAFF), .flags = REQUIRED | FROZEN | LISTED | KEY | LEADS, .to = "instrument", \
						    .label = "Instrument" \
	}

static const struct field item_fields[] = { ID_AND_VERSION(struct item, .anchor = NO_ANCHOR), OF_INSTRUMENT(struct item),
	{ AS_INT(struct item, position, NUMBER, STAFF), .flags = REQUIRED | SORTED | LISTED | HAS_MIN | HAS_MAX, .min = 0, .max = 1000000,
		.starts = true, .label = "Position (0: the next)" },
	{ AS_TEXT(struct item, name, STAFF), .flags = REQUIRED | FROZEN | HAS_MIN | HAS_MAX | SORTED | LABEL | LISTED | KEY, .min = 1,
		.max = FORM_NAME, .label = "Name" },
	{ AS_INT(struct item, kind, CHOICE, STAFF), .flags = REQUIRED | LISTED, .choices = form_kinds, .label = "Kind" },
	{ AS_TEXT(struct item, label, STAFF), .flags = REQUIRED | HAS_MIN | HAS_MAX | LISTED | LINES, .min = 1, .max = 2000,
		.label = "Text" },
	{ AS_TEXT(struct item, choices, STAFF), .flags = HAS_MAX | LINES, .max = 20000, .label = "Choices (a line for each: value=text)" },
	{ AS_INT(struct item, required, YESNO, STAFF), .flags = LISTED, .label = "Must be answered" },
	{ AS_TEXT(struct item, relevant, STAFF), .flags = HAS_MAX | LINES, .max = CONDITION_SIZE, .label = "Is asked if" },
	{ AS_REAL(struct item, min, STAFF), .label = "At least (a text: characters)" },
	{ AS_REAL(struct item, max, STAFF), .label = "At most (a text: characters)" },
	{ AS_INT(struct item, reversed, YESNO, STAFF), .label = "Is turned round when scored" }, { 0 } };
COVERS(item_fields, struct item, 0);

static int item_check(struct call *call, const void *record)
{
	return still_draft(call, ((const struct item *)record)->instrument);
}

static int item_create(struct call *call, const void *was, void *now)
{
	struct item *item = now;
	int64_t last;
	int r;

	(void)was;
	if (item->position)
		return 0;
	r = ask(call, "SELECT max(\"position\") FROM \"item\" WHERE \"instrument\" = ?1", VALUES(item->instrument), &last);
	item->position = last == NONE ? 1 : last + 1;
	return r;
}

static int remove_row(struct call *call, void *record, void *data)
{
	return delete_record(call, data, record);
}

static int item_drop(struct call *call, void *record, void *data)
{
	int r = each(call, &item_text_entity, remove_row, (void *)(uintptr_t)&item_text_entity, "\"item\" = ?1",
		VALUES(((const struct item *)record)->id));

	(void)data;
	return r ? r : delete_record(call, &item_entity, record);
}

static int item_remove(struct call *call, const void *was, void *now)
{
	const struct item *item = was;
	int r = still_draft(call, item->instrument);

	(void)now;
	return r ? r : each(call, &item_text_entity, remove_row, (void *)(uintptr_t)&item_text_entity, "\"item\" = ?1", VALUES(item->id));
}

static int instrument_remove(struct call *call, const void *was, void *now)
{
	int64_t id = ((const struct instrument *)was)->id;
	int r = each(call, &item_entity, item_drop, NULL, "\"instrument\" = ?1", VALUES(id));

	(void)now;
	return r ? r : each(call, &scale_entity, remove_row, (void *)(uintptr_t)&scale_entity, "\"instrument\" = ?1", VALUES(id));
}

static const struct verb item_verbs[] = { { "Create", COORDINATOR, 0, KEEP, "*", item_create, "Add an item", ON_COLLECTION, NULL, NULL, 0 },
	{ "Update", COORDINATOR, 0, KEEP, "*", NULL, "Change", 0, NULL, NULL, 0 },
	{ "Remove", COORDINATOR, 0, KEEP, NULL, item_remove, "Remove", REMOVES, NULL, NULL, 0 }, { 0 } };

const struct entity item_entity = { .name = "item",
	.collection = "items",
	.size = sizeof(struct item),
	.fields = item_fields,
	.verbs = item_verbs,
	.check = item_check,
	.removable = item_check,
	.unique = "instrument name",
	.retention = AFTER_PROGRAM,
	.label = "Item",
	.help = "A question of an instrument, or a note in it.",
	.order = "position" };

static const struct field text_fields[] = { ID_AND_VERSION(struct item_text, .anchor = NO_ANCHOR),
	{ AS_INT(struct item_text, program, LINK, MEMBER), .flags = REQUIRED | BY_VERB, .to = "program", .anchor = AT_PROGRAM,
		.label = "Program" },
	{ AS_INT(struct item_text, item, LINK, STAFF), .flags = REQUIRED | FROZEN | LISTED | KEY | LEADS, .to = "item", .label = "Item" },
	{ AS_TEXT(struct item_text, language, STAFF), .flags = REQUIRED | FROZEN | HAS_MIN | HAS_MAX | SORTED | LISTED | KEY, .min = 2,
		.max = 35, .label = "Language" },
	{ AS_TEXT(struct item_text, label, STAFF), .flags = REQUIRED | HAS_MIN | HAS_MAX | LISTED | LINES, .min = 1, .max = 2000,
		.label = "Text" },
	{ AS_TEXT(struct item_text, choices, STAFF), .flags = HAS_MAX | LINES, .max = 20000,
		.label = "Choices (a line for each: value=text)" },
	{ 0 } };
COVERS(text_fields, struct item_text, 0);

static int text_check_draft(struct call *call, const void *record)
{
	return draft_of_item(call, ((const struct item_text *)record)->item);
}

static int text_remove(struct call *call, const void *was, void *now)
{
	(void)now;
	return draft_of_item(call, ((const struct item_text *)was)->item);
}

static const struct verb text_verbs[] = { { "Create", COORDINATOR, 0, KEEP, "*", NULL, "Add a text", ON_COLLECTION, NULL, NULL, 0 },
	{ "Update", COORDINATOR, 0, KEEP, "*", NULL, "Change", 0, NULL, NULL, 0 },
	{ "Remove", COORDINATOR, 0, KEEP, NULL, text_remove, "Remove", REMOVES, NULL, NULL, 0 }, { 0 } };

const struct entity item_text_entity = { .name = "item_text",
	.collection = "item_texts",
	.size = sizeof(struct item_text),
	.fields = text_fields,
	.verbs = text_verbs,
	.check = text_check_draft,
	.removable = text_check_draft,
	.unique = "item language",
	.retention = AFTER_PROGRAM,
	.label = "Item text",
	.help = "The text of an item in another language.",
	.order = "language" };

static const char *const scorings[] = { "mean", "sum", NULL };

static const struct field scale_fields[] = { ID_AND_VERSION(struct scale, .anchor = NO_ANCHOR), OF_INSTRUMENT(struct scale),
	{ AS_TEXT(struct scale, name, STAFF), .flags = REQUIRED | FROZEN | HAS_MIN | HAS_MAX | SORTED | LABEL | LISTED | KEY, .min = 1,
		.max = FORM_NAME, .label = "Name" },
	{ AS_TEXT(struct scale, label, STAFF), .flags = HAS_MAX | LISTED, .max = 200, .label = "Title" },
	{ AS_INT(struct scale, scoring, CHOICE, STAFF), .flags = REQUIRED | LISTED, .choices = scorings, .starts = true, .label = "Score" },
	{ AS_WORDS(struct scale, items, STAFF), .flags = REQUIRED | HAS_MAX | LISTED, .max = 20000, .label = "Items" },
	{ AS_WORDS(struct scale, reversed, STAFF), .flags = HAS_MAX, .max = 20000, .label = "Items that are turned round" }, { 0 } };
COVERS(scale_fields, struct scale, 0);

static int scale_check(struct call *call, const void *record)
{
	return still_draft(call, ((const struct scale *)record)->instrument);
}

static int scale_remove(struct call *call, const void *was, void *now)
{
	(void)now;
	return still_draft(call, ((const struct scale *)was)->instrument);
}

static const struct verb scale_verbs[] = { { "Create", COORDINATOR, 0, KEEP, "*", NULL, "Add a scale", ON_COLLECTION, NULL, NULL, 0 },
	{ "Update", COORDINATOR, 0, KEEP, "*", NULL, "Change", 0, NULL, NULL, 0 },
	{ "Remove", COORDINATOR, 0, KEEP, NULL, scale_remove, "Remove", REMOVES, NULL, NULL, 0 }, { 0 } };

const struct entity scale_entity = { .name = "scale",
	.collection = "scales",
	.size = sizeof(struct scale),
	.fields = scale_fields,
	.verbs = scale_verbs,
	.check = scale_check,
	.removable = scale_check,
	.unique = "instrument name",
	.retention = AFTER_PROGRAM,
	.label = "Scale",
	.help = "Items that are counted together.",
	.order = "name" };
