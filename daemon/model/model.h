/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The entities, and the structs and rules that more than one of them needs. model.c lists them all.
 */
#ifndef MENTORSHIP_MODEL_H
#define MENTORSHIP_MODEL_H

#include "core/minor_may.h"

#include "core/call.h"

extern const struct entity person_entity, login_entity, duty_entity, program_entity, closed_days_entity, participant_entity, trait_entity,
	availability_entity, wish_entity, objection_entity, group_membership_entity, recipe_entity, recipe_line_entity, match_run_entity,
	run_pair_entity, run_circle_entity, run_seat_entity, unplaced_entity, match_entity, match_member_entity, check_in_entity,
	message_entity, job_entity, audit_record_entity, disclosure_entity, import_entity, plugin_entity, invitation_entity,
	template_entity, concern_entity, instrument_entity, item_entity, item_text_entity, scale_entity, wave_entity, wave_member_entity,
	response_entity, wave_result_entity;

#define MANAGE "org.mentorship1.manage" /* the polkit action of administration */

enum person_state {
	PERSON_ACTIVE,
	PERSON_SUSPENDED,
	PERSON_ERASED
};
struct person {
	int64_t id, version;
	char *given_name, *family_name, *name, *email, *language, *zone;
	char *birth_date; /* sealed */
	int64_t minor, source;
	char *external_id;
	int64_t unsubscribed, no_mail_since, bounces, mail_paused, mail_paused_since, address_since, erase_asked, export_asked, erased_at,
		state;
};

enum program_state {
	PROGRAM_DRAFT,
	PROGRAM_OPEN,
	PROGRAM_RUNNING,
	PROGRAM_CLOSING,
	PROGRAM_CLOSED,
	PROGRAM_ARCHIVED
};
enum offer_order {
	OFFER_BOTH,
	OFFER_MENTOR_FIRST,
	OFFER_MENTEE_FIRST
};
enum { /* struct program.contact */
	CONTACT_ADDRESSES,
	CONTACT_THROUGH_US,
	CONTACT_ON_SITE
};
struct program {
	int64_t id, version;
	char *key, *title, *summary, *framework, *mentor_role, *mentee_role, *eligibility, *starter;
	int64_t starts, ends, intake_from, intake_to;
	char *zone;
	int64_t check_in_weeks, check_in_first_weeks, check_in_weekday, check_in_hour, check_in_form;
	int64_t reminder_days, overdue_days, escalation_days, offer_days, offer_order;
	char *formats;
	int64_t minimum_meetings, confidentiality, contact, agreement, agreement_days, mentor_places, retention_days;
	int64_t recipe, revision, mail_held, state, state_since;
};

enum participant_state {
	PARTICIPANT_APPLIED,
	PARTICIPANT_SCREENING,
	PARTICIPANT_ACCEPTED,
	PARTICIPANT_TRAINING,
	PARTICIPANT_READY,
	PARTICIPANT_COMPLETED,
	PARTICIPANT_WAITLISTED,
	PARTICIPANT_PAUSED,
	PARTICIPANT_REJECTED,
	PARTICIPANT_WITHDRAWN
};
enum side {
	SIDE_MENTOR,
	SIDE_MENTEE
};
struct participant {
	int64_t id, version, program, person;
	char *name;
	int64_t role, capacity;
	char *motivation, *leave_reason;
	int64_t priority, paused_in, state, state_since;
};

enum trait_kind {
	TRAIT_SKILL,
	TRAIT_INTEREST,
	TRAIT_LANGUAGE,
	TRAIT_FIELD,
	TRAIT_YEAR,
	TRAIT_DEPARTMENT,
	TRAIT_SITE,
	TRAIT_VALUE,
	TRAIT_FREE
};
enum trait_side {
	TRAIT_OFFERED,
	TRAIT_SOUGHT
};
struct trait {
	int64_t id, version, program, participant, person, kind;
	char *name;
	int64_t level;
	double number; /* of a free one; NaN: none */
	int64_t side;
};
struct availability {
	int64_t id, version, program, participant, person, weekday, start, end;
};

struct recipe {
	int64_t id, version, program;
	char *name;
	int64_t algorithm;
	char *starter;
};
struct recipe_line {
	int64_t id, version, program, recipe;
	char *criterion;
	int64_t use;
	double weight;
	char *parameters;
};

enum run_state {
	RUN_QUEUED,
	RUN_RUNNING,
	RUN_PROPOSED,
	RUN_COMMITTING,
	RUN_COMMITTED,
	RUN_DISCARDED,
	RUN_FAILED,
	RUN_CANCELLED
};
enum { /* places in match_algorithms */
	ALGORITHM_OPTIMAL,
	ALGORITHM_FAIR,
	ALGORITHM_STABLE,
	ALGORITHM_CIRCLES
};
struct match_run {
	int64_t id, version, program, recipe, from;
	char *changes, *recipe_name, *lines;
	int64_t algorithm, seed;
	char *input_hash;
	int64_t mentees, mentors, pairs, placed, total, bound;
	char *statistics, *groups, *problem;
	int64_t asked_at, done_at, state;
};
/* By what Fairness tells how mentees fare; 0: by the groups that people gave in confidence, else kinds of traits. */
extern const char *const fairness_kinds[];
struct run_pair {
	int64_t id, version, program, run, mentor, mentee, score;
	char *shares, *reasons, *alternatives, *sentence;
};
struct run_circle {
	int64_t id, version, program, run, number, weekday, start, minutes, score, value;
};
struct run_seat {
	int64_t id, version, program, run, circle, participant, side, score, suits;
	char *reasons;
};
/* A match (proposed) of a group that a run made. */
int circle_commit(struct call *, void *record, void *data);
extern const char *const weekday_words[]; /* from Monday */
extern const char *const side_words[];    /* of SIDE_MENTOR, SIDE_MENTEE */
/* "Tuesday 16:00-17:00", by the program's clock, of a row with weekday, start and minutes; NULL without. */
#define MEETS_OF_ROW \
	"CASE WHEN t.\"weekday\" IS NOT NULL THEN upper(substr(t.\"weekday\", 1, 1)) || substr(t.\"weekday\", 2) || " \
	"printf(' %02d:%02d-%02d:%02d', t.\"start\" / 60, t.\"start\" % 60, (t.\"start\" + t.\"minutes\") / 60 % 24, (t.\"start\" + " \
	"t.\"minutes\") % 60) END"
struct unplaced {
	int64_t id, version, program, run, participant;
	char *stopped, *help;
	int64_t mentor;
};

enum match_state {
	MATCH_PROPOSED,
	MATCH_OFFERED,
	MATCH_ACCEPTED,
	MATCH_ACTIVE,
	MATCH_PAUSED,
	MATCH_CLOSING,
	MATCH_COMPLETED,
	MATCH_DECLINED,
	MATCH_ENDED_EARLY
};
/* States in which a match takes a place; an offer takes none. */
#define MATCH_TAKING "'accepted', 'active', 'paused', 'closing'"
/* What a match is called, "Mona Mentor & Tim Mentee", from its members' own copies; and whether ?1 begins one of these names, or all of it. */
#define NAMES_OF_MATCH(id) \
	"(SELECT group_concat(\"name\", ' & ') FROM (SELECT mm.\"name\" FROM \"match_member\" mm WHERE mm.\"match\" = " id \
	" ORDER BY mm.\"side\" DESC, mm.\"id\"))"
#define CALLED_AS_MATCH(id) \
	"(" id " IN (SELECT mm.\"match\" FROM \"match_member\" mm WHERE mm.\"name\" >= ?1 AND mm.\"name\" < ?1 || char(1114111)) OR " \
	"(instr(?1, ' & ') AND " id \
	" IN (SELECT mm.\"match\" FROM \"match_member\" mm WHERE mm.\"name\" = substr(?1, 1, instr(?1, ' & ') - 1)) " \
	"AND instr(lower(" NAMES_OF_MATCH(id) "), lower(?1)) = 1))"
enum {
	KIND_PAIR,
	KIND_GROUP, /* one mentor */
	KIND_CIRCLE /* several */
};
struct match {
	int64_t id, version, program, kind, origin, run, score, weekday, start, minutes;
	char *explanation, *sentence;
	int64_t offered_at, answer_until, started, ends, close_reason;
	char *close_note;
	int64_t state, state_since;
};
/* When it was objected to, by anybody or by this person, in a concern that is not settled; NONE: it is not (concern.c). */
int match_objected(struct call *, int64_t match, int64_t *ret);
int match_objected_by(struct call *, int64_t match, int64_t person, int64_t *ret);
/* For which minor in the match this person may object: the minor, or a verified guardian of theirs; NONE: for none. */
int match_minor_of(struct call *, int64_t match, int64_t person, int64_t *ret);
enum {
	ANSWER_ACCEPTED,
	ANSWER_DECLINED
};
struct match_member {
	int64_t id, version, program, match, participant, person;
	char *name;
	int64_t side, answer, answered_at;
	char *answer_reason;
	int64_t change_asked;
	char *change_reason;
};

enum guardianship_state {
	GUARDIANSHIP_CLAIMED,
	GUARDIANSHIP_VERIFIED,
	GUARDIANSHIP_ENDED
};
struct guardianship {
	int64_t id, version, program, minor, guardian, relation, source;
	char *verified_how;
	int64_t verified_by, entered_at, state;
};
enum consent_state {
	CONSENT_ASKED,
	CONSENT_GIVEN,
	CONSENT_REFUSED,
	CONSENT_WITHDRAWN,
	CONSENT_EXPIRED
};
enum consent_way {
	CONSENT_BY_LINK,
	CONSENT_BY_LOGIN,
	CONSENT_OTHERWISE
};
struct consent {
	int64_t id, version, program, person, giver, purpose;
	char *wording;
	int64_t ends, days, way;
	char *evidence;
	int64_t asked_at, answered_at, state;
};
enum address_change_state {
	ADDRESS_PROPOSED,
	ADDRESS_IN_FORCE,
	ADDRESS_WITHDRAWN,
	ADDRESS_EXPIRED,
	ADDRESS_OBJECTED,
	ADDRESS_TAKEN_BACK
};
struct address_change {
	int64_t id, version, program, person;
	char *old, *new;
	int64_t origin, proposed_at, expires_at, in_force_at, state, state_since;
};
extern const struct entity address_change_entity;
/* Mail to them goes out: they want some, and their address works. Whoever does not hear is not silent. */
bool person_hears(const struct person *);
/* Has anything gone to an address of this person, so that another one must be confirmed there first? */
int address_used(struct call *, int64_t person, bool *ret);
/* Proposes it, unless the same one waits for its confirmation already. E_INVALID names the field `email`. */
int address_propose(struct call *, const struct person *, char *new);
/* Until when nothing that binds is asked of the person, because their address is new; an instant that is past, or NONE. */
int address_rests(struct call *, int64_t person, int64_t *ret_until);
/* "m***@example.org": enough for who knows it to know it again. */
char *address_hidden(struct arena *, const char *address);

extern const struct entity guardianship_entity, consent_entity;
extern const char *const consent_purposes[]; /* "take part" ..., ended by NULL */
/* The first instant at which it does not hold any more, in the person's zone; NONE: it has no end. */
int consent_over(struct call *, const struct consent *, int64_t *ret);
/* Of one that is given: may its giver renew it by now, and until which day would it hold? NONE: not yet, or not any more. */
int consent_renewable(struct call *, const struct consent *, int64_t *ret_until);
/* Asks somebody whether their address may be shown to whom they work with, where the program shows any and it was never asked. */
int consent_ask_contact(struct call *, const struct program *, int64_t person);
/* Whoever comes of age has no guardians any more. */
int guardians_end(struct call *, int64_t minor);
enum meeting_state {
	MEETING_PLANNED,
	MEETING_HELD,
	MEETING_MISSED,
	MEETING_CANCELLED
};
enum { /* struct meeting.mentor_comes, .mentee_comes; NONE: has not said */
	MEETING_YES,
	MEETING_NO
};
struct meeting {
	int64_t id, version, program, match, series;
	char *title;
	int64_t start, minutes, format;
	char *place, *notes;
	int64_t first, planned_by, sequence, changed_at, mentor_comes, mentee_comes, mentor_came, mentee_came, state;
};
struct meeting_series {
	int64_t id, version, program, match;
	char *title, *rule, *zone;
	int64_t start, until, minutes, format;
	char *place;
	int64_t planned_by, planned_to, state;
};
#define MEETING_LAST INT64_C(253402214400) /* the beginning of 9999-12-31 */
extern const struct entity meeting_entity, meeting_series_entity, meeting_note_entity;
extern const char *const meeting_formats[];
/* Proposes the first meeting of a match that starts; calls off those to come of one that ends, and its series. */
int meeting_first(struct call *, const struct match *);
int meetings_drop(struct call *, int64_t match);
/* Writes a private note of whoever calls, in the place of an older one. */
int meeting_note_keep(struct call *, const struct meeting *, const char *text);

enum check_in_state {
	CHECK_IN_DUE,
	CHECK_IN_ANSWERED,
	CHECK_IN_OVERDUE,
	CHECK_IN_ESCALATED
};
struct check_in {
	int64_t id, version, program, match, participant, person, side, due, form, rating;
	char *flags;
	int64_t answered_at, acknowledged_at, acknowledged_by, state;
};

enum message_state {
	MESSAGE_QUEUED,
	MESSAGE_HELD,
	MESSAGE_SENDING,
	MESSAGE_SENT,
	MESSAGE_FAILED,
	MESSAGE_SUPPRESSED,
	MESSAGE_WITHDRAWN
};
struct message {
	int64_t id, version, program, match, person;
	char *template_name, *about, *occasion;
	int64_t about_id, queued_at, not_before, expires_at, sent_at, attempts;
	char *outcome;
	int64_t lead, handed_to, caused_by, released, confided, state;
};

enum template_state {
	TEMPLATE_DRAFT,
	TEMPLATE_IN_USE,
	TEMPLATE_RETIRED
};
struct message_template { /* of the entity template */
	int64_t id, version, program;
	char *key, *language, *subject, *text, *html;
	int64_t state, state_since;
};

#define PLUGIN_TEST "plugin test" /* work: the plugin's id */
enum plugin_state {
	PLUGIN_WAITING,
	PLUGIN_RUNNING,
	PLUGIN_FAILED,
	PLUGIN_DISABLED,
	PLUGIN_ABSENT /* the configuration names it no more */
};
struct plugin {
	int64_t id, version;
	char *name, *release, *capabilities, *last_error;
	int64_t failed_at, restarts, required, tests, state;
};

enum invitation_state {
	INVITATION_SENT,
	INVITATION_OPENED,
	INVITATION_ANSWERED,
	INVITATION_EXPIRED,
	INVITATION_REVOKED
};
struct invitation {
	int64_t id, version, program, person, actor;
	char *purpose;
	int64_t subject, generation, message;
	char *token_hash, *answer_hash;
	int64_t sent_at, expires_at, opened_at, answered_at, state;
};
enum {                      /* struct purpose.flags */
	PURPOSE_REUSED = 1, /* the same link goes into several mails, and a newer one does not end it */
	PURPOSE_STAYS = 2,  /* an answer does not use it up */
	PURPOSE_BINDS = 4,  /* what it does binds somebody: it holds three days, and waits for three after a change of address */
	PURPOSE_REMAINS = 8 /* a change of the address does not end it: it is no link to the person's own affairs */
};
struct purpose {
	const char *name;
	const struct entity *entity; /* of the object */
	int64_t holds;               /* seconds */
	unsigned flags;
	const char *last; /* condition on rows: the newest for person ?1 with object ?2 */
};
extern const struct purpose purposes[]; /* ended by a row without a name */
const struct purpose *purpose_named(const char *name);

enum import_state {
	IMPORT_READING,
	IMPORT_CHECKING,
	IMPORT_READY,
	IMPORT_REFUSED,
	IMPORT_TAKING,
	IMPORT_TAKEN,
	IMPORT_UNDOING,
	IMPORT_UNDONE,
	IMPORT_FAILED
};
struct import {
	int64_t id, version, program, format;
	char *entity, *role, *name, *mapping;
	int64_t take, uid, author, rows, created, changed, unchanged, problems;
	char *problem;
	int64_t task, time, state;
};

/* Why, as the caller said it, for a field of its own; NULL if they did not. */
char *reason_given(struct call *);
/* The verb, without arguments, of each record that the condition selects; as each() and perform_also() say. */
int perform_each(struct call *, const struct entity *, const char *verb, const char *where, const int64_t *values, int count);
/* People with the person's own zone, or the program's, or the institution's: a name for plan and zone_of, may be NULL. */
int zone_for(struct call *, int64_t person, const struct program *, const char **ret);
/* The language that a person reads: their own, or the institution's. */
const char *language_of(const struct call *, const struct person *);
/* The language in which the person is spoken to: minors with du, where the language has it. Guardians and who has or had a duty are of age,
 * whether their birth date is known or not. */
int language_for(struct call *, const struct person *, const char **ret);
enum pausing { /* which closed days count: they say what pauses */
	PAUSED_CHECK_INS,
	PAUSED_MEETINGS
};
/* The first open day from `day` on (closed days of the program and the institution), and the instant of a local hour on it, for check-ins. */
int open_day(struct call *, int64_t program, int64_t day, enum pausing, int64_t *ret);
int open_instant(struct call *, int64_t program, int64_t day, int64_t hour, const char *zone, int64_t *ret);
/* Puts a message about a record into the outbox; the occasion is "NAME/ID" of the record, with /extra behind it unless NONE. */
int tell(struct call *, const char *template_name, int64_t person, int64_t program, int64_t match, const struct entity *about,
	int64_t about_id, int64_t extra);
int tell_staff(struct call *, const char *template_name, int64_t program, int64_t match, const struct entity *about, int64_t about_id,
	int64_t extra);
/* Plans the first check-in of a mentee of a match that starts, unless one waits; stops the reminders of one. */
int check_in_first(struct call *, const struct match_member *, const struct match *);
int check_in_drop(struct call *, int64_t id);
/* What follows up on one that was not answered rests, and is planned anew from today. */
int check_in_pause(struct call *, int64_t id);
int check_in_go_on(struct call *, const struct check_in *);
/* Refuses a form of check-ins (program.check_in_form, which is not NONE) that is not ready, lacks what rating and flags are read from, or
 * cannot be read by all mentees of the program; the error names the field. */
int check_in_form_fits(struct call *, const struct program *);
/* Whether one of two persons named the other in 'not with' in this program; true, too, where that cannot be opened. For no one to be told. */
int objection_between(struct call *, int64_t program, int64_t one, int64_t other, bool *ret);
/* For the safeguarding lead alone: a match (proposed or going on) has two in it of whom one named the other in 'not with'. Once for each. */
int objections_in_match(struct call *, int64_t match);
/* The concern that says so; nothing where there is one. */
int concern_of_objection(struct call *, int64_t match, int64_t program, int64_t author, int64_t other);
/* The lines of a recipe, changed as a what-if says (NULL: not at all): "criterion TAB hard|weight TAB weight TAB parameters". */
int recipe_lines(struct call *, int64_t recipe, const char *changes, char **ret_lines);
/* Fills a draft program, and the recipe made with it, from a shipped starter; E_INVALID names the known ones. */
int starter_fill(struct call *, struct program *);
int starter_recipe(struct call *, const struct program *);
/* What a recipe may ask for, and a run was asked: the words are those of match/match.h. */
extern const char *const match_algorithms[];
/* The algorithm of a shipped recipe, in a coordinator's words; E_INVALID names those that there are. */
int shipped_recipe(struct call *, const char *name, const char *const *algorithms, int64_t *ret_algorithm);
/* Its lines, added to a recipe. */
int shipped_lines(struct call *, int64_t recipe, const char *name);
/* Refuses to take a coordinator away where a running program would be left without one: the duty (NONE: all those of the person). */
int coordinator_stays(struct call *, int64_t person, int64_t duty);
enum {
	TOKEN_SIZE = 44
};
/* The token of a link to send now: an old link where the purpose says so or the same message is tried again, else a new one, which ends the
 * older ones of the same person, purpose and object. `until` NONE or an instant after which it is worthless. E_UNAVAILABLE without link-key. */
int link_for(struct call *, const struct purpose *, int64_t person, int64_t object, int64_t program, int64_t message, int64_t until,
	char token[TOKEN_SIZE]);
/* It was answered, with an answer of that hash. `forgets`: when, is not written down. */
int link_used(struct call *, int64_t id, const char *hash, bool forgets);
/* Every link of the person ends: a suspension, or on request. */
int links_end(struct call *, int64_t person);
/* With a new address those that went to the old one. */
int links_move(struct call *, int64_t person);
/* The call comes by a link of that purpose and object, and by no login. */
int by_link_of(struct call *, const char *purpose, int64_t object, bool *ret);
/* ---- of the store: token.c ---- */
/* The token of an invitation and the hash by which it is found. */
int link_token(struct call *, int64_t id, int64_t generation, char token[TOKEN_SIZE], char hash[65]);
/* false: it is no token. */
bool link_hash(const char *token, char hash[65]);
/* The invitation that a presented token belongs to, whatever its state; NULL if there is none. */
int link_find(struct call *, const char *token, struct invitation **ret);
/* Ends the running matches of a participant, one by one, with the reason; the others are ready again, first in the next run. */
int participant_leaves(struct call *, const struct participant *, const char *reason_word);

/* ---- waves by link: response.c. The daemon's side of a link has made sure who `person` is; these ask nothing more of it. ---- */
struct form;
struct form_page {
	const char *title;
	const struct form *form;   /* questionnaire/questionnaire.h; texts in the person's language where there are such */
	const char *const *values; /* of each item: what a draft has, NULL: nothing */
	const bool *applies;       /* of each item, by these values; what does not apply yet may after another answer */
	int64_t closes;            /* no answer is taken from then on */
	int64_t anonymity;         /* enum wave_anonymity: anonymous is, too, that nothing about the answers may be kept beside the person,
				    * no hash of them and no draft */
	bool answered;             /* there is nothing more to do */
};
struct form_error {
	const char *name, *text; /* the item's name, and a sentence for whoever fills it in */
};
struct form_errors {
	size_t count;
	const struct form_error *list; /* in the call's arena */
	bool draft_kept;               /* an anonymous wave keeps none */
};
/* The form as the person is to see it. E_NOTFOUND: not asked in this wave, or there is none; E_STATE: not open (any more). */
int wave_page(struct call *, int64_t wave, int64_t person, struct form_page *ret);
/* Takes the person's answers: by item's name, V_TEXT (V_WORDS for several choices, one a line; or the same name more than once); a name that is
 * no item's is refused. With `draft` they are kept for later as far as they are right. 0: taken (of a draft: errors may be told all the same);
 * E_INVALID with errors: nothing was taken; E_STATE: not open, or answered before; E_NOTFOUND as above. The call's own idempotency
 * body must not be kept for an anonymous wave. */
int wave_answer(struct call *, int64_t wave, int64_t person, const struct arg *answers, size_t count, bool draft, struct form_errors *ret);

#endif
