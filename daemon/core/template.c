/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Braces: one pass over the text makes a flat list of pieces. A section's piece holds how many pieces belong to it, so rendering
 * needs no tree. Literals are slices of the parser's copy, so they are as the author wrote them; what vanishes (comments, lines of
 * section tags) simply lies between two slices.
 */
#include "template_inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- where something is wrong ---- */

/* Counting goes on where it ended, so that a long text is not counted again for each tag. */
static void position(struct parser *p, const char *at, int *ret_line, int *ret_column)
{
	if (!p->counted || at < p->counted) {
		p->counted = p->line = p->start;
		p->lines = 1;
	}
	for (; p->counted < at; p->counted++)
		if (*p->counted == '\n') {
			p->lines++;
			p->line = p->counted + 1;
		}
	*ret_line = p->lines;
	*ret_column = 1 + (int)text_points(p->line, (size_t)(at - p->line));
}

int template_refuse(struct parser *p, const char *at, const char *format, ...)
{
	char sentence[320];
	int line, column;
	va_list args;

	position(p, at, &line, &column);
	va_start(args, format);
	vsnprintf(sentence, sizeof sentence, format, args);
	va_end(args);
	return problem_set(p->problem, E_INVALID, NULL, "line %d, column %d: %s", line, column, sentence);
}

/* ---- pieces ---- */

static struct piece *piece_add(struct parser *p, enum piece_kind kind, const char *at)
{
	struct piece *piece;

	if (p->count == p->size) {
		struct piece *larger = arena_new(p->arena, (p->size ? p->size * 2 : 16) * sizeof *larger);

		if (p->count)
			memcpy(larger, p->pieces, p->count * sizeof *larger);
		p->size = p->size ? p->size * 2 : 16;
		p->pieces = larger;
	}
	piece = &p->pieces[p->count++];
	*piece = (struct piece){ .kind = kind };
	if (kind != PIECE_LITERAL)
		position(p, at, &piece->line, &piece->column);
	return piece;
}

void template_literal_end(struct parser *p)
{
	if (p->literal && p->at > p->literal) {
		struct piece *piece = piece_add(p, PIECE_LITERAL, p->literal);

		piece->text = p->literal;
		piece->length = (size_t)(p->at - p->literal);
	}
	p->literal = NULL;
}

/* ---- tags in braces ---- */

struct tag {
	char sign; /* '#', '^', '/', '!', or 0 for a value */
	char name[TEMPLATE_NAME + 1];
	const char *at, *end;
};

static bool begins_name(char c)
{
	return c >= 'a' && c <= 'z';
}

/* The length of a name such as match.partner; 0 if there is none. */
static size_t name_length(const char *text)
{
	const char *c = text;

	if (!begins_name(*c))
		return 0;
	while (begins_name(*c) || (*c >= '0' && *c <= '9') || *c == '_' || (*c == '.' && begins_name(c[1])))
		c++;
	return (size_t)(c - text);
}

static int read_tag(struct parser *p, const char *at, struct tag *tag)
{
	const char *c = at + 2;
	size_t length;

	*tag = (struct tag){ .at = at };
	if (++p->tags > TEMPLATE_TAGS)
		return template_refuse(p, at, "a template has %d places in braces at most; make it simpler", TEMPLATE_TAGS);
	if (*c && strchr("{&", *c))
		return template_refuse(p, at, "there is no unescaped form; write {{name}}, and {{!}} for two opening braces");
	if (*c && strchr(">=", *c))
		return template_refuse(p, at, "'{{%c' is not known here; write {{name}}, {{#name}}, {{^name}}, {{/name}} or {{!}}", *c);
	if (*c && strchr("#^/!", *c))
		tag->sign = *c++;
	c += strspn(c, " \t");
	length = name_length(c);
	if (length > TEMPLATE_NAME)
		return template_refuse(p, at, "this name is longer than %d characters; names are like match.partner", TEMPLATE_NAME);
	memcpy(tag->name, c, length);
	c += length;
	c += strspn(c, " \t");
	if (!*c || *c == '\n')
		return template_refuse(p, at, "the braces are not closed on this line; write {{name}}, and {{!}} for two opening braces");
	if (c[0] != '}' || c[1] != '}')
		return template_refuse(p, c, "this cannot stand in a name; names are like match.partner, in small letters");
	if (!length != (tag->sign == '!'))
		return template_refuse(
			p, at, length ? "{{!}} takes no name; comments are not known here" : "there is no name between the braces");
	tag->end = c + 2;
	return 0;
}

/* A line of nothing but section tags, at its beginning: its end, behind the line feed. NULL: it is another line. */
static const char *line_of_sections(const char *c)
{
	bool some = false;

	for (;;) {
		c += strspn(c, " \t");
		if (c[0] != '{' || c[1] != '{' || !c[2] || !strchr("#^/", c[2]))
			break;
		c = strpbrk(c, "}\n");
		if (!c || c[0] != '}' || c[1] != '}')
			return NULL;
		c += 2;
		some = true;
	}
	return !some || (*c && *c != '\n') ? NULL : c + (*c == '\n');
}

static bool alone_on_line(const struct parser *p, const struct tag *tag)
{
	const char *before = tag->at, *behind = tag->end + strspn(tag->end, " \t");

	while (before > p->start && (before[-1] == ' ' || before[-1] == '\t'))
		before--;
	return (before == p->start || before[-1] == '\n') && (!*behind || *behind == '\n');
}

static int open_section(struct parser *p, const struct tag *tag)
{
	struct piece *piece;

	if (p->section_count == TEMPLATE_DEPTH)
		return template_refuse(p, tag->at, "sections stand in each other deeper than %d; make it simpler", TEMPLATE_DEPTH);
	p->sections[p->section_count++] = (struct open_section){ p->count, p->element_count };
	piece = piece_add(p, tag->sign == '#' ? PIECE_SECTION : PIECE_INVERTED, tag->at);
	piece->text = arena_copy(p->arena, tag->name);
	return 0;
}

static int close_section(struct parser *p, const struct tag *tag)
{
	struct open_section *open;
	struct piece *piece;
	int r;

	if (!p->section_count)
		return template_refuse(p, tag->at, "{{/%s}} closes nothing; write {{#%s}} where the part begins", tag->name, tag->name);
	open = &p->sections[p->section_count - 1];
	piece = &p->pieces[open->piece];
	if (strcmp(piece->text, tag->name) != 0)
		return template_refuse(p, tag->at, "{{/%s}} stands where {{/%s}} must close the part that began in line %d", tag->name,
			piece->text, piece->line);
	r = template_elements_closed(p, open->elements);
	piece->length = p->count - open->piece - 1;
	p->section_count--;
	return r;
}

static int add_value(struct parser *p, const struct tag *tag, enum escape escape)
{
	struct piece *piece = piece_add(p, PIECE_VALUE, tag->at);

	piece->text = arena_copy(p->arena, tag->name);
	piece->escape = escape == AS_PLAIN && alone_on_line(p, tag) ? AS_LINES : escape;
	return 0;
}

static void add_braces(struct parser *p)
{
	struct piece *piece = piece_add(p, PIECE_LITERAL, p->at);

	piece->text = "{{";
	piece->length = 2;
}

int template_value(struct parser *p, enum escape escape)
{
	struct tag tag;
	int r = read_tag(p, p->at, &tag);

	if (r)
		return r;
	if (tag.sign && tag.sign != '!')
		return template_refuse(p, p->at, "a section cannot begin or end inside of an HTML tag; put it around the whole element");
	template_literal_end(p);
	p->at = tag.end;
	if (tag.sign) {
		add_braces(p);
		return 0;
	}
	return add_value(p, &tag, escape);
}

static int parse_braces(struct parser *p)
{
	static const enum escape escapes[] = { AS_PLAIN, AS_ONE_LINE, AS_HTML_TEXT };
	struct tag tag;
	int r = read_tag(p, p->at, &tag);

	if (r)
		return r;
	if (!tag.sign || tag.sign == '!')
		return template_value(p, escapes[p->place]);
	template_literal_end(p);
	p->at = tag.end;
	return tag.sign == '/' ? close_section(p, &tag) : open_section(p, &tag);
}

/* Reads the tags of such a line, and leaves out its blanks and its end. */
static int parse_line_of_sections(struct parser *p, const char *end)
{
	int r = 0;

	template_literal_end(p);
	while (!r && p->at < end && *p->at) {
		p->at += strspn(p->at, " \t\n");
		if (p->at >= end || !*p->at)
			break;
		r = parse_braces(p);
	}
	if (!r)
		p->at = end;
	return r;
}

static int parse_all(struct parser *p)
{
	int r = 0;

	while (*p->at && !r) {
		bool begins = p->at == p->start || p->at[-1] == '\n';
		const char *end = begins && p->place != TEMPLATE_SUBJECT ? line_of_sections(p->at) : NULL;

		if (end) {
			r = parse_line_of_sections(p, end);
		} else if (p->at[0] == '{' && p->at[1] == '{') {
			r = parse_braces(p);
		} else if (p->place == TEMPLATE_HTML && *p->at == '<') {
			r = template_tag(p);
		} else {
			if (!p->literal)
				p->literal = p->at;
			p->at++;
		}
	}
	if (r)
		return r;
	template_literal_end(p);
	if (p->section_count) {
		const struct piece *piece = &p->pieces[p->sections[p->section_count - 1].piece];

		return problem_set(p->problem, E_INVALID, NULL,
			"line %d, column %d: {{%c%s}} is never closed; write {{/%s}} where the part ends", piece->line, piece->column,
			piece->kind == PIECE_SECTION ? '#' : '^', piece->text, piece->text);
	}
	return template_elements_closed(p, 0);
}

int template_parse(const char *text, enum template_place place, struct arena *arena, struct template **ret, struct problem *problem)
{
	struct parser p = { .arena = arena, .problem = problem, .place = place };
	size_t length = strlen(text);
	struct template *t;
	int r;

	if (length > TEMPLATE_BYTES)
		return problem_set(problem, E_LIMIT, NULL, "a template has %d bytes at most, and this one has %zu; make it shorter",
			TEMPLATE_BYTES, length);
	r = text_check(text, length, place == TEMPLATE_SUBJECT ? 0 : TEXT_LINES, problem);
	if (r)
		return r;
	p.start = p.at = arena_copy_n(arena, text, length);
	r = parse_all(&p);
	if (r)
		return r;
	t = arena_new(arena, sizeof *t);
	*t = (struct template){ p.pieces, p.count };
	*ret = t;
	return 0;
}

/* ---- may it use these names? ---- */

/* How many letters two names differ in; names are short. */
static int distance(const char *a, const char *b)
{
	int row[TEMPLATE_NAME + 2], n = (int)strlen(b);

	for (int j = 0; j <= n; j++)
		row[j] = j;
	for (int i = 1; a[i - 1]; i++) {
		int corner = row[0];

		row[0] = i;
		for (int j = 1; j <= n; j++) {
			int best = corner + (a[i - 1] != b[j - 1]);

			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			corner = row[j];
			row[j] = best;
		}
	}
	return row[n];
}

static const char *nearest(const char *name, const struct template_name *names)
{
	const char *found = NULL;
	int least = 1 + (int)strlen(name) / 3;

	for (; names->name; names++) {
		int far = names->flags & TEMPLATE_CLOSED || strlen(names->name) > TEMPLATE_NAME ? least : distance(name, names->name);

		if (far < least) {
			least = far;
			found = names->name;
		}
	}
	return found;
}

static int unknown(const struct piece *piece, const struct template_name *names, struct problem *problem)
{
	const char *near = nearest(piece->text, names);
	struct buffer known = { 0 };
	int r;

	for (const struct template_name *n = names; n->name && !near && known.length < 240; n++)
		if (!(n->flags & TEMPLATE_CLOSED))
			buffer_print(&known, "%s%s", known.length ? ", " : "", n->name);
	r = near ? problem_set(problem, E_INVALID, NULL, "line %d, column %d: '%s' is not known here; did you mean %s?", piece->line,
			   piece->column, piece->text, near)
		 : problem_set(problem, E_INVALID, NULL, "line %d, column %d: '%s' is not known here; take it out, or use one of: %s",
			   piece->line, piece->column, piece->text, buffer_string(&known));
	buffer_free(&known);
	return r;
}

/* Is the piece inside of a section of its own name? */
static bool in_own_section(const struct template *t, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (t->pieces[i].kind == PIECE_SECTION && i + t->pieces[i].length >= at && !strcmp(t->pieces[i].text, t->pieces[at].text))
			return true;
	return false;
}

bool template_shows(const struct template *t, const char *name)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->pieces[i].kind == PIECE_VALUE && !strcmp(t->pieces[i].text, name))
			return true;
	return false;
}

int template_check(const struct template *t, const struct template_name *names, struct problem *problem)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct piece *piece = &t->pieces[i];
		const struct template_name *n = names;

		if (piece->kind == PIECE_LITERAL)
			continue;
		while (n->name && strcmp(n->name, piece->text) != 0)
			n++;
		if (!n->name)
			return unknown(piece, names, problem);
		if (n->flags & TEMPLATE_CLOSED)
			return problem_set(problem, E_INVALID, NULL,
				"line %d, column %d: '%s' is nothing that the reader may see here; take it out", piece->line, piece->column,
				piece->text);
		if (n->flags & TEMPLATE_OPTIONAL && piece->kind == PIECE_VALUE && !in_own_section(t, i))
			return problem_set(problem, E_INVALID, NULL,
				"line %d, column %d: '%s' can be missing; put the part that needs it between {{#%s}} and {{/%s}}",
				piece->line, piece->column, piece->text, piece->text, piece->text);
	}
	return 0;
}

/* ---- rendering ---- */

static void encode_plain(struct buffer *out, const char *value, bool lines)
{
	for (size_t left = strlen(value); left;) {
		uint32_t point = 0;
		int n = text_decode(value, left, &point);

		if (!n)
			text_encode(out, 0xFFFD);
		else if (lines && point == '\n')
			buffer_char(out, '\n');
		else if (text_refused(point))
			buffer_char(out, ' ');
		else
			buffer_add(out, value, (size_t)n);
		value += n ? n : 1;
		left -= n ? (size_t)n : 1;
	}
}

static void encode_html(struct buffer *out, const char *value, bool attribute)
{
	struct buffer plain = { 0 };

	encode_plain(&plain, value, !attribute);
	if (attribute)
		encode_xml_attribute(out, buffer_string(&plain));
	else
		encode_xml_text(out, buffer_string(&plain));
	buffer_free(&plain);
}

static int put_value(const struct piece *piece, const char *value, struct buffer *out, struct problem *problem)
{
	if (!value)
		return problem_set(problem, E_NOTFOUND, piece->text, "line %d, column %d: there is no value for '%s' now", piece->line,
			piece->column, piece->text);
	switch (piece->escape) {
	case AS_PLAIN:
	case AS_ONE_LINE:
	case AS_LINES: encode_plain(out, value, piece->escape == AS_LINES); return 0;
	case AS_HTML_TEXT:
	case AS_HTML_ATTRIBUTE: encode_html(out, value, piece->escape == AS_HTML_ATTRIBUTE); return 0;
	case AS_URL_PART: template_link_part(out, value); return 0;
	case AS_URL: break;
	}
	return template_link(out, value)
		? problem_set(problem, E_INVALID, piece->text,
			  "line %d, column %d: the value of '%s' is no link that a message may hold (https:, http: or mailto:)",
			  piece->line, piece->column, piece->text)
		: 0;
}

int template_render(const struct template *t, template_lookup *lookup, void *data, struct buffer *out, struct problem *problem)
{
	size_t before = out->length;
	int r = 0;

	for (size_t i = 0; i < t->count && !r; i++) {
		const struct piece *piece = &t->pieces[i];
		const char *value;

		if (piece->kind == PIECE_LITERAL) {
			buffer_add(out, piece->text, piece->length);
			continue;
		}
		value = lookup(data, piece->text);
		if (piece->kind == PIECE_VALUE)
			r = put_value(piece, value, out, problem);
		else if ((value && *value) != (piece->kind == PIECE_SECTION))
			i += piece->length;
	}
	if (r && out->length > before) {
		out->length = before;
		out->data[before] = 0;
	}
	return r;
}
