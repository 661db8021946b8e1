/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * webforms_head.c - the head of a request, read strictly: what is not exactly one is refused, so that nobody before or behind this
 * plugin can understand it in another way.
 */
#include <stdlib.h>
#include <string.h>
#include "webforms.h"

enum {
	HEADERS_MOST = 64
};

ssize_t web_head_find(const char *in, size_t have, size_t *seen)
{
	for (size_t i = *seen; i < have; i++) {
		unsigned char c = (unsigned char)in[i];

		*seen = i + 1;
		if (c == '\n') {
			if (i == 0 || in[i - 1] != '\r')
				return -1;
			if (i >= 3 && in[i - 2] == '\n')
				return (ssize_t)i + 1;
		} else if ((c < 0x20 && c != '\t' && c != '\r') || c == 0x7f || (i > 0 && in[i - 1] == '\r')) {
			return -1;
		}
	}
	return 0;
}

static bool is_token(const char *text)
{
	static const char others[] = "!#$%&'*+-.^_`|~";

	if (!*text)
		return false;
	for (; *text; text++)
		if (!(*text >= '0' && *text <= '9') && !((*text | 0x20) >= 'a' && (*text | 0x20) <= 'z') && !strchr(others, *text))
			return false;
	return true;
}

static int read_method(struct web_head *head, const char *word)
{
	static const char *const words[] = { [WEB_GET] = "GET", [WEB_HEAD] = "HEAD", [WEB_POST] = "POST" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i], word) == 0) {
			head->method = (enum web_method)i;
			return 0;
		}
	return is_token(word) ? 405 : 400;
}

static int read_request_line(struct web_head *head, char *line)
{
	char *path = strchr(line, ' '), *version = path ? strchr(path + 1, ' ') : NULL;

	if (!version)
		return 400;
	*path++ = 0;
	*version++ = 0;
	if (strncmp(version, "HTTP/", 5) != 0 || strlen(version) != 8 || version[6] != '.')
		return 400;
	if (strcmp(version, "HTTP/1.1") != 0 && strcmp(version, "HTTP/1.0") != 0)
		return 505;
	head->minor = version[7] - '0';
	for (const char *at = path; *at; at++)
		if (*at <= 0x20 || *at >= 0x7f)
			return 400;
	path[strcspn(path, "?")] = 0;
	if (path[0] != '/' || web_percent_decode(path, false) < 0 || !web_is_utf8(path))
		return 400;
	head->path = path;
	return read_method(head, line);
}

static int read_length(struct web_head *head, const char *value)
{
	size_t digits = strspn(value, "0123456789");

	if (head->has_length || digits == 0 || value[digits])
		return 400;
	head->has_length = true;
	head->length = digits > 9 ? WEB_BODY_MOST + 1 : (size_t)strtoul(value, NULL, 10);
	return 0;
}

static int read_host(struct web_head *head, const char *value)
{
	if (head->has_host || !*value || value[strcspn(value, " \t,/?#@\\")])
		return 400;
	head->has_host = true;
	return 0;
}

static int read_header(struct web_head *head, const char *name, const char *value)
{
	if (strcasecmp(name, "Host") == 0)
		return read_host(head, value);
	if (strcasecmp(name, "Content-Length") == 0)
		return read_length(head, value);
	if (strcasecmp(name, "Transfer-Encoding") == 0)
		return 400;
	if (strcasecmp(name, "Expect") == 0)
		return (head->expects = strcasecmp(value, "100-continue") == 0) ? 0 : 417;
	if (strcasecmp(name, "Connection") == 0)
		head->close = head->close || strcasestr(value, "close");
	if (strcasecmp(name, "Content-Type") == 0)
		head->type = value;
	if (strcasecmp(name, "Accept-Language") == 0)
		head->languages = value;
	if (strcasecmp(name, "X-Forwarded-For") == 0)
		head->forwarded = value;
	return 0;
}

static int read_header_line(struct web_head *head, char *line)
{
	char *value = strchr(line, ':'), *end;

	if (!value)
		return 400;
	*value++ = 0;
	value += strspn(value, " \t");
	for (end = value + strlen(value); end > value && (end[-1] == ' ' || end[-1] == '\t'); end--)
		;
	*end = 0;
	return is_token(line) ? read_header(head, line, value) : 400;
}

static int check_head(const struct web_head *head)
{
	if (!head->has_host && head->minor == 1)
		return 400;
	if (head->method != WEB_POST && head->length > 0)
		return 400;
	if (head->method == WEB_POST && !head->has_length)
		return 411;
	return head->length > WEB_BODY_MOST ? 413 : 0;
}

int web_head_read(struct web_head *head, char *in, size_t size)
{
	int lines = 0, status = 0;
	char *line = in, *end;

	*head = (struct web_head){ .type = "", .languages = "" };
	for (; status == 0 && (end = memchr(line, '\r', size - (size_t)(line - in))) && end > line; line = end + 2, lines++) {
		*end = 0;
		status = lines == 0 ? read_request_line(head, line) : lines > HEADERS_MOST ? 431 : read_header_line(head, line);
	}
	if (status == 0)
		status = lines == 0 ? 400 : check_head(head);
	head->size = size;
	return status;
}
