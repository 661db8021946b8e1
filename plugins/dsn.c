/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A mail is read where it lies: a slice is a place in it, and only a part that is encoded is written anew. Lines end with LF or CRLF. A field's
 * value is unfolded into a buffer of fixed size; what is longer is cut, which no field that is looked at ever is.
 */
#include "dsn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	VALUE_SIZE = 1000,
	BOUNDARY_MOST = 200, /* RFC 2046 allows 70 */
	DEPTH_MOST = 6,
	PARTS_MOST = 64
};

struct slice {
	const char *at;
	size_t length;
};

struct entity {
	struct slice header, body;
};

/* ---- lines and fields ---- */

static struct slice rest_of(struct slice all, size_t used)
{
	return (struct slice){ all.at + used, all.length - used };
}

/* Takes the first line off, without what ends it; false at the end. */
static bool line_take(struct slice *all, struct slice *ret)
{
	const char *end = all->length ? memchr(all->at, '\n', all->length) : NULL;
	size_t used = end ? (size_t)(end - all->at) + 1 : all->length;

	if (!all->length)
		return false;
	*ret = (struct slice){ all->at, end ? used - 1 : used };
	if (end && ret->length && ret->at[ret->length - 1] == '\r')
		ret->length--;
	*all = rest_of(*all, used);
	return true;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Header and body, which an empty line separates. */
static struct entity entity_of(struct slice all)
{
	struct slice left = all, line;

	while (line_take(&left, &line))
		if (!line.length)
			return (struct entity){ { all.at, (size_t)(line.at - all.at) }, left };
	return (struct entity){ all, { all.at + all.length, 0 } };
}

static void value_add(char value[VALUE_SIZE], struct slice text)
{
	size_t length = strlen(value);

	while (text.length && blank(*text.at))
		text = rest_of(text, 1);
	if (length && length < VALUE_SIZE - 1)
		value[length++] = ' ';
	for (size_t i = 0; i < text.length && length < VALUE_SIZE - 1; i++)
		value[length++] = text.at[i] ? text.at[i] : ' ';
	while (length && blank(value[length - 1]))
		length--;
	value[length] = '\0';
}

/* The value of the first field of that name, unfolded; false and "" if there is none. */
static bool field(struct slice header, const char *name, char value[VALUE_SIZE])
{
	size_t length = strlen(name);
	struct slice line;
	bool found = false;

	*value = '\0';
	while (line_take(&header, &line)) {
		if (line.length && blank(*line.at)) {
			if (found)
				value_add(value, line);
			continue;
		}
		if (found)
			break;
		found = line.length > length && line.at[length] == ':' && !strncasecmp(line.at, name, length);
		if (found)
			value_add(value, rest_of(line, length + 1));
	}
	return found;
}

/* ---- types of parts ---- */

/* Is the value of Content-Type that type? What follows are parameters. */
static bool is_type(const char *value, const char *type)
{
	size_t length = strlen(type);

	return !strncasecmp(value, type, length) && (!value[length] || strchr("; \t(", value[length]));
}

/* A parameter of a value, with or without quotation marks; false if it is not there. */
static bool parameter(const char *value, const char *name, char *ret, size_t size)
{
	size_t length = strlen(name), at = 0;
	const char *from = strchr(value, ';');

	for (; from; from = strchr(from, ';')) {
		from += 1 + strspn(from + 1, " \t");
		if (!strncasecmp(from, name, length) && from[length + strspn(from + length, " \t")] == '=')
			break;
	}
	if (!from)
		return false;
	from = strchr(from, '=') + 1;
	from += strspn(from, " \t");
	if (*from == '"') {
		for (from++; *from && *from != '"' && at < size - 1; from++) {
			if (*from == '\\' && from[1])
				from++;
			ret[at++] = *from;
		}
	} else {
		for (; *from && !strchr("; \t", *from) && at < size - 1; from++)
			ret[at++] = *from;
	}
	ret[at] = '\0';
	return at > 0;
}

/* ---- parts that are encoded ---- */

static int digit_of(char c, const char *digits)
{
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static size_t from_base64(struct slice from, char *to)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned bits = 0;
	int have = 0;
	size_t at = 0;

	for (size_t i = 0; i < from.length; i++) {
		int digit = digit_of(from.at[i], digits);

		if (digit < 0)
			continue;
		bits = (bits << 6 | (unsigned)digit) & 0xffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			to[at++] = (char)(bits >> have);
		}
	}
	return at;
}

static size_t from_quoted(struct slice from, char *to)
{
	static const char digits[] = "0123456789ABCDEFabcdef";
	struct slice line;
	size_t at = 0;

	while (line_take(&from, &line)) {
		bool soft = false;

		while (line.length && blank(line.at[line.length - 1]))
			line.length--;
		for (size_t i = 0; i < line.length; i++) {
			int high = i + 1 < line.length ? digit_of(line.at[i + 1], digits) : -1;
			int low = i + 2 < line.length ? digit_of(line.at[i + 2], digits) : -1;

			soft = line.at[i] == '=' && i + 1 == line.length;
			if (soft)
				break;
			if (line.at[i] == '=' && high >= 0 && low >= 0) {
				to[at++] = (char)((high > 15 ? high - 6 : high) << 4 | (low > 15 ? low - 6 : low));
				i += 2;
			} else {
				to[at++] = line.at[i];
			}
		}
		if (!soft)
			to[at++] = '\n';
	}
	return at;
}

/* The body as it was meant; what it is written into, if anything, is *ret_memory, which the caller frees. */
static struct slice decoded(const struct entity *entity, char **ret_memory)
{
	char value[VALUE_SIZE];
	size_t length;

	*ret_memory = NULL;
	field(entity->header, "Content-Transfer-Encoding", value);
	if (!is_type(value, "base64") && !is_type(value, "quoted-printable"))
		return entity->body;
	*ret_memory = malloc(entity->body.length + 2);
	if (!*ret_memory)
		abort();
	length = is_type(value, "base64") ? from_base64(entity->body, *ret_memory) : from_quoted(entity->body, *ret_memory);
	return (struct slice){ *ret_memory, length };
}

/* ---- the part about the delivery ---- */

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Copies a status such as 5.1.1 from the beginning of a text; false if none stands there. */
static bool status_take(const char *text, char ret[12])
{
	int length = 0, end = 0;

	if ((*text != '2' && *text != '4' && *text != '5') || sscanf(text, "%*1[245].%*3[0-9].%n%*3[0-9]%n", &length, &end) < 0 ||
		end <= length || digit(text[end]) || text[end] == '.')
		return false;
	snprintf(ret, 12, "%.*s", end, text);
	return true;
}

static bool vague(const char *status)
{
	return !strcmp(status + 1, ".0.0");
}

/* "smtp; 550 5.1.1 <who>: no such user": the code, and the status where the field Status says nothing of its own. No other word of it. */
static void diagnostic_read(const char *value, char code[4], char status[12])
{
	const char *at = strchr(value, ';');

	*code = '\0';
	if (strncasecmp(value, "smtp", 4) || !at)
		return;
	at += 1 + strspn(at + 1, " \t");
	if (!(digit(at[0]) && digit(at[1]) && digit(at[2]) && (!at[3] || strchr(" -", at[3]))))
		return;
	snprintf(code, 4, "%.3s", at);
	at += 3 + strspn(at + 3, " -\t");
	if (!*status || vague(status))
		status_take(at, status);
}

static int rank(enum dsn_kind kind, const char *status)
{
	return 2 * (int)kind + (*status == '5');
}

/* One recipient. The worst of them is what counts: our mails have one. */
static void recipient_read(struct slice group, struct dsn *ret)
{
	char value[VALUE_SIZE], code[4] = "", status[12] = "";
	enum dsn_kind kind;

	if (!field(group, "Action", value))
		return;
	kind = is_type(value, "failed") ? DSN_FAILED : is_type(value, "delayed") ? DSN_DELAYED : DSN_NEWS;
	if (field(group, "Status", value))
		status_take(value, status);
	if (field(group, "Diagnostic-Code", value))
		diagnostic_read(value, code, status);
	if (kind == DSN_FAILED && *status != '4' && *status != '5') /* it failed for good, and for whatever reason */
		snprintf(status, sizeof status, "%s", *code == '4' ? "4.0.0" : "5.0.0");
	if (kind == DSN_DELAYED && *status != '4' && *status != '5')
		snprintf(status, sizeof status, "4.0.0");
	if (ret->kind != DSN_NONE && rank(kind, status) <= rank(ret->kind, ret->status))
		return;
	ret->kind = kind;
	snprintf(ret->status, sizeof ret->status, "%s", kind == DSN_NEWS ? "" : status);
	snprintf(ret->detail, sizeof ret->detail, "%s%s%s", code, *code ? " " : "", ret->status);
}

/* What a Message-ID is made of between < and >, or an envelope's id without them. */
static void id_take(const char *value, char ret[DSN_ID_SIZE])
{
	const char *mark = strchr(value, '<'), *from = mark ? mark + 1 : value;
	size_t length = strcspn(from, "> \t;,");

	if (!length || length >= DSN_ID_SIZE || !memchr(from, '@', length) || (mark && from[length] != '>'))
		return;
	for (size_t i = 0; i < length; i++)
		if (from[i] <= ' ' || from[i] >= 0x7f || from[i] == '<')
			return;
	memcpy(ret, from, length);
	ret[length] = '\0';
}

/* Groups of fields: one of the mail, then one for each recipient. */
static void status_read(struct slice body, struct dsn *ret)
{
	char value[VALUE_SIZE];
	struct slice line, group = body;

	while (group.length) {
		struct slice left = group;
		size_t length = group.length;

		while (line_take(&left, &line))
			if (!line.length) {
				length = (size_t)(line.at - group.at);
				break;
			}
		recipient_read((struct slice){ group.at, length }, ret);
		if (!*ret->message_id && field((struct slice){ group.at, length }, "Original-Envelope-Id", value))
			id_take(value, ret->message_id);
		group = left;
	}
	if (ret->kind == DSN_NONE)
		ret->kind = DSN_NEWS;
}

/* ---- parts of a report ---- */

static bool is_one(const char *value, const char *const *types)
{
	while (*types && !is_type(value, *types))
		types++;
	return *types != NULL;
}

static const char *const status_types[] = { "message/delivery-status", "message/global-delivery-status", NULL };
static const char *const returned_types[] = { "message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global",
	"message/global-headers", NULL };

struct reading {
	struct dsn *dsn;
	char returned[DSN_ID_SIZE]; /* of the mail that is sent back, which says more than the envelope does */
};

static void part_read(struct entity *part, const char *type, struct reading *reading)
{
	char value[VALUE_SIZE], *memory = NULL;
	struct slice body;

	if (is_one(type, status_types)) {
		body = decoded(part, &memory);
		status_read(body, reading->dsn);
	} else if (is_one(type, returned_types)) {
		body = decoded(part, &memory);
		if (!*reading->returned && field(entity_of(body).header, "Message-ID", value))
			id_take(value, reading->returned);
	}
	free(memory);
}

static void entity_read(struct slice all, int depth, bool report, struct reading *reading);

/* A line that is the boundary: 1, the last one: 2, none: 0. */
static int is_boundary(struct slice line, const char *boundary)
{
	size_t length = strlen(boundary), left;
	int last = 0;

	if (line.length < length + 2 || memcmp(line.at, "--", 2) || memcmp(line.at + 2, boundary, length))
		return 0;
	left = line.length - length - 2;
	line.at += length + 2;
	if (left >= 2 && !memcmp(line.at, "--", 2)) {
		last = 1;
		left -= 2;
		line.at += 2;
	}
	for (; left; left--, line.at++)
		if (!blank(*line.at))
			return 0;
	return 1 + last;
}

static void parts_read(struct slice body, const char *boundary, int depth, bool report, struct reading *reading)
{
	const char *from = NULL;
	struct slice line;
	int count = 0, found = 0;

	while (found < 2 && count < PARTS_MOST && line_take(&body, &line)) {
		found = is_boundary(line, boundary);
		if (!found)
			continue;
		if (from && ++count)
			entity_read((struct slice){ from, (size_t)(line.at - from) }, depth, report, reading);
		from = body.at;
	}
	if (from && found < 2 && !body.length) /* cut short on its way */
		entity_read((struct slice){ from, (size_t)(body.at - from) }, depth, report, reading);
}

static void entity_read(struct slice all, int depth, bool report, struct reading *reading)
{
	struct entity entity = entity_of(all);
	char type[VALUE_SIZE], boundary[BOUNDARY_MOST];

	field(entity.header, "Content-Type", type);
	if (strncasecmp(type, "multipart/", 10)) {
		if (report)
			part_read(&entity, type, reading);
		return;
	}
	if (depth < DEPTH_MOST && parameter(type, "boundary", boundary, sizeof boundary))
		parts_read(entity.body, boundary, depth + 1, is_type(type, "multipart/report"), reading);
}

/* Where it came to, in the words of the server that delivered it; those of the sender are in To. */
static void to_read(struct slice header, struct dsn *ret)
{
	static const char *const names[] = { "Delivered-To", "X-Original-To", "Envelope-To", "To" };
	char value[VALUE_SIZE];

	for (size_t i = 0; i < sizeof names / sizeof *names && !*ret->to; i++)
		if (field(header, names[i], value))
			id_take(value, ret->to);
}

void dsn_read(const char *mail, size_t size, struct dsn *ret)
{
	struct reading reading = { .dsn = ret };
	struct slice all = { mail, size }, header = entity_of(all).header;
	char value[VALUE_SIZE];

	*ret = (struct dsn){ .kind = DSN_NONE };
	entity_read(all, 0, false, &reading);
	if (ret->kind == DSN_NONE) {
		*ret = (struct dsn){ .kind = DSN_NONE };
		return;
	}
	if (*reading.returned)
		memcpy(ret->message_id, reading.returned, sizeof ret->message_id);
	if (!*ret->message_id && field(header, "In-Reply-To", value))
		id_take(value, ret->message_id);
	if (!*ret->message_id && field(header, "References", value))
		id_take(value, ret->message_id);
	to_read(header, ret);
}
