/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Instruments, waves and responses among themselves: the structs that their files share, and a form made of its rows.
 */
#ifndef MENTORSHIP_SURVEY_H
#define MENTORSHIP_SURVEY_H

#include "model.h"
#include "questionnaire/questionnaire.h"

enum instrument_state {
	INSTRUMENT_DRAFT,
	INSTRUMENT_READY,
	INSTRUMENT_RETIRED
};
struct instrument {
	int64_t id, version, program;
	char *key;
	int64_t edition;
	char *title, *language, *licence, *source, *starter;
	int64_t state;
};
struct item {
	int64_t id, version, program, instrument, position;
	char *name;
	int64_t kind;
	char *label, *choices; /* a line for each: value=label */
	int64_t required;
	char *relevant;
	double min, max;
	int64_t reversed;
};
struct item_text {
	int64_t id, version, program, item;
	char *language, *label, *choices;
};
struct scale {
	int64_t id, version, program, instrument;
	char *name, *label;
	int64_t scoring;
	char *items, *reversed; /* words */
};

enum wave_state {
	WAVE_PLANNED,
	WAVE_OPEN,
	WAVE_CLOSING,
	WAVE_CLOSED
};
enum {
	WAVE_NAMED,
	WAVE_PSEUDONYMOUS,
	WAVE_ANONYMOUS
};
struct wave {
	int64_t id, version, program, instrument;
	char *title;
	int64_t audience, opens, closes, reminder_days, reminders, anonymity, k, by_side, compared_with;
	char *outlook, *key_check;
	int64_t state;
};
enum wave_member_state {
	WAVE_MEMBER_ASKED,
	WAVE_MEMBER_ANSWERED
};
struct wave_member {
	int64_t id, version, program, wave, person;
	char *name;
	int64_t side, state;
};
enum response_state {
	RESPONSE_DRAFT,
	RESPONSE_SUBMITTED
};
struct response {
	int64_t id, version, program, match, wave, check_in, person, side;
	char *answers; /* a line for each: name=value, with \n and \\ escaped */
	char *shut;    /* the same, sealed under the key of an anonymous wave, as long as that is open */
	int64_t entered, submitted_on, state;
};
struct wave_result {
	int64_t id, version, program, wave, position;
	char *item, *label, *choice, *choice_label, *side;
	int64_t count, of;
	double mean, value;
	char *note;
};

/* The form of an instrument, compiled, its texts in that language where there are such (NULL: its own). E_INVALID tells the first
 * things that are wrong with it. */
int survey_form(struct call *, int64_t instrument, const char *language, struct form **ret);
/* The items of a sound form that cannot be read in that language, "rating, met": their text or that of a choice is missing; NULL: none. */
int survey_lacks(struct call *, const struct instrument *, const char *language, const char **ret);
/* Does the form of an instrument fit on a page, in each of its languages? E_LIMIT says how much it is and what to do. */
int survey_fits(struct call *, const struct instrument *);
/* Makes the items and scales of a shipped instrument, in its draft. */
int shipped_fill(struct call *, struct instrument *);
int shipped_items(struct call *, const struct instrument *);
/* What verbs take that are given answers: words "name=value". */
struct given_answers {
	char *answers;
};
/* These words as arguments, one for each; E_INVALID names `answers`. */
int answers_given(struct call *, const char *words, struct arg **ret, size_t *ret_count);
/* Looks at answers for a form: *ret_kept is what is to be kept, `values` has one of each item (NULL: none). Of a draft what is wrong is left
 * out and told; else E_INVALID with errors. */
int answers_take(struct call *, const struct form *, const struct arg *, size_t count, bool draft, struct form_errors *,
	const char ***ret_values, char **ret_kept);
/* The same given as words, by a call of its own. */
int answers_call(struct call *, const struct form *, const char *words, bool draft, const char ***ret_values, char **ret_kept);
/* The response to a check-in, or its draft; NULL: there is none. */
int response_to(struct call *, int64_t check_in, struct response **ret);
/* Writes a response in the place of its draft (NULL: there was none); the link to what was answered, and to whom, stands in `now`. */
int response_write(struct call *, const struct response *old, struct response *now, char *answers, bool draft);
/* Answers as kept, and back: `values` has one of each item of the form (NULL: none). */
void answer_unescape(char *); /* of one value, in place */
char *answers_kept(struct call *, const struct form *, const char *const *values);
void answers_read(struct call *, const struct form *, const char *kept, const char **values);
/* Reads the lines value=label of choices into the arena. */
const struct form_choice *choices_read(struct arena *, const char *lines, size_t *ret_count);
/* How many would be asked by that audience now. */
int wave_audience(struct call *, const struct wave *, int64_t *ret);
/* A page's form with the answers of a draft (NULL: none). */
void form_page_fill(struct call *, const struct form *, const char *draft, struct form_page *);
/* Takes answers (see wave_answer) of somebody who is asked; that they have answered is for the caller to write down. */
int wave_take(struct call *, const struct wave_member *, const struct arg *, size_t count, bool draft, struct form_errors *ret);
/* Participants of the program ?1 who are asked as ?2 (index of the audience), with their side. */
#define AUDIENCE \
	"SELECT p.\"person\", p.\"role\" FROM \"participant\" p JOIN \"person\" pe ON pe.\"id\" = p.\"person\" " \
	"WHERE p.\"program\" = ?1 AND pe.\"state\" = 'active' AND p.\"state\" IN ('accepted', 'training', 'ready', 'completed') " \
	"AND (?2 IN (2, 5) OR p.\"role\" = CASE WHEN ?2 IN (0, 3) THEN 'mentor' ELSE 'mentee' END) " \
	"AND (?2 < 3 OR EXISTS (SELECT 1 FROM \"match_member\" mm JOIN \"match\" ma ON ma.\"id\" = mm.\"match\" " \
	"WHERE mm.\"participant\" = p.\"id\" AND ma.\"state\" IN ('active', 'paused', 'closing')))"
/* Would a few people be told apart by the results of this wave and of others that ask the same in these weeks? *ret_why: a sentence that says
 * so and what to do; NULL: no. `k`: the fewest answers that this one would show. */
int waves_apart(struct call *, const struct wave *, int64_t k, const char **ret_why);
/* The frozen results of a wave as CSV: the answer `results` of its verb. */
int wave_table(struct call *, const struct wave *);
/* An instrument as an .xlsx in XLSForm: its entity's `write`. */
int xlsform_write(struct call *, int64_t id, const char *format, struct buffer *out);
/* What the page of a check-in that asks a form shows of it, in that language. */
int check_in_page_form(struct call *, const struct check_in *, const char *language, struct form_page *);
/* Takes answers, words "name=value", to a check-in that asks a form: its response is written, and unless it is a draft its rating and flags are
 * set. E_INVALID names `answers`. */
int check_in_take(struct call *, struct check_in *, const char *words, bool draft);
/* ---- the close: wave_close.c ---- */
/* Takes a wave that is to be closed to WAVE_CLOSED, or to WAVE_CLOSING with a job planned that goes on. */
int wave_close_begin(struct call *, struct wave *);
/* A slice of whichever step's job calls it. */
int wave_close_slice(struct call *, int64_t subject, int64_t nominal, int64_t *cursor);
/* Steps; 1 while there is more. Counting and freezing the results: the cursor is how many of them are written. */
int wave_count(struct call *, const struct wave *, int64_t *cursor);
/* ---- of an anonymous wave, whose answers lie sealed until it closes: response_shut.c ---- */
/* Makes the key of a wave that opens, or says why there can be none. */
int answers_key(struct call *, struct wave *);
/* A response as it is kept while the wave is open, with the answers as answers_kept made them. Its id is set. E_STATE where the key
 * was forgotten already. */
int answers_shut(struct call *, const struct wave *, struct response *, const char *answers);
/* The answers of any submitted response; E_NOTFOUND where the key was forgotten. */
int answers_of(struct call *, const struct response *, char **ret);
/* At the beginning of the close: makes the secret by which sealed rows get their new numbers. Nothing where the key was forgotten. */
int answers_closing(struct call *, struct wave *);
/* What was sealed is written anew, open, under other numbers and in their order, the cursor being the last; then what was sealed is deleted.
 * 1 while there is more. Where the key was forgotten all stays as it is. */
int answers_anew(struct call *, const struct wave *, int64_t *cursor);
int answers_clear(struct call *, const struct wave *, int64_t *cursor);
/* So that older copies of what was sealed cannot be opened any more. */
int answers_forget(struct call *, int64_t wave);

#endif
