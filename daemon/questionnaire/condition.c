/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading a condition: recursive descent over the text, from loosest to tightest: or, and, = and !=, < and its kin, not() and
 * values. What is read becomes steps for a stack. Whatever is not known here is refused with its place, never skipped: a condition that is
 * understood by half would ask the wrong people.
 *
 * Depth and steps have limits, so that no text makes the stack of the process or of the evaluation overflow.
 */
#include <math.h>
#include <string.h>

#include "core/text.h"
#include "inner.h"

struct reading {
	struct arena *arena;
	const struct form *form;
	const char *text, *p;
	struct step steps[CONDITION_STEPS];
	size_t count, wrong_at;
	int depth;
	struct problem *problem;
};

static size_t place(const struct reading *r, const char *p)
{
	return text_points(r->text, (size_t)(p - r->text)) + 1;
}

#define wrong(r, where, ...) ((r)->wrong_at = place((r), (where)), problem_set((r)->problem, E_INVALID, "", __VA_ARGS__))

static void skip_blanks(struct reading *r)
{
	while (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r')
		r->p++;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int step(struct reading *r, const char *where, struct step s)
{
	if (r->count == CONDITION_STEPS)
		return wrong(r, where, "the condition is too long; %d parts are the limit", CONDITION_STEPS);
	s.at = place(r, where);
	r->steps[r->count++] = s;
	return 0;
}

/* The word at hand, if it stands there whole. */
static bool take_word(struct reading *r, const char *word)
{
	size_t n = strlen(word);

	skip_blanks(r);
	if (strncmp(r->p, word, n) || is_letter(r->p[n]) || is_digit(r->p[n]) || r->p[n] == '-')
		return false;
	r->p += n;
	return true;
}

static bool take_char(struct reading *r, char c)
{
	skip_blanks(r);
	if (*r->p != c)
		return false;
	r->p++;
	return true;
}

static int expect(struct reading *r, char c, const char *what)
{
	return take_char(r, c) ? 0 : wrong(r, r->p, "a %c is missing %s", c, what);
}

static int read_name(struct reading *r, size_t *ret_item)
{
	const char *start, *from, *end;
	char name[FORM_NAME + 1];
	ptrdiff_t at;

	skip_blanks(r);
	start = r->p;
	if (strncmp(start, "${", 2))
		return wrong(r, start, "the name of an item is wanted here, written as ${name}");
	for (from = start + 2; *from == ' '; from++)
		;
	for (end = from; is_letter(*end) || is_digit(*end) || *end == '-' || *end == '.'; end++)
		;
	r->p = end;
	if (end == from || end - from > FORM_NAME)
		return wrong(r, from, "between ${ and } stands no name");
	memcpy(name, from, (size_t)(end - from));
	name[end - from] = 0;
	if (expect(r, '}', "behind the name"))
		return E_INVALID;
	at = form_item_named(r->form, name);
	if (at < 0)
		return wrong(r, start, "there is no item called '%s'", name);
	*ret_item = (size_t)at;
	return 0;
}

static int read_text(struct reading *r, const char **ret)
{
	const char *end;
	char quote;

	skip_blanks(r);
	quote = *r->p;
	if (quote != '\'' && quote != '"')
		return wrong(r, r->p, "a value in quotes is wanted here, such as 'yes'");
	end = strchr(r->p + 1, quote);
	if (!end)
		return wrong(r, r->p, "the quote is never closed");
	*ret = arena_copy_n(r->arena, r->p + 1, (size_t)(end - r->p - 1));
	r->p = end + 1;
	return 0;
}

static int read_number(struct reading *r)
{
	const char *start = r->p, *end = start + (*start == '-');
	double number;
	char *text;

	while (is_digit(*end) || *end == '.')
		end++;
	text = arena_copy_n(r->arena, start, (size_t)(end - start));
	if (!number_read(text, &number))
		return wrong(r, start, "'%.40s' is no number", text);
	r->p = end;
	return step(r, start, (struct step){ .kind = STEP_NUMBER, .number = number });
}

static int read_or(struct reading *);

static int read_inner(struct reading *r, const char *what)
{
	int rc;

	if (expect(r, '(', what))
		return E_INVALID;
	if (++r->depth > CONDITION_DEPTH)
		return wrong(r, r->p, "there are too many brackets within brackets");
	rc = read_or(r);
	r->depth--;
	return rc ? rc : expect(r, ')', "at the end");
}

/* selected(${item}, 'value'), count-selected(${item}) */
static int read_selected(struct reading *r, const char *start, bool count)
{
	struct step s = { .kind = count ? STEP_COUNT : STEP_SELECTED };
	int rc = expect(r, '(', count ? "behind count-selected" : "behind selected");

	if (!rc)
		rc = read_name(r, &s.item);
	if (!rc && !count)
		rc = expect(r, ',', "between the item and the value");
	if (!rc && !count)
		rc = read_text(r, &s.text);
	if (!rc)
		rc = expect(r, ')', "at the end");
	return rc ? rc : step(r, start, s);
}

static int read_word(struct reading *r)
{
	const char *start = r->p, *end = start;

	if (take_word(r, "not")) {
		int rc = read_inner(r, "behind not");

		return rc ? rc : step(r, start, (struct step){ .kind = STEP_NOT });
	}
	if (take_word(r, "selected"))
		return read_selected(r, start, false);
	if (take_word(r, "count-selected"))
		return read_selected(r, start, true);
	if (take_word(r, "true") || take_word(r, "false")) {
		int rc = expect(r, '(', "behind the word");

		if (!rc)
			rc = expect(r, ')', "behind the bracket");
		return rc ? rc : step(r, start, (struct step){ .kind = STEP_TRUTH, .number = *start == 't' });
	}
	while (is_letter(*end) || is_digit(*end) || *end == '-')
		end++;
	return wrong(r, start, "'%.*s' is not known here; known are ${name}, selected(), count-selected(), not(), true(), false(), and, or",
		end - start > 40 ? 40 : (int)(end - start), start);
}

static int read_value(struct reading *r)
{
	struct step s = { .kind = STEP_ITEM };
	const char *start;
	int rc;

	skip_blanks(r);
	start = r->p;
	if (*start == '(')
		return read_inner(r, "");
	if (*start == '$') {
		rc = read_name(r, &s.item);
		return rc ? rc : step(r, start, s);
	}
	if (*start == '\'' || *start == '"') {
		s.kind = STEP_TEXT;
		rc = read_text(r, &s.text);
		return rc ? rc : step(r, start, s);
	}
	if (is_digit(*start) || *start == '-')
		return read_number(r);
	if (is_letter(*start))
		return read_word(r);
	if (!*start)
		return wrong(r, start, "the condition ends where a value is wanted");
	return wrong(r, start, "a value is wanted here: ${name}, a number, or a text in straight quotes");
}

static int read_order(struct reading *r)
{
	int rc = read_value(r);

	while (!rc) {
		const char *start;
		enum step_kind kind;

		skip_blanks(r);
		start = r->p;
		if (*start != '<' && *start != '>')
			break;
		kind = *start == '<' ? start[1] == '=' ? STEP_LE : STEP_LT : start[1] == '=' ? STEP_GE : STEP_GT;
		r->p += kind == STEP_LE || kind == STEP_GE ? 2 : 1;
		rc = read_value(r);
		if (!rc)
			rc = step(r, start, (struct step){ .kind = kind });
	}
	return rc;
}

static int read_equal(struct reading *r)
{
	int rc = read_order(r);

	while (!rc) {
		const char *start;
		enum step_kind kind;

		skip_blanks(r);
		start = r->p;
		if (*start != '=' && strncmp(start, "!=", 2))
			break;
		kind = *start == '=' ? STEP_EQ : STEP_NE;
		r->p += kind == STEP_EQ ? 1 : 2;
		rc = read_order(r);
		if (!rc)
			rc = step(r, start, (struct step){ .kind = kind });
	}
	return rc;
}

static int read_and(struct reading *r)
{
	int rc = read_equal(r);

	while (!rc) {
		const char *start;

		skip_blanks(r);
		start = r->p;
		if (!take_word(r, "and"))
			break;
		rc = read_equal(r);
		if (!rc)
			rc = step(r, start, (struct step){ .kind = STEP_AND });
	}
	return rc;
}

static int read_or(struct reading *r)
{
	int rc = read_and(r);

	while (!rc) {
		const char *start;

		skip_blanks(r);
		start = r->p;
		if (!take_word(r, "or"))
			break;
		rc = read_and(r);
		if (!rc)
			rc = step(r, start, (struct step){ .kind = STEP_OR });
	}
	return rc;
}

int condition_read(struct arena *arena, const struct form *form, const char *text, const struct condition **ret, size_t *ret_at,
	struct problem *problem)
{
	struct reading *r = arena_new(arena, sizeof *r);
	struct condition *condition;
	int rc;

	*r = (struct reading){ .arena = arena, .form = form, .text = text, .p = text, .wrong_at = 1, .problem = problem };
	rc = strlen(text) > CONDITION_SIZE ? wrong(r, text, "the condition is longer than %d characters", CONDITION_SIZE) : read_or(r);
	if (!rc) {
		skip_blanks(r);
		if (*r->p)
			rc = wrong(r, r->p, "the condition should end here, or go on with 'and' or 'or'");
	}
	*ret_at = r->wrong_at;
	if (rc)
		return rc;
	condition = arena_new(arena, sizeof *condition + r->count * sizeof *condition->steps);
	condition->count = r->count;
	memcpy(condition->steps, r->steps, r->count * sizeof *condition->steps);
	*ret = condition;
	return 0;
}

bool condition_asks(const struct condition *condition, size_t item, size_t *ret_at)
{
	for (size_t i = 0; i < condition->count; i++) {
		const struct step *s = &condition->steps[i];

		if ((s->kind == STEP_ITEM || s->kind == STEP_SELECTED || s->kind == STEP_COUNT) && s->item == item) {
			*ret_at = s->at;
			return true;
		}
	}
	return false;
}

/* ---- evaluation: values of XPath 1.0, so a form means here what it meant elsewhere ---- */

enum value_kind {
	IS_TEXT,
	IS_NUMBER,
	IS_TRUTH
};
struct worth {
	enum value_kind kind;
	const char *text;
	double number;
};

static double as_number(const struct worth *v)
{
	double number;

	if (v->kind != IS_TEXT)
		return v->number;
	return number_read(v->text, &number) ? number : (double)NAN;
}

static bool as_truth(const struct worth *v)
{
	return v->kind == IS_TEXT ? *v->text != 0 : v->number != 0 && !isnan(v->number);
}

/* A number on either side makes it a comparison of numbers, in which what is no number equals nothing. */
static bool same(const struct worth *a, const struct worth *b)
{
	if (a->kind == IS_TRUTH || b->kind == IS_TRUTH)
		return as_truth(a) == as_truth(b);
	if (a->kind == IS_NUMBER || b->kind == IS_NUMBER)
		return as_number(a) == as_number(b);
	return !strcmp(a->text, b->text);
}

static struct worth truth(bool yes)
{
	return (struct worth){ IS_TRUTH, "", yes };
}

static struct worth two(enum step_kind kind, const struct worth *a, const struct worth *b)
{
	switch (kind) {
	case STEP_AND: return truth(as_truth(a) && as_truth(b));
	case STEP_OR: return truth(as_truth(a) || as_truth(b));
	case STEP_EQ: return truth(same(a, b));
	case STEP_NE: return truth(!same(a, b));
	case STEP_LT: return truth(as_number(a) < as_number(b));
	case STEP_LE: return truth(as_number(a) <= as_number(b));
	case STEP_GT: return truth(as_number(a) > as_number(b));
	default: return truth(as_number(a) >= as_number(b));
	}
}

bool condition_holds(const struct condition *condition, const struct form *form, const char *const *answers)
{
	struct worth stack[CONDITION_STEPS];
	size_t top = 0;

	(void)form;
	for (size_t i = 0; i < condition->count; i++) {
		const struct step *s = &condition->steps[i];
		const char *answer = s->kind == STEP_ITEM || s->kind == STEP_SELECTED || s->kind == STEP_COUNT ? answers[s->item] : NULL;

		switch (s->kind) {
		case STEP_ITEM: stack[top++] = (struct worth){ IS_TEXT, answer ? answer : "", 0 }; break;
		case STEP_TEXT: stack[top++] = (struct worth){ IS_TEXT, s->text, 0 }; break;
		case STEP_NUMBER: stack[top++] = (struct worth){ IS_NUMBER, "", s->number }; break;
		case STEP_TRUTH: stack[top++] = truth(s->number != 0); break;
		case STEP_SELECTED: stack[top++] = truth(answer && answer_has(answer, s->text)); break;
		case STEP_COUNT: stack[top++] = (struct worth){ IS_NUMBER, "", answer ? (double)answer_count(answer) : 0 }; break;
		case STEP_NOT: stack[top - 1] = truth(!as_truth(&stack[top - 1])); break;
		default: stack[top - 2] = two(s->kind, &stack[top - 2], &stack[top - 1]); top--;
		}
	}
	return as_truth(&stack[0]);
}
