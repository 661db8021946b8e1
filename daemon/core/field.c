/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "field.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "date.h"
#include "zone.h"

char SEALED_CLEARED[1];

void field_clear(const struct field *f, void *record)
{
	if (!field_is_stored(f))
		return;
	if (field_is_text(f))
		*field_text(record, f) = NULL;
	else if (f->kind == REAL)
		*field_real(record, f) = NAN;
	else
		*field_number(record, f) = f->kind == YESNO ? 0 : NONE;
}

void field_start(const struct field *f, void *record)
{
	field_clear(f, record);
	if (f->starts && !field_is_text(f))
		*field_number(record, f) = f->initial;
	else if (f->initial_text)
		*field_text(record, f) = (char *)(uintptr_t)f->initial_text;
}

bool field_is_none(const struct field *f, const void *record)
{
	if (field_is_text(f))
		return !*field_text(record, f);
	if (f->kind == REAL)
		return isnan(*field_real(record, f));
	return *field_number(record, f) == NONE;
}

bool field_same(const struct field *f, const void *a, const void *b)
{
	if (field_is_text(f)) {
		const char *x = *field_text(a, f), *y = *field_text(b, f);

		return x == y || (x && y && !strcmp(x, y));
	}
	if (f->kind == REAL)
		return *field_real(a, f) == *field_real(b, f) || (field_is_none(f, a) && field_is_none(f, b));
	return *field_number(a, f) == *field_number(b, f);
}

void field_copy(const struct field *f, const void *from, void *to)
{
	if (field_is_stored(f))
		memcpy((char *)to + f->offset, (const char *)from + f->offset, 8);
}

int choice_index(const char *const *choices, const char *word)
{
	for (int i = 0; choices[i]; i++)
		if (!strcmp(choices[i], word))
			return i;
	return -1;
}

int64_t path_id(const struct entity *e, const char *path)
{
	size_t root = sizeof PATH_ROOT - 1, length = strlen(e->collection);
	int64_t id = 0;

	if (strncmp(path, PATH_ROOT "/", root + 1) || strncmp(path + root + 1, e->collection, length))
		return 0;
	path += root + 1 + length;
	if (*path++ != '/' || *path < '1' || *path > '9')
		return 0;
	for (; *path >= '0' && *path <= '9'; path++)
		if (__builtin_mul_overflow(id, 10, &id) || __builtin_add_overflow(id, *path - '0', &id))
			return 0;
	return *path ? 0 : id;
}

char *path_of(struct arena *arena, const struct entity *e, int64_t id)
{
	return arena_print(arena, PATH_ROOT "/%s/%" PRId64, e->collection, id);
}

/* ---- decoding ---- */

static const char *const wants[] = { [TEXT] = "a text",
	[NUMBER] = "a whole number",
	[REAL] = "a number",
	[DATE] = "a date such as 2026-11-23",
	[INSTANT] = "an instant, in seconds since 1970 UTC",
	[CHOICE] = "one of its words",
	[LINK] = "an object path",
	[WORDS] = "a list of words",
	[YESNO] = "yes or no (a boolean)" };

static int wrong(const struct field *f, struct problem *problem)
{
	return problem_set(problem, E_INVALID, f->name, "%s must be %s", f->label, wants[f->kind]);
}

static int decode_choice(const struct field *f, const char *word, int64_t *ret, struct problem *problem)
{
	char words[300] = "";
	int at = choice_index(f->choices, word);

	if (at >= 0) {
		*ret = at;
		return 0;
	}
	for (int i = 0; f->choices[i] && strlen(words) + strlen(f->choices[i]) + 3 < sizeof words; i++)
		snprintf(words + strlen(words), sizeof words - strlen(words), "%s%s", i ? ", " : "", f->choices[i]);
	return problem_set(problem, E_INVALID, f->name, "%s must be one of: %s", f->label, words);
}

static int decode_text(const struct field *f, const struct value *v, void *record, struct arena *arena, struct problem *problem)
{
	unsigned flags = f->flags & LINES || f->kind == WORDS ? TEXT_LINES : 0;
	size_t length = strlen(v->text);

	if (length > 65536)
		return problem_set(problem, E_LIMIT, f->name, "%s is longer than 65536 bytes", f->label);
	if (text_check(v->text, length, flags, problem)) {
		snprintf(problem->field, sizeof problem->field, "%s", f->name);
		return problem->code;
	}
	*field_text(record, f) = length ? arena_copy_n(arena, v->text, length) : NULL;
	return 0;
}

/* A sealed member is text whatever the kind: the kind is decoded into a number first, to see that it is one. */
static int decode_sealed(const struct field *f, const struct value *v, void *record, struct arena *arena, struct problem *problem)
{
	int64_t n;
	char text[DATE_TEXT];

	if (f->kind == DATE) {
		if (v->type != V_TEXT || date_parse(v->text, &n, NULL))
			return wrong(f, problem);
		date_print(n, text);
		*field_text(record, f) = arena_copy(arena, text);
		return 0;
	}
	if (f->kind == NUMBER) {
		if (v->type != V_INT)
			return wrong(f, problem);
		*field_text(record, f) = arena_print(arena, "%" PRId64, v->number);
		return 0;
	}
	return v->type == V_TEXT ? decode_text(f, v, record, arena, problem) : wrong(f, problem);
}

int field_decode(
	const struct field *f, const struct entity *to, const struct value *v, void *record, struct arena *arena, struct problem *problem)
{
	int64_t *number = field_number(record, f);

	if (f->privacy == SEALED && (v->type == V_NONE || (v->type == V_TEXT && !*v->text))) {
		*field_text(record, f) = SEALED_CLEARED;
		return 0;
	}
	if (v->type == V_NONE) {
		field_clear(f, record);
		/* Hooks of entities look up the word of such a field before the checks of the whole record. */
		return f->kind == CHOICE && f->flags & REQUIRED ? problem_set(problem, E_INVALID, f->name, "%s is required", f->label) : 0;
	}
	if (f->privacy == SEALED)
		return decode_sealed(f, v, record, arena, problem);
	switch (f->kind) {
	case TEXT: return v->type == V_TEXT ? decode_text(f, v, record, arena, problem) : wrong(f, problem);
	case WORDS: return v->type == V_WORDS ? decode_text(f, v, record, arena, problem) : wrong(f, problem);
	case NUMBER:
	case INSTANT:
		if (v->type != V_INT)
			return wrong(f, problem);
		*number = v->number;
		return 0;
	case REAL:
		if (v->type == V_INT)
			*field_real(record, f) = (double)v->number;
		else if (v->type == V_REAL)
			*field_real(record, f) = v->real;
		else
			return wrong(f, problem);
		return isinf(*field_real(record, f)) ? wrong(f, problem) : 0;
	case YESNO:
		if (v->type != V_BOOL)
			return wrong(f, problem);
		*number = v->number;
		return 0;
	case DATE:
		if (v->type != V_TEXT)
			return wrong(f, problem);
		if (!*v->text) {
			*number = NONE;
			return 0;
		}
		return date_parse(v->text, number, NULL) ? wrong(f, problem) : 0;
	case CHOICE: return v->type == V_TEXT ? decode_choice(f, v->text, number, problem) : wrong(f, problem);
	case LINK:
		if (v->type != V_PATH)
			return wrong(f, problem);
		if (!strcmp(v->text, "/")) {
			*number = NONE;
			return 0;
		}
		*number = path_id(to, v->text);
		return *number > 0 ? 0
				   : problem_set(problem, E_INVALID, f->name, "%s must be a path such as " PATH_ROOT "/%s/7", f->label,
					     to->collection);
	}
	return problem_set(problem, E_INVALID, f->name, "%s cannot be given", f->label);
}

static int read_number(const struct field *f, const char *text, struct value *v, struct problem *problem)
{
	char *end;

	v->type = V_INT;
	v->number = strtoll(text, &end, 10);
	return *end || end == text || v->number == NONE ? wrong(f, problem) : 0;
}

static int read_yes(const struct field *f, const char *text, struct value *v, struct problem *problem)
{
	static const char *const yes[] = { "yes", "true", "1", NULL }, *const no[] = { "no", "false", "0", NULL };

	v->type = V_BOOL;
	v->number = choice_index(yes, text) >= 0;
	return v->number || choice_index(no, text) >= 0 ? 0 : wrong(f, problem);
}

int field_read(const struct field *f, const struct entity *to, const char *text, void *record, struct arena *arena, struct problem *problem)
{
	struct value v = { .type = V_TEXT, .text = text };
	char *words, *end;
	int r = 0;

	if (!*text)
		v.type = V_NONE;
	else if (f->kind == NUMBER || f->kind == INSTANT)
		r = read_number(f, text, &v, problem);
	else if (f->kind == REAL) {
		v.type = V_REAL;
		v.real = strtod(text, &end);
		r = *end || end == text ? wrong(f, problem) : 0;
	} else if (f->kind == YESNO)
		r = read_yes(f, text, &v, problem);
	else if (f->kind == LINK)
		v.type = V_PATH;
	else if (f->kind == WORDS) {
		v.type = V_WORDS;
		v.text = words = arena_copy(arena, text);
		for (char *p = words; *p; p++)
			if (*p == ';')
				*p = '\n';
	}
	return r ? r : field_decode(f, to, &v, record, arena, problem);
}

/* ---- checking ---- */

bool mail_is_valid(const char *text)
{
	const char *at = strrchr(text, '@');
	size_t length = strlen(text);

	if (!at || at == text || length > 254 || at - text > 64 || !strchr(at, '.') || text[length - 1] == '.')
		return false;
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f || strchr("<>()[],;:\\\"", *p) || (*p == '@' && p != at))
			return false;
	return at[1] != '.' && !strstr(text, "..");
}

static int check_text(const struct field *f, const char *text, struct problem *problem)
{
	int64_t length = (int64_t)text_points(text, strlen(text));

	if (f->flags & HAS_MIN && length < f->min)
		return problem_set(problem, E_INVALID, f->name, "%s must have at least %" PRId64 " characters", f->label, f->min);
	if (f->flags & HAS_MAX && length > f->max)
		return problem_set(
			problem, E_INVALID, f->name, "%s has %" PRId64 " characters, %" PRId64 " are allowed", f->label, length, f->max);
	if (f->flags & MAIL && !mail_is_valid(text))
		return problem_set(problem, E_INVALID, f->name, "%s must be a mail address such as name@example.org", f->label);
	if (f->flags & ZONE && !zone_name_is_valid(text))
		return problem_set(problem, E_INVALID, f->name, "%s must be a time zone such as Europe/Berlin", f->label);
	return 0;
}

int field_check(const struct field *f, const void *record, struct problem *problem)
{
	int64_t n;

	if (!field_is_stored(f))
		return 0;
	if (field_is_none(f, record))
		return f->flags & REQUIRED ? problem_set(problem, E_INVALID, f->name, "%s is required", f->label) : 0;
	if (field_is_text(f))
		return f->kind == TEXT || f->kind == WORDS ? check_text(f, *field_text(record, f), problem) : 0;
	if (f->kind == REAL) {
		double d = *field_real(record, f);

		return (f->flags & HAS_MIN && d < (double)f->min) || (f->flags & HAS_MAX && d > (double)f->max)
			? problem_set(problem, E_INVALID, f->name, "%s must be from %" PRId64 " to %" PRId64, f->label, f->min, f->max)
			: 0;
	}
	n = *field_number(record, f);
	if (f->flags & HAS_MIN && n < f->min)
		return problem_set(problem, E_INVALID, f->name, "%s must be at least %" PRId64, f->label, f->min);
	if (f->flags & HAS_MAX && n > f->max)
		return problem_set(problem, E_INVALID, f->name, "%s must be at most %" PRId64, f->label, f->max);
	if (f->kind == DATE && (n < -719162 || n > 2932896))
		return problem_set(problem, E_INVALID, f->name, "%s must lie in the years 1 to 9999", f->label);
	return 0;
}

/* ---- printing ---- */

void field_print(const struct field *f, const void *record, struct buffer *out)
{
	char text[DATE_TEXT];
	int64_t n;

	if (!field_is_stored(f) || field_is_none(f, record))
		return;
	if (field_is_text(f)) {
		buffer_text(out, *field_text(record, f));
		return;
	}
	if (f->kind == REAL) {
		buffer_print(out, "%.17g", *field_real(record, f));
		return;
	}
	n = *field_number(record, f);
	if (f->kind == DATE) {
		date_print(n, text);
		buffer_text(out, text);
	} else if (f->kind == CHOICE)
		buffer_text(out, f->choices[n]);
	else if (f->kind == YESNO)
		buffer_text(out, n ? "yes" : "no");
	else
		buffer_print(out, "%" PRId64, n);
}
