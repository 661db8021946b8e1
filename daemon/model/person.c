/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * People: whoever takes part, looks after a minor or works with a program.
 *
 * The birth date is sealed; what staff see is the derived `minor`. It is set whenever the date is, and kept true by the daily
 * job 'coming of age', which opens the dates in slices (a job dated on the birthday would tell it). While the setting people.minors is
 * on, an unknown date counts as minor. A person who is erased keeps a number and a state, so that what points here stays whole.
 */
#include <string.h>

#include "core/date.h"
#include "core/settings.h"
#include "model.h"

static const char *const states[] = { "active", "suspended", "erased", NULL };
static const char *const sources[] = { "local", "directory", NULL };

enum {
	HARD_BOUNCES = 3,
	FRESH_AN_HOUR = 3
};

#define PERSONAL ERASED | OWN, .retention = WITH_PERSON
static const struct field fields[] = { ID_AND_VERSION(struct person, .anchor = AT_PERSON),
	{ AS_TEXT(struct person, given_name, MEMBER), .flags = REQUIRED | HAS_MIN | HAS_MAX | ADMIN_READS | PERSONAL, .min = 1, .max = 100,
		.label = "Given name" },
	{ AS_TEXT(struct person, family_name, MEMBER), .flags = REQUIRED | HAS_MIN | HAS_MAX | SORTED | ADMIN_READS | PERSONAL, .min = 1,
		.max = 100, .label = "Family name" },
	{ AS_TEXT(struct person, name, MEMBER), .flags = REQUIRED | BY_VERB | SORTED | LABEL | LISTED | ADMIN_READS | PERSONAL,
		.label = "Name" },
	{ AS_TEXT(struct person, email, STAFF), .flags = HAS_MAX | MAIL | INDEXED | LISTED | PERSONAL, .max = 254,
		.label = "Mail address" },
	{ AS_TEXT(struct person, language, MEMBER), .flags = HAS_MAX | OWN_SET | PERSONAL, .max = 35, .label = "Language of messages" },
	{ AS_TEXT(struct person, zone, MEMBER), .flags = HAS_MAX | ZONE | OWN_SET | LISTED | PERSONAL, .max = 64, .label = "Time zone" },
	{ AS_SEALED(struct person, birth_date, DATE), .flags = ERASED, .retention = WITH_PERSON, .label = "Birth date" },
	{ AS_INT(struct person, minor, YESNO, STAFF), .flags = BY_VERB | LISTED | OWN, .label = "Minor" },
	{ AS_INT(struct person, source, CHOICE, MEMBER), .flags = BY_VERB | ADMIN_READS, .choices = sources, .starts = true,
		.label = "Source" },
	{ AS_TEXT(struct person, external_id, STAFF), .flags = HAS_MAX | KEY | PERSONAL, .max = 128,
		.label = "Number in the school's system" },
	{ AS_INT(struct person, unsubscribed, YESNO, STAFF), .flags = OWN | OWN_SET, .label = "Wants no mail that can be left out" },
	{ AS_INT(struct person, no_mail_since, INSTANT, STAFF), .flags = BY_VERB | INDEXED | OWN,
		.label = "Wants no mail but about safety since" },
	{ AS_INT(struct person, bounces, NUMBER, STAFF), .flags = BY_VERB | OWN, .starts = true, .label = "Mails that came back" },
	{ AS_INT(struct person, mail_paused, YESNO, STAFF), .flags = BY_VERB | LISTED | OWN, .label = "Address does not work" },
	{ AS_INT(struct person, mail_paused_since, INSTANT, STAFF), .flags = BY_VERB | INDEXED | OWN,
		.label = "Address does not work since" },
	{ AS_INT(struct person, address_since, INSTANT, STAFF), .flags = BY_VERB | HIDDEN, .label = "Has this address since" },
	{ AS_INT(struct person, erase_asked, INSTANT, STAFF), .flags = BY_VERB | INDEXED | OWN, .label = "Erasure asked for" },
	{ AS_INT(struct person, export_asked, INSTANT, STAFF), .flags = BY_VERB | OWN, .label = "Data held asked for" },
	{ AS_INT(struct person, erased_at, INSTANT, MEMBER), .flags = BY_VERB | ADMIN_READS, .label = "Erased" },
	{ AS_INT(struct person, state, CHOICE, MEMBER), .flags = REQUIRED | BY_VERB | SORTED | LISTED | ADMIN_READS | OWN,
		.choices = states, .starts = true, .label = "State" },
	{ 0 } };
COVERS(fields, struct person, 0);

/* Others in a program do not see one another's person: the two sides of a match do. */
static const unsigned readers[SEALED] = {
	[PUBLIC] = ANYONE,
	[MEMBER] = MENTEE | MENTOR | GUARDIAN | COORDINATOR | OBSERVER | SAFEGUARDING | PROTECTION | CONFIDANT,
	[PAIR] = MENTEE | MENTOR | CONFIDANT,
	[STAFF] = COORDINATOR | SAFEGUARDING | PROTECTION | CONFIDANT,
};

/* Sets `minor` from a birth date as text, "" or NULL: unknown. */
static int derive_minor(struct call *call, struct person *person, const char *birth_date)
{
	const struct settings *settings = settings_of(call);
	int64_t born;

	if (birth_date && *birth_date) {
		if (date_parse(birth_date, &born, &call->problem))
			return fail(call, E_INVALID, "birth_date", "the birth date must be a date such as 2008-05-17");
		if (born > today(call) || born < today(call) - 130 * 366)
			return fail(call, E_INVALID, "birth_date", "nobody alive was born on that day; look at the year");
		person->minor = date_years(born, today(call)) < settings->people.age_of_majority;
	} else
		person->minor = settings->people.minors;
	return 0;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static void mail_works(struct person *person)
{
	person->bounces = person->mail_paused = 0;
	person->mail_paused_since = NONE;
}

/* What comes back from the old one is not held against the new one. */
static void new_address(struct call *call, struct person *person)
{
	mail_works(person);
	person->address_since = call->now;
}

/* Once something has gone to an address, another one counts only when it was confirmed there: whoever writes it here proposes it. */
static int write_address(struct call *call, const struct person *was, struct person *now)
{
	char *wanted = now->email;
	bool used = false;
	int r = 0;

	if (same_text(was->email, wanted))
		return 0;
	if (wanted)
		r = address_used(call, was->id, &used);
	if (!r && used) {
		now->email = was->email;
		return address_propose(call, was, wanted);
	}
	new_address(call, now);
	return r;
}

static int person_write(struct call *call, const void *was, void *now)
{
	struct person *person = now;
	int r = 0;

	if (person->given_name && person->family_name)
		person->name = arena_print(call->arena, "%s %s", person->given_name, person->family_name);
	if (was)
		r = write_address(call, was, person);
	if (!r && (!was || person->birth_date))
		r = derive_minor(call, person, person->birth_date);
	return r;
}

static int end_participation(struct call *call, void *record, void *data)
{
	(void)data;
	return perform_also(call, &participant_entity, ((struct participant *)record)->id, "Withdraw", NULL, 0);
}

static int withdraw_everywhere(struct call *call, const struct person *person)
{
	return each(call, &participant_entity, end_participation, NULL,
		"\"person\" = ?1 AND \"state\" NOT IN ('completed', 'rejected', 'withdrawn')", VALUES(person->id));
}

static int pause_participation(struct call *call, void *record, void *data)
{
	(void)data;
	return perform_also(call, &participant_entity, ((struct participant *)record)->id, "Pause", NULL, 0);
}

static int person_suspend(struct call *call, const void *was, void *now)
{
	int r = coordinator_stays(call, ((const struct person *)was)->id, NONE);

	return r ? r
		 : each(call, &participant_entity, pause_participation, NULL,
			   "\"person\" = ?1 AND \"state\" IN ('accepted', 'training', 'ready')", VALUES(((struct person *)now)->id));
}

/* Disclose: the record of the reading is written before anything is opened. */
struct disclose {
	char *fields;
};
static const struct field disclose_arguments[] = {
	{ AS_WORDS(struct disclose, fields, MEMBER), .flags = REQUIRED, .label = "Sealed fields to read" }, { 0 }
};

static int person_disclose(struct call *call, const void *was, void *now)
{
	(void)now;
	return disclose(call, &person_entity, ((const struct person *)was)->id, ((const struct person *)was)->id,
		((const struct disclose *)call->arguments)->fields);
}

static int person_export(struct call *call, const void *was, void *now)
{
	((struct person *)now)->export_asked = NONE;
	return export_person(call, ((const struct person *)was)->id);
}

static int person_request_export(struct call *call, const void *was, void *now)
{
	struct person *person = now;

	(void)was;
	if (person->export_asked != NONE)
		return fail(
			call, E_STATE, "export_asked", "this was asked for already; the data-protection officer answers within a month");
	person->export_asked = call->now;
	return tell_protection(call, "export-asked", &person_entity, person->id);
}

static int person_request_erase(struct call *call, const void *was, void *now)
{
	struct person *person = now;

	(void)was;
	if (person->erase_asked != NONE)
		return fail(call, E_STATE, "erase_asked", "this was asked for already; the data-protection officer decides within a month");
	person->erase_asked = call->now;
	return tell_protection(call, "erasure-asked", &person_entity, person->id);
}

/* Nobody acts any more as somebody who is erased. */
static int end_access(struct call *call, int64_t person)
{
	int r = perform_each(call, &duty_entity, "End", "\"person\" = ?1 AND \"state\" = 'appointed'", VALUES(person));

	return r ? r : perform_each(call, &login_entity, "End", "\"person\" = ?1 AND \"state\" = 'active'", VALUES(person));
}

/* Clears what the tables flag, here and in every row about the person; keys, file and audit follow in the job 'erasure'. */
static int person_erase(struct call *call, const void *was, void *now)
{
	struct person *person = now;
	int r = call->caller->way == BY_DAEMON ? 0 : coordinator_stays(call, person->id, NONE); /* a replayed erasure waits for nobody */

	if (!r)
		r = withdraw_everywhere(call, was);
	if (!r)
		r = end_access(call, person->id);
	if (!r)
		r = erase_rows(call, person->id);
	if (r)
		return r;
	for (const struct field *f = fields; f->name; f++)
		if (f->flags & ERASED)
			erase_member(f, person);
	person->minor = 0;
	return plan(call, "erasure", person->id, call->now, NULL);
}

/* Everything that belonged to `from` belongs to this person afterwards; `from` is erased without a trace of its own. */
struct merge {
	int64_t from;
};
static const struct field merge_arguments[] = {
	{ AS_INT(struct merge, from, LINK, MEMBER), .flags = REQUIRED, .to = "person", .label = "The twin that goes" }, { 0 }
};

static int person_merge(struct call *call, const void *was, void *now)
{
	const struct merge *merge = call->arguments;
	struct person *twin;
	int r;

	(void)now;
	if (merge->from == ((const struct person *)was)->id)
		return fail(call, E_INVALID, "from", "a person cannot be merged with themself");
	r = load(call, &person_entity, merge->from, (void **)&twin);
	if (r)
		return r;
	if (twin->state == PERSON_ERASED)
		return fail(call, E_STATE, "from", "that person is erased");
	r = move_rows(call, twin->id, ((const struct person *)was)->id);
	return r ? r : perform_also(call, &person_entity, twin->id, "Erase", NULL, 0);
}

/* ---- mail ---- */

/* How much mail somebody wants: all, what is necessary, or none. Each choice takes the place of the one before. */
static int want(void *now, bool unsubscribed, int64_t no_mail_since)
{
	struct person *person = now;

	person->unsubscribed = unsubscribed;
	person->no_mail_since = no_mail_since;
	return 0;
}

static int person_unsubscribe(struct call *call, const void *was, void *now)
{
	(void)call;
	(void)was;
	return want(now, true, NONE);
}

static int person_stop_mail(struct call *call, const void *was, void *now)
{
	int64_t since = ((const struct person *)was)->no_mail_since;

	return want(now, true, since == NONE ? call->now : since);
}

static int person_subscribe(struct call *call, const void *was, void *now)
{
	(void)call;
	(void)was;
	return want(now, false, NONE);
}

bool person_hears(const struct person *person)
{
	return person->no_mail_since == NONE && !person->mail_paused;
}

/* A link that opens what a mailbox of last month must not: sent anew, to the address that is stored. */
static int person_ask_fresh_link(struct call *call, const void *was, void *now)
{
	const struct person *person = now;
	int64_t count;
	int r = ask(call,
		"SELECT count(*) FROM \"message\" WHERE \"person\" = ?1 AND \"template_name\" = 'fresh-link' AND \"queued_at\" > ?2",
		VALUES(person->id, call->now - HOUR), &count);

	(void)was;
	if (!r && !person->email)
		r = fail(call, E_STATE, "email", "there is no address to send it to");
	if (!r && count >= FRESH_AN_HOUR)
		r = fail(call, E_LIMIT, NULL, "%d of them were sent within an hour; look into the mailbox, or try again later",
			FRESH_AN_HOUR);
	return r ? r : tell(call, "fresh-link", person->id, NONE, NONE, &person_entity, person->id, call->now * 10 + count);
}

static int person_end_links(struct call *call, const void *was, void *now)
{
	(void)now;
	return links_end(call, ((const struct person *)was)->id);
}

static int tell_of_address(struct call *call, void *record, void *data)
{
	const struct participant *participant = record;
	const struct person *person = data;

	return tell_staff(call, "address-bounces", participant->program, NONE, &person_entity, person->id, person->version);
}

/* The third mail in a row that its address refused: nothing more is sent there until somebody looked at it. */
static int person_bounced(struct call *call, const void *was, void *now)
{
	struct person *person = now;

	(void)was;
	person->bounces++;
	if (person->bounces < HARD_BOUNCES || person->mail_paused)
		return 0;
	person->mail_paused = 1;
	person->mail_paused_since = call->now;
	return each(call, &participant_entity, tell_of_address, person,
		"\"person\" = ?1 AND \"state\" NOT IN ('completed', 'rejected', 'withdrawn')", VALUES(person->id));
}

static int person_try_mail(struct call *call, const void *was, void *now)
{
	struct person *person = now;

	(void)call;
	(void)was;
	mail_works(person);
	return 0;
}

/* What the change of an address, confirmed or objected to, does here. */
static int person_readdress(struct call *call, const void *was, void *now)
{
	struct person *person = now;

	(void)was;
	new_address(call, person);
	return 0;
}

static int person_pause_mail(struct call *call, const void *was, void *now)
{
	struct person *person = now;

	(void)was;
	person->mail_paused = 1;
	person->mail_paused_since = call->now;
	return links_end(call, person->id);
}

/* A link is sent to an address: with another address, or for somebody who is suspended, it holds no more. */
static int changed(struct call *call, const void *was, const void *now)
{
	const struct person *before = was, *after = now;

	if (!before || !after || (same_text(before->email, after->email) && before->state == after->state))
		return 0;
	if (before->state != after->state)
		return after->state == PERSON_ACTIVE ? 0 : links_end(call, after->id);
	return links_move(call, after->id);
}

static const struct verb verbs[] = {
	{ "Create", COORDINATOR | ADMIN, 0, KEEP, "*", person_write, "Add a person", ON_COLLECTION, MANAGE, NULL, 0 },
	{ "Update", COORDINATOR | SELF, IN(PERSON_ACTIVE) | IN(PERSON_SUSPENDED), KEEP, "*", person_write, "Change", 0, NULL, NULL, 0 },
	{ "Suspend", ADMIN, IN(PERSON_ACTIVE), IN(PERSON_SUSPENDED), NULL, person_suspend, "Suspend", NEEDS_REASON, MANAGE, NULL, 0 },
	{ "Reinstate", ADMIN, IN(PERSON_SUSPENDED), IN(PERSON_ACTIVE), NULL, NULL, "Reinstate", 0, MANAGE, NULL, 0 },
	{ "Merge", ADMIN, IN(PERSON_ACTIVE), KEEP, NULL, person_merge, "Merge a twin into this person", DESTRUCTIVE | NEEDS_REASON, MANAGE,
		merge_arguments, sizeof(struct merge) },
	{ "Disclose", SAFEGUARDING | PROTECTION, 0, KEEP, NULL, person_disclose, "Read sealed fields", NEEDS_REASON | NO_KEY | ANSWERS,
		NULL, disclose_arguments, sizeof(struct disclose) },
	{ "Export", SELF | PROTECTION, 0, KEEP, NULL, person_export, "Everything held about the person", NO_KEY | ANSWERS, NULL, NULL, 0 },
	{ "RequestErase", SELF | COORDINATOR, IN(PERSON_ACTIVE) | IN(PERSON_SUSPENDED), KEEP, NULL, person_request_erase, "Ask for erasure",
		0, NULL, NULL, 0 },
	{ "RequestExport", SELF | COORDINATOR, IN(PERSON_ACTIVE) | IN(PERSON_SUSPENDED), KEEP, NULL, person_request_export,
		"Ask for everything held", 0, NULL, NULL, 0 },
	{ "AskFreshLink", SELF, IN(PERSON_ACTIVE), KEEP, NULL, person_ask_fresh_link, "Send a fresh link", 0, NULL, NULL, 0 },
	{ "EndLinks", COORDINATOR | SELF, 0, KEEP, NULL, person_end_links, "No link of the person works any more", 0, NULL, NULL, 0 },
	{ "Erase", PROTECTION, IN(PERSON_ACTIVE) | IN(PERSON_SUSPENDED), IN(PERSON_ERASED), NULL, person_erase, "Erase for good",
		DESTRUCTIVE | NEEDS_REASON, NULL, NULL, 0 },
	{ "Unsubscribe", SELF | COORDINATOR, IN(PERSON_ACTIVE), KEEP, NULL, person_unsubscribe, "No more mail that can be left out", 0,
		NULL, NULL, 0 },
	{ "StopMail", SELF | COORDINATOR, IN(PERSON_ACTIVE), KEEP, NULL, person_stop_mail, "No mail at all but about safety", 0, NULL, NULL,
		0 },
	{ "Subscribe", SELF | COORDINATOR, IN(PERSON_ACTIVE), KEEP, NULL, person_subscribe, "All mail again", 0, NULL, NULL, 0 },
	{ "Bounced", SYSTEM, 0, KEEP, NULL, person_bounced, "A mail came back", 0, NULL, NULL, 0 },
	{ "Readdress", SYSTEM, IN(PERSON_ACTIVE) | IN(PERSON_SUSPENDED), KEEP, "email", person_readdress, "Another address counts", 0, NULL,
		NULL, 0 },
	{ "PauseMail", SYSTEM, 0, KEEP, NULL, person_pause_mail, "Nothing is sent there now", 0, NULL, NULL, 0 },
	{ "TryMail", COORDINATOR, 0, KEEP, NULL, person_try_mail, "The address works again", 0, NULL, NULL, 0 },
	{ "Age", SYSTEM, IN(PERSON_ACTIVE) | IN(PERSON_SUSPENDED), KEEP, "minor", NULL, "Coming of age", 0, NULL, NULL, 0 },
	{ "Gone", SYSTEM, IN(PERSON_ERASED), KEEP, "erased_at", NULL, "Erasure finished", 0, NULL, NULL, 0 }, { 0 }
};

/* ---- jobs ---- */

enum {
	SLICE = 200
};

static int grow_up(struct call *call, void *record, void *data)
{
	struct person *person = record;
	struct arg minor = { "minor", { .type = V_BOOL } };
	char *birth_date;
	int64_t before = person->minor;
	int r = unseal(call, &person_entity, person->id, "birth_date", &birth_date);

	*(int64_t *)data = person->id;
	if (r && r != E_NOTFOUND)
		return r;
	r = derive_minor(call, person, r ? NULL : birth_date);
	if (r || person->minor == before)
		return r;
	minor.value.number = person->minor;
	r = perform_also(call, &person_entity, person->id, "Age", &minor, 1);
	return r || person->minor ? r : guardians_end(call, person->id);
}

static int coming_of_age(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	int64_t start = *cursor;
	int r = each(call, &person_entity, grow_up, cursor,
		"\"id\" > ?1 AND \"state\" <> 'erased' AND \"id\" IN (SELECT \"id\" FROM \"person\" "
		"WHERE \"id\" > ?1 ORDER BY \"id\" LIMIT ?2)",
		VALUES(start, SLICE));

	(void)subject;
	(void)nominal;
	return r ? r : *cursor != start;
}

static int erasure(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	struct arg at = { "erased_at", { .type = V_INT, .number = call->now } };
	int r = erase_for_good(call, subject);

	(void)nominal;
	(void)cursor;
	if (r)
		return r;
	return perform_also(call, &person_entity, subject, "Gone", &at, 1);
}

static const struct job jobs[] = { { "coming of age", "FREQ=DAILY;BYHOUR=3;BYMINUTE=10;BYSECOND=0", RUN_ONCE_LATE, 0, coming_of_age,
					   "Coming of age", OUTSIDE, NULL },
	{ "erasure", NULL, RUN_EACH_MISSED, 0, erasure, "Erasure", OUTSIDE | DESTROYS, "person" }, { 0 } };

/* Somebody whom the program asks: to talk to, as no mail does. */
#define IS_ASKED \
	"(EXISTS (SELECT 1 FROM \"participant\" p WHERE p.\"person\" = t.\"id\" AND p.\"state\" NOT IN ('completed', 'rejected', " \
	"'withdrawn')) OR EXISTS (SELECT 1 FROM \"guardianship\" g WHERE g.\"guardian\" = t.\"id\" AND g.\"state\" = 'verified'))"
static const struct waiting waiting[] = {
	{ "data to hand out", PROTECTION, "t.\"export_asked\" IS NOT NULL AND t.\"state\" <> 'erased'", "t.\"export_asked\"", NULL },
	{ "address that does not work", COORDINATOR, "t.\"mail_paused_since\" IS NOT NULL AND t.\"state\" <> 'erased'",
		"t.\"mail_paused_since\"", NULL },
	{ "person who wants no mail", COORDINATOR, "t.\"no_mail_since\" IS NOT NULL AND t.\"state\" <> 'erased' AND " IS_ASKED,
		"t.\"no_mail_since\"", NULL },
	{ "erasure to decide", PROTECTION, "t.\"erase_asked\" IS NOT NULL AND t.\"state\" <> 'erased'", "t.\"erase_asked\"", NULL }, { 0 }
};

const struct entity person_entity = { .name = "person",
	.collection = "people",
	.size = sizeof(struct person),
	.fields = fields,
	.verbs = verbs,
	.jobs = jobs,
	.changed = changed,
	.unique = "external_id",
	.through = "participant match_member",
	.readers = readers,
	.flags = GRANTS_BY_STATE,
	.retention = WITH_PERSON,
	.label = "Person",
	.help = "Somebody who takes part, looks after a minor or works with a program.",
	.order = "name",
	.waiting = waiting };
