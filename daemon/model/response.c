/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Responses: what was answered. One for each person and wave, or for each check-in that asks a form; a draft counts for nothing.
 *
 * Who has answered is a row of its own (wave_member), and of an anonymous wave nothing leads from there to here: the row has a random id, no
 * person, no day, no draft before it, no audit record and no signal; what it says lies sealed until the wave closes, and is then written anew
 * in another order (response_shut.c). Their side is kept only where results are wanted for sides apart and each side is large
 * enough to hide in.
 *
 * Answers leave through two doors. A person's own, by their own right; and those of a check-in, or of a wave that is named, by the verb Read
 * of coordinators. Of the others there are only results (wave_result.c). Which of these holds depends on the wave, so no class of the field
 * could say it: nobody else may read the field. The response to a check-in belongs to its match, so that a coordinator who is the other side
 * of it reads nothing.
 *
 * What a coordinator has entered for somebody is marked: it counts in the results, but not towards the fewest that are shown.
 */
#include <string.h>

#include "core/date.h"
#include "core/text.h"
#include "core/zone.h"
#include "survey.h"

static const char *const states[] = { "draft", "submitted", NULL };
static const char *const sides[] = { "mentor", "mentee", NULL };

static const struct field fields[] = { ID_AND_VERSION(struct response, .anchor = NO_ANCHOR),
	{ AS_INT(struct response, program, LINK, MEMBER), .flags = REQUIRED | BY_VERB, .to = "program", .anchor = AT_PROGRAM,
		.label = "Program" },
	{ AS_INT(struct response, match, LINK, MEMBER), .flags = BY_VERB | OWN, .to = "match", .anchor = AT_MATCH,
		.label = "Match (of a check-in)" },
	{ AS_INT(struct response, wave, LINK, MEMBER), .flags = BY_VERB | LISTED | LEADS | OWN, .to = "wave", .label = "Wave" },
	{ AS_INT(struct response, check_in, LINK, MEMBER), .flags = BY_VERB | LISTED | LEADS | OWN, .to = "check_in", .label = "Check-in" },
	{ AS_INT(struct response, person, LINK, MEMBER), .flags = BY_VERB | LISTED | OWN, .to = "person", .anchor = AT_PERSON,
		.label = "Whose (none: nobody knows)" },
	{ AS_INT(struct response, side, CHOICE, STAFF), .flags = BY_VERB | OWN, .choices = sides, .label = "Side" },
	{ AS_TEXT(struct response, answers, PAIR), .flags = BY_VERB | OWN | LINES | ERASED, .retention = AFTER_PROGRAM,
		.label = "Answers" },
	{ AS_TEXT(struct response, shut, PAIR), .flags = BY_VERB | HIDDEN | ERASED, .retention = AFTER_PROGRAM,
		.label = "Answers, sealed while an anonymous wave is open" },
	{ AS_INT(struct response, entered, YESNO, STAFF), .flags = BY_VERB | LISTED | OWN,
		.label = "Entered by staff (does not count towards the fewest that are shown)" },
	{ AS_INT(struct response, submitted_on, DATE, STAFF), .flags = BY_VERB | LISTED | OWN, .label = "Answered on" },
	{ AS_INT(struct response, state, CHOICE, STAFF), .flags = REQUIRED | BY_VERB | SORTED | LISTED | OWN, .choices = states,
		.starts = true, .label = "State" },
	{ 0 } };
COVERS(fields, struct response, 0);

static const unsigned readers[SEALED] = {
	[PUBLIC] = 0,
	[MEMBER] = COORDINATOR | SAFEGUARDING | PROTECTION,
	[PAIR] = 0,
	[STAFF] = COORDINATOR,
};

/* ---- answers as they are kept: a line for each, name=value, in which a line feed is \\n ---- */

char *answers_kept(struct call *call, const struct form *form, const char *const *values)
{
	struct buffer out = { 0 };
	char *kept;

	for (size_t i = 0; i < form->item_count; i++) {
		if (!values[i])
			continue;
		buffer_print(&out, "%s%s=", out.length ? "\n" : "", form->items[i].name);
		for (const char *c = values[i]; *c; c++) {
			if (*c == '\n' || *c == '\\')
				buffer_text(&out, *c == '\n' ? "\\n" : "\\\\");
			else if (*c != '\r')
				buffer_char(&out, *c);
		}
	}
	kept = arena_copy(call->arena, buffer_string(&out));
	buffer_free(&out);
	return kept;
}

void answer_unescape(char *text)
{
	char *out = text;

	for (const char *c = text; *c; c++) {
		if (*c == '\\' && c[1]) {
			c++;
			*out++ = *c == 'n' ? '\n' : *c;
		} else
			*out++ = *c;
	}
	*out = 0;
}

void answers_read(struct call *call, const struct form *form, const char *kept, const char **values)
{
	for (const char *p = kept; p && *p; p += *p == '\n') {
		size_t length = strcspn(p, "\n");
		char *line = arena_copy_n(call->arena, p, length), *equals = strchr(line, '=');
		ptrdiff_t at;

		p += length;
		if (!equals)
			continue;
		*equals = 0;
		at = form_item_named(form, line);
		if (at < 0)
			continue;
		values[at] = equals + 1;
		answer_unescape(equals + 1);
	}
}

/* ---- the form for somebody ---- */

struct finding {
	void *found;
};

static int find_one(struct call *call, void *record, void *data)
{
	(void)call;
	((struct finding *)data)->found = record;
	return 0;
}

static int find_member(struct call *call, int64_t wave, int64_t person, struct wave **ret_wave, struct wave_member **ret)
{
	struct finding finding = { NULL };
	int r = each(call, &wave_member_entity, find_one, &finding, "\"wave\" = ?1 AND \"person\" = ?2", VALUES(wave, person));

	if (r)
		return r;
	if (!finding.found)
		return fail(call, E_NOTFOUND, NULL, "there is no such form");
	*ret = finding.found;
	r = load(call, &wave_entity, wave, (void **)ret_wave);
	if (r)
		return r;
	if ((*ret_wave)->state != WAVE_OPEN || (*ret_wave)->closes <= call->now)
		return fail(call, E_STATE, "state", "this form takes no answers any more");
	return 0;
}

static int find_draft(struct call *call, const struct wave_member *member, struct response **ret)
{
	struct finding finding = { NULL };
	int r = each(call, &response_entity, find_one, &finding, "\"wave\" = ?1 AND \"person\" = ?2", VALUES(member->wave, member->person));

	*ret = finding.found;
	return r;
}

void form_page_fill(struct call *call, const struct form *form, const char *draft, struct form_page *ret)
{
	const char **values = arena_new(call->arena, (form->item_count + 1) * sizeof *values);
	bool *applies = arena_new(call->arena, (form->item_count + 1) * sizeof *applies);
	struct answer_error *errors = arena_new(call->arena, (form->item_count + 1) * sizeof *errors);

	answers_read(call, form, draft, values);
	answers_check(call->arena, form, values, true, applies, errors);
	ret->form = form;
	ret->values = values;
	ret->applies = applies;
}

int response_to(struct call *call, int64_t check_in, struct response **ret)
{
	struct finding finding = { NULL };
	int r = each(call, &response_entity, find_one, &finding, "\"check_in\" = ?1", VALUES(check_in));

	*ret = finding.found;
	return r;
}

int wave_page(struct call *call, int64_t wave_id, int64_t person_id, struct form_page *ret)
{
	struct wave_member *member = NULL;
	struct wave *wave;
	struct person *person;
	struct response *draft = NULL;
	struct form *form = NULL;
	int r = find_member(call, wave_id, person_id, &wave, &member);

	if (!r)
		r = load(call, &person_entity, person_id, (void **)&person);
	if (!r)
		r = survey_form(call, wave->instrument, language_of(call, person), &form);
	if (!r && member->state == WAVE_MEMBER_ASKED)
		r = find_draft(call, member, &draft);
	if (r)
		return r;
	*ret = (struct form_page){ .title = wave->title,
		.closes = wave->closes,
		.anonymity = wave->anonymity,
		.answered = member->state == WAVE_MEMBER_ANSWERED };
	form_page_fill(call, form, draft ? draft->answers : NULL, ret);
	return 0;
}

/* ---- taking answers ---- */

static int gather(struct call *call, const struct form *form, const struct arg *answers, size_t count, const char **values)
{
	for (size_t i = 0; i < count; i++) {
		ptrdiff_t at = form_item_named(form, answers[i].name);
		const struct value *v = &answers[i].value;

		if (at < 0)
			return fail(call, E_INVALID, answers[i].name, "there is no such question in this form");
		if (v->type != V_TEXT && v->type != V_WORDS && v->type != V_NONE)
			return fail(call, E_INVALID, answers[i].name, "an answer is a text");
		if (v->type == V_NONE || !v->text || !*v->text)
			continue;
		if (values[at] && form->items[at].kind != FORM_MULTIPLE)
			return fail(call, E_INVALID, answers[i].name, "this question has one answer");
		values[at] = values[at] ? arena_print(call->arena, "%s %s", values[at], v->text) : v->text;
	}
	return 0;
}

static void tell_errors(
	struct call *call, const struct form *form, const struct answer_error *errors, size_t count, struct form_errors *ret)
{
	struct form_error *list = arena_new(call->arena, (count + 1) * sizeof *list);

	for (size_t i = 0; i < count; i++)
		list[i] = (struct form_error){ form->items[errors[i].item].name, errors[i].text };
	ret->count = count;
	ret->list = list;
}

int answers_given(struct call *call, const char *words, struct arg **ret, size_t *ret_count)
{
	struct arg *args = NULL;
	size_t count = 0, room = 0;

	for (const char *p = words; *p; p += *p == '\n') {
		size_t line = strcspn(p, "\n");
		char *text = arena_copy_n(call->arena, p, line), *equals = strchr(text, '=');

		p += line;
		if (!equals)
			return fail(call, E_INVALID, "answers", "an answer is written as name=value");
		*equals = 0;
		answer_unescape(equals + 1);
		args = arena_grown(call->arena, args, count, &room, sizeof *args);
		args[count++] = (struct arg){ text, { .type = V_TEXT, .text = equals + 1 } };
	}
	*ret = args;
	*ret_count = count;
	return 0;
}

int answers_take(struct call *call, const struct form *form, const struct arg *answers, size_t count, bool draft, struct form_errors *told,
	const char ***ret_values, char **ret_kept)
{
	const char **values = arena_new(call->arena, (form->item_count + 1) * sizeof *values);
	struct answer_error *errors = arena_new(call->arena, (form->item_count + 1) * sizeof *errors);
	size_t wrong;
	int r = gather(call, form, answers, count, values);

	if (r)
		return r;
	wrong = answers_check(call->arena, form, values, draft, NULL, errors);
	tell_errors(call, form, errors, wrong, told);
	if (wrong && !draft)
		return fail(call, E_INVALID, form->items[errors[0].item].name, "%s", errors[0].text);
	*ret_values = values;
	*ret_kept = answers_kept(call, form, values);
	return 0;
}

int answers_call(struct call *call, const struct form *form, const char *words, bool draft, const char ***ret_values, char **ret_kept)
{
	struct form_errors errors = { 0 };
	struct arg *args;
	size_t count;
	int r = answers_given(call, words, &args, &count);

	if (!r)
		r = answers_take(call, form, args, count, draft, &errors, ret_values, ret_kept);
	return r == E_INVALID && errors.count ? fail(call, E_INVALID, "answers", "%s: %s", errors.list[0].name, errors.list[0].text) : r;
}

int response_write(struct call *call, const struct response *old, struct response *now, char *answers, bool draft)
{
	now->answers = answers;
	now->entered = call->options.for_person != NONE;
	now->state = draft ? RESPONSE_DRAFT : RESPONSE_SUBMITTED;
	now->submitted_on = draft || now->person == NONE ? NONE : today(call);
	return old ? save(call, &response_entity, old, now) : add(call, &response_entity, now);
}

/* Is the side to be kept? In an anonymous wave only where it tells nothing of anybody. */
static int side_for(struct call *call, const struct wave *wave, const struct wave_member *member, int64_t *ret)
{
	int64_t same;
	int r;

	*ret = NONE;
	if (wave->anonymity != WAVE_ANONYMOUS) {
		*ret = member->side;
		return 0;
	}
	if (!wave->by_side)
		return 0;
	r = ask(call, "SELECT min(n) FROM (SELECT count(*) AS n FROM \"wave_member\" WHERE \"wave\" = ?1 GROUP BY \"side\")",
		VALUES(wave->id), &same);
	if (!r && same >= wave->k)
		*ret = member->side;
	return r;
}

static int keep(struct call *call, const struct wave *wave, const struct wave_member *member, char *answers, bool draft)
{
	bool anonymous = wave->anonymity == WAVE_ANONYMOUS;
	struct response *old = NULL, *now;
	int r = anonymous ? 0 : find_draft(call, member, &old);

	if (r)
		return r;
	now = fresh(call, &response_entity);
	if (old)
		*now = *old;
	now->wave = wave->id;
	now->program = wave->program;
	now->person = anonymous ? NONE : member->person;
	r = side_for(call, wave, member, &now->side);
	if (!r && anonymous)
		r = answers_shut(call, wave, now, answers);
	return r ? r : response_write(call, old, now, anonymous ? NULL : answers, draft);
}

int wave_take(
	struct call *call, const struct wave_member *member, const struct arg *answers, size_t count, bool draft, struct form_errors *ret)
{
	struct wave_member *again = NULL;
	struct wave *wave;
	struct form *form = NULL;
	const char **values;
	char *kept = NULL;
	int r = find_member(call, member->wave, member->person, &wave, &again);

	*ret = (struct form_errors){ 0 };
	if (!r && again->state == WAVE_MEMBER_ANSWERED)
		return fail(call, E_STATE, "state", "this form was answered already");
	if (!r && wave->anonymity == WAVE_ANONYMOUS && call->options.for_person != NONE)
		return fail(call, E_INVALID, "for", "an anonymous answer is given by nobody else");
	if (!r)
		r = survey_form(call, wave->instrument, NULL, &form);
	if (!r)
		r = answers_take(call, form, answers, count, draft, ret, &values, &kept);
	if (r || (draft && wave->anonymity == WAVE_ANONYMOUS))
		return r;
	ret->draft_kept = draft;
	r = keep(call, wave, member, kept, draft);
	if (r || draft)
		return r;
	return perform_each(call, &message_entity, "Suppress",
		"\"person\" = ?1 AND \"about\" = 'wave' AND \"about_id\" = ?2 AND \"state\" IN ('queued', 'held')",
		VALUES(member->person, member->wave));
}

int wave_answer(
	struct call *call, int64_t wave_id, int64_t person, const struct arg *answers, size_t count, bool draft, struct form_errors *ret)
{
	struct wave_member *member = NULL;
	struct wave *wave;
	int r = find_member(call, wave_id, person, &wave, &member);

	*ret = (struct form_errors){ 0 };
	if (!r)
		r = wave_take(call, member, answers, count, draft, ret);
	return r || draft ? r : perform_also(call, &wave_member_entity, member->id, "Mark", NULL, 0);
}

/* ---- reading ---- */

static int read_it(struct call *call, const void *was, void *now)
{
	const struct response *response = was;
	struct wave *wave = NULL;
	int r = response->wave == NONE ? 0 : load(call, &wave_entity, response->wave, (void **)&wave);

	(void)now;
	if (r)
		return r;
	if (wave && wave->anonymity != WAVE_NAMED)
		return fail(call, E_DENIED, NULL, "people were promised that nobody reads their answers alone; see the wave's results");
	answer(call, "answers", (struct value){ .type = V_TEXT, .text = response->answers ? response->answers : "" });
	return 0;
}

static const struct verb verbs[] = { { "Read", COORDINATOR, IN(RESPONSE_SUBMITTED), KEEP, NULL, read_it,
					     "Read the answers (of check-ins and named waves)", ANSWERS | NO_KEY, NULL, NULL, 0 },
	{ "Submit", SYSTEM, IN(RESPONSE_DRAFT), IN(RESPONSE_SUBMITTED), NULL, NULL, "Was sent off", 0, NULL, NULL, 0 }, { 0 } };

const struct entity response_entity = { .name = "response",
	.collection = "responses",
	.size = sizeof(struct response),
	.fields = fields,
	.verbs = verbs,
	.unique = "wave person; check_in",
	.readers = readers,
	.flags = RANDOM_ID | QUIET,
	.retention = AFTER_PROGRAM,
	.label = "Response",
	.help = "What was answered in a wave or a check-in; of an anonymous wave nobody knows by whom.",
	.order = "state" };
