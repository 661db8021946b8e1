/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Notifications in the shapes that mail servers give them (tests/unit/data/dsn), and mails that look like one and are none.
 */
#include "../../plugins/dsn.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define OURS "m1a2b3c4d5e6f7@mentoring.uni.test"
#define VERP "bounces+7358@uni.test"

static char *load_mail(const char *name, size_t *ret_size)
{
	char path[500], *text = malloc(1 << 16);
	FILE *file;

	snprintf(path, sizeof path, "%s/tests/unit/data/dsn/%s.eml", getenv("MENTORSHIP_SOURCE"), name);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(text);
	*ret_size = fread(text, 1, 1 << 16, file);
	fclose(file);
	return text;
}

/* With the other ends of lines; the caller frees it. */
static char *other_ends(const char *text, size_t size, size_t *ret_size)
{
	char *other = malloc(2 * size + 1);
	bool dos = memchr(text, '\r', size) != NULL;

	assert_non_null(other);
	*ret_size = 0;
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\r')
			continue;
		if (text[i] == '\n' && !dos)
			other[(*ret_size)++] = '\r';
		other[(*ret_size)++] = text[i];
	}
	return other;
}

static const struct {
	const char *name;
	enum dsn_kind kind;
	const char *status, *detail, *message_id, *to;
} mails[] = {
	{ "postfix-unknown-user", DSN_FAILED, "5.1.1", "550 5.1.1", OURS, "bounces@uni.test" },
	{ "postfix-delayed", DSN_DELAYED, "4.4.1", "4.4.1", OURS, "bounces@uni.test" },
	{ "postfix-gave-up", DSN_FAILED, "4.4.1", "4.4.1", OURS, "bounces@uni.test" },
	{ "exim-refused", DSN_FAILED, "5.0.0", "550 5.0.0", OURS, VERP },
	{ "exchange-not-found", DSN_FAILED, "5.1.10", "550 5.1.10", OURS, VERP },
	{ "gateway-nested-utf8", DSN_FAILED, "5.2.1", "550 5.2.1", OURS, VERP },
	{ "verp-only", DSN_FAILED, "5.1.2", "5.1.2", "", VERP },
	{ "envelope-id", DSN_FAILED, "5.1.2", "5.1.2", OURS, VERP },
	{ "two-recipients", DSN_FAILED, "5.1.2", "5.1.2", "", VERP },
	{ "cut-short", DSN_FAILED, "5.1.1", "550 5.1.1", OURS, "bounces@uni.test" },
	{ "delivered", DSN_NEWS, "", "", "", VERP },
	{ "none-vacation", DSN_NONE, "", "", "", "" },
	{ "none-read-receipt", DSN_NONE, "", "", "", "" },
	{ "none-spam-with-a-report-inside", DSN_NONE, "", "", "", "" },
	{ "none-forwarded", DSN_NONE, "", "", "", "" },
};

static void shapes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof mails / sizeof *mails; i++) {
		size_t size, other_size;
		char *text = load_mail(mails[i].name, &size), *other = other_ends(text, size, &other_size);
		struct dsn dsn, again;

		print_message("%s\n", mails[i].name);
		dsn_read(text, size, &dsn);
		assert_int_equal(dsn.kind, mails[i].kind);
		assert_string_equal(dsn.status, mails[i].status);
		assert_string_equal(dsn.detail, mails[i].detail);
		assert_string_equal(dsn.message_id, mails[i].message_id);
		assert_string_equal(dsn.to, mails[i].to);
		dsn_read(other, other_size, &again);
		assert_memory_equal(&dsn, &again, sizeof dsn);
		free(text);
		free(other);
	}
}

/* Cut anywhere it is read to its end and no further (ASan sees it), and says nothing that it did not say whole. */
static void cut_anywhere(void **state)
{
	size_t size;
	char *text = load_mail("exchange-not-found", &size);

	(void)state;
	for (size_t at = 0; at < size; at += 7) {
		char *part = malloc(at ? at : 1);
		struct dsn dsn;

		assert_non_null(part);
		memcpy(part, text, at);
		dsn_read(part, at, &dsn);
		assert_true(dsn.kind == DSN_NONE || dsn.kind == DSN_NEWS || dsn.kind == DSN_FAILED);
		assert_true(!*dsn.message_id || !strcmp(dsn.message_id, OURS));
		free(part);
	}
	free(text);
}

static struct dsn of(const char *text)
{
	struct dsn dsn;

	dsn_read(text, strlen(text), &dsn);
	return dsn;
}

#define REPORT(fields) \
	"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n" fields \
	"\n--b--\n"

static void statuses(void **state)
{
	static const struct {
		const char *fields, *status;
	} rows[] = { { REPORT("Action: failed\nStatus: 5.1.1\n"), "5.1.1" }, { REPORT("Action: failed\nStatus: 5.1.1234\n"), "5.0.0" },
		{ REPORT("Action: failed\nStatus: 5.1\n"), "5.0.0" }, { REPORT("Action: failed\nStatus: 2.1.1\n"), "5.0.0" },
		{ REPORT("Action: failed\nStatus: 5.1.1.1\n"), "5.0.0" }, { REPORT("Action: failed\nStatus: 9.1.1\n"), "5.0.0" },
		{ REPORT("Action: failed\n"), "5.0.0" }, { REPORT("Action: failed\nDiagnostic-Code: smtp; 450 later\n"), "4.0.0" },
		{ REPORT("Action: failed\nStatus: 5.0.0\nDiagnostic-Code: SMTP;550-5.7.1 no\n"), "5.7.1" },
		{ REPORT("Action: failed\nStatus: 5.2.2\nDiagnostic-Code: smtp; 550 5.7.1 no\n"), "5.2.2" },
		{ REPORT("Action: delayed\nStatus: 5.1.1\n"), "5.1.1" }, { REPORT("Action: delayed\n"), "4.0.0" } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(of(rows[i].fields).status, rows[i].status);
	assert_int_equal(of(REPORT("Status: 5.1.1\n")).kind, DSN_NEWS); /* without an action nothing is said */
	assert_string_equal(of(REPORT("Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 5501 <anna@x> x\n")).detail, "5.1.1");
}

/* What goes to the daemon is one word, whatever stands there. */
static void ids(void **state)
{
	static const char *const odd[] = { "<a b@c>", "<>", "nothing", "<a\x01@b>", "<\xc3\xa4@b>", "<<x@y>" };
	char text[600];

	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		snprintf(text, sizeof text, "In-Reply-To: %s\n%s", odd[i], REPORT("Action: failed\n"));
		assert_string_equal(of(text).message_id, "");
	}
	snprintf(text, sizeof text, "In-Reply-To:\n\t<x@y>\n%s", REPORT("Action: failed\n"));
	assert_string_equal(of(text).message_id, "x@y");
	snprintf(text, sizeof text, "In-Reply-To: <%0300d@y>\n%s", 1, REPORT("Action: failed\n"));
	assert_string_equal(of(text).message_id, "");
}

/* Parts within parts, more than any mail has: looked at so far and no further, and no stack is used up. */
static void depth(void **state)
{
	size_t size = 0, room = 1 << 20;
	char *text = malloc(room);
	struct dsn dsn;

	(void)state;
	assert_non_null(text);
	for (int i = 0; i < 10000; i++)
		size += (size_t)snprintf(text + size, room - size, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
	dsn_read(text, size, &dsn);
	assert_int_equal(dsn.kind, DSN_NONE);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(shapes), cmocka_unit_test(cut_anywhere), cmocka_unit_test(statuses),
		cmocka_unit_test(ids), cmocka_unit_test(depth) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
