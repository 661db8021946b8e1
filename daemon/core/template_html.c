/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The HTML of a mail: few elements, few attributes, one way to write them. What is not in the two tables is refused, so that no list of
 * dangerous things has to be complete, and everything that is accepted means the same to every reader: names and double
 * quotes are plain, no element changes how the text behind it is read, and each is closed where it was opened. Comments do not leave
 * (some mail programs read conditions in them).
 */
#include "template_inside.h"

#include <string.h>
#include <strings.h>

struct element {
	const char *name;
	bool empty; /* has no end tag */
};
static const struct element elements[] = { { "a", false }, { "abbr", false }, { "b", false }, { "blockquote", false }, { "br", true },
	{ "caption", false }, { "code", false }, { "dd", false }, { "div", false }, { "dl", false }, { "dt", false }, { "em", false },
	{ "h1", false }, { "h2", false }, { "h3", false }, { "h4", false }, { "hr", true }, { "i", false }, { "li", false },
	{ "ol", false }, { "p", false }, { "pre", false }, { "q", false }, { "s", false }, { "small", false }, { "span", false },
	{ "strong", false }, { "sub", false }, { "sup", false }, { "table", false }, { "tbody", false }, { "td", false },
	{ "tfoot", false }, { "th", false }, { "thead", false }, { "tr", false }, { "u", false }, { "ul", false }, { 0 } };

enum attribute_kind {
	FOR_TEXT,  /* may hold values */
	FOR_LINK,  /* a link */
	FOR_WORDS, /* letters, digits and a few signs; no values */
	FOR_STYLE
};
static const struct attribute {
	const char *name;
	enum attribute_kind kind;
} attributes[] = { { "href", FOR_LINK }, { "title", FOR_TEXT }, { "aria-label", FOR_TEXT }, { "style", FOR_STYLE }, { "align", FOR_WORDS },
	{ "border", FOR_WORDS }, { "cellpadding", FOR_WORDS }, { "cellspacing", FOR_WORDS }, { "colspan", FOR_WORDS }, { "dir", FOR_WORDS },
	{ "height", FOR_WORDS }, { "lang", FOR_WORDS }, { "role", FOR_WORDS }, { "rowspan", FOR_WORDS }, { "scope", FOR_WORDS },
	{ "start", FOR_WORDS }, { "valign", FOR_WORDS }, { "width", FOR_WORDS }, { 0 } };

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define BLANKS " \t\n"
#define MOST_OF_A_WORD 32

/* Why those that people try are not there; NULL: no particular reason. */
static const char *reason_against(const char *name)
{
	static const char *const reasons[][2] = { { "script", "there is no code in a mail" },
		{ "style", "mail programs throw it away; use the attribute style" }, { "iframe", "a mail holds no other pages" },
		{ "object", "a mail holds no other files" }, { "embed", "a mail holds no other files" },
		{ "form", "a mail holds no forms; link to the page with {{link}}" },
		{ "input", "a mail holds no forms; link to the page with {{link}}" },
		{ "button", "a mail holds no forms; link to the page with {{link}}" },
		{ "img", "a picture that is fetched tells who read the mail, and most readers do not see it" },
		{ "html", "write what stands inside of <body>; the rest is added" },
		{ "head", "write what stands inside of <body>; the rest is added" },
		{ "body", "write what stands inside of it; the rest is added" }, { NULL, NULL } };

	for (int i = 0; reasons[i][0]; i++)
		if (!strcasecmp(reasons[i][0], name))
			return reasons[i][1];
	return NULL;
}

static bool at_braces(const struct parser *p)
{
	return p->at[0] == '{' && p->at[1] == '{';
}

static void skip(struct parser *p, const char *signs)
{
	p->at += strspn(p->at, signs);
}

/* The word at the cursor, moving on behind it; false if there is none, or an endless one. */
static bool word(struct parser *p, const char *signs, char out[MOST_OF_A_WORD + 1])
{
	size_t n = strspn(p->at, signs);

	if (!n || n > MOST_OF_A_WORD)
		return false;
	memcpy(out, p->at, n);
	out[n] = 0;
	p->at += n;
	return true;
}

/* ---- elements ---- */

static const struct element *element_named(const char *name)
{
	const struct element *e = elements;

	while (e->name && strcasecmp(e->name, name) != 0)
		e++;
	return e->name ? e : NULL;
}

int template_elements_closed(struct parser *p, int base)
{
	const struct open_element *last;

	if (p->element_count <= base)
		return 0;
	last = &p->elements[p->element_count - 1];
	return template_refuse(p, last->at, "<%s> is not closed in the part in which it was opened; write </%s> there", last->element->name,
		last->element->name);
}

static int parse_end_tag(struct parser *p)
{
	const char *at = p->at;
	int base = p->section_count ? p->sections[p->section_count - 1].elements : 0;
	char name[MOST_OF_A_WORD + 1];
	const struct element *e;

	p->at += 2;
	if (!word(p, LETTERS DIGITS, name))
		return template_refuse(p, at, "</ must be followed by the name of an element; write &lt; for the sign itself");
	skip(p, BLANKS);
	if (*p->at != '>')
		return template_refuse(p, at, "</%s must end in >, with nothing between", name);
	p->at++;
	e = element_named(name);
	if (!e || e->empty)
		return template_refuse(p, at, "</%s> closes nothing; take it out", name);
	if (p->element_count <= base)
		return template_refuse(p, at, "</%s> closes nothing that was opened in the same part; write <%s> in it", name, name);
	if (p->elements[p->element_count - 1].element != e)
		return template_refuse(
			p, at, "</%s> stands where </%s> must come first", name, p->elements[p->element_count - 1].element->name);
	p->element_count--;
	return 0;
}

/* ---- attributes ---- */

/* Where a link's own text allows a value: behind the host, or anywhere in an address to write to. */
static bool host_is_fixed(const char *start, const char *end)
{
	const char *c = strncasecmp(start, "mailto:", 7) ? strchr(start, ':') + 3 : NULL;

	return !c || (c < end && strcspn(c, "/?#") < (size_t)(end - c));
}

static int parse_link(struct parser *p)
{
	const char *start = p->at;
	int r = 0;

	if (at_braces(p)) {
		r = template_value(p, AS_URL);
		if (!r && *p->at != '"')
			r = template_refuse(p, p->at, "a link that begins with a value holds nothing else; end it here");
		return r;
	}
	if (strncasecmp(start, "https://", 8) != 0 && strncasecmp(start, "http://", 7) != 0 && strncasecmp(start, "mailto:", 7) != 0)
		return template_refuse(p, start, "a link begins with https://, http:// or mailto:, or is one value such as {{link}}");
	p->literal = p->literal ? p->literal : p->at;
	while (*p->at && *p->at != '"' && !r) {
		if (at_braces(p) && !host_is_fixed(start, p->at))
			r = template_refuse(
				p, p->at, "a value cannot choose where a link leads; put it behind the name of the host and a /");
		else if (at_braces(p))
			r = template_value(p, AS_URL_PART);
		else if (strchr("<> \t\n\\`", *p->at))
			r = template_refuse(p, p->at, "this cannot stand in a link; write it as %%%02X", (unsigned)*p->at);
		else {
			p->literal = p->literal ? p->literal : p->at;
			p->at++;
		}
	}
	return r;
}

static int parse_attribute_text(struct parser *p)
{
	int r = 0;

	while (*p->at && *p->at != '"' && !r) {
		if (at_braces(p)) {
			r = template_value(p, AS_HTML_ATTRIBUTE);
			continue;
		}
		p->literal = p->literal ? p->literal : p->at;
		p->at++;
	}
	return r;
}

static bool holds(const char *from, const char *end, const char *part)
{
	size_t n = strlen(part);

	for (; from + n <= end; from++)
		if (!strncasecmp(from, part, n))
			return true;
	return false;
}

static int parse_fixed(struct parser *p, const struct attribute *a)
{
	const char *start = p->at;

	while (*p->at && *p->at != '"') {
		if (at_braces(p))
			return template_refuse(p, p->at, "no value can stand in the attribute %s; put it into the text", a->name);
		if (!strchr(a->kind == FOR_STYLE ? LETTERS DIGITS " -.,:;#%()" : LETTERS DIGITS " -_.%", *p->at))
			return template_refuse(
				p, p->at, "this cannot stand in the attribute %s; write letters, digits and plain signs", a->name);
		p->at++;
	}
	if (a->kind == FOR_STYLE && (holds(start, p->at, "url") || holds(start, p->at, "expression")))
		return template_refuse(p, start, "a mail fetches nothing and runs nothing; take url and expression out of the style");
	return 0;
}

static const struct attribute *attribute_named(const char *name)
{
	const struct attribute *a = attributes;

	while (a->name && strcasecmp(a->name, name) != 0)
		a++;
	return a->name ? a : NULL;
}

static int parse_attribute(struct parser *p)
{
	const char *at = p->at;
	char name[MOST_OF_A_WORD + 1];
	const struct attribute *a;
	int r;

	if (at_braces(p))
		return template_refuse(p, at, "no value can stand in a tag but in the double quotes of an attribute");
	if (!word(p, LETTERS DIGITS "-", name))
		return template_refuse(p, at, "this is no attribute; attributes are written name=\"value\"");
	a = attribute_named(name);
	if (!strncasecmp(name, "on", 2))
		return template_refuse(p, at, "%s is a handler, and there is no code in a mail; take it out", name);
	if (!a)
		return template_refuse(p, at, "the attribute %s is not used in mails; take it out", name);
	if (p->at[0] != '=' || p->at[1] != '"')
		return template_refuse(
			p, p->at, "attributes are written name=\"value\", with double quotes and nothing between; write %s=\"...\"", name);
	p->at += 2;
	r = a->kind == FOR_LINK ? parse_link(p) : a->kind == FOR_TEXT ? parse_attribute_text(p) : parse_fixed(p, a);
	if (r)
		return r;
	if (*p->at != '"')
		return template_refuse(p, at, "the value of %s is not closed; write \" behind it", name);
	p->literal = p->literal ? p->literal : p->at;
	p->at++;
	return *p->at && strchr(BLANKS "/>", *p->at) ? 0 : template_refuse(p, p->at, "a blank or > must follow a value in quotes");
}

static int parse_start_tag(struct parser *p)
{
	const char *at = p->at, *why;
	char name[MOST_OF_A_WORD + 1];
	const struct element *e;
	int r = 0;

	p->at++;
	if (!word(p, LETTERS DIGITS, name))
		return template_refuse(p, at, "< begins a tag; write &lt; for the sign itself");
	e = element_named(name);
	why = reason_against(name);
	if (!e)
		return template_refuse(
			p, at, "<%s> is not used in mails%s%s", name, why ? ": " : "; write text, ", why ? why : "links, lists and tables");
	while (!r) {
		bool blank = strchr(BLANKS, *p->at) != NULL;

		skip(p, BLANKS);
		if (!*p->at)
			return template_refuse(p, at, "<%s is never closed; write > behind it", name);
		if (*p->at == '>' || (e->empty && p->at[0] == '/' && p->at[1] == '>'))
			break;
		r = blank || at_braces(p) ? parse_attribute(p)
					  : template_refuse(p, p->at, "this cannot stand in a tag; write > or an attribute");
	}
	if (r)
		return r;
	p->at += *p->at == '/' ? 2 : 1;
	if (e->empty)
		return 0;
	if (p->element_count == ELEMENT_DEPTH)
		return template_refuse(p, at, "elements stand in each other deeper than %d; make it simpler", ELEMENT_DEPTH);
	p->elements[p->element_count++] = (struct open_element){ e, at };
	return 0;
}

static int parse_comment(struct parser *p)
{
	const char *end = strstr(p->at + 4, "-->"), *braces = strstr(p->at, "{{");

	if (strncmp(p->at, "<!--", 4) != 0)
		return template_refuse(
			p, p->at, "<! begins nothing that is used in mails; write what stands inside of <body>, the rest is added");
	if (!end)
		return template_refuse(p, p->at, "this comment is never closed; write --> behind it");
	if (braces && braces < end)
		return template_refuse(p, braces, "comments are left out of the mail, and so would be this; take it out of the comment");
	template_literal_end(p);
	p->at = end + 3;
	return 0;
}

int template_tag(struct parser *p)
{
	if (p->at[1] == '!')
		return parse_comment(p);
	p->literal = p->literal ? p->literal : p->at;
	return p->at[1] == '/' ? parse_end_tag(p) : parse_start_tag(p);
}

/* ---- values of links ---- */

static void encode_url(struct buffer *out, const char *value, const char *kept)
{
	for (; *value; value++)
		if (*value == '&')
			buffer_text(out, strchr(kept, '&') ? "&amp;" : "%26");
		else if (strchr(kept, *value))
			buffer_char(out, *value);
		else
			buffer_print(out, "%%%02X", (unsigned)(unsigned char)*value);
}

int template_link(struct buffer *out, const char *value)
{
	if (strncasecmp(value, "https://", 8) != 0 && strncasecmp(value, "http://", 7) != 0 && strncasecmp(value, "mailto:", 7) != 0)
		return E_INVALID;
	encode_url(out, value, LETTERS DIGITS "-._~:/?#[]@!$&()*+,;=%");
	return 0;
}

void template_link_part(struct buffer *out, const char *value)
{
	encode_url(out, value, LETTERS DIGITS "-._~");
}
