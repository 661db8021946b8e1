/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Programs: one mentorship program, with its policy.
 *
 * draft -> open -> running -> closing -> closed -> archived. Intake and matching go on while it runs. The policy of a running
 * program changes by Revise alone, which counts revisions and needs a reason. Opening, start and end are planned as
 * jobs when their dates are set; a coordinator may be earlier.
 */
#include <inttypes.h>
#include <string.h>

#include "core/date.h"
#include "core/settings.h"
#include "core/zone.h"
#include "model.h"

static const char *const states[] = { "draft", "open", "running", "closing", "closed", "archived", NULL };
static const char *const weekdays[] = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", NULL };
static const char *const offer_orders[] = { "both at once", "mentor first", "mentee first", NULL };
static const char *const confidentialities[] = { "pair only", "coordinators", NULL };
static const char *const contacts[] = { "mail addresses", "through the program", "on site only", NULL };
static const char *const agreements[] = { "none", "before the start", "within days", NULL };

#define DAYS HAS_MIN | HAS_MAX, .min = 0, .max = 365, .unit = "days"
static const struct field fields[] = { ID_AND_VERSION(struct program, .anchor = AT_PROGRAM),
	{ AS_TEXT(struct program, key, PUBLIC), .flags = REQUIRED | FROZEN | HAS_MIN | HAS_MAX | SORTED | LISTED | KEY, .min = 2, .max = 64,
		.label = "Key" },
	{ AS_TEXT(struct program, title, PUBLIC), .flags = REQUIRED | HAS_MIN | HAS_MAX | SORTED | LABEL | LISTED, .min = 3, .max = 160,
		.label = "Title" },
	{ AS_TEXT(struct program, summary, PUBLIC), .flags = HAS_MAX | LINES, .max = 4000, .label = "Summary" },
	{ AS_TEXT(struct program, framework, MEMBER), .flags = HAS_MAX | LINES, .max = 20000, .label = "Framework" },
	{ AS_TEXT(struct program, mentor_role, PUBLIC), .flags = HAS_MAX | LINES, .max = 4000, .label = "What a mentor does" },
	{ AS_TEXT(struct program, mentee_role, PUBLIC), .flags = HAS_MAX | LINES, .max = 4000, .label = "What a mentee does" },
	{ AS_TEXT(struct program, eligibility, PUBLIC), .flags = HAS_MAX | LINES, .max = 4000, .label = "Who may take part" },
	{ AS_TEXT(struct program, starter, MEMBER), .flags = FROZEN | HAS_MAX, .max = 64, .label = "Made from the starter" },
	{ AS_INT(struct program, starts, DATE, PUBLIC), .flags = LISTED, .label = "Starts" },
	{ AS_INT(struct program, ends, DATE, PUBLIC), .flags = LISTED, .label = "Ends" },
	{ AS_INT(struct program, intake_from, DATE, PUBLIC), .label = "Intake from" },
	{ AS_INT(struct program, intake_to, DATE, PUBLIC), .label = "Intake to" },
	{ AS_TEXT(struct program, zone, PUBLIC), .flags = ZONE | HAS_MAX, .max = 64, .label = "Time zone" },
	{ AS_INT(struct program, check_in_weeks, NUMBER, MEMBER), .flags = HAS_MIN | HAS_MAX, .min = 0, .max = 26, .unit = "weeks",
		.starts = true, .initial = 2, .label = "Weeks between check-ins (0: none)" },
	{ AS_INT(struct program, check_in_first_weeks, NUMBER, MEMBER), .flags = HAS_MIN | HAS_MAX, .min = 1, .max = 26, .unit = "weeks",
		.starts = true, .initial = 1, .label = "Weeks between check-ins in the first month" },
	{ AS_INT(struct program, check_in_weekday, CHOICE, MEMBER), .choices = weekdays, .label = "Weekday of check-ins" },
	{ AS_INT(struct program, check_in_hour, NUMBER, MEMBER), .flags = HAS_MIN | HAS_MAX, .min = 0, .max = 23,
		.label = "Hour of check-ins" },
	{ AS_INT(struct program, check_in_form, LINK, STAFF), .to = "instrument", .label = "Form of its check-ins (none: two questions)" },
	{ AS_INT(struct program, reminder_days, NUMBER, MEMBER), .flags = DAYS, .label = "Reminder after" },
	{ AS_INT(struct program, overdue_days, NUMBER, MEMBER), .flags = DAYS, .label = "Overdue after" },
	{ AS_INT(struct program, escalation_days, NUMBER, MEMBER), .flags = DAYS, .label = "Escalated after" },
	{ AS_INT(struct program, offer_days, NUMBER, MEMBER), .flags = DAYS, .label = "Days to answer an offer" },
	{ AS_INT(struct program, offer_order, CHOICE, MEMBER), .choices = offer_orders, .starts = true, .label = "Who is asked first" },
	{ AS_WORDS(struct program, formats, PUBLIC), .flags = HAS_MAX, .max = 500, .label = "Formats" },
	{ AS_INT(struct program, minimum_meetings, NUMBER, PUBLIC), .flags = HAS_MIN | HAS_MAX, .max = 500, .label = "Meetings at least" },
	{ AS_INT(struct program, confidentiality, CHOICE, MEMBER), .choices = confidentialities, .starts = true,
		.label = "Who reads what a pair writes" },
	{ AS_INT(struct program, contact, CHOICE, MEMBER), .choices = contacts, .starts = true, .initial = 1,
		.label = "How a pair is put in touch" },
	{ AS_INT(struct program, agreement, CHOICE, MEMBER), .choices = agreements, .starts = true, .label = "Agreement" },
	{ AS_INT(struct program, agreement_days, NUMBER, MEMBER), .flags = DAYS, .label = "Agreement within" },
	{ AS_INT(struct program, mentor_places, NUMBER, MEMBER), .flags = HAS_MIN | HAS_MAX, .min = 1, .max = 50, .starts = true,
		.initial = 3, .label = "Places of a mentor at most" },
	{ AS_INT(struct program, retention_days, NUMBER, MEMBER), .flags = HAS_MIN | HAS_MAX, .min = 1, .max = 36500, .unit = "days",
		.label = "Kept after closing" },
	{ AS_INT(struct program, recipe, LINK, STAFF), .to = "recipe", .label = "Matching recipe" },
	{ AS_INT(struct program, revision, NUMBER, MEMBER), .flags = BY_VERB, .starts = true, .initial = 1, .label = "Revision" },
	{ AS_INT(struct program, mail_held, YESNO, STAFF), .flags = BY_VERB, .label = "Mail is held" },
	{ AS_INT(struct program, state, CHOICE, PUBLIC), .flags = REQUIRED | BY_VERB | SORTED | LISTED, .choices = states, .starts = true,
		.label = "State" },
	{ AS_INT(struct program, state_since, INSTANT, MEMBER), .flags = BY_VERB, .label = "In this state since" }, { 0 } };
COVERS(fields, struct program, 0);

/* All who take part in the program are its members. */
static const unsigned readers[SEALED] = {
	[PUBLIC] = ~(unsigned)SYSTEM,
	[MEMBER] = MENTEE | MENTOR | PARTICIPANT | GUARDIAN | COORDINATOR | OBSERVER | SAFEGUARDING | PROTECTION | CONFIDANT,
	[PAIR] = 0,
	[STAFF] = COORDINATOR | CONFIDANT,
};

static int check(struct call *call, const void *record)
{
	const struct program *p = record;

	if (p->starts != NONE && p->ends != NONE && p->ends <= p->starts)
		return fail(call, E_INVALID, "ends", "must lie after the first day");
	if (p->intake_from != NONE && p->intake_to != NONE && p->intake_to < p->intake_from)
		return fail(call, E_INVALID, "intake_to", "must not lie before the intake's first day");
	if (p->agreement == 2 && p->agreement_days == NONE)
		return fail(call, E_INVALID, "agreement_days", "say within how many days the agreement is signed");
	for (const char *c = p->key; *c; c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '-'))
			return fail(call, E_INVALID, "key", "has small letters, digits and '-' only");
	return 0;
}

static void fill_policy(struct call *call, struct program *p)
{
	const struct settings *s = settings_of(call);

	if (p->check_in_weekday == NONE)
		p->check_in_weekday = s->schedule.check_in_weekday;
	if (p->check_in_hour == NONE)
		p->check_in_hour = s->schedule.check_in_hour;
	if (p->reminder_days == NONE)
		p->reminder_days = s->schedule.reminder_days;
	if (p->overdue_days == NONE)
		p->overdue_days = s->schedule.overdue_days;
	if (p->escalation_days == NONE)
		p->escalation_days = s->schedule.escalation_days;
	if (p->offer_days == NONE)
		p->offer_days = s->schedule.offer_days;
	if (p->retention_days == NONE)
		p->retention_days = s->retention.program_days;
	if (!p->zone)
		p->zone = s->institution.zone;
}

static int program_create(struct call *call, const void *was, void *now)
{
	struct program *p = now;
	int r = p->starter ? starter_fill(call, p) : 0;

	(void)was;
	fill_policy(call, p);
	return r;
}

/* Opening and its like happen at the start of the day, in the program's zone. */
static int plan_day(struct call *call, const char *kind, const struct program *p, int64_t old, int64_t day, bool moved)
{
	const char *zone = p->zone ? p->zone : settings_of(call)->institution.zone;
	int64_t at;
	int r = 0;

	if (old == day && !moved)
		return 0;
	if (old != NONE)
		r = unplan(call, kind, p->id);
	if (r || day == NONE)
		return r;
	zone_instant(zone_of(call, zone), day * DAY, &at);
	return plan(call, kind, p->id, at, zone);
}

static int changed(struct call *call, const void *was, const void *now)
{
	const struct program *old = was, *p = now;
	bool moved;
	int r;

	if (!p)
		return 0;
	moved = old && strcmp(old->zone ? old->zone : "", p->zone ? p->zone : "");
	r = plan_day(call, "program open", p, old ? old->intake_from : NONE, p->intake_from, moved);
	if (!r)
		r = plan_day(call, "program start", p, old ? old->starts : NONE, p->starts, moved);
	if (!r)
		r = plan_day(call, "program close", p, old && old->ends != NONE ? old->ends + 1 : NONE,
			p->ends == NONE ? NONE : p->ends + 1, moved);
	if (!r && p->check_in_form != NONE && (!old || old->check_in_form != p->check_in_form))
		r = check_in_form_fits(call, p);
	return !r && !old && p->starter && p->recipe == NONE ? starter_recipe(call, p) : r;
}

static int program_open(struct call *call, const void *was, void *now)
{
	const struct program *p = now;

	(void)was;
	if (p->starts == NONE || p->ends == NONE)
		return fail(
			call, E_INVALID, p->starts == NONE ? "starts" : "ends", "a program needs its first and last day before it opens");
	return 0;
}

static int program_close(struct call *call, const void *was, void *now)
{
	struct program *p = now;
	int64_t active;
	int r = ask(call, "SELECT count(*) FROM \"match\" WHERE \"program\" = ?1 AND \"state\" IN (" MATCH_TAKING ", 'offered')",
		VALUES(p->id), &active);

	(void)was;
	p->state = active > 0 ? PROGRAM_CLOSING : PROGRAM_CLOSED;
	return r ? r : tell_staff(call, "program-closes", p->id, NONE, &program_entity, p->id, p->revision);
}

static int program_finish(struct call *call, const void *was, void *now)
{
	int64_t active;
	int r = ask(call, "SELECT count(*) FROM \"match\" WHERE \"program\" = ?1 AND \"state\" IN (" MATCH_TAKING ", 'offered')",
		VALUES(((const struct program *)was)->id), &active);

	(void)now;
	if (!r && active)
		return fail(call, E_STATE, "state", "%" PRId64 " matches are not closed yet", active);
	return r;
}

struct clone {
	char *key, *title;
};
static const struct field clone_arguments[] = { { AS_TEXT(struct clone, key, PUBLIC), .flags = REQUIRED | HAS_MIN | HAS_MAX, .min = 2,
							.max = 64, .label = "Key of the copy" },
	{ AS_TEXT(struct clone, title, PUBLIC), .flags = HAS_MAX, .max = 160, .label = "Title of the copy" }, { 0 } };

static int program_clone(struct call *call, const void *was, void *now)
{
	const struct clone *clone = call->arguments;
	struct program *copy = arena_new(call->arena, sizeof *copy);
	int r;

	(void)now;
	*copy = *(const struct program *)was;
	copy->id = copy->starts = copy->ends = copy->intake_from = copy->intake_to = copy->recipe = copy->check_in_form = NONE;
	copy->version = copy->revision = 1;
	copy->mail_held = 0;
	copy->state = PROGRAM_DRAFT;
	copy->key = clone->key;
	if (clone->title)
		copy->title = clone->title;
	r = add(call, &program_entity, copy);
	answer(call, "copy",
		(struct value){ .type = V_PATH, .text = arena_print(call->arena, "/org/mentorship1/programs/%" PRId64, copy->id) });
	return r;
}

static int program_revise(struct call *call, const void *was, void *now)
{
	(void)call;
	((struct program *)now)->revision = ((const struct program *)was)->revision + 1;
	return 0;
}

static int program_hold(struct call *call, const void *was, void *now)
{
	(void)call;
	(void)was;
	((struct program *)now)->mail_held = 1;
	return 0;
}

static int ask_contact(struct call *call, void *record, void *data)
{
	return consent_ask_contact(call, data, ((const struct participant *)record)->person);
}

static int program_ask_contact(struct call *call, const void *was, void *now)
{
	const struct program *p = was;

	if (p->contact != CONTACT_ADDRESSES)
		return fail(call, E_STATE, "contact", "this program shows no addresses, so there is nothing to ask");
	return each(call, &participant_entity, ask_contact, now,
		"\"program\" = ?1 AND \"state\" IN ('accepted', 'training', 'ready', 'paused')", VALUES(p->id));
}

static int program_release(struct call *call, const void *was, void *now)
{
	(void)was;
	((struct program *)now)->mail_held = 0;
	return perform_each(
		call, &message_entity, "Release", "\"program\" = ?1 AND \"state\" = 'held'", VALUES(((struct program *)now)->id));
}

#define POLICY \
	"title summary framework mentor_role mentee_role eligibility starts ends intake_from intake_to zone check_in_weeks " \
	"check_in_first_weeks check_in_weekday check_in_hour check_in_form reminder_days overdue_days escalation_days offer_days offer_order " \
	"formats minimum_meetings confidentiality contact agreement agreement_days mentor_places retention_days recipe"
static const struct verb verbs[] = { { "Create", COORDINATOR, 0, KEEP, "*", program_create, "Make a program", ON_COLLECTION, NULL, NULL,
					     0 },
	{ "Update", COORDINATOR, IN(PROGRAM_DRAFT) | IN(PROGRAM_OPEN), KEEP, "*", NULL, "Change", 0, NULL, NULL, 0 },
	{ "Open", COORDINATOR, IN(PROGRAM_DRAFT), IN(PROGRAM_OPEN), NULL, program_open, "Open for intake", 0, NULL, NULL, 0 },
	{ "Start", COORDINATOR, IN(PROGRAM_OPEN), IN(PROGRAM_RUNNING), NULL, NULL, "Start", 0, NULL, NULL, 0 },
	{ "Revise", COORDINATOR, IN(PROGRAM_RUNNING), KEEP, POLICY, program_revise, "Change the policy of a running program", NEEDS_REASON,
		NULL, NULL, 0 },
	{ "Close", COORDINATOR, IN(PROGRAM_OPEN) | IN(PROGRAM_RUNNING), IN(PROGRAM_CLOSING) | IN(PROGRAM_CLOSED), NULL, program_close,
		"Close", 0, NULL, NULL, 0 },
	{ "Finish", COORDINATOR, IN(PROGRAM_CLOSING), IN(PROGRAM_CLOSED), NULL, program_finish, "All matches are closed", 0, NULL, NULL,
		0 },
	{ "Archive", COORDINATOR, IN(PROGRAM_CLOSED), IN(PROGRAM_ARCHIVED), NULL, NULL, "Archive", 0, NULL, NULL, 0 },
	{ "Clone", COORDINATOR, 0, KEEP, NULL, program_clone, "Make a copy for the next time", 0, NULL, clone_arguments,
		sizeof(struct clone) },
	{ "HoldMail", COORDINATOR, 0, KEEP, NULL, program_hold, "Hold outgoing mail", 0, NULL, NULL, 0 },
	{ "ReleaseMail", COORDINATOR, 0, KEEP, NULL, program_release, "Release held mail", 0, NULL, NULL, 0 },
	{ "AskContact", COORDINATOR, IN(PROGRAM_OPEN) | IN(PROGRAM_RUNNING), KEEP, NULL, program_ask_contact,
		"Ask all who take part whether their address may be shown", 0, NULL, NULL, 0 },
	{ 0 } };

/* ---- jobs: what a coordinator did earlier is left alone ---- */

static int when_in(struct call *call, int64_t program, int64_t state, const char *verb)
{
	struct program *p;
	int r = load(call, &program_entity, program, (void **)&p);

	return r || p->state != state ? r : perform_also(call, &program_entity, program, verb, NULL, 0);
}

static int job_open(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	struct program *p;
	int r = load(call, &program_entity, subject, (void **)&p);

	(void)nominal;
	(void)cursor;
	if (!r && p->state == PROGRAM_DRAFT && (p->starts == NONE || p->ends == NONE))
		return tell_staff(call, "program-cannot-open", subject, NONE, &program_entity, subject, p->version);
	return r ? r : when_in(call, subject, PROGRAM_DRAFT, "Open");
}

static int job_start(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	(void)nominal;
	(void)cursor;
	return when_in(call, subject, PROGRAM_OPEN, "Start");
}

static int job_close(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	(void)nominal;
	(void)cursor;
	return when_in(call, subject, PROGRAM_RUNNING, "Close");
}

static const struct job jobs[] = { { "program open", NULL, RUN_ONCE_LATE, 0, job_open, "Program opens", 0, "program" },
	{ "program start", NULL, RUN_ONCE_LATE, 0, job_start, "Program starts", 0, "program" },
	{ "program close", NULL, RUN_ONCE_LATE, 0, job_close, "Program closes", 0, "program" }, { 0 } };

/* Duties end by their date without anybody's verb: who comes next is to be settled before. */
#define HAS_DUTY(word) \
	"FROM \"duty\" d WHERE d.\"duty\" = '" word "' AND d.\"state\" = 'appointed' AND (d.\"program\" = t.\"id\" OR " \
	"d.\"program\" IS NULL) AND (SELECT o.\"state\" FROM \"person\" o WHERE o.\"id\" = d.\"person\") = 'active'"
static const struct waiting waiting[] = { { "program to open", COORDINATOR, "t.\"state\" = 'draft' AND t.\"starts\" IS NOT NULL",
						  "t.\"state_since\"", "t.\"starts\" * 86400" },
	{ "program to finish", COORDINATOR, "t.\"state\" = 'closing'", "t.\"state_since\"", NULL },
	{ "program without coordinator to its end", COORDINATOR | ADMIN,
		"t.\"state\" IN ('running', 'closing') AND NOT EXISTS (SELECT 1 " HAS_DUTY(
			"coordinator") " AND (d.\"to\" IS NULL OR d.\"to\" >= t.\"ends\"))",
		"t.\"state_since\"", "(SELECT (max(d.\"to\") + 1) * 86400 " HAS_DUTY("coordinator") ")" },
	{ "program without safeguarding lead", COORDINATOR | ADMIN,
		"t.\"state\" IN ('open', 'running', 'closing') AND NOT EXISTS (SELECT 1 " HAS_DUTY("safeguarding lead") ")",
		"t.\"state_since\"", NULL },
	{ 0 } };

const struct entity program_entity = { .name = "program",
	.collection = "programs",
	.size = sizeof(struct program),
	.fields = fields,
	.verbs = verbs,
	.jobs = jobs,
	.check = check,
	.readers = readers,
	.changed = changed,
	.unique = "key",
	.hidden_in = IN(PROGRAM_DRAFT),
	.flags = GRANTS,
	.retention = WITH_RECORD,
	.label = "Program",
	.help = "A mentorship program and its policy.",
	.order = "title",
	.waiting = waiting };
