/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When a message may leave, and with which others.
 *
 * What a mail asks may be over by now: then it does not leave. A table has, for each kind, whether its occasion stands and when it ends; both
 * are asked of the record at every attempt, so that a moved deadline counts and none is written down twice.
 *
 * What can wait goes to its person in one mail a day, of that person's zone: the first that leaves takes with it what is due until midnight, and
 * what comes behind it waits for the next morning. Each part keeps its own row and occasion; `lead` is the number of the mail. A mail that was
 * put off takes new ones along; one that may have arrived does not change any more.
 */
#include <string.h>

#include "core/date.h"
#include "core/zone.h"
#include "link.h"
#include "model/texts.h"

enum {
	WORTHLESS_AFTER = 5 * 86400
};

/* ---- is there still an occasion? ---- */

/* `still`: ?1 the record, ?2 the recipient, ?3 now: 1 while it is worth saying. `ends`: ?1 the record: the instant from which it is worth
 * nothing; what has none is worth something for WORTHLESS_AFTER. A NULL says nothing. */
#define MEETING_STANDS "SELECT 1 FROM \"meeting\" WHERE \"id\" = ?1 AND \"state\" = 'planned' AND ?2 IS NOT NULL AND ?3 IS NOT NULL"
#define MEETING_BEGINS "SELECT \"start\" FROM \"meeting\" WHERE \"id\" = ?1"
#define CHECK_IN_OPEN \
	"SELECT 1 FROM \"check_in\" WHERE \"id\" = ?1 AND \"person\" = ?2 AND \"state\" IN ('due', 'overdue', 'escalated') AND ?3 IS NOT NULL"
#define NEXT_CHECK_IN \
	"SELECT min(n.\"due\") FROM \"check_in\" c JOIN \"check_in\" n ON n.\"match\" = c.\"match\" AND n.\"person\" = c.\"person\" " \
	"AND n.\"due\" > c.\"due\" WHERE c.\"id\" = ?1"
#define FORM_OPEN \
	"SELECT 1 FROM \"wave\" w JOIN \"wave_member\" wm ON wm.\"wave\" = w.\"id\" WHERE w.\"id\" = ?1 AND wm.\"person\" = ?2 AND " \
	"w.\"state\" = 'open' AND wm.\"state\" = 'asked' AND ?3 IS NOT NULL"
#define FORM_CLOSES "SELECT \"closes\" FROM \"wave\" WHERE \"id\" = ?1"
static const struct occasion {
	const char *template_name, *still, *ends;
} occasions[] = {
	{ "match-offered",
		"SELECT 1 FROM \"match\" m JOIN \"match_member\" mm ON mm.\"match\" = m.\"id\" WHERE m.\"id\" = ?1 AND mm.\"person\" = ?2 AND "
		"m.\"state\" = 'offered' AND mm.\"answer\" IS NULL AND ?3 IS NOT NULL",
		"SELECT \"answer_until\" FROM \"match\" WHERE \"id\" = ?1" },
	{ "match-started", "SELECT 1 FROM \"match\" WHERE \"id\" = ?1 AND \"state\" = 'active' AND ?2 IS NOT NULL AND ?3 IS NOT NULL",
		NULL },
	/* taken back before it left: nothing is told */
	{ "match-address",
		"SELECT 1 FROM \"match\" m JOIN \"match_member\" mm ON mm.\"match\" = m.\"id\" JOIN \"consent\" c ON c.\"program\" = m.\"program\" "
		"AND c.\"person\" = mm.\"person\" AND c.\"giver\" = c.\"person\" AND c.\"purpose\" = 'share contact' AND c.\"state\" = 'given' "
		"JOIN \"program\" p ON p.\"id\" = m.\"program\" WHERE m.\"id\" = ?1 AND m.\"state\" = 'active' AND mm.\"person\" <> ?2 AND "
		"p.\"contact\" = 'mail addresses' AND ?3 IS NOT NULL",
		NULL },
	{ "check-in-due", CHECK_IN_OPEN, NEXT_CHECK_IN }, { "check-in-reminder", CHECK_IN_OPEN, NEXT_CHECK_IN },
	{ "meeting-invited", MEETING_STANDS, MEETING_BEGINS }, { "meeting-changed", MEETING_STANDS, MEETING_BEGINS },
	{ "meeting-reminder", MEETING_STANDS, MEETING_BEGINS }, { "meeting-answered", MEETING_STANDS, MEETING_BEGINS },
	{ "meeting-passed", MEETING_STANDS, NULL }, { "meeting-cancelled", NULL, MEETING_BEGINS }, { "wave-open", FORM_OPEN, FORM_CLOSES },
	{ "wave-reminder", FORM_OPEN, FORM_CLOSES },
	{ "address-change",
		"SELECT 1 FROM \"address_change\" WHERE \"id\" = ?1 AND \"state\" = 'proposed' AND \"new\" IS NOT NULL AND ?2 IS NOT NULL "
		"AND ?3 IS NOT NULL",
		"SELECT \"expires_at\" FROM \"address_change\" WHERE \"id\" = ?1" },
	{ "address-changing",
		"SELECT 1 FROM \"address_change\" WHERE \"id\" = ?1 AND \"state\" = 'proposed' AND ?2 IS NOT NULL AND ?3 IS NOT NULL",
		NULL },
	/* who asked for it waits for it; an hour later nobody does */
	{ "fresh-link", NULL,
		"SELECT max(\"queued_at\") + 3600 FROM \"message\" WHERE \"person\" = ?1 AND \"template_name\" = 'fresh-link'" },
	{ "guardian-introduced",
		"SELECT 1 FROM \"match\" m JOIN \"match_member\" mm ON mm.\"match\" = m.\"id\" JOIN \"guardianship\" g ON g.\"minor\" = "
		"mm.\"person\" WHERE m.\"id\" = ?1 AND m.\"state\" = 'active' AND g.\"guardian\" = ?2 AND g.\"state\" = 'verified' AND ?3 IS NOT NULL",
		NULL },
	/* a renewed one ends at another time, of which there is another mail */
	{ "consent-ending",
		"SELECT 1 FROM \"consent\" WHERE \"id\" = ?1 AND \"giver\" = ?2 AND \"state\" = 'given' AND \"ends\" * 86400 < ?3 + 15 * "
		"86400",
		"SELECT max(\"due\") FROM \"job\" WHERE \"kind\" = 'consent expiring' AND \"subject\" = ?1" },
	{ "consent-asked", "SELECT 1 FROM \"consent\" WHERE \"id\" = ?1 AND \"giver\" = ?2 AND \"state\" = 'asked' AND ?3 IS NOT NULL",
		NULL },
	{ "concern-waits", "SELECT 1 FROM \"concern\" WHERE \"id\" = ?1 AND \"state\" = 'open' AND ?2 IS NOT NULL AND ?3 IS NOT NULL",
		NULL },
	{ 0 }
};

int letter_occasion(struct call *call, const struct message *m, bool *ret_over, int64_t *ret_ends)
{
	int64_t found = 1, ends = NONE;
	int r = 0;

	for (const struct occasion *o = occasions; o->template_name && !r; o++) {
		if (strcmp(o->template_name, m->template_name) != 0)
			continue;
		if (o->still)
			r = ask(call, o->still, VALUES(m->about_id, m->person, call->now), &found);
		if (!r && o->ends)
			r = ask(call, o->ends, VALUES(m->about_id), &ends);
	}
	*ret_over = found == NONE;
	*ret_ends = ends != NONE ? ends : m->expires_at != NONE ? m->expires_at : m->queued_at + WORTHLESS_AFTER;
	return r;
}

/* ---- where to ---- */

bool letter_elsewhere(const struct message *m)
{
	const struct message_kind *kind = message_kind_named(m->template_name);

	return kind && kind->flags & MESSAGE_ELSEWHERE;
}

int letter_address(struct call *call, const struct message *m, const struct person *person, const char **ret)
{
	const struct message_kind *kind = message_kind_named(m->template_name);
	struct address_change *change;
	int r;

	*ret = person->email;
	if (!letter_elsewhere(m))
		return 0;
	r = load(call, &address_change_entity, m->about_id, (void **)&change);
	if (!r)
		*ret = kind->flags & MESSAGE_TO_NEW ? change->new : change->old;
	return r;
}

/* ---- may it leave now? ---- */

/* What binds waits until the address is no news any more. */
static int rests(struct call *call, const struct message *m, int64_t *until)
{
	const struct message_kind *kind = message_kind_named(m->template_name);
	int64_t rest = NONE;
	int r = 0;

	if (kind && kind->flags & MESSAGE_LINK && m->about && !strcmp(m->about, "consent"))
		r = address_rests(call, m->person, &rest);
	if (!r && rest != NONE && rest > *until)
		*until = rest;
	return r;
}

static int64_t awake(struct call *call, const char *zone_wanted, int64_t now)
{
	const struct settings *settings = settings_of(call);
	const struct zone *zone = zone_of(call, zone_wanted);
	int64_t local = zone_local(zone, now), day = local_day(local), hour = (local - day * DAY) / HOUR, instant;

	if (settings->mail.quiet_from > 23 || (hour >= settings->mail.quiet_until && hour < settings->mail.quiet_from))
		return now;
	if (hour >= settings->mail.quiet_from)
		day++;
	zone_instant(zone, day * DAY + settings->mail.quiet_until * HOUR, &instant);
	return instant > now ? instant : now;
}

int letter_judge(struct call *call, const struct message *m, enum letter_verdict *ret, int64_t *ret_until, const char **ret_why)
{
	const struct message_kind *kind = message_kind_named(m->template_name);
	struct program *program = NULL;
	struct person *person;
	const char *zone, *address = NULL;
	int64_t ends;
	bool over;
	int r = load(call, &person_entity, m->person, (void **)&person);

	*ret = LETTER_NOT_SENT;
	if (!r && m->program != NONE)
		r = load(call, &program_entity, m->program, (void **)&program);
	if (!r)
		r = letter_occasion(call, m, &over, &ends);
	if (!r)
		r = zone_for(call, m->person, program, &zone);
	if (!r)
		r = letter_address(call, m, person, &address);
	if (r)
		return r;
	if (person->state != PERSON_ACTIVE)
		*ret_why = "the recipient is not active";
	else if (!address)
		*ret_why = "there is no address";
	else if (person->mail_paused && !letter_elsewhere(m))
		*ret_why = "the address does not work";
	else if (over)
		*ret_why = "what it was about is over";
	else if (call->now >= ends)
		*ret_why = "expired";
	else if (person->no_mail_since != NONE && message_stops(kind))
		*ret_why = "the recipient wants no mail";
	else if (person->unsubscribed && kind && kind->flags & MESSAGE_OPTIONAL)
		*ret_why = "the recipient wants no such mail";
	else {
		*ret_until = kind && !(kind->flags & (MESSAGE_WAITS | MESSAGE_OPTIONAL)) ? call->now : awake(call, zone, call->now);
		if (program && program->mail_held && !(kind && kind->flags & MESSAGE_SAFETY))
			*ret_until = call->now + 600;
		r = rests(call, m, ret_until);
		*ret = *ret_until > call->now ? LETTER_WAITS : LETTER_GOES;
	}
	return r;
}

int letter_drop(struct call *call, const struct message *m, const char *why)
{
	struct arg outcome = { "outcome", { .type = V_TEXT, .text = why } };

	return perform_also(call, &message_entity, m->id, "Suppress", &outcome, 1);
}

/* ---- the mail of the day ---- */

bool letter_daily(const struct message *m)
{
	const struct message_kind *kind = message_kind_named(m->template_name);

	return kind && kind->flags & MESSAGE_DAILY;
}

struct day {
	const struct message *m;
	struct parts *parts;
	int64_t begins, ends, until;
};

static int day_of(struct call *call, const struct message *m, const char **ret_zone, struct day *ret)
{
	const struct zone *zone;
	int64_t day;
	int r = zone_for(call, m->person, NULL, ret_zone);

	if (r)
		return r;
	zone = zone_of(call, *ret_zone);
	day = local_day(zone_local(zone, call->now));
	zone_instant(zone, day * DAY, &ret->begins);
	zone_instant(zone, (day + 1) * DAY, &ret->ends);
	return 0;
}

/* The day's mail was sent, is being sent, or waits for another attempt, which those that come now then join. */
static int see_mail(struct call *call, void *record, void *data)
{
	const struct message *other = record;
	struct day *day = data;
	int64_t until = other->state != MESSAGE_QUEUED ? day->ends : other->not_before > call->now ? other->not_before : call->now + 1;

	if (letter_daily(other) && until > day->until)
		day->until = until;
	return 0;
}

int letter_day(struct call *call, const struct message *m, int64_t *ret_until)
{
	struct day day = { .m = m, .until = call->now };
	const char *zone;
	int r = day_of(call, m, &zone, &day);

	if (!r)
		r = each(call, &message_entity, see_mail, &day,
			"\"person\" = ?1 AND \"lead\" IS NOT NULL AND (\"state\" = 'sending' OR (\"state\" = 'sent' AND \"sent_at\" >= ?2) OR "
			"(\"state\" = 'queued' AND \"attempts\" > 0))",
			VALUES(m->person, day.begins));
	*ret_until = day.until > call->now ? awake(call, zone, day.until) : call->now;
	return r;
}

static int see_part(struct call *call, void *record, void *data)
{
	const struct message *m = record;
	struct day *day = data;
	enum letter_verdict verdict;
	const char *why = NULL;
	int64_t until;
	int r;

	if (day->parts->count >= LETTER_PARTS || m->id == day->m->id || !letter_daily(m))
		return 0;
	r = letter_judge(call, m, &verdict, &until, &why);
	if (r || verdict == LETTER_WAITS)
		return r;
	if (verdict == LETTER_NOT_SENT)
		return letter_drop(call, m, why);
	day->parts->of[day->parts->count++] = m;
	return 0;
}

/* What goes with it: what went with it before, and what is due until the day ends. A mail that may be there already stays as it was. */
int letter_parts(struct call *call, const struct message *m, struct parts *ret)
{
	struct day day = { .m = m, .parts = ret };
	bool open = !m->outcome || strncmp(m->outcome, "unknown", 7) != 0;
	const char *zone;
	int r;

	*ret = (struct parts){ { m }, 1, m->lead == NONE ? m->id : m->lead };
	if (!letter_daily(m))
		return 0;
	r = day_of(call, m, &zone, &day);
	return r ? r
		 : each(call, &message_entity, see_part, &day,
			   "\"person\" = ?1 AND \"state\" = 'queued' AND (\"lead\" = ?2 OR (\"lead\" IS NULL AND \"not_before\" < ?3))",
			   VALUES(m->person, ret->lead, open ? day.ends : 0));
}
