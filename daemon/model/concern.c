/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Concerns: somebody needs to talk, or somebody should look. The safeguarding lead alone sees them; the text is sealed.
 *
 * One is opened by the link that stands in every mail to a minor and on every page, by staff, or by a rule. It is told to the lead at once,
 * in a message that says nothing but that there is one, and again while nobody has taken it up: after a day, or four hours where it is
 * urgent. It goes to nobody whom it is about. Where nobody else has the duty, the coordinators hear that one waits, and for whom to be
 * appointed; of it they learn nothing.
 *
 * A minor or a verified guardian may object to whom the minor works with (`objects_to`). The pair pauses in the same call and cannot go on
 * before the concern is resolved or closed. The coordinators hear that it pauses for that, neither who said so nor what.
 *
 * One that a rule has raised is not even known to be there by those who are not the lead: its coming leaves no audit record, and
 * nobody hears in the lead's place. It waits until there is one.
 */
#include <inttypes.h>

#include "core/date.h"
#include "model.h"

static const char *const states[] = { "open", "acknowledged", "acting", "resolved", "closed", NULL };
static const char *const severities[] = { "ordinary", "urgent", NULL };
static const char *const rules[] = { "matched in spite of an objection", NULL };

enum {
	OPEN,
	ACKNOWLEDGED,
	ACTING,
	RESOLVED,
	CLOSED
};
enum {
	A_DAY_AT_MOST = 6
};
struct concern {
	int64_t id, version, program, match, person, about, rule, severity;
	char *text;
	int64_t objects, raised_at;
	int64_t state, state_since;
};

/* Whom it is about, as the safeguarding lead has to know at once: who raised it, and the person or the two that it names. */
#define NAME_OF(id) "(SELECT p.\"name\" FROM \"person\" p WHERE p.\"id\" = " id ")"
#define NAME_OF_ROW \
	"coalesce(" NAME_OF("t.\"person\"") ", '?') || coalesce(': ' || " NAME_OF("t.\"about\"") ", ': ' || " NAMES_OF_MATCH( \
		"t.\"match\"") ", '')"
#define CALLED_BY "t.\"person\" IN (SELECT p.\"id\" FROM \"person\" p WHERE p.\"name\" >= ?1 AND p.\"name\" < ?1 || char(1114111))"

static const struct field fields[] = { ID_AND_VERSION(struct concern, .anchor = NO_ANCHOR),
	{ AS_INT(struct concern, program, LINK, STAFF), .flags = FROZEN | LISTED, .to = "program", .anchor = AT_PROGRAM,
		.label = "Program" },
	{ AS_INT(struct concern, match, LINK, STAFF), .flags = FROZEN | LISTED | LEADS, .to = "match", .anchor = AT_MATCH,
		.label = "About the match" },
	{ AS_INT(struct concern, person, LINK, STAFF), .flags = REQUIRED | FROZEN | LISTED, .to = "person", .anchor = AT_PERSON,
		.label = "Who raised it, or whom it protects" },
	{ .name = "name",
		.kind = TEXT,
		.privacy = STAFF,
		.flags = LABEL,
		.computed = NAME_OF_ROW,
		.label = "Who raised it, and about whom" },
	{ AS_INT(struct concern, about, NUMBER, STAFF), .flags = FROZEN | BARS, .label = "About the person with the number" },
	{ AS_INT(struct concern, rule, CHOICE, STAFF), .flags = BY_VERB | LISTED, .choices = rules, .label = "Raised by a rule" },
	{ AS_INT(struct concern, severity, CHOICE, STAFF), .flags = LISTED, .choices = severities, .starts = true, .label = "Severity" },
	{ AS_SEALED(struct concern, text, TEXT), .flags = FROZEN | LINES | HAS_MAX | ERASED, .max = 4000, .retention = AFTER_PROGRAM,
		.label = "What it is about" },
	{ AS_INT(struct concern, objects, YESNO, STAFF), .flags = BY_VERB | LISTED, .label = "Objects to the match" },
	{ AS_INT(struct concern, raised_at, INSTANT, STAFF), .flags = REQUIRED | BY_VERB | SORTED | LISTED, .starts = true,
		.label = "Raised" },
	{ AS_INT(struct concern, state, CHOICE, STAFF), .flags = REQUIRED | BY_VERB | SORTED | LISTED, .choices = states, .starts = true,
		.label = "State" },
	{ AS_INT(struct concern, state_since, INSTANT, STAFF), .flags = BY_VERB, .label = "Since" }, { 0 } };
COVERS(fields, struct concern, 1);

static const unsigned readers[SEALED] = { [PUBLIC] = SAFEGUARDING, [MEMBER] = SAFEGUARDING, [PAIR] = 0, [STAFF] = SAFEGUARDING };

/* `again`: NONE, or the moment of another occasion. */
static int told(struct call *call, const struct concern *concern, int64_t again)
{
	struct notice n = { .template_name = "concern-opened",
		.program = concern->program,
		.match = NONE,
		.about = &concern_entity,
		.about_id = concern->id,
		.safety = true,
		.apart = concern->match };
	int count;
	int r;

	n.occasion = again == NONE ? arena_print(call->arena, "concern/%" PRId64, concern->id)
				   : arena_print(call->arena, "concern/%" PRId64 "/%" PRId64, concern->id, again);
	r = notify_safeguarding(call, &n, concern->about, &count);
	n.template_name = "concern-unheard";
	return r || count || concern->rule != NONE ? r : notify_staff(call, &n, concern->about);
}

static int deadline(struct call *call, const struct concern *concern)
{
	return plan(call, "concern deadline", concern->id, call->now + (concern->severity ? 4 : 24) * 3600, NULL);
}

/* ---- objecting to a pair ---- */

#define UNSETTLED "\"match\" = ?1 AND \"objects\" AND \"state\" NOT IN ('resolved', 'closed')"

int match_objected(struct call *call, int64_t match, int64_t *ret)
{
	return ask(call, "SELECT min(\"raised_at\") FROM \"concern\" WHERE " UNSETTLED, VALUES(match), ret);
}

int match_objected_by(struct call *call, int64_t match, int64_t person, int64_t *ret)
{
	return ask(call, "SELECT min(\"raised_at\") FROM \"concern\" WHERE " UNSETTLED " AND \"person\" = ?2", VALUES(match, person), ret);
}

int match_minor_of(struct call *call, int64_t match, int64_t person, int64_t *ret)
{
	return ask(call,
		"SELECT min(p.\"id\") FROM \"match_member\" mm JOIN \"person\" p ON p.\"id\" = mm.\"person\" WHERE mm.\"match\" = ?1 AND "
		"p.\"minor\" AND (p.\"id\" = ?2 OR EXISTS (SELECT 1 FROM \"guardianship\" g WHERE g.\"minor\" = p.\"id\" AND g.\"guardian\" = ?2 "
		"AND g.\"program\" = mm.\"program\" AND g.\"state\" = 'verified'))",
		VALUES(match, person), ret);
}

struct objecting {
	int64_t objects_to;
};
/* A number and no link: a guardian sees no match. Whoever may not object hears what is said of a match that does not exist. */
static const struct field objecting_arguments[] = {
	{ AS_INT(struct objecting, objects_to, NUMBER, MEMBER),
		.label = "Number of the match that a minor in it, or a verified guardian, objects to" },
	{ 0 }
};

static int object(struct call *call, struct concern *concern, int64_t id)
{
	struct match *match;
	int64_t minor = NONE, since = NONE;
	int r = load(call, &match_entity, id, (void **)&match);

	if (!r)
		r = match_minor_of(call, id, concern->person, &minor);
	if (r == E_NOTFOUND || (!r && minor == NONE))
		return fail(call, E_NOTFOUND, "objects_to", "there is no such match of a minor, or of whose guardian this is");
	if (r)
		return r;
	if (concern->match != NONE && concern->match != id)
		return fail(call, E_INVALID, "objects_to", "is another match than the one that the concern is about");
	if (match->state != MATCH_ACCEPTED && match->state != MATCH_ACTIVE && match->state != MATCH_PAUSED)
		return fail(call, E_STATE, "objects_to", "the two do not work together");
	r = match_objected_by(call, id, concern->person, &since);
	if (r)
		return r;
	if (since != NONE)
		return fail(
			call, E_STATE, "objects_to", "this person has objected already, and the safeguarding lead has not settled it yet");
	concern->match = id;
	concern->program = concern->program == NONE ? match->program : concern->program;
	concern->objects = 1;
	return 0;
}

static int pair_rests(struct call *call, const struct concern *concern)
{
	struct notice n = { .template_name = "match-objected",
		.program = concern->program,
		.match = concern->match,
		.about = &match_entity,
		.about_id = concern->match,
		.occasion = arena_print(call->arena, "match/%" PRId64 "/%" PRId64, concern->match, call->now),
		.safety = true };
	int r = perform_each(call, &match_entity, "Interrupt", "\"id\" = ?1 AND \"state\" = 'active'", VALUES(concern->match));

	return r ? r : notify_staff(call, &n, concern->person);
}

/* ---- raising ---- */

/* Each one is a mail to the lead. Whoever has been heard so often within a day is known to them, and drowns nobody else. */
static int raise(struct call *call, const void *was, void *now)
{
	const struct objecting *objecting = call->arguments;
	struct concern *concern = now;
	int64_t count = 0;
	int r = 0;

	(void)was;
	concern->raised_at = call->now;
	if (objecting->objects_to != NONE)
		return object(call, concern, objecting->objects_to);
	if (call->caller->person != NONE && call->caller->person == concern->person)
		r = ask(call, "SELECT count(*) FROM \"concern\" WHERE \"person\" = ?1 AND \"raised_at\" > ?2 AND \"rule\" IS NULL",
			VALUES(concern->person, call->now - DAY), &count);
	if (!r && count >= A_DAY_AT_MOST)
		r = fail(call, E_LIMIT, NULL,
			"you were heard %d times within a day, and somebody gets in touch; in danger call for help at once", A_DAY_AT_MOST);
	return r;
}

/* Once it has its number. */
static int changed(struct call *call, const void *was, const void *now)
{
	const struct concern *concern = now;
	int r;

	if (was || !now)
		return 0;
	r = told(call, concern, NONE);
	if (!r && concern->objects)
		r = pair_rests(call, concern);
	return r ? r : deadline(call, concern);
}

int concern_of_objection(struct call *call, int64_t match, int64_t program, int64_t author, int64_t other)
{
	struct concern *concern = fresh(call, &concern_entity);
	int64_t before;
	int r = ask(call,
		"SELECT \"id\" FROM \"concern\" WHERE \"match\" = ?1 AND \"person\" = ?2 AND \"about\" = ?3 AND \"rule\" IS NOT NULL",
		VALUES(match, author, other), &before);

	if (r || before != NONE)
		return r;
	concern->program = program;
	concern->match = match;
	concern->person = author;
	concern->about = other;
	concern->rule = 0;
	concern->raised_at = call->now;
	return add_in_confidence(call, &concern_entity, concern);
}

static int disclose_text(struct call *call, const void *was, void *now)
{
	(void)now;
	return disclose(call, &concern_entity, call->id, ((const struct concern *)was)->person, "text");
}

#define S(x) IN(x)
static const struct verb verbs[] = { { "Create", SELF | MENTEE | MENTOR | PARTICIPANT | COORDINATOR | SAFEGUARDING, 0, KEEP,
					     "program match person about severity text", raise, "Raise a concern", ON_COLLECTION, NULL,
					     objecting_arguments, sizeof(struct objecting) },
	{ "Acknowledge", SAFEGUARDING, S(OPEN), S(ACKNOWLEDGED), NULL, NULL, "I look after it", 0, NULL, NULL, 0 },
	{ "Act", SAFEGUARDING, S(OPEN) | S(ACKNOWLEDGED), S(ACTING), NULL, NULL, "Something is being done", 0, NULL, NULL, 0 },
	{ "Resolve", SAFEGUARDING, S(ACKNOWLEDGED) | S(ACTING), S(RESOLVED), NULL, NULL, "It is solved", NEEDS_REASON, NULL, NULL, 0 },
	{ "Close", SAFEGUARDING, S(ACKNOWLEDGED) | S(ACTING), S(CLOSED), NULL, NULL, "Close it", NEEDS_REASON, NULL, NULL, 0 },
	{ "Disclose", SAFEGUARDING, 0, KEEP, NULL, disclose_text, "Read it", NEEDS_REASON | NO_KEY | ANSWERS, NULL, NULL, 0 }, { 0 } };

/* Nobody has taken it up: told again, as a new occasion. */
static int overdue(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	struct concern *concern;
	int r = load(call, &concern_entity, subject, (void **)&concern);

	(void)nominal;
	(void)cursor;
	if (r || concern->state != OPEN)
		return r;
	r = told(call, concern, call->now);
	return r ? r : deadline(call, concern);
}

static const struct job jobs[] = { { "concern deadline", NULL, RUN_ONCE_LATE, 0, overdue, "A concern that nobody took up", 0, "concern" },
	{ 0 } };

static const struct waiting waiting[] = { { "concern to take up", SAFEGUARDING, "t.\"state\" = 'open'", "t.\"raised_at\"", NULL },
	{ "concern to follow up", SAFEGUARDING, "t.\"state\" IN ('acknowledged', 'acting')", "t.\"state_since\"", NULL }, { 0 } };

const struct entity concern_entity = { .name = "concern",
	.collection = "concerns",
	.size = sizeof(struct concern),
	.fields = fields,
	.verbs = verbs,
	.jobs = jobs,
	.changed = changed,
	.readers = readers,
	.flags = RANDOM_ID,
	.retention = AFTER_PROGRAM,
	.label = "Concern",
	.help = "Somebody needs to talk, or somebody should look; for the safeguarding lead alone.",
	.called = CALLED_BY,
	.order = "raised_at",
	.waiting = waiting };
