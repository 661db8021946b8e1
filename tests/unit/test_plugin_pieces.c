/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What plugins share: kinds of addresses, and the words that choose events. The plugins are modules, so their sources come in here.
 */
#include "../../plugins/address.c"
#include "../../plugins/events.c"

#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static enum address_kind kind(const char *text)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	enum address_kind kind;

	assert_int_equal(getaddrinfo(text, NULL, &hints, &found), 0);
	kind = address_kind(found->ai_addr);
	freeaddrinfo(found);
	return kind;
}

static void addresses(void **state)
{
	static const char *const public[] = { "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0",
		"192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "169.253.255.255", "223.255.255.255", "128.0.0.1",
		"8.8.8.8", "2a00:1450::1", "2600::", "2001:4860:4860::8888", "2001:200::", "::ffff:8.8.8.8", "64:ff9b::808:808",
		"3ffe::1" };
	static const char *const private[] = { "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "169.254.169.254",
		"172.16.0.0", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.168.0.1", "198.18.0.0", "198.19.255.255", "198.51.100.1",
		"203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.88.99.1", "fe80::1", "fc00::1", "fdff::1", "ff02::1",
		"2001::1", "2001:db8::1", "2002:a00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "::7f00:1", "4000::", "3fff:fff::1", "100::1",
		"64:ff9b:1::1" };
	static const char *const loopback[] = { "127.0.0.1", "127.255.255.255", "0.0.0.0", "0.1.2.3", "::1", "::", "::ffff:127.0.0.1",
		"::ffff:0.0.0.0", "64:ff9b::7f00:1" };
	const struct sockaddr local = { .sa_family = AF_UNIX };

	(void)state;
	for (size_t i = 0; i < sizeof public / sizeof *public; i++)
		assert_int_equal(kind(public[i]), ADDRESS_PUBLIC);
	for (size_t i = 0; i < sizeof private / sizeof *private; i++)
		assert_int_equal(kind(private[i]), ADDRESS_PRIVATE);
	for (size_t i = 0; i < sizeof loopback / sizeof *loopback; i++)
		assert_int_equal(kind(loopback[i]), ADDRESS_LOOPBACK);
	assert_int_equal(address_kind(&local), ADDRESS_PRIVATE);
}

static void words(void **state)
{
	(void)state;
	assert_true(events_words_valid(""));
	assert_true(events_words_valid("  match.accept  match.* * "));
	assert_false(events_words_valid("match.*x"));
	assert_false(events_words_valid("**"));
	assert_false(events_words_valid("Match"));
	assert_false(events_words_valid("a,b"));
	assert_true(events_wanted("person.create match.*", "match.accept"));
	assert_true(events_wanted("*", "match.accept"));
	assert_true(events_wanted(" match.accept ", "match.accept"));
	assert_false(events_wanted("match.acc", "match.accept"));
	assert_false(events_wanted("match.accepted", "match.accept"));
	assert_false(events_wanted("match.*", "match_run.start"));
	assert_false(events_wanted("", "match.accept"));
}

static void queue(void **state)
{
	struct event_queue kept = { 0 };
	char kind_text[] = "a.b";
	struct mentorship_event event = { .size = sizeof event, .sequence = 1, .kind = kind_text, .path = "/p" };

	(void)state;
	events_drop(&kept);
	for (; event.sequence <= 3; event.sequence++)
		events_keep(&kept, &event);
	kind_text[0] = 'x';
	assert_int_equal(kept.count, 3);
	for (int64_t i = 1; i <= 3; i++) {
		assert_int_equal(kept.first->sequence, i);
		assert_string_equal(kept.first->kind, "a.b");
		events_drop(&kept);
	}
	assert_null(kept.first);
	assert_null(kept.last);
	events_keep(&kept, &event);
	events_free(&kept);
	assert_int_equal(kept.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(addresses), cmocka_unit_test(words), cmocka_unit_test(queue) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
