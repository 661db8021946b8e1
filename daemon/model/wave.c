/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Waves: an instrument put to people for a time. planned -> open -> closed.
 *
 * Who is asked is written down when the wave opens: a row for each (wave_member), which says whether that person answered. What was
 * answered is another entity's (response.c), and in an anonymous wave nothing leads from one to the other. At close the results are counted
 * and frozen (wave_result.c). Opening asks people in slices, so that a wave for thousands holds nobody up.
 *
 * Making a wave says how many results it can ever show: nine people at k = 10 give none, and it is better to know that before asking.
 */
#include <inttypes.h>
#include <string.h>

#include "core/date.h"
#include "survey.h"

static const char *const states[] = { "planned", "open", "closing", "closed", NULL };
static const char *const audiences[] = { "mentors", "mentees", "everybody", "matched mentors", "matched mentees", "matched", NULL };
static const char *const anonymities[] = { "named", "pseudonymous", "anonymous", NULL };
static const char *const sides[] = { "mentor", "mentee", NULL };
static const char *const member_states[] = { "asked", "answered", NULL };
enum {
	KEY_DAYS = 2 /* after the close: by then a backup holds what was opened, so that a lost disk takes no answer along */
};

static const struct field fields[] = { ID_AND_VERSION(struct wave, .anchor = NO_ANCHOR),
	{ AS_INT(struct wave, program, LINK, MEMBER), .flags = REQUIRED | BY_VERB | LISTED, .to = "program", .anchor = AT_PROGRAM,
		.label = "Program" },
	{ AS_INT(struct wave, instrument, LINK, STAFF), .flags = REQUIRED | FROZEN | LISTED | LEADS, .to = "instrument",
		.label = "Instrument" },
	{ AS_TEXT(struct wave, title, STAFF), .flags = REQUIRED | HAS_MIN | HAS_MAX | SORTED | LABEL | LISTED, .min = 1, .max = 200,
		.label = "Title" },
	{ AS_INT(struct wave, audience, CHOICE, STAFF), .flags = REQUIRED | LISTED, .choices = audiences, .starts = true, .initial = 2,
		.label = "Who is asked" },
	{ AS_INT(struct wave, opens, INSTANT, STAFF), .flags = REQUIRED | SORTED | LISTED, .label = "Opens" },
	{ AS_INT(struct wave, closes, INSTANT, STAFF), .flags = REQUIRED | LISTED, .label = "Closes" },
	{ AS_INT(struct wave, reminder_days, NUMBER, STAFF), .flags = REQUIRED | HAS_MIN | HAS_MAX, .min = 1, .max = 90, .starts = true,
		.initial = 4, .unit = "days", .label = "Days between reminders" },
	{ AS_INT(struct wave, reminders, NUMBER, STAFF), .flags = REQUIRED | HAS_MIN | HAS_MAX, .min = 0, .max = 5, .starts = true,
		.initial = 2, .label = "Reminders at most" },
	{ AS_INT(struct wave, anonymity, CHOICE, STAFF), .flags = REQUIRED | LISTED, .choices = anonymities, .starts = true, .initial = 1,
		.label = "Who sees who answered what" },
	{ AS_INT(struct wave, k, NUMBER, STAFF), .flags = REQUIRED | HAS_MIN | HAS_MAX, .min = K_LEAST, .max = 100, .starts = true,
		.initial = K_LEAST, .label = "Fewest answers that are shown (10 at least with minors)" },
	{ AS_INT(struct wave, by_side, YESNO, STAFF), .label = "Results for mentors and mentees apart" },
	{ AS_INT(struct wave, compared_with, LINK, STAFF), .to = "wave", .label = "Each person's answers are compared with the wave" },
	{ AS_TEXT(struct wave, outlook, STAFF), .flags = BY_VERB, .label = "What it can show" },
	{ AS_TEXT(struct wave, key_check, STAFF), .flags = BY_VERB | HIDDEN, .label = "Whether the key of its answers is there" },
	{ AS_INT(struct wave, state, CHOICE, STAFF), .flags = REQUIRED | BY_VERB | SORTED | LISTED, .choices = states, .starts = true,
		.label = "State" },
	{ 0 } };
COVERS(fields, struct wave, 0);

/* ---- whom it asks ---- */

int wave_audience(struct call *call, const struct wave *wave, int64_t *ret)
{
	return ask(call, "SELECT count(DISTINCT \"person\") FROM (" AUDIENCE ")", VALUES(wave->program, wave->audience), ret);
}

/* How many it would ask today, how many of them are minors, and below how many answers nothing is shown. */
static int size_up(struct call *call, const struct wave *wave, int64_t *ret_k, int64_t *ret_asked, int64_t *ret_minors)
{
	int r = wave_audience(call, wave, ret_asked);

	if (!r)
		r = ask(call, "SELECT count(*) FROM \"person\" WHERE \"minor\" AND \"id\" IN (SELECT \"person\" FROM (" AUDIENCE "))",
			VALUES(wave->program, wave->audience), ret_minors);
	*ret_k = !r && *ret_minors && wave->k < K_MINORS ? K_MINORS : wave->k;
	return r;
}

static const char *people(int64_t count)
{
	return count == 1 ? "person" : "people";
}

static int look_ahead(struct call *call, struct wave *wave)
{
	int64_t asked, minors, k;
	const char *near = NULL;
	int r = size_up(call, wave, &k, &asked, &minors);

	if (r)
		return r;
	if (asked >= k)
		r = waves_apart(call, wave, k, &near);
	if (r)
		return r;
	if (near)
		wave->outlook = arena_print(
			call->arena, "%" PRId64 " %s would be asked today, but it could not open: %s", asked, people(asked), near);
	else if (asked < k)
		wave->outlook = arena_print(call->arena,
			"%" PRId64 " %s would be asked today, and nothing below %" PRId64
			" answers is ever shown%s: there would be no results",
			asked, people(asked), k, minors ? " (minors are among them)" : "");
	else
		wave->outlook = arena_print(call->arena,
			"%" PRId64 " %s would be asked today; at %" PRId64 " answers and more%s there are results%s", asked, people(asked),
			k, minors ? " (minors are among them)" : "",
			wave->by_side && asked >= 2 * k ? ", for mentors and mentees apart where each are as many" : "");
	return 0;
}

/* ---- making and changing ---- */

static int check(struct call *call, const void *record)
{
	const struct wave *wave = record;
	struct wave *other;
	int64_t later = 0;
	int r;

	if (wave->closes <= wave->opens)
		return fail(call, E_INVALID, "closes", "must lie after the opening");
	if (wave->closes - wave->opens > 400 * (int64_t)DAY)
		return fail(call, E_INVALID, "closes", "a wave is open for 400 days at most");
	if (wave->anonymity == WAVE_ANONYMOUS && wave->id != NONE) {
		r = ask(call, "SELECT min(\"id\") FROM \"wave\" WHERE \"compared_with\" = ?1", VALUES(wave->id), &later);
		if (r)
			return r;
		if (later > 0)
			return fail(call, E_INVALID, "anonymity",
				"wave %" PRId64 " compares each person's answers with it, so it cannot be anonymous; change that one first",
				later);
	}
	if (wave->compared_with == NONE)
		return 0;
	if (wave->anonymity == WAVE_ANONYMOUS)
		return fail(call, E_INVALID, "anonymity",
			"answers of one person are to be compared, so it cannot be anonymous; take pseudonymous");
	r = load(call, &wave_entity, wave->compared_with, (void **)&other);
	if (!r && other->anonymity == WAVE_ANONYMOUS)
		return fail(call, E_INVALID, "compared_with", "that wave is anonymous: nobody can say whose answers were whose");
	return r;
}

static int create(struct call *call, const void *was, void *now)
{
	struct wave *wave = now;
	struct instrument *instrument;
	int r = load(call, &instrument_entity, wave->instrument, (void **)&instrument);

	(void)was;
	if (r)
		return r;
	if (instrument->state != INSTRUMENT_READY)
		return fail(call, E_STATE, "instrument", "the instrument is not ready yet (verb Ready), or retired");
	wave->program = instrument->program;
	return look_ahead(call, wave);
}

static int update(struct call *call, const void *was, void *now)
{
	(void)was;
	return look_ahead(call, now);
}

static int changed(struct call *call, const void *was, const void *now)
{
	const struct wave *old = was, *wave = now;
	int r = 0;

	if (old && old->state == WAVE_PLANNED && (!wave || wave->state != WAVE_PLANNED || wave->opens != old->opens))
		r = unplan(call, "wave open", old->id);
	if (!r && old && old->state == WAVE_OPEN && (wave->state != WAVE_OPEN || wave->closes != old->closes))
		r = unplan(call, "wave close", old->id);
	if (!r && wave && wave->state == WAVE_PLANNED && (!old || old->opens != wave->opens))
		r = plan(call, "wave open", wave->id, wave->opens, NULL);
	if (!r && wave && wave->state == WAVE_OPEN && (old->state != WAVE_OPEN || wave->closes != old->closes))
		r = plan(call, "wave close", wave->id, wave->closes, NULL);
	return r;
}

/* ---- opening: people are asked in slices ---- */

static int may_open(struct call *call, const struct wave *wave)
{
	int64_t k, asked, minors;
	const char *near = NULL;
	int r = size_up(call, wave, &k, &asked, &minors);

	if (!r && asked >= k)
		r = waves_apart(call, wave, k, &near);
	return r || !near ? r : fail(call, E_STATE, "audience", "%s", near);
}

static int open_it(struct call *call, const void *was, void *now)
{
	struct wave *wave = now;
	int r;

	(void)was;
	if (wave->closes <= call->now)
		return fail(call, E_INVALID, "closes", "its last day is over; give a later one first");
	if (wave->opens > call->now)
		wave->opens = call->now;
	r = may_open(call, wave);
	if (!r && wave->anonymity == WAVE_ANONYMOUS)
		r = answers_key(call, wave);
	if (r)
		return r;
	r = plan(call, "wave ask", wave->id, call->now, NULL);
	for (int64_t i = 1; i <= wave->reminders && !r; i++) {
		int64_t at = wave->opens + i * wave->reminder_days * DAY;

		if (at > call->now && at < wave->closes)
			r = plan(call, "wave remind", wave->id, at, NULL);
	}
	return r;
}

struct asking {
	struct wave *wave;
	int64_t count, minors;
};

/* Written down with the first minor who is asked: that somebody comes of age later, or is erased, lowers nothing. */
static int raise_k(struct call *call, const struct wave *wave)
{
	struct wave *now = arena_new(call->arena, sizeof *now);

	*now = *wave;
	now->k = K_MINORS;
	return save(call, &wave_entity, wave, now);
}

static int ask_one(struct call *call, void *record, void *data)
{
	const struct participant *participant = record;
	struct asking *asking = data;
	struct wave_member *member = fresh(call, &wave_member_entity);
	struct person *person;
	int r = load(call, &person_entity, participant->person, (void **)&person);

	if (r)
		return r;
	asking->count++;
	asking->minors += person->minor;
	member->wave = asking->wave->id;
	member->person = participant->person;
	member->side = participant->role;
	r = add(call, &wave_member_entity, member);
	return r ? r : tell(call, "wave-open", participant->person, asking->wave->program, NONE, &wave_entity, asking->wave->id, NONE);
}

static int ask_some(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	struct asking asking = { 0 };
	int r = load(call, &wave_entity, subject, (void **)&asking.wave);

	(void)nominal;
	(void)cursor;
	if (r || asking.wave->state != WAVE_OPEN)
		return r;
	r = each(call, &participant_entity, ask_one, &asking,
		"\"id\" IN (SELECT min(q.\"id\") FROM \"participant\" q WHERE q.\"program\" = ?1 AND (q.\"person\", q.\"role\") IN "
		"(" AUDIENCE ") AND NOT EXISTS (SELECT 1 FROM \"wave_member\" wm WHERE wm.\"wave\" = ?3 AND wm.\"person\" = q.\"person\") "
		"GROUP BY q.\"person\" LIMIT 50)",
		VALUES(asking.wave->program, asking.wave->audience, asking.wave->id));
	if (!r && asking.minors && asking.wave->k < K_MINORS)
		r = raise_k(call, asking.wave);
	return r ? r : asking.count > 0;
}

/* ---- reminding, closing ---- */

struct reminding {
	struct wave *wave;
	int64_t number, last;
};

static int remind_one(struct call *call, void *record, void *data)
{
	const struct wave_member *member = record;
	struct reminding *reminding = data;

	reminding->last = member->id;
	return tell(call, "wave-reminder", member->person, reminding->wave->program, NONE, &wave_entity, reminding->wave->id,
		reminding->number);
}

static int remind(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	struct reminding reminding = { 0 };
	int r = load(call, &wave_entity, subject, (void **)&reminding.wave);

	if (r || reminding.wave->state != WAVE_OPEN)
		return r;
	reminding.number = (nominal - reminding.wave->opens) / DAY / reminding.wave->reminder_days;
	r = each(call, &wave_member_entity, remind_one, &reminding,
		"\"id\" IN (SELECT \"id\" FROM \"wave_member\" WHERE \"wave\" = ?1 AND \"state\" = 'asked' AND \"id\" > ?2 "
		"ORDER BY \"id\" LIMIT 50)",
		VALUES(subject, *cursor));
	if (r || !reminding.last)
		return r;
	*cursor = reminding.last;
	return 1;
}

static int forget_due(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	(void)nominal;
	(void)cursor;
	return answers_forget(call, subject);
}

/* Answers that are sealed still have no key any more. */
static int finish(struct call *call, const void *was, void *now)
{
	struct wave *wave = now;
	int64_t lost;
	int r = ask(call, "SELECT count(*) FROM \"response\" WHERE \"wave\" = ?1 AND \"shut\" IS NOT NULL", VALUES(wave->id), &lost);

	(void)was;
	if (!r && lost)
		wave->outlook = arena_print(call->arena,
			"%" PRId64 " answer%s: lost, for the key of this wave was forgotten before the database was put back", lost,
			lost == 1 ? "" : "s");
	return r || wave->anonymity != WAVE_ANONYMOUS ? r : plan(call, "wave forget", wave->id, call->now + KEY_DAYS * DAY, NULL);
}

static int close_it(struct call *call, const void *was, void *now)
{
	struct wave *wave = now;
	int r = unplan(call, "wave remind", wave->id);

	(void)was;
	if (wave->closes > call->now)
		wave->closes = call->now;
	if (!r && wave->anonymity == WAVE_ANONYMOUS)
		r = answers_closing(call, wave);
	if (!r)
		r = wave_close_begin(call, wave);
	return r || wave->state == WAVE_CLOSING ? r : finish(call, was, now);
}

static int open_due(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	struct wave *wave;
	int r = load(call, &wave_entity, subject, (void **)&wave);

	(void)nominal;
	(void)cursor;
	if (r || wave->state != WAVE_PLANNED)
		return r;
	/* the daemon was away for as long as it was to be open: somebody has to decide */
	if (wave->closes <= call->now)
		return 0;
	r = may_open(call, wave);
	if (r == E_STATE) { /* here, too; it stands in their agenda */
		call->problem = (struct problem){ 0 };
		return 0;
	}
	return r ? r : perform_also(call, &wave_entity, subject, "Open", NULL, 0);
}

static int close_due(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	struct wave *wave;
	int r = load(call, &wave_entity, subject, (void **)&wave);

	(void)nominal;
	(void)cursor;
	return r || wave->state != WAVE_OPEN ? r : perform_also(call, &wave_entity, subject, "Close", NULL, 0);
}

static int results(struct call *call, const void *was, void *now);

#define S(x) IN(WAVE_##x)
static const struct verb verbs[] = { { "Create", COORDINATOR, 0, KEEP, "*", create, "Plan a wave", ON_COLLECTION, NULL, NULL, 0 },
	{ "Update", COORDINATOR, S(PLANNED), KEEP, "*", update, "Change", 0, NULL, NULL, 0 },
	{ "Open", COORDINATOR | SYSTEM, S(PLANNED), S(OPEN), NULL, open_it, "Ask people from now on", 0, NULL, NULL, 0 },
	{ "Extend", COORDINATOR, S(OPEN), KEEP, "closes", NULL, "Close it at another time", 0, NULL, NULL, 0 },
	{ "Close", COORDINATOR | SYSTEM, S(OPEN), S(CLOSING) | S(CLOSED), NULL, close_it, "Take no more answers and count them",
		DESTRUCTIVE, NULL, NULL, 0 },
	{ "Finish", SYSTEM, S(CLOSING), S(CLOSED), NULL, finish, "All is counted", 0, NULL, NULL, 0 },
	{ "Results", COORDINATOR | OBSERVER, S(CLOSED), KEEP, NULL, results, "The table of results, as CSV", ANSWERS | NO_KEY, NULL, NULL,
		0 },
	{ "Remove", COORDINATOR, S(PLANNED), KEEP, NULL, NULL, "Remove the plan", REMOVES | DESTRUCTIVE, NULL, NULL, 0 }, { 0 } };

static const struct job jobs[] = { { "wave open", NULL, RUN_ONCE_LATE, 0, open_due, "A wave opens", 0, "wave" },
	{ "wave ask", NULL, RUN_ONCE_LATE, 0, ask_some, "People are asked in a wave", 0, "wave" },
	{ "wave remind", NULL, SKIP_MISSED, DAY, remind, "Who has not answered a wave is reminded", 0, "wave" },
	{ "wave close", NULL, RUN_ONCE_LATE, 0, close_due, "A wave closes", 0, "wave" },
	{ "wave hush", NULL, RUN_ONCE_LATE, 0, wave_close_slice, "A closed wave: what was not sent is dropped", 0, "wave" },
	{ "wave links", NULL, RUN_ONCE_LATE, 0, wave_close_slice, "A closed wave: its links end", 0, "wave" },
	{ "wave anew", NULL, RUN_ONCE_LATE, 0, wave_close_slice, "A closed wave: anonymous answers are written anew", OUTSIDE, "wave" },
	{ "wave clear", NULL, RUN_ONCE_LATE, 0, wave_close_slice, "A closed wave: sealed answers are deleted", OUTSIDE, "wave" },
	{ "wave count", NULL, RUN_ONCE_LATE, 0, wave_close_slice, "A closed wave: its results are counted", OUTSIDE, "wave" },
	{ "wave forget", NULL, RUN_ONCE_LATE, 0, forget_due, "Older copies of an anonymous wave's answers become unreadable",
		OUTSIDE | DESTROYS, "wave" },
	{ 0 } };

static const struct waiting waiting[] = {
	{ "wave to open", COORDINATOR, "t.\"state\" = 'planned' AND t.\"opens\" <= ?1", "t.\"opens\"", "t.\"closes\"" }, { 0 }
};

const struct entity wave_entity = { .name = "wave",
	.collection = "waves",
	.size = sizeof(struct wave),
	.fields = fields,
	.verbs = verbs,
	.jobs = jobs,
	.check = check,
	.changed = changed,
	.retention = AFTER_PROGRAM,
	.label = "Wave",
	.help = "An instrument put to people for a time; its results are counted once, at its close.",
	.order = "opens",
	.waiting = waiting };

static int results(struct call *call, const void *was, void *now)
{
	(void)now;
	return wave_table(call, was);
}

/* ---- who is asked ---- */

static const struct field member_fields[] = { ID_AND_VERSION(struct wave_member, .anchor = NO_ANCHOR),
	{ AS_INT(struct wave_member, program, LINK, MEMBER), .flags = REQUIRED | BY_VERB, .to = "program", .anchor = AT_PROGRAM,
		.label = "Program" },
	{ AS_INT(struct wave_member, wave, LINK, MEMBER), .flags = REQUIRED | BY_VERB | LISTED | LEADS | OWN, .to = "wave",
		.label = "Wave" },
	{ AS_INT(struct wave_member, person, LINK, MEMBER), .flags = REQUIRED | BY_VERB | LISTED | OWN, .to = "person", .anchor = AT_PERSON,
		.label = "Person" },
	{ AS_TEXT(struct wave_member, name, STAFF), .flags = REQUIRED | BY_VERB | SORTED | LABEL | LISTED | OWN, .copies = "person.name",
		.label = "Name" },
	{ AS_INT(struct wave_member, side, CHOICE, STAFF), .flags = REQUIRED | BY_VERB | LISTED | OWN, .choices = sides,
		.label = "Asked as" },
	{ AS_INT(struct wave_member, state, CHOICE, STAFF), .flags = REQUIRED | BY_VERB | SORTED | LISTED | OWN, .choices = member_states,
		.starts = true, .label = "State" },
	{ 0 } };
COVERS(member_fields, struct wave_member, 0);

static const struct field answering_fields[] = { { AS_WORDS(struct given_answers, answers, STAFF), .flags = REQUIRED | HAS_MAX,
							 .max = FORM_ANSWERS, .label = "Answers (name=value; \\n is a line feed)" },
	{ 0 } };

static int take_answers(struct call *call, const struct wave_member *member, bool draft)
{
	const struct given_answers *given = call->arguments;
	struct form_errors errors = { 0 };
	struct arg *args;
	size_t count;
	int r = answers_given(call, given->answers, &args, &count);

	if (!r)
		r = wave_take(call, member, args, count, draft, &errors);
	if (!r && draft && !errors.draft_kept)
		return fail(call, E_STATE, "state", "an anonymous form keeps no draft: answer it in one go");
	return r == E_INVALID && errors.count ? fail(call, E_INVALID, "answers", "%s: %s", errors.list[0].name, errors.list[0].text) : r;
}

/* A page's answer comes this way, what a login sends, and what came on paper or by mouth. */
static int answer_member(struct call *call, const void *was, void *now)
{
	(void)now;
	return take_answers(call, was, false);
}

static int keep_draft(struct call *call, const void *was, void *now)
{
	(void)now;
	return take_answers(call, was, true);
}

#define M(x) IN(WAVE_MEMBER_##x)
static const struct verb member_verbs[] = { { "Answer", SELF, M(ASKED), M(ANSWERED), NULL, answer_member, "Answer", FOR_SOMEBODY | NO_KEY,
						    NULL, answering_fields, sizeof(struct given_answers) },
	{ "Keep", SELF, M(ASKED), KEEP, NULL, keep_draft, "Keep answers for later", NO_KEY, NULL, answering_fields,
		sizeof(struct given_answers) },
	{ "Mark", SYSTEM, M(ASKED), M(ANSWERED), NULL, NULL, "Has answered", 0, NULL, NULL, 0 }, { 0 } };

static const struct waiting member_waiting[] = {
	{ "form to answer", SELF,
		"t.\"state\" = 'asked' AND EXISTS (SELECT 1 FROM \"wave\" w WHERE w.\"id\" = t.\"wave\" AND w.\"state\" = 'open')",
		"(SELECT w.\"opens\" FROM \"wave\" w WHERE w.\"id\" = t.\"wave\")",
		"(SELECT w.\"closes\" FROM \"wave\" w WHERE w.\"id\" = t.\"wave\")" },
	{ 0 }
};

const struct entity wave_member_entity = { .name = "wave_member",
	.collection = "wave_members",
	.size = sizeof(struct wave_member),
	.fields = member_fields,
	.verbs = member_verbs,
	.unique = "wave person",
	.flags = RANDOM_ID | QUIET,
	.retention = AFTER_PROGRAM,
	.label = "Asked in a wave",
	.help = "Who is asked in a wave, and whether they have answered; never what.",
	.order = "name",
	.waiting = member_waiting,
	.about = "(SELECT w.\"title\" FROM \"wave\" w WHERE w.\"id\" = t.\"wave\")" };
