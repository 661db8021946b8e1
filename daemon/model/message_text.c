/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The text of a message, made when it is handed over: chosen (language first, then the program's own, the institution's, the shipped
 * one), rendered with the values as its reader may read them, and put into the layout: greeting, bodies, end. Language comes first because a
 * shipped text that its reader understands is better than an own one in another language.
 */
#include <stdio.h>
#include <string.h>

#include "core/date.h"
#include "core/settings.h"
#include "core/template_memory.h"
#include "core/zone.h"
#include "model.h"
#include "page_words.h"
#include "texts_inside.h"

enum {
	CHAIN = 5
};

/* ---- languages ---- */

static bool same_tag(const char *a, const char *b)
{
	for (; *a && *b; a++, b++) {
		char x = *a == '_' ? '-' : *a, y = *b == '_' ? '-' : *b;

		if (x != y && (x | 32) != (y | 32))
			return false;
	}
	return *a == *b;
}

static bool is_familiar(const char *language)
{
	return language && !strcmp(language, LANGUAGE_FAMILIAR);
}

/* Being called du is no language of its own: a program's own text comes before a shipped one all the same. */
static void chain_of(struct call *call, const char *language, const char *chain[CHAIN])
{
	const char *own = settings_of(call)->institution.language;

	chain[0] = is_familiar(language) ? arena_copy_n(call->arena, language, strcspn(language, "-_")) : language ? language : "";
	chain[1] = arena_copy_n(call->arena, chain[0], strcspn(chain[0], "-_"));
	chain[2] = own;
	chain[3] = arena_copy_n(call->arena, own, strcspn(own, "-_"));
	chain[4] = message_languages[0]->code;
}

const struct message_language *message_language_for(struct call *call, const char *language)
{
	const struct message_language *found = message_language_named(language);

	if (!found)
		found = message_language_named(settings_of(call)->institution.language);
	return found ? found : message_languages[0];
}

/* ---- choosing ---- */

struct choice {
	const char *key, *const *chain;
	const struct message_template *best;
	int rank; /* of the best: place in the chain, twice, the program's own before the institution's */
};

static int look_at(struct call *call, void *record, void *data)
{
	const struct message_template *own = record;
	struct choice *choice = data;

	(void)call;
	if (strcmp(own->key, choice->key) != 0)
		return 0;
	for (int i = 0; i < CHAIN; i++) {
		int rank = 2 * i + (own->program == NONE);

		if (same_tag(own->language, choice->chain[i]) && rank < choice->rank) {
			choice->best = own;
			choice->rank = rank;
		}
	}
	return 0;
}

static const struct shipped_text *shipped_in(const struct message_language *l, const char *key, bool familiar)
{
	const struct shipped_text *text = familiar && l->familiar ? shipped_text_of(l->familiar->texts, key) : NULL;

	return text ? text : shipped_text_of(l->texts, key);
}

static int choose(struct call *call, const char *key, int64_t program, const char *const *chain, bool familiar, struct message_source *ret)
{
	struct choice choice = { key, chain, NULL, 2 * CHAIN };
	const struct shipped_text *shipped = NULL;
	int i = 0, r;

	if (!message_kind_named(key))
		return fail(call, E_NOTFOUND, key, "there is no message of the kind '%s'", key);
	r = each(call, &template_entity, look_at, &choice, "\"state\" = 'in_use' AND (\"program\" = ?1 OR \"program\" IS NULL)",
		VALUES(program));
	if (r)
		return r;
	for (; i < CHAIN && !shipped; i++)
		for (const struct message_language *const *l = message_languages; *l && !shipped; l++)
			if (same_tag((*l)->code, chain[i]) && (shipped = shipped_in(*l, key, familiar)))
				*ret = (struct message_source){ (*l)->code, shipped->subject, shipped->action, shipped->text,
					shipped->html };
	if (choice.best && (!shipped || choice.rank <= 2 * (i - 1) + 1)) {
		const struct message_language *l = message_language_for(call, choice.best->language);

		shipped = shipped_in(l, key, familiar);
		*ret = (struct message_source){ choice.best->language, choice.best->subject, shipped ? shipped->action : l->page,
			choice.best->text, choice.best->html };
	}
	return choice.best || shipped ? 0 : fail(call, E_NOTFOUND, key, "no text is shipped for messages of the kind '%s'", key);
}

/* ---- rendering ---- */

static int render(struct call *call, const char *text, enum template_place place, template_lookup *lookup, void *data, struct buffer *out)
{
	const struct template_source source = { text, NULL, place, false };
	const struct template *t = template_memory_find(templates_of(call), &source);
	int r = t ? 0 : template_memory_parse(templates_of(call), &source, text, call->arena, &t, &call->problem);

	return r ? r : template_render(t, lookup, data, out, &call->problem);
}

/* The HTML of a text that has none of its own. */
static int render_made(struct call *call, const char *text, const char *action, template_lookup *lookup, void *data, struct buffer *out)
{
	const struct template_source source = { text, action, TEMPLATE_HTML, true };
	const struct template *t = template_memory_find(templates_of(call), &source);
	int r = t ? 0
		  : template_memory_parse(
			    templates_of(call), &source, html_of_text(call->arena, text, action), call->arena, &t, &call->problem);

	return r ? r : template_render(t, lookup, data, out, &call->problem);
}

static int render_html(struct call *call, const struct message_source *s, template_lookup *lookup, void *data, struct buffer *out)
{
	return s->html && *s->html ? render(call, s->html, TEMPLATE_HTML, lookup, data, out)
				   : render_made(call, s->text, s->action, lookup, data, out);
}

/* The texts of a mail while they grow. */
struct mail {
	struct buffer subject, text, html;
};

static void mail_free(struct mail *mail)
{
	buffer_free(&mail->subject);
	buffer_free(&mail->text);
	buffer_free(&mail->html);
}

static int put_frame(struct call *call, const char *text, const char *html, template_lookup *lookup, void *data, struct mail *mail)
{
	int r = render(call, text, TEMPLATE_TEXT, lookup, data, &mail->text);

	if (r)
		return r;
	return html ? render(call, html, TEMPLATE_HTML, lookup, data, &mail->html)
		    : render_made(call, text, NULL, lookup, data, &mail->html);
}

/* A body, with its subject over it where there are several. */
static int put_body(
	struct call *call, const struct message_source *s, const char *heading, template_lookup *lookup, void *data, struct mail *mail)
{
	int r;

	if (heading) {
		buffer_print(&mail->text, "%s\n", heading);
		for (size_t n = text_points(heading, strlen(heading)); n && n <= TEXT_COLUMNS; n--)
			buffer_char(&mail->text, '-');
		buffer_text(&mail->text, "\n\n");
		buffer_text(&mail->html, "<h2 style=\"font-size: 18px\">");
		encode_xml_text(&mail->html, heading);
		buffer_text(&mail->html, "</h2>\n");
	}
	r = render(call, s->text, TEMPLATE_TEXT, lookup, data, &mail->text);
	return r ? r : render_html(call, s, lookup, data, &mail->html);
}

static int subject_of(struct call *call, const struct message_source *s, template_lookup *lookup, void *data, char **ret)
{
	struct buffer out = { 0 };
	int r = render(call, s->subject, TEMPLATE_SUBJECT, lookup, data, &out);

	*ret = arena_copy(call->arena, buffer_string(&out));
	buffer_free(&out);
	return r;
}

static int render_all(struct call *call, const struct message_source *sources, const struct message_part *parts, size_t count,
	bool familiar, struct message_text *ret, struct mail *mail)
{
	const struct message_language *l = message_language_for(call, sources[0].language);
	const struct message_familiar formal = { l->texts, l->greeting, l->ending, l->ending_html, l->several },
				      *frame = familiar && l->familiar ? l->familiar : &formal;
	char *subject = NULL;
	int r = 0;

	if (count > 1)
		buffer_print(&mail->subject, "%zu %s", count, frame->several);
	else if ((r = subject_of(call, sources, parts->lookup, parts->data, &subject)))
		return r;
	else
		buffer_text(&mail->subject, subject);
	html_begin(&mail->html, count > 1 ? l->code : sources[0].language, buffer_string(&mail->subject));
	r = put_frame(call, frame->greeting, NULL, parts->lookup, parts->data, mail);
	for (size_t i = 0; i < count && !r; i++) {
		if (count > 1)
			r = subject_of(call, &sources[i], parts[i].lookup, parts[i].data, &subject);
		if (!r)
			r = put_body(call, &sources[i], count > 1 ? subject : NULL, parts[i].lookup, parts[i].data, mail);
		if (mail->text.length && mail->text.data[mail->text.length - 1] != '\n')
			buffer_char(&mail->text, '\n');
		buffer_char(&mail->text, '\n');
	}
	if (!r)
		r = put_frame(call, frame->ending, frame->ending_html, parts->lookup, parts->data, mail);
	if (r)
		return r;
	html_end(&mail->html);
	ret->subject = arena_copy(call->arena, buffer_string(&mail->subject));
	ret->html = arena_copy(call->arena, buffer_string(&mail->html));
	ret->language = arena_copy(call->arena, count > 1 ? l->code : sources[0].language);
	buffer_clear(&mail->subject);
	text_wrap(&mail->subject, buffer_string(&mail->text), TEXT_COLUMNS);
	ret->text = arena_copy(call->arena, buffer_string(&mail->subject));
	return 0;
}

static int render_sources(struct call *call, const struct message_source *sources, const struct message_part *parts, size_t count,
	bool familiar, struct message_text *ret)
{
	struct mail mail = { 0 };
	int r = render_all(call, sources, parts, count, familiar, ret, &mail);

	mail_free(&mail);
	return r;
}

int message_source_render(struct call *call, const struct message_source *s, template_lookup *lookup, void *data, struct message_text *ret)
{
	return render_sources(call, s, &(struct message_part){ NULL, NONE, lookup, data }, 1, false, ret);
}

int message_text_of_parts(struct call *call, const struct message_part *parts, size_t count, const char *language, struct message_text *ret)
{
	struct message_source *sources = arena_new(call->arena, count * sizeof *sources);
	const char *chain[CHAIN];

	chain_of(call, language, chain);
	for (size_t i = 0; i < count; i++) {
		int r = choose(call, parts[i].key, parts[i].program, chain, is_familiar(language), &sources[i]);

		if (r)
			return r;
	}
	return render_sources(call, sources, parts, count, is_familiar(language), ret);
}

int message_text(struct call *call, const char *key, int64_t program, const char *language, template_lookup *lookup, void *data,
	struct message_text *ret)
{
	return message_text_of_parts(call, &(struct message_part){ key, program, lookup, data }, 1, language, ret);
}

/* ---- checking ---- */

static int check_one(struct call *call, const struct message_kind *kind, const char *field, const char *text, enum template_place place,
	const struct template_name *names)
{
	struct template *t;
	int r = template_parse(text, place, call->arena, &t, &call->problem);

	if (!r)
		r = template_check(t, names, &call->problem);
	if (!r && kind->flags & MESSAGE_LINK && place != TEMPLATE_SUBJECT && !template_shows(t, "link"))
		return fail(call, E_INVALID, field, "without {{link}} nobody could answer this message; put it on a line of its own");
	if (r)
		snprintf(call->problem.field, sizeof call->problem.field, "%s", field);
	return r;
}

int message_source_check(struct call *call, const struct message_kind *kind, const struct message_source *s)
{
	const struct template_name *names = message_kind_names(kind, call->arena);
	int r = check_one(call, kind, "subject", s->subject, TEMPLATE_SUBJECT, names);

	if (!r)
		r = check_one(call, kind, "text", s->text, TEMPLATE_TEXT, names);
	if (r)
		return r;
	return s->html && *s->html ? check_one(call, kind, "html", s->html, TEMPLATE_HTML, names)
				   : check_one(call, kind, "text", html_of_text(call->arena, s->text, s->action), TEMPLATE_HTML, names);
}

/* ---- dates as they are said ---- */

static char *said(struct arena *arena, const struct message_language *l, const char *form, int64_t local, const char *zone)
{
	struct civil c;
	char day[24], year[24], hour[16], minute[16];
	const char *const parts[] = { l->weekdays[date_weekday(local_day(local))], day, NULL, year, hour, minute, zone };
	struct buffer out = { 0 };
	char *copy;

	local_split(local, &c);
	snprintf(day, sizeof day, "%d", c.day);
	snprintf(year, sizeof year, "%lld", (long long)c.year);
	snprintf(hour, sizeof hour, "%02d", c.hour);
	snprintf(minute, sizeof minute, "%02d", c.minute);
	for (; *form; form++)
		if (*form != '%')
			buffer_char(&out, *form);
		else if (*++form == '3')
			buffer_text(&out, l->months[c.month - 1]);
		else
			buffer_text(&out, parts[*form - '1']);
	copy = arena_copy(arena, buffer_string(&out));
	buffer_free(&out);
	return copy;
}

char *message_day(struct arena *arena, const struct message_language *l, int64_t day)
{
	return said(arena, l, l->day, day * DAY, "");
}

char *message_instant(struct arena *arena, const struct message_language *l, const struct zone *zone, int64_t instant)
{
	return said(arena, l, l->instant, zone_local(zone, instant), zone_name(zone));
}
