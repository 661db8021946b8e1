/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Replies of mail servers as outcomes. Status codes are those of RFC 3463 and 5248.
 */
#include "smtp_outcome.h"

#include <mentorship-plugin.h>

#include <stdio.h>
#include <string.h>

void smtp_exchange_command(struct smtp_exchange *exchange, const char *text, size_t length)
{
	static const struct {
		const char *word;
		enum smtp_step step;
	} words[] = { { "EHLO", SMTP_HELLO }, { "HELO", SMTP_HELLO }, { "STARTTLS", SMTP_STARTTLS }, { "AUTH", SMTP_LOGIN },
		{ "MAIL FROM", SMTP_MAIL }, { "RCPT TO", SMTP_RCPT }, { "DATA", SMTP_DATA } };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (length >= strlen(words[i].word) && memcmp(text, words[i].word, strlen(words[i].word)) == 0) {
			exchange->step = words[i].step;
			exchange->code = 0;
			exchange->status[0] = 0;
		}
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* C.S.D, one digit, then up to three each, and a blank or the end. */
static size_t status_length(const char *text, size_t length)
{
	size_t at = 1;

	if (length < 5 || !strchr("245", text[0]))
		return 0;
	for (int part = 0; part < 2; part++) {
		size_t digits = 0;

		if (at >= length || text[at++] != '.')
			return 0;
		while (at < length && digit(text[at])) {
			at++;
			digits++;
		}
		if (!digits || digits > 3)
			return 0;
	}
	return at == length || strchr(" \r\n", text[at]) ? at : 0;
}

bool smtp_exchange_reply(struct smtp_exchange *exchange, const char *line, size_t length)
{
	size_t status;

	if (length < 3 || !digit(line[0]) || !digit(line[1]) || !digit(line[2]) || (length > 3 && line[3] == '-'))
		return false;
	exchange->code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
	status = length > 4 ? status_length(line + 4, length - 4) : 0;
	memcpy(exchange->status, line + 4, status);
	exchange->status[status] = 0;
	return true;
}

static bool is_one_of(const char *status, const char *list)
{
	char word[16];

	snprintf(word, sizeof word, " %s ", status);
	return *status && strstr(list, word);
}

/* A 5xx to the recipient or the text that speaks of us: no login, our address as the sender, commands that it does not know. 501 does
 * not: it is what an odd address gets, and one person's address must not stop the mail of all. */
static bool about_us(const struct smtp_exchange *exchange)
{
	char code[12];

	snprintf(code, sizeof code, "%d", exchange->code);
	return is_one_of(code, " 500 502 503 504 530 534 535 538 ") ||
		is_one_of(exchange->status, " 5.1.7 5.1.8 5.5.1 5.7.8 5.7.9 5.7.11 5.7.14 ");
}

static int by_reply(const struct smtp_exchange *exchange)
{
	if (exchange->code < 500)
		return MENTORSHIP_LATER;
	return exchange->step >= SMTP_RCPT && !about_us(exchange) ? MENTORSHIP_REFUSED : MENTORSHIP_BROKEN;
}

/* A connection that broke in the middle of the handshake is not a handshake that failed. */
static bool broke_off(const char *words)
{
	return strstr(words, "SYSCALL") || strstr(words, "reset") || strstr(words, "unexpected eof");
}

static int by_result(CURLcode result, const char *words)
{
	switch (result) {
	case CURLE_SSL_CONNECT_ERROR: return broke_off(words) ? MENTORSHIP_LATER : MENTORSHIP_BROKEN;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_ENGINE_NOTFOUND:
	case CURLE_SSL_ENGINE_SETFAILED:
	case CURLE_USE_SSL_FAILED:
	case CURLE_LOGIN_DENIED:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_NOT_BUILT_IN:
	case CURLE_URL_MALFORMAT: return MENTORSHIP_BROKEN;
	default: return MENTORSHIP_LATER;
	}
}

int smtp_outcome(const struct smtp_exchange *exchange, CURLcode result, const char *words, char detail[SMTP_DETAIL_SIZE])
{
	if (result == CURLE_OK || exchange->code >= 400)
		snprintf(detail, SMTP_DETAIL_SIZE, "%d%s%s", exchange->code, *exchange->status ? " " : "", exchange->status);
	else
		snprintf(detail, SMTP_DETAIL_SIZE, "%s", curl_easy_strerror(result));
	if (result == CURLE_OK)
		return MENTORSHIP_SENT;
	if (exchange->code >= 400)
		return by_reply(exchange);
	return exchange->handed ? MENTORSHIP_UNKNOWN : by_result(result, words);
}
