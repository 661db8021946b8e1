/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Header fields and the parts of a mail.
 *
 * Plain ASCII values stand as they are; all others become encoded words (RFC 2047) of whole characters, one a line. A value that
 * cannot be written makes no mail: what belongs to this message alone refuses the message; the name of the institution stands in all
 * of them, so that one stops the plugin. The parts are alternatives, the best last: text, HTML, calendar. Their boundary begins with
 * "=_", which neither of the two encodings can produce.
 */
#include "mime.h"
#include "ical.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BOUNDARY "=_mentorship_part"

enum {
	ADDRESS_MOST = 254,
	MAILBOX_MOST = 64,
	VALUE_MOST = 2000,
	URL_MOST = 900,
	PLAIN_MOST = 66, /* longer values are folded, and so become encoded words */
	WORD_OCTETS = 42 /* of the text in one encoded word: 56 of base64, 68 with what is around it */
};

struct draft {
	FILE *out;
	int outcome;
	const char *why;
};

static void fail(struct draft *draft, int outcome, const char *why)
{
	if (draft->why)
		return;
	draft->outcome = outcome;
	draft->why = why;
}

bool mime_address(const char *address)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t length = strlen(address), mailbox = strcspn(address, "@");
	const char *domain = address + mailbox + 1;

	if (length > ADDRESS_MOST || !mailbox || mailbox > MAILBOX_MOST || mailbox + 1 >= length)
		return false;
	for (size_t i = 0; i < mailbox; i++)
		if (!strchr(letters, address[i]) && !strchr(".!#$%&'*+-/=?^_`{|}~", address[i]))
			return false;
	for (const char *at = domain; *at; at++)
		if (!strchr(letters, *at) && !(strchr("-.", *at) && at != domain && at[1] && at[-1] != '.'))
			return false;
	return address[0] != '.' && address[mailbox - 1] != '.' && !strstr(address, "..");
}

/* Controls of ASCII, and those that UTF-8 writes as C2 80..9F. */
static bool has_controls(const char *text)
{
	for (const unsigned char *at = (const unsigned char *)text; *at; at++)
		if (*at < ' ' || *at == 0x7f || (*at == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0))
			return true;
	return false;
}

static bool is_ascii(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text >= 0x7f || (unsigned char)*text < ' ')
			return false;
	return true;
}

static void base64(FILE *out, const char *data, size_t length, bool lines)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *octets = (const unsigned char *)data;
	char line[76];
	size_t at = 0;

	for (size_t i = 0; i < length; i += 3) {
		unsigned three = octets[i] << 16 | (i + 1 < length ? octets[i + 1] << 8 : 0) | (i + 2 < length ? octets[i + 2] : 0);

		if (i && i % 57 == 0) {
			fwrite(line, 1, at, out);
			if (lines)
				fputs("\r\n", out);
			at = 0;
		}
		line[at++] = digits[three >> 18];
		line[at++] = digits[three >> 12 & 63];
		line[at++] = i + 1 < length ? digits[three >> 6 & 63] : '=';
		line[at++] = i + 2 < length ? digits[three & 63] : '=';
	}
	fwrite(line, 1, at, out);
	if (lines)
		fputs("\r\n", out);
}

static void encoded_words(FILE *out, const char *text)
{
	size_t left = strlen(text);

	while (left) {
		size_t take = left > WORD_OCTETS ? WORD_OCTETS : left;

		while (take < left && take > 1 && ((unsigned char)text[take] & 0xc0) == 0x80)
			take--;
		/* behind a blank if there is one: some readers show the fold as one more */
		for (size_t i = take; left > take && i > take / 2; i--)
			if (text[i - 1] == ' ') {
				take = i;
				break;
			}
		fputs("=?UTF-8?B?", out);
		base64(out, text, take, false);
		fputs("?=", out);
		text += take;
		left -= take;
		if (left)
			fputs("\r\n ", out);
	}
}

static bool is_plain(const char *text)
{
	size_t length = strlen(text);

	return is_ascii(text) && length <= PLAIN_MOST && !strstr(text, "=?") && (!length || (text[0] != ' ' && text[length - 1] != ' '));
}

/* A value as a whole: a subject. */
static void unstructured(struct draft *draft, const char *name, const char *text)
{
	if (has_controls(text) || strlen(text) > VALUE_MOST) {
		fail(draft, MENTORSHIP_REFUSED, "the subject holds a line break or a control character, or is too long");
		return;
	}
	fprintf(draft->out, "%s: ", name);
	if (is_plain(text))
		fputs(text, draft->out);
	else
		encoded_words(draft->out, text);
	fputs("\r\n", draft->out);
}

/* What people are called, in front of an address or an identifier between < and >. */
static void named(struct draft *draft, const char *header, const char *name, const char *inside, int outcome)
{
	if (has_controls(name) || strlen(name) > VALUE_MOST) {
		fail(draft, outcome, "a name holds a line break or a control character, or is too long");
		return;
	}
	fprintf(draft->out, "%s: ", header);
	if (!*name) {
		fprintf(draft->out, strcmp(header, "List-Id") == 0 ? "<%s>\r\n" : "%s\r\n", inside);
		return;
	}
	if (is_plain(name)) {
		putc('"', draft->out);
		for (; *name; name++) {
			if (*name == '"' || *name == '\\')
				putc('\\', draft->out);
			putc(*name, draft->out);
		}
		putc('"', draft->out);
	} else
		encoded_words(draft->out, name);
	fprintf(draft->out, "\r\n <%s>\r\n", inside);
}

static void addressed(struct draft *draft, const char *header, const char *name, const char *address, int outcome)
{
	if (!mime_address(address))
		fail(draft, outcome, "the address is not one that mail servers take");
	else
		named(draft, header, name, address, outcome);
}

/* Letters, digits and `more`; neither empty nor longer than a line. */
static bool made_of(const char *text, const char *more)
{
	size_t length = strlen(text);

	for (size_t i = 0; i < length; i++)
		if (!((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z') || (text[i] >= '0' && text[i] <= '9')) &&
			!strchr(more, text[i]))
			return false;
	return length && length <= URL_MOST;
}

static void identity(struct draft *draft, const struct mail *mail)
{
	const char *id = mail->message->message_id;

	if (!made_of(id, "@.!#$%&'*+-/=?^_`{|}~"))
		fail(draft, MENTORSHIP_REFUSED, "the Message-ID is not one");
	else if (strchr(id, '@'))
		fprintf(draft->out, "Message-ID: <%s>\r\n", id);
	else
		fprintf(draft->out, "Message-ID: <%s@%s>\r\n", id, mail->id_domain);
}

/* By hand: what strftime calls a day depends on the locale. */
static void date(FILE *out, int64_t instant)
{
	static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t seconds = (time_t)instant;
	struct tm at = { 0 };

	gmtime_r(&seconds, &at);
	fprintf(out, "Date: %.3s, %d %.3s %d %02d:%02d:%02d +0000\r\n", days + 3 * at.tm_wday, at.tm_mday, months + 3 * at.tm_mon,
		at.tm_year + 1900, at.tm_hour, at.tm_min, at.tm_sec);
}

/* List-Unsubscribe stays on one line: folded, it has been seen to break signatures on the way. */
static void list_fields(struct draft *draft, const struct mentorship_message *message)
{
	if (message->list_id && *message->list_id) {
		if (!made_of(message->list_id, ".-_"))
			fail(draft, MENTORSHIP_REFUSED, "the List-Id is not one");
		else
			named(draft, "List-Id", message->list_name ? message->list_name : "", message->list_id, MENTORSHIP_REFUSED);
	}
	if (!message->unsubscribe || !*message->unsubscribe)
		return;
	if (!made_of(message->unsubscribe, ":/?#[]@!$&'()*+;=-._~%") ||
		(strncmp(message->unsubscribe, "https://", 8) != 0 && strncmp(message->unsubscribe, "http://", 7) != 0)) {
		fail(draft, MENTORSHIP_REFUSED, "the address to unsubscribe at is no URL");
		return;
	}
	fprintf(draft->out, "List-Unsubscribe: <%s>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", message->unsubscribe);
}

static void header(struct draft *draft, const struct mail *mail)
{
	const struct mentorship_message *message = mail->message;

	date(draft->out, mail->now);
	identity(draft, mail);
	addressed(draft, "From", message->sender_name ? message->sender_name : "", mail->sender, MENTORSHIP_BROKEN);
	addressed(draft, "To", message->name ? message->name : "", message->address, MENTORSHIP_REFUSED);
	if (message->reply_to && *message->reply_to)
		addressed(draft, "Reply-To", "", message->reply_to, MENTORSHIP_REFUSED);
	unstructured(draft, "Subject", message->subject);
	list_fields(draft, message);
	fputs("Auto-Submitted: auto-generated\r\n", draft->out);
	if (message->language && made_of(message->language, "-"))
		fprintf(draft->out, "Content-Language: %s\r\n", message->language);
	fputs("MIME-Version: 1.0\r\n", draft->out);
}

/* Quoted-printable with lines of at most 76; blanks at the end of a line are written as numbers, and so is a point that may begin one. */
static void quoted_printable(FILE *out, const char *text)
{
	static const char hex[] = "0123456789ABCDEF";
	char line[80];
	int column = 0;

	for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
		bool last = !at[1] || at[1] == '\n';
		bool coded = *at == '=' || *at > '~' || (*at == '.' && (!column || column > 74)) || (*at < ' ' && *at != '\t') ||
			((*at == ' ' || *at == '\t') && last);

		if (*at == '\n' || column + (coded ? 3 : 1) > 75) {
			fwrite(line, 1, (size_t)column, out);
			fputs(*at == '\n' ? "\r\n" : "=\r\n", out);
			column = 0;
		}
		if (*at == '\n')
			continue;
		if (coded)
			line[column++] = '=', line[column++] = hex[*at >> 4], line[column++] = hex[*at & 15];
		else
			line[column++] = (char)*at;
	}
	if (column) {
		fwrite(line, 1, (size_t)column, out);
		fputs("\r\n", out);
	}
}

static void as_base64(FILE *out, const char *text)
{
	size_t length = strlen(text), at = 0;
	char *lines = malloc(2 * length + 1);

	if (!lines)
		abort();
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\n' && !(i && text[i - 1] == '\r'))
			lines[at++] = '\r';
		lines[at++] = text[i];
	}
	base64(out, lines, at, true);
	free(lines);
}

/* Whichever is shorter for this text; a calendar always as base64, which no server on the way lays out anew. */
static void part(FILE *out, const char *type, const char *text, bool calendar)
{
	size_t far = 0, length = strlen(text);

	for (size_t i = 0; i < length; i++)
		far += (unsigned char)text[i] > '~';
	fprintf(out, "Content-Type: %s\r\nContent-Transfer-Encoding: ", type);
	if (calendar || far > length / 5) {
		fputs("base64\r\n\r\n", out);
		as_base64(out, text);
	} else {
		fputs("quoted-printable\r\n\r\n", out);
		quoted_printable(out, text);
	}
}

static void parts(struct draft *draft, const struct mentorship_message *message, const char *calendar)
{
	bool html = message->html && *message->html;
	char type[64];

	if (!html && !calendar) {
		part(draft->out, "text/plain; charset=UTF-8", message->text, false);
		return;
	}
	fputs("Content-Type: multipart/alternative; boundary=\"" BOUNDARY "\"\r\n\r\n--" BOUNDARY "\r\n", draft->out);
	part(draft->out, "text/plain; charset=UTF-8", message->text, false);
	if (html) {
		fputs("--" BOUNDARY "\r\n", draft->out);
		part(draft->out, "text/html; charset=UTF-8", message->html, false);
	}
	if (calendar) {
		snprintf(type, sizeof type, "text/calendar; charset=UTF-8; method=%s", message->calendar->cancels ? "CANCEL" : "REQUEST");
		fputs("--" BOUNDARY "\r\n", draft->out);
		part(draft->out, type, calendar, true);
	}
	fputs("--" BOUNDARY "--\r\n", draft->out);
}

char *mime_mail(const struct mail *mail, size_t *ret_length, int *ret_outcome, const char **ret_why)
{
	struct draft draft = { 0 };
	char *text = NULL, *calendar = NULL;
	const char *why = NULL;

	draft.out = open_memstream(&text, ret_length);
	if (!draft.out)
		abort();
	header(&draft, mail);
	if (!draft.why && mail->message->calendar) {
		calendar = ical_text(mail->message->calendar, mail->sender, mail->message->name, mail->message->address, &why);
		if (!calendar)
			fail(&draft, MENTORSHIP_REFUSED, why);
	}
	if (!draft.why)
		parts(&draft, mail->message, calendar);
	free(calendar);
	if (fclose(draft.out) != 0)
		abort();
	if (!draft.why)
		return text;
	free(text);
	*ret_outcome = draft.outcome;
	*ret_why = draft.why;
	return NULL;
}
