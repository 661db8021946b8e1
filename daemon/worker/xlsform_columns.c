/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "xlsform.h"

#include <string.h>
#include <strings.h>

#include "words.h"

/* ---- headers ---- */

static const char pictures[] = "pictures and sound are not shown";
static const char own_words[] = "the pages word their own messages";
static const struct {
	const char *name; /* small letters, no blanks */
	enum xf_column what;
	const char *why;
} known[] = {
	{ "type", XF_TYPE, NULL },
	{ "command", XF_TYPE, NULL },
	{ "name", XF_NAME, NULL },
	{ "value", XF_NAME, NULL },
	{ "label", XF_TEXT, NULL },
	{ "caption", XF_TEXT, NULL },
	{ "required", XF_REQUIRED, NULL },
	{ "relevant", XF_RELEVANT, NULL },
	{ "relevance", XF_RELEVANT, NULL },
	{ "constraint", XF_CONSTRAINT, NULL },
	{ "appearance", XF_APPEARANCE, NULL },
	{ "read_only", XF_READ_ONLY, NULL },
	{ "readonly", XF_READ_ONLY, NULL },
	{ "choice_filter", XF_CHOICE_FILTER, NULL },
	{ "disabled", XF_DISABLED, NULL },
	{ "reversed", XF_REVERSED, NULL },
	{ "list_name", XF_LIST, NULL },
	{ "form_title", XF_TITLE, NULL },
	{ "title", XF_TITLE, NULL },
	{ "form_id", XF_ID, NULL },
	{ "id_string", XF_ID, NULL },
	{ "default_language", XF_LANGUAGE, NULL },
	{ "licence", XF_LICENCE, NULL },
	{ "source", XF_SOURCE, NULL },
	{ "scoring", XF_SCORING, NULL },
	{ "items", XF_ITEMS, NULL },
	{ "version", XF_LEFT_OUT, "editions of a form are counted here" },
	{ "hint", XF_LEFT_OUT, "questions have no hints; what people must know stands in the text" },
	{ "guidance_hint", XF_LEFT_OUT, "questions have no hints" },
	{ "constraint_message", XF_LEFT_OUT, own_words },
	{ "constraintmsg", XF_LEFT_OUT, own_words },
	{ "required_message", XF_LEFT_OUT, own_words },
	{ "requiredmsg", XF_LEFT_OUT, own_words },
	{ "default", XF_LEFT_OUT, "every answer begins empty" },
	{ "calculation", XF_LEFT_OUT, "nothing is calculated in a form" },
	{ "media", XF_LEFT_OUT, pictures },
	{ "image", XF_LEFT_OUT, pictures },
	{ "big-image", XF_LEFT_OUT, pictures },
	{ "audio", XF_LEFT_OUT, pictures },
	{ "video", XF_LEFT_OUT, pictures },
	{ NULL, XF_UNKNOWN, NULL },
};

/* The index of a language as it is written; 0 after a problem. */
static int language_of(struct xlsform *form, const struct xf_headers *h, int column, const char *written)
{
	struct place place = sheet_place(h->sheet, h->row, column, h->columns[column].text);
	const char *code = xf_language_code(form->arena, written);

	if (!code) {
		roster_say(form->roster, 0, &place, "which language is '%.60s'? Write it with its code, as in label::German (de)", written);
		return 0;
	}
	for (int i = 1; i < form->language_count; i++)
		if (!strcmp(form->languages[i].code, code))
			return i;
	if (form->language_count == XF_LANGUAGES) {
		roster_say(form->roster, 0, &place, "a form has at most %d languages", XF_LANGUAGES - 1);
		return 0;
	}
	form->languages[form->language_count].written = written;
	form->languages[form->language_count].code = code;
	return form->language_count++;
}

/* The next part of "bind::jr:constraintMsg" or "label:English (en)". */
static char *cut(char **rest, bool doubled)
{
	char *at = *rest, *colon = strstr(at, doubled ? "::" : ":");

	*rest = colon ? colon + (doubled ? 2 : 1) : at + strlen(at);
	if (colon)
		*colon = 0;
	return at;
}

static char *plain(struct arena *arena, const char *text)
{
	char *name = words_fold(arena, text, strlen(text));

	for (char *p = name; *p; p++)
		if (*p == ' ')
			*p = '_';
	return name;
}

static void read_header(struct xlsform *form, struct xf_headers *h, int column, const char *text)
{
	char *rest = arena_copy(form->arena, text);
	bool doubled = strstr(text, "::") != NULL;
	char *name = plain(form->arena, cut(&rest, doubled));
	struct xf_header *header = &h->columns[column];

	header->text = text;
	if ((!strcmp(name, "bind") || !strcmp(name, "control") || !strcmp(name, "body")) && *rest)
		name = plain(form->arena, cut(&rest, doubled));
	if (!strcmp(name, "jr") && *rest)
		name = plain(form->arena, cut(&rest, doubled));
	if (!strncmp(name, "jr:", 3))
		name += 3;
	for (size_t i = 0; known[i].name; i++)
		if (!strcmp(known[i].name, name)) {
			header->what = known[i].what;
			header->why = known[i].why;
		}
	if (header->what == XF_TEXT && *rest)
		header->language = language_of(form, h, column, words_tidy(form->arena, rest, strlen(rest)));
}

static void check_twins(struct xlsform *form, const struct xf_headers *h, int column)
{
	const struct xf_header *header = &h->columns[column];
	struct place place = sheet_place(h->sheet, h->row, column, header->text);

	for (int i = 1; i < column && header->what > XF_LEFT_OUT; i++)
		if (h->columns[i].what == header->what && h->columns[i].language == header->language) {
			roster_say(form->roster, 0, &place, "the column '%.60s' is there already (column %d: '%.60s'); delete one of them",
				header->text, i, h->columns[i].text);
			return;
		}
}

bool xf_headers(struct xlsform *form, const struct sheet *sheet, struct xf_headers *ret)
{
	memset(ret, 0, sizeof *ret);
	ret->sheet = sheet;
	if (!sheet || !sheet->count)
		return false;
	ret->row = sheet->rows[0].number;
	for (size_t i = 0; i < sheet->rows[0].count; i++) {
		const struct sheet_cell *cell = &sheet->rows[0].cells[i];

		read_header(form, ret, cell->column, cell->text);
		check_twins(form, ret, cell->column);
	}
	return true;
}

const char *xf_cell(const struct xf_headers *h, const struct sheet_row *row, enum xf_column what, int *ret_column)
{
	*ret_column = 0;
	for (size_t i = 0; i < row->count; i++)
		if (h->columns[row->cells[i].column].what == what) {
			*ret_column = row->cells[i].column;
			return row->cells[i].text;
		}
	return NULL;
}

void xf_texts(const struct xf_headers *h, const struct sheet_row *row, struct xf_texts *ret)
{
	memset(ret, 0, sizeof *ret);
	for (size_t i = 0; i < row->count; i++)
		if (h->columns[row->cells[i].column].what == XF_TEXT)
			ret->of[h->columns[row->cells[i].column].language] = row->cells[i].text;
}

void xf_unused(struct xlsform *form, const struct xf_headers *h)
{
	bool told[SHEET_COLUMNS + 1] = { false };

	for (size_t i = 1; i < h->sheet->count; i++)
		for (size_t j = 0; j < h->sheet->rows[i].count; j++) {
			int column = h->sheet->rows[i].cells[j].column;
			const struct xf_header *header = &h->columns[column];
			struct place place = sheet_place(h->sheet, h->sheet->rows[i].number, column, header->text);

			if (header->what > XF_LEFT_OUT || told[column])
				continue;
			told[column] = true;
			if (header->what == XF_LEFT_OUT)
				roster_say(form->roster, 1, &place, "the column is left out: %s", header->why);
			else
				roster_say(form->roster, 1, &place, "the column is left out: %s",
					header->text ? "it is not known here" : "it has no name in the first row");
		}
}

/* ---- languages ---- */

static bool is_code(const char *text)
{
	size_t letters = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return (letters == 2 || letters == 3) && strlen(text) <= 35 &&
		(!text[letters] ||
			((text[letters] == '-' || text[letters] == '_') &&
				!text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")]));
}

/* "EN" is written en, "pt_br" pt-br; what stands behind the language may be written as it likes. */
static char *code_of(struct arena *arena, const char *text, size_t length)
{
	char *code = words_tidy(arena, text, length);

	if (!is_code(code))
		return NULL;
	for (char *p = code; *p; p++)
		*p = *p == '_' ? '-' : *p;
	for (char *p = code; *p && *p != '-'; p++)
		*p = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
	return code;
}

const char *xf_language_code(struct arena *arena, const char *written)
{
	const char *open = strrchr(written, '('), *close = open ? strchr(open, ')') : NULL;
	const char *code;

	if (close)
		return code_of(arena, open + 1, (size_t)(close - open - 1));
	code = words_language_code(words_fold(arena, written, strlen(written)));
	return is_code(written) && strlen(written) != 3 ? code_of(arena, written, strlen(written))
		: code                                  ? code
							: code_of(arena, written, strlen(written));
}

static int language_with(const struct xlsform *form, const char *code)
{
	for (int i = 1; i < form->language_count; i++)
		if (!strcmp(form->languages[i].code, code))
			return i;
	return 0;
}

void xf_choose_language(struct xlsform *form)
{
	const char *written = form->default_language;
	const char *code = written ? xf_language_code(form->arena, written) : NULL;
	const struct place place = { form->book.file, 0, 0, NULL };
	bool plain_text = form->languages[0].used || form->language_count == 1;

	if (written && !code) {
		roster_say(form->roster, 0, &place,
			"which language is the default_language '%.60s'? Write it with its code, as in English (en)", written);
		return;
	}
	if (!code && plain_text && language_with(form, "en")) {
		roster_say(form->roster, 0, &place,
			"there are a column 'label' of no language and one of English; say in the setting default_language which the first is");
		return;
	}
	form->own = code ? language_with(form, code) : plain_text ? 0 : 1;
	form->code = code ? code : plain_text ? "en" : form->languages[1].code;
	if (code && !form->own && !plain_text)
		roster_say(
			form->roster, 0, &place, "the default_language is '%.60s', but there is no column label::%.60s", written, written);
	if (!code && plain_text)
		roster_say(form->roster, 1, &place,
			"it does not say in which language it is, so it counts as English (en); the setting default_language says it");
}

const char *xf_text(const struct xlsform *form, const struct xf_texts *texts)
{
	const char *text = texts->of[form->own] ? texts->of[form->own] : texts->of[0];

	for (int i = 1; !text && i < form->language_count; i++)
		text = texts->of[i];
	return text;
}
