/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "xlsform.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "words.h"

#define SAY(form, notice, sheet, row, column, header, ...) \
	roster_say((form)->roster, notice, &(struct place){ (sheet)->where, row, column, header }, __VA_ARGS__)

/* ---- the file ---- */

static const char *const wanted[] = { "survey", "choices", "settings", "scales", NULL };

static void refuse(struct xlsform *form, const char *text)
{
	roster_say(form->roster, 0, &(struct place){ form->book.file, 0, 0, NULL }, "%s", text);
}

/* What Excel wrote until 2003, and what it writes around a file with a password: the same container. */
static void refuse_old(struct xlsform *form, const char *data, size_t size)
{
	static const char encrypted[] = "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e";

	if (memmem(data, size, encrypted, sizeof encrypted - 1))
		refuse(form, "the file is locked with a password; save it without one, and import that");
	else
		refuse(form,
			"this is an .xls file, of the kind before 2007, which is not read. Open it in LibreOffice and save it as .xlsx, or: libreoffice "
			"--convert-to xlsx FILE.xls");
}

static void read_book(struct xlsform *form, const char *data, size_t size)
{
	if (size >= 8 && !memcmp(data, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8))
		refuse_old(form, data, size);
	else if (size >= 4 && !memcmp(data, "PK\3\4", 4) && memmem(data, size > 200 ? 200 : size, "opendocument", 12))
		refuse(form, "this is an OpenDocument file; save it as .xlsx, or: libreoffice --convert-to xlsx FILE");
	else if (size >= 4 && !memcmp(data, "PK\3\4", 4))
		book_read_xlsx(&form->book, data, size, wanted);
	else if (memmem(data, size > 400 ? 400 : size, "type/scale", 10) || memmem(data, size > 400 ? 400 : size, "LimeSurvey", 10))
		refuse(form, "this is a questionnaire of LimeSurvey, which is not read; write it as XLSForm (sheets survey and choices)");
	else if (size >= 5 && (!memcmp(data, "<?xml", 5) || !memcmp(data, "| sur", 5)))
		refuse(form, "this is no spreadsheet; pass the .xlsx, or the CSV with its sheets one below the other");
	else
		book_read_csv(&form->book, data, size);
}

static const struct sheet *find_survey(struct xlsform *form)
{
	struct sheet *sheet = book_find(&form->book, "survey");

	if (!sheet && form->book.count == 1 && form->book.sheets[0].read) {
		sheet = &form->book.sheets[0];
		SAY(form, 1, sheet, 0, 0, NULL, "the file has one sheet, so it is read as 'survey'");
	}
	if (!sheet && !form->roster->result->problems)
		refuse(form, "there is no sheet called 'survey', in which an XLSForm has its questions");
	return sheet;
}

static void list_other_sheets(struct xlsform *form)
{
	for (size_t i = 0; i < form->book.count; i++) {
		const struct sheet *sheet = &form->book.sheets[i];
		bool known = sheet == form->survey;

		for (size_t j = 0; wanted[j]; j++)
			known = known || !strcasecmp(sheet->name, wanted[j]);
		if (!known)
			SAY(form, 1, sheet, 0, 0, NULL, "this sheet is not read");
	}
}

/* ---- settings ---- */

static void read_settings(struct xlsform *form)
{
	const struct sheet *sheet = book_find(&form->book, "settings");
	struct xf_headers *h = arena_new(form->arena, sizeof *h);
	const struct sheet_row *row;
	int column;

	if (!xf_headers(form, sheet, h) || sheet->count < 2)
		return;
	row = &sheet->rows[1];
	form->title = xf_cell(h, row, XF_TITLE, &column);
	form->key = xf_cell(h, row, XF_ID, &column);
	form->default_language = xf_cell(h, row, XF_LANGUAGE, &column);
	if (form->default_language && !strcasecmp(form->default_language, "default"))
		form->default_language = NULL;
	form->licence = xf_cell(h, row, XF_LICENCE, &column);
	form->source = xf_cell(h, row, XF_SOURCE, &column);
	xf_unused(form, h);
	if (sheet->count > 2)
		SAY(form, 1, sheet, sheet->rows[2].number, 0, NULL, "settings stand in the second row; this one is not read");
}

/* ---- choices ---- */

static struct xf_list *list_named(struct xlsform *form, const char *name)
{
	for (size_t i = 0; i < form->list_count; i++)
		if (!strcmp(form->lists[i].name, name))
			return &form->lists[i];
	return NULL;
}

static struct xf_choice *choice_named(const struct xf_list *list, const char *value)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->choices[i].value, value))
			return &list->choices[i];
	return NULL;
}

static struct xf_choice *choice_add(struct xlsform *form, struct xf_list *list, const char *value)
{
	struct xf_choice *more;

	if (list->count == list->size) {
		list->size = 2 * list->size + 8;
		more = arena_new(form->arena, list->size * sizeof *more);
		if (list->count)
			memcpy(more, list->choices, list->count * sizeof *more);
		list->choices = more;
	}
	list->choices[list->count].value = value;
	return &list->choices[list->count++];
}

static void read_choice(struct xlsform *form, const struct xf_headers *h, const struct sheet_row *row)
{
	int list_column, column;
	const char *name = xf_cell(h, row, XF_LIST, &list_column), *value = xf_cell(h, row, XF_NAME, &column);
	struct xf_list *list = name ? list_named(form, name) : NULL;

	if (!name) {
		SAY(form, 0, h->sheet, row->number, 0, NULL, "the row has no list_name; write to which list the choice belongs");
		return;
	}
	if (!list && form->list_count == XF_LISTS) {
		SAY(form, 0, h->sheet, row->number, list_column, NULL, "there are more than %d lists", XF_LISTS);
		return;
	}
	if (!list) {
		list = &form->lists[form->list_count++];
		*list = (struct xf_list){ .name = name, .row = row->number };
	}
	if (!value)
		SAY(form, 0, h->sheet, row->number, 0, NULL, "the choice of the list '%.60s' has no name", name);
	else if (choice_named(list, value))
		SAY(form, 0, h->sheet, row->number, column, "name", "the list '%.60s' has a choice '%.60s' already", name, value);
	else
		xf_texts(h, row, &choice_add(form, list, value)->texts);
}

static void read_choices(struct xlsform *form)
{
	const struct sheet *sheet = book_find(&form->book, "choices");
	struct xf_headers *h = arena_new(form->arena, sizeof *h);
	int column;

	form->lists = arena_new(form->arena, XF_LISTS * sizeof *form->lists);
	if (!xf_headers(form, sheet, h))
		return;
	for (size_t i = 1; i < sheet->count; i++)
		if (xf_cell(h, &sheet->rows[i], XF_LIST, &column) || xf_cell(h, &sheet->rows[i], XF_NAME, &column))
			read_choice(form, h, &sheet->rows[i]);
	xf_unused(form, h);
}

/* ---- survey ---- */

struct survey {
	struct xlsform *form;
	const struct xf_headers *h;
	struct xf_group *group;
	int64_t repeat; /* row in which the outermost one begins; 0: none */
	int depth, repeats;
};

static bool take_name(struct xlsform *form, const struct sheet_row *row, const char *name, int column)
{
	int64_t twin;

	if (!name) {
		SAY(form, 0, form->survey, row->number, 0, NULL, "the row has no name; write one into the column name");
		return false;
	}
	twin = textmap_add(&form->names, name, row->number);
	if (twin >= 0)
		SAY(form, 0, form->survey, row->number, column, "name",
			"the name '%.60s' is there already (row %lld); give one of them another", name, (long long)twin);
	return twin < 0;
}

static void lose(struct xlsform *form, const struct sheet_row *row, const char *name)
{
	if (name)
		textmap_add(&form->lost, name, row->number);
}

static struct xf_item *item_add(struct xlsform *form, const struct sheet_row *row, const char *name, int kind)
{
	struct xf_item *more;

	if (form->count == form->size) {
		form->size = 2 * form->size + 32;
		more = arena_new(form->arena, form->size * sizeof *more);
		if (form->count)
			memcpy(more, form->items, form->count * sizeof *more);
		form->items = more;
	}
	more = &form->items[form->count++];
	more->row = row->number;
	more->form = (struct form_item){ .name = name, .kind = kind, .min = (double)NAN, .max = (double)NAN };
	return more;
}

static void condition_of(struct survey *s, const struct sheet_row *row, struct xf_condition *ret)
{
	const char *text = xf_cell(s->h, row, XF_RELEVANT, &ret->column);

	ret->row = row->number;
	ret->text = text ? xf_expression(s->form->arena, text) : NULL;
}

/* A group is its condition, and a note where it has a text. */
static void begin_group(struct survey *s, const struct sheet_row *row)
{
	struct xf_group *group = arena_new(s->form->arena, sizeof *group);
	struct xf_texts texts;
	int column;
	const char *name = xf_cell(s->h, row, XF_NAME, &column);
	struct xf_item *note;

	if (++s->depth > XF_DEPTH) {
		SAY(s->form, 0, s->form->survey, row->number, 0, NULL, "there are more than %d groups within groups", XF_DEPTH);
		return;
	}
	*group = (struct xf_group){ .outer = s->group, .row = row->number, .name = name };
	condition_of(s, row, &group->relevant);
	s->group = group;
	xf_texts(s->h, row, &texts);
	for (int i = 0; i < s->form->language_count; i++)
		if (texts.of[i]) {
			if (!take_name(s->form, row, name, column))
				return;
			note = item_add(s->form, row, name, FORM_NOTE);
			note->texts = texts;
			note->group = group;
			note->name_column = column;
			return;
		}
}

static void end_group(struct survey *s, const struct sheet_row *row)
{
	if (!s->group && s->depth <= XF_DEPTH)
		SAY(s->form, 0, s->form->survey, row->number, 0, NULL, "a group ends here, but none has begun");
	if (s->depth <= XF_DEPTH && s->group)
		s->group = s->group->outer;
	s->depth -= s->depth > 0;
}

static void read_required(struct survey *s, const struct sheet_row *row, struct xf_item *item)
{
	int column;
	const char *text = xf_cell(s->h, row, XF_REQUIRED, &column);

	if (item->form.kind == FORM_NOTE)
		return;
	if (!xf_yes(text, &item->form.required))
		SAY(s->form, 1, s->form->survey, row->number, column, "required",
			"'%.60s' is neither yes nor no, so the question may be left without an answer", text);
}

static void read_limits(struct survey *s, const struct sheet_row *row, struct xf_item *item, bool integer)
{
	const char *text = xf_cell(s->h, row, XF_CONSTRAINT, &item->limits_column);

	if (text && !xf_limits(xf_expression(s->form->arena, text), item->form.kind, integer, &item->form.min, &item->form.max))
		SAY(s->form, 1, s->form->survey, row->number, item->limits_column, "constraint",
			"the constraint is left out, so it is not checked: '%.100s'; understood are a least and a most, as in . >= 1 and . <= 5",
			text);
}

/* The question behind "something else", and the choice that leads to it. */
static void add_other(struct survey *s, const struct sheet_row *row, struct xf_item *item, int column)
{
	struct xlsform *form = s->form;
	struct xf_list *list = arena_new(form->arena, sizeof *list);
	const char *name = arena_print(form->arena, "%s_other", item->form.name);
	size_t at = form->count - 1;
	struct xf_item *other;

	*list = *item->list;
	list->choices = arena_new(form->arena, (list->count + 1) * sizeof *list->choices);
	list->size = list->count + 1;
	if (list->count)
		memcpy(list->choices, item->list->choices, list->count * sizeof *list->choices);
	if (!choice_named(list, "other"))
		choice_add(form, list, "other")->texts.of[0] = "Other";
	item->list = list;
	if (!take_name(form, row, name, column))
		return;
	other = item_add(form, row, name, FORM_WORDS);
	item = &form->items[at];
	other->group = item->group;
	other->name_column = column;
	other->texts.of[0] = "Please say what else.";
	other->relevant = (struct xf_condition){ arena_print(form->arena, "selected(${%s}, 'other')", item->form.name), row->number, column,
		false };
	SAY(form, 1, form->survey, row->number, column, "type",
		"the choice 'other' and the question '%.60s' are added for it; their texts are English, change them where they should not be",
		name);
}

static void read_select(struct survey *s, const struct sheet_row *row, struct xf_item *item, const struct xf_what *what)
{
	int column;
	const char *appearance = xf_cell(s->h, row, XF_APPEARANCE, &column);
	bool likert = item->form.kind == FORM_LIKERT || (item->form.kind == FORM_SINGLE && appearance && strcasestr(appearance, "likert"));
	double number;

	item->list = list_named(s->form, what->list);
	if (!item->list) {
		SAY(s->form, 0, s->form->survey, row->number, item->type_column, "type", "there is no list '%.60s' on the sheet choices",
			what->list);
		return;
	}
	item->list->used = true;
	for (size_t i = 0; likert && i < item->list->count; i++)
		if (!number_read(item->list->choices[i].value, &number)) {
			SAY(s->form, 1, s->form->survey, row->number, column ? column : item->type_column, column ? "appearance" : "type",
				"the names of its choices are no numbers ('%.60s'), so it is one of several, and counts in no scale",
				item->list->choices[i].value);
			likert = false;
		}
	if (item->form.kind != FORM_MULTIPLE)
		item->form.kind = likert ? FORM_LIKERT : FORM_SINGLE;
	if (xf_cell(s->h, row, XF_CHOICE_FILTER, &column))
		SAY(s->form, 1, s->form->survey, row->number, column, "choice_filter",
			"choices are not filtered here: all of the list '%.60s' are offered", what->list);
	if (what->or_other)
		add_other(s, row, item, item->type_column);
}

static void check_texts(struct survey *s, const struct sheet_row *row, const struct xf_texts *texts)
{
	for (int i = 0; i < s->form->language_count; i++) {
		const char *text = texts->of[i];

		if (text && text_points(text, strlen(text)) > XF_LABEL)
			SAY(s->form, 0, s->form->survey, row->number, 0, NULL, "the text has more than %d characters", XF_LABEL);
		if (text && strstr(text, "${"))
			SAY(s->form, 1, s->form->survey, row->number, 0, NULL,
				"the text names an answer (%.40s); answers are not put into texts, it is shown as it stands",
				strstr(text, "${"));
	}
}

static void read_question(struct survey *s, const struct sheet_row *row, const struct xf_what *what, int type_column)
{
	struct xlsform *form = s->form;
	int column, other;
	const char *name = xf_cell(s->h, row, XF_NAME, &column), *read_only;
	struct xf_item *item;
	bool yes;

	if (!take_name(form, row, name, column))
		return;
	item = item_add(form, row, name, what->kind);
	item->name_column = column;
	item->type_column = type_column;
	item->group = s->group;
	condition_of(s, row, &item->relevant);
	xf_texts(s->h, row, &item->texts);
	form->languages[0].used = form->languages[0].used || item->texts.of[0];
	check_texts(s, row, &item->texts);
	read_only = xf_cell(s->h, row, XF_READ_ONLY, &other);
	if (read_only && (!xf_yes(read_only, &yes) || yes)) {
		SAY(form, 1, form->survey, row->number, other, "read_only", "%s",
			what->kind == FORM_WORDS ? "nobody writes into it, so it is a note" : "the question can be answered here");
		item->form.kind = what->kind == FORM_WORDS ? FORM_NOTE : what->kind;
	}
	if (what->type == XF_INTEGER && !form->told_integer) {
		form->told_integer = true;
		SAY(form, 1, form->survey, row->number, type_column, "type", "whole numbers are asked for as numbers: 2.5 is taken, too");
	}
	read_required(s, row, item);
	read_limits(s, row, item, what->type == XF_INTEGER);
	xf_yes(xf_cell(s->h, row, XF_REVERSED, &other), &item->form.reversed);
	if (what->type == XF_SELECT)
		read_select(s, row, item, what);
}

static void leave_out(struct survey *s, const struct sheet_row *row, const char *type, int column)
{
	int other;
	const char *name = xf_cell(s->h, row, XF_NAME, &other);

	lose(s->form, row, name);
	SAY(s->form, 1, s->form->survey, row->number, column, "type", "%.60s%s%.60s is left out: there are no questions of that type here",
		type, name ? " " : "", name ? name : "");
}

/* In a repeat or loop: only where it ends matters. */
static void pass_over(struct survey *s, const struct sheet_row *row, enum xf_type type)
{
	int column;

	lose(s->form, row, xf_cell(s->h, row, XF_NAME, &column));
	s->repeats += type == XF_BEGIN_REPEAT;
	s->repeats -= type == XF_END_REPEAT;
	if (s->repeats)
		return;
	SAY(s->form, 1, s->form->survey, s->repeat, 0, NULL,
		"what is asked again and again is left out, with all that is in it (rows %lld to %lld)", (long long)s->repeat,
		(long long)row->number);
	s->repeat = 0;
}

static void read_row(struct survey *s, const struct sheet_row *row)
{
	struct xlsform *form = s->form;
	int column, other;
	const char *type = xf_cell(s->h, row, XF_TYPE, &column), *disabled = xf_cell(s->h, row, XF_DISABLED, &other);
	struct xf_what what = type ? xf_type_of(form->arena, type) : (struct xf_what){ .type = XF_NONE };
	bool off = false;

	if (disabled && xf_yes(disabled, &off) && off && !s->repeat) {
		lose(form, row, xf_cell(s->h, row, XF_NAME, &column));
		SAY(form, 1, form->survey, row->number, other, "disabled", "the row is switched off, so it is left out");
		return;
	}
	if (s->repeat) {
		pass_over(s, row, what.type);
		return;
	}
	switch (what.type) {
	case XF_BEGIN_GROUP: begin_group(s, row); return;
	case XF_END_GROUP: end_group(s, row); return;
	case XF_BEGIN_REPEAT:
		s->repeat = row->number;
		s->repeats = 1;
		lose(form, row, xf_cell(s->h, row, XF_NAME, &column));
		return;
	case XF_END_REPEAT: SAY(form, 0, form->survey, row->number, column, "type", "a repeat ends here, but none has begun"); return;
	case XF_NOT_HERE: leave_out(s, row, type, column); return;
	case XF_NONE:
		if (type)
			SAY(form, 0, form->survey, row->number, column, "type", "'%.60s' is no type of XLSForm that is known here", type);
		else
			SAY(form, 0, form->survey, row->number, 0, NULL, "the row has no type");
		return;
	default: read_question(s, row, &what, column);
	}
}

static void tell_appearance(struct xlsform *form, const struct xf_headers *h)
{
	for (size_t i = 1; i < form->survey->count; i++) {
		int column;
		const char *text = xf_cell(h, &form->survey->rows[i], XF_APPEARANCE, &column);

		if (!text || strcasestr(text, "likert"))
			continue;
		SAY(form, 1, form->survey, form->survey->rows[i].number, column, "appearance",
			"the column is left out but for 'likert': pages have one look");
		return;
	}
}

static void read_survey(struct xlsform *form)
{
	struct xf_headers *h = arena_new(form->arena, sizeof *h);
	struct survey s = { .form = form, .h = h };
	bool has[XF_ITEMS + 1] = { false };

	if (!xf_headers(form, form->survey, h)) {
		SAY(form, 0, form->survey, 0, 0, NULL, "the sheet is empty; its first row names the columns: type, name, label");
		return;
	}
	for (int i = 1; i <= SHEET_COLUMNS; i++)
		has[h->columns[i].what] = true;
	if (!has[XF_TYPE] || !has[XF_NAME]) {
		SAY(form, 0, form->survey, h->row, 0, NULL, "there is no column '%s'; the first row of the sheet names the columns",
			has[XF_TYPE] ? "name" : "type");
		return;
	}
	for (size_t i = 1; i < form->survey->count; i++)
		read_row(&s, &form->survey->rows[i]);
	if (s.repeat)
		SAY(form, 0, form->survey, s.repeat, 0, NULL, "the repeat that begins here never ends");
	if (s.group)
		SAY(form, 0, form->survey, s.group->row, 0, NULL, "the group that begins here never ends");
	tell_appearance(form, h);
	xf_unused(form, h);
}

/* ---- scales: a sheet of our own, so that what was exported comes back whole ---- */

static const char *const *words_of(struct arena *arena, const char *text, size_t *ret_count)
{
	const char **list = arena_new(arena, (text ? strlen(text) + 1 : 1) * sizeof *list);

	*ret_count = 0;
	for (const char *p = text; p && *(p += strspn(p, " \n,;"));) {
		size_t n = strcspn(p, " \n,;");

		list[(*ret_count)++] = arena_copy_n(arena, p, n);
		p += n;
	}
	return list;
}

static void read_scales(struct xlsform *form)
{
	const struct sheet *sheet = book_find(&form->book, "scales");
	struct xf_headers *h = arena_new(form->arena, sizeof *h);

	if (!xf_headers(form, sheet, h))
		return;
	form->scales = arena_new(form->arena, sheet->count * sizeof *form->scales);
	for (size_t i = 1; i < sheet->count; i++) {
		struct xf_scale *scale = &form->scales[form->scale_count];
		const struct sheet_row *row = &sheet->rows[i];
		struct xf_texts texts;
		int column;
		const char *scoring = xf_cell(h, row, XF_SCORING, &column);

		if (scoring && strcasecmp(scoring, "mean") && strcasecmp(scoring, "sum"))
			SAY(form, 0, sheet, row->number, column, "scoring", "a scale is a mean or a sum, not '%.40s'", scoring);
		*scale = (struct xf_scale){ .row = row->number };
		scale->form.sum = scoring && !strcasecmp(scoring, "sum");
		scale->form.name = xf_cell(h, row, XF_NAME, &column);
		if (!scale->form.name) {
			SAY(form, 0, sheet, row->number, 0, NULL, "the scale has no name");
			continue;
		}
		xf_texts(h, row, &texts);
		scale->label = texts.of[0];
		scale->form.items = words_of(form->arena, xf_cell(h, row, XF_ITEMS, &column), &scale->form.item_count);
		scale->form.reversed = words_of(form->arena, xf_cell(h, row, XF_REVERSED, &column), &scale->form.reversed_count);
		form->scale_count++;
	}
	xf_unused(form, h);
}

/* ---- the whole ---- */

static void check_labels(struct xlsform *form)
{
	for (size_t i = 0; i < form->count; i++) {
		struct xf_item *item = &form->items[i];

		item->form.label = xf_text(form, &item->texts);
		if (item->form.label && !item->texts.of[form->own] && !item->texts.of[0])
			SAY(form, 1, form->survey, item->row, 0, NULL,
				"'%.60s' has no text in the form's own language (%s), so that of another is shown", item->form.name,
				form->code);
		if (!item->form.label && item->form.kind == FORM_NOTE) {
			SAY(form, 1, form->survey, item->row, 0, NULL, "the note '%.60s' has no text, so it is left out", item->form.name);
			xf_leave_out(form, item);
		} else if (!item->form.label)
			SAY(form, 0, form->survey, item->row, 0, NULL, "the question '%.60s' has no text; write it into the column label",
				item->form.name);
	}
	for (size_t i = 0; i < form->list_count; i++)
		if (!form->lists[i].used)
			roster_say(form->roster, 1,
				&(struct place){
					arena_print(form->arena, "%s, sheet choices", form->book.file), form->lists[i].row, 0, NULL },
				"the list '%.60s' is used by no question, so it is left out", form->lists[i].name);
}

static char *base_of(struct arena *arena, const char *file)
{
	const char *slash = strrchr(file, '/'), *from = slash ? slash + 1 : file, *dot = strrchr(from, '.');

	return arena_copy_n(arena, from, dot && dot > from ? (size_t)(dot - from) : strlen(from));
}

/* A key has small letters, digits, - _ and .: what else a form is called by becomes a dash. */
static void choose_key(struct xlsform *form)
{
	const char *id = form->key ? form->key : base_of(form->arena, form->book.file);
	char *key = words_fold(
		form->arena, form->request->key ? form->request->key : id, strlen(form->request->key ? form->request->key : id));

	for (char *p = key; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.", *p))
			*p = '-';
	if (strlen(key) > 64)
		key[64] = 0;
	if (!form->title)
		form->title = id;
	form->key = key;
}

void xlsform_read(
	struct xlsform *form, struct roster *roster, const struct import_request *request, const char *file, const char *data, size_t size)
{
	memset(form, 0, sizeof *form);
	form->roster = roster;
	form->arena = &roster->arena;
	form->request = request;
	form->language_count = 1;
	book_init(&form->book, roster, file);
	read_book(form, data, size);
	form->survey = roster->result->problems ? NULL : find_survey(form);
	if (!form->survey)
		return;
	read_settings(form);
	read_choices(form);
	read_survey(form);
	read_scales(form);
	list_other_sheets(form);
	xf_choose_language(form);
	choose_key(form);
	if (form->survey->count)
		check_labels(form);
	xf_settle(form);
}

void xlsform_free(struct xlsform *form)
{
	textmap_free(&form->names);
	textmap_free(&form->lost);
}
