/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Zones: the edges of six of them, footers without a table, files that lie, names that climb, and a changed file. */
#include "core/date.h"
#include "core/tzif.h"
#include "core/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static struct zones *zones;

static const struct zone *zone(const char *name)
{
	const struct zone *ret = NULL;
	struct problem problem;

	if (zones_get(zones, name, &ret, &problem) < 0)
		fail_msg("%s", problem.text);
	return ret;
}

static int64_t local(const char *text)
{
	int64_t value = 0;

	assert_int_equal(local_parse(text, &value, NULL), 0);
	return value;
}

/* Edges of summer time, of a half-hour change, of none, of a day left out. Instants as the clock in UTC shows them. */
static void local_times_at_the_edges(void **state)
{
	static const struct {
		const char *zone, *local;
		int answer;
		const char *utc;
	} edges[] = {
		{ "Europe/Berlin", "2027-03-28T01:59:59", ZONE_NORMAL, "2027-03-28T00:59:59Z" },
		{ "Europe/Berlin", "2027-03-28T02:00", ZONE_GAP, "2027-03-28T01:00:00Z" },
		{ "Europe/Berlin", "2027-03-28T02:30", ZONE_GAP, "2027-03-28T01:30:00Z" },
		{ "Europe/Berlin", "2027-03-28T03:00", ZONE_NORMAL, "2027-03-28T01:00:00Z" },
		{ "Europe/Berlin", "2026-10-25T01:59:59", ZONE_NORMAL, "2026-10-24T23:59:59Z" },
		{ "Europe/Berlin", "2026-10-25T02:00", ZONE_OVERLAP, "2026-10-25T00:00:00Z" },
		{ "Europe/Berlin", "2026-10-25T02:59:59", ZONE_OVERLAP, "2026-10-25T00:59:59Z" },
		{ "Europe/Berlin", "2026-10-25T03:00", ZONE_NORMAL, "2026-10-25T02:00:00Z" },
		{ "America/New_York", "2026-03-08T02:30", ZONE_GAP, "2026-03-08T07:30:00Z" },
		{ "America/New_York", "2026-11-01T01:30", ZONE_OVERLAP, "2026-11-01T05:30:00Z" },
		{ "Australia/Lord_Howe", "2026-10-04T02:00", ZONE_GAP, "2026-10-03T15:30:00Z" },
		{ "Australia/Lord_Howe", "2026-10-04T02:29:59", ZONE_GAP, "2026-10-03T15:59:59Z" },
		{ "Australia/Lord_Howe", "2026-10-04T02:30", ZONE_NORMAL, "2026-10-03T15:30:00Z" },
		{ "Australia/Lord_Howe", "2026-04-05T01:30", ZONE_OVERLAP, "2026-04-04T14:30:00Z" },
		{ "Australia/Lord_Howe", "2026-04-05T02:00", ZONE_NORMAL, "2026-04-04T15:30:00Z" },
		{ "Asia/Kolkata", "2026-03-29T02:30", ZONE_NORMAL, "2026-03-28T21:00:00Z" },
		{ "Pacific/Apia", "2011-12-29T23:59:59", ZONE_NORMAL, "2011-12-30T09:59:59Z" },
		{ "Pacific/Apia", "2011-12-30T09:00", ZONE_GAP, "2011-12-30T19:00:00Z" },
		{ "Pacific/Apia", "2011-12-31T00:00", ZONE_NORMAL, "2011-12-30T10:00:00Z" },
		{ "Pacific/Kiritimati", "1994-12-31T12:00", ZONE_GAP, "1994-12-31T22:00:00Z" },
		{ "Pacific/Kiritimati", "2026-06-01T00:00", ZONE_NORMAL, "2026-05-31T10:00:00Z" },
		{ "Europe/Dublin", "2026-03-29T01:30", ZONE_GAP, "2026-03-29T01:30:00Z" },
		{ "Europe/Berlin", "2099-03-29T02:30", ZONE_GAP, "2099-03-29T01:30:00Z" },
		{ "Europe/Berlin", "2099-10-25T02:30", ZONE_OVERLAP, "2099-10-25T00:30:00Z" },
		{ "UTC", "2026-03-29T02:30", ZONE_NORMAL, "2026-03-29T02:30:00Z" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
		char out[DATE_TEXT];
		int64_t instant = 0;
		int answer = zone_instant(zone(edges[i].zone), local(edges[i].local), &instant);

		if (answer != edges[i].answer || strcmp(instant_print(instant, out), edges[i].utc))
			fail_msg("%s %s: %d %s, not %d %s", edges[i].zone, edges[i].local, answer, out, edges[i].answer, edges[i].utc);
		assert_int_equal(zone_instant(zone(edges[i].zone), local(edges[i].local), NULL), answer);
	}
}

static void instants_and_what_they_show(void **state)
{
	const struct zone *berlin = zone("Europe/Berlin");
	int64_t winter = local("2026-12-01T12:00"), summer = local("2026-07-01T12:00"), change;

	(void)state;
	assert_int_equal(zone_offset(berlin, winter), 3600);
	assert_int_equal(zone_offset(berlin, summer), 7200);
	assert_string_equal(zone_abbreviation(berlin, winter), "CET");
	assert_string_equal(zone_abbreviation(berlin, summer), "CEST");
	assert_true(zone_is_summer(berlin, summer));
	assert_false(zone_is_summer(berlin, winter));
	assert_int_equal(zone_local(berlin, winter), winter + 3600);
	assert_string_equal(zone_name(berlin), "Europe/Berlin");
	assert_true(zone_next_change(berlin, summer, &change));
	assert_int_equal(change, local("2026-10-25T01:00"));
	assert_false(zone_next_change(zone("Asia/Kolkata"), summer, &change));
	assert_false(zone_next_change(zone_utc(), summer, &change));
	/* far away nothing overflows */
	for (int sign = -1; sign <= 1; sign += 2)
		assert_true(zone_offset(berlin, sign * (INT64_MAX / 2)) != 0);
	zone_instant(berlin, INT64_MIN, &change);
	zone_instant(berlin, INT64_MAX, &change);
	zone_next_change(berlin, INT64_MAX, &change);
}

static void names_stay_in_the_directory(void **state)
{
	static const char *const bad[] = { "", "/", "/etc/passwd", "../../../etc/passwd", "Europe/../Europe/Berlin", "Europe//Berlin",
		"Europe/", "Europe/Berlin/", "./UTC", "Europe/Ber lin", "Europe/Berlin\n", "Europe\\Berlin", "zone.tab",
		"Europe/B\xc3\xa9rlin", "Europe/Berlin%00", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	static const char *const unknown[] = { "Europe", "Europe/Atlantis", "europe/berlin", "leapseconds", "Europe/Berlin/x", "localtime",
		"posixrules", "right/Europe/Berlin", "posix/Europe/Berlin", "Factory" };
	const struct zone *ret = NULL;
	struct problem problem;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_false(zone_name_is_valid(bad[i]));
		assert_int_equal(zones_get(zones, bad[i], &ret, &problem), E_INVALID);
	}
	for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
		int r = zones_get(zones, unknown[i], &ret, &problem);

		if (r != E_INVALID && !(r == E_UNAVAILABLE && !strcmp(unknown[i], "leapseconds")))
			fail_msg("%s: %d", unknown[i], r);
	}
	assert_null(ret);
	assert_true(zone_name_is_valid("America/Argentina/ComodRivadavia"));
	assert_true(zone_name_is_valid("Etc/GMT+12"));
	assert_int_equal(zones_get(zones, "Europe/Berlim", &ret, &problem), E_INVALID);
	assert_non_null(strstr(problem.text, "Europe/Berlim"));
}

static void all_zones_are_read_and_then_sealed(void **state)
{
	struct zones *own = zones_new(NULL);
	const struct zone *ret;
	struct problem problem;

	(void)state;
	assert_int_equal(zones_get(own, "Europe/Berlin", &ret, &problem), 0);
	zones_seal(own);
	assert_int_equal(zones_get(own, "Asia/Tokyo", &ret, &problem), E_INVALID);
	zones_free(own);
	own = zones_new(NULL);
	assert_true(zones_load_all(own, &problem) > 400);
	zones_seal(own);
	assert_int_equal(zones_get(own, "Asia/Tokyo", &ret, &problem), 0);
	assert_int_equal(zones_get(own, "America/Argentina/Ushuaia", &ret, &problem), 0);
	assert_int_equal(zones_get(own, "Mars/Base", &ret, &problem), E_INVALID);
	assert_int_equal(zones_refresh(own), 0);
	zones_free(own);
	zones_free(NULL);
}

/* ---- files of our own making ---- */

struct file {
	uint8_t bytes[4096];
	size_t size;
};

static void put(struct file *file, const void *bytes, size_t n)
{
	memcpy(file->bytes + file->size, bytes, n);
	file->size += n;
}

static void put_number(struct file *file, int64_t value, int width)
{
	for (int i = width - 1; i >= 0; i--)
		file->bytes[file->size++] = (uint8_t)((uint64_t)value >> 8 * i);
}

static void put_header(struct file *file, char version, int times, int kinds, int chars, int leap)
{
	const int counts[] = { 0, 0, leap, times, kinds, chars };

	put(file, "TZif", 4);
	put(file, &version, 1);
	put(file, (uint8_t[15]){ 0 }, 15);
	for (int i = 0; i < 6; i++)
		put_number(file, counts[i], 4);
}

static void put_kind(struct file *file, int offset, int summer, int name)
{
	put_number(file, offset, 4);
	put_number(file, summer, 1);
	put_number(file, name, 1);
}

/* A version 3 file with no table, only a footer. */
static struct file footer_file(const char *footer)
{
	struct file file = { .size = 0 };

	for (int i = 0; i < 2; i++) {
		put_header(&file, '3', 0, 1, 4, 0);
		put_kind(&file, 0, 0, 0);
		put(&file, "LMT", 4);
	}
	put(&file, "\n", 1);
	put(&file, footer, strlen(footer));
	put(&file, "\n", 1);
	return file;
}

static bool parses(const struct file *file)
{
	struct tzif tzif;
	const char *why = NULL;
	uint8_t *exact = malloc(file->size ? file->size : 1); /* so that a read past the end is seen */
	bool ok;

	memcpy(exact, file->bytes, file->size);
	ok = tzif_parse(exact, file->size, &tzif, &why) == 0;
	free(exact);
	if (ok)
		tzif_free(&tzif);
	else
		assert_non_null(why);
	return ok;
}

static void footers_are_read_or_refused(void **state)
{
	static const char *const good[] = { "", "UTC0", "<+0530>-5:30", "CET-1CEST,M3.5.0,M10.5.0/3", "IST-1GMT0,M10.5.0,M3.5.0/1",
		"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "XXX3EDT4,0/0,J365/23", "AAA-24:59:59", "EST5EDT,M3.2.0/167,M11.1.0/-167", "AAA+3" };
	static const char *const bad[] = { "U0", "UTC", "UTC25", "UTC0:60", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M0.5.0,M10.5.0",
		"CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J365", "CET-1CEST,366,1",
		"CET-1CEST,M3.5.0/168,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0x", "<+05-5", "<+>0", "ABCDEFGHIJKLMNOPQ0",
		"CET-1CEST,M3.5,M10.5.0", "CET-1CEST,M3.5.0,,", "99999999999", "CET-99999999999" };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct file file = footer_file(good[i]);

		if (!parses(&file))
			fail_msg("refused: %s", good[i]);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct file file = footer_file(bad[i]);

		if (parses(&file))
			fail_msg("taken: %s", bad[i]);
	}
}

/* Each cut, and each byte changed, of real and made files: read or refused, never past the end (the sanitizer looks). */
static void damaged_files_are_refused_or_harmless(void **state)
{
	struct file file = footer_file("CET-1CEST,M3.5.0,M10.5.0/3"), one = { .size = 0 };

	(void)state;
	assert_true(parses(&file));
	for (size_t cut = 0; cut < file.size; cut++) {
		struct file part = file;

		part.size = cut;
		assert_false(parses(&part));
	}
	for (size_t i = 0; i < file.size; i++)
		for (int value = 0; value < 256; value += 5) {
			struct file changed = file;

			changed.bytes[i] = (uint8_t)value;
			parses(&changed);
		}
	put_header(&one, 0, 2, 2, 8, 0);
	put_number(&one, 100, 4);
	put_number(&one, 200, 4);
	put(&one, (uint8_t[2]){ 1, 0 }, 2);
	put_kind(&one, 3600, 0, 0);
	put_kind(&one, 7200, 1, 4);
	put(&one, "AAA\0BBB", 8);
	assert_true(parses(&one)); /* version 1 has no footer */
	one.bytes[44 + 8] = 2;     /* a kind that is not there */
	assert_false(parses(&one));
	one.bytes[44 + 8] = 1;
	one.bytes[44 + 7] = 50; /* the second transition before the first */
	assert_false(parses(&one));
	one.size = 0;
	put_header(&one, 0, 0, 1, 4, 1); /* counts leap seconds */
	put_kind(&one, 0, 0, 0);
	put(&one, "UTC", 4);
	put(&one, (uint8_t[8]){ 0 }, 8);
	assert_false(parses(&one));
}

static void write_file(const char *path, const struct file *file)
{
	char other[512];
	FILE *out;

	snprintf(other, sizeof other, "%s.new", path);
	out = fopen(other, "w");
	assert_non_null(out);
	assert_int_equal(fwrite(file->bytes, 1, file->size, out), file->size);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(rename(other, path), 0);
}

static void a_changed_file_is_noticed(void **state)
{
	char folder[] = "/tmp/test-zone-XXXXXX", path[256], fifo[256];
	struct file file = footer_file("AAA-1");
	const struct zone *own_zone, *other;
	struct problem problem;
	struct zones *own;
	uint64_t stamp;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/Own", folder);
	snprintf(fifo, sizeof fifo, "%s/Pipe", folder);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	write_file(path, &file);
	own = zones_new(folder);
	assert_int_equal(zones_get(own, "Own", &own_zone, &problem), 0);
	assert_int_equal(zone_offset(own_zone, 0), 3600);
	assert_int_equal(zones_get(own, "UTC", &other, &problem), 0);
	assert_int_equal(zones_get(own, "Pipe", &other, &problem), E_INVALID);
	assert_int_equal(zones_refresh(own), 0);
	stamp = zone_stamp(own_zone);
	file = footer_file("AAA-2");
	write_file(path, &file);
	assert_int_equal(zone_offset(own_zone, 0), 3600);
	assert_int_equal(zones_refresh(own), 1);
	assert_int_equal(zone_offset(own_zone, 0), 7200);
	assert_int_not_equal(zone_stamp(own_zone), stamp);
	file = footer_file("broken");
	write_file(path, &file);
	assert_int_equal(zones_refresh(own), 0);
	assert_int_equal(zone_offset(own_zone, 0), 7200);
	zones_free(own);
	own = zones_new(folder);
	assert_int_equal(zones_get(own, "Own", &own_zone, &problem), E_UNAVAILABLE);
	zones_free(own);
	unlink(path);
	unlink(fifo);
	rmdir(folder);
	own = zones_new(folder);
	assert_int_equal(zones_get(own, "Own", &own_zone, &problem), E_UNAVAILABLE);
	assert_int_equal(zones_load_all(own, &problem), E_UNAVAILABLE);
	assert_non_null(strstr(problem.text, "tzdata"));
	zones_free(own);
}

static void a_summer_all_the_year_and_rules_of_days(void **state)
{
	static const struct {
		const char *footer, *utc;
		int offset;
		bool changes;
	} cases[] = {
		{ "XXX3EDT4,0/0,J365/23", "2026-01-01T03:00:00Z", -4 * HOUR, false },
		{ "XXX3EDT4,0/0,J365/23", "2026-12-31T23:30:00Z", -4 * HOUR, false },
		{ "AAA0BBB,J60,J61", "2028-03-01T02:00:00Z", HOUR, true },
		{ "AAA0BBB,J60,J61", "2027-03-01T01:59:59Z", 0, true },
		{ "AAA0BBB,59,60", "2028-02-29T02:00:00Z", HOUR, true },
		{ "AAA0BBB,59,60", "2027-03-01T02:00:00Z", HOUR, true },
		{ "AAA0BBB,M2.1.0/-24,M3.1.0", "2026-01-31T00:00:00Z", HOUR, true },
		{ "AAA0BBB,M2.1.0/-24,M3.1.0", "2026-01-30T23:59:59Z", 0, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char folder[] = "/tmp/test-zone-XXXXXX", path[256];
		struct file file = footer_file(cases[i].footer);
		const struct zone *own_zone;
		struct zones *own;
		int64_t instant;

		assert_non_null(mkdtemp(folder));
		snprintf(path, sizeof path, "%s/Own", folder);
		write_file(path, &file);
		own = zones_new(folder);
		assert_int_equal(zones_get(own, "Own", &own_zone, NULL), 0);
		assert_int_equal(instant_parse(cases[i].utc, &instant, NULL), 0);
		if (zone_offset(own_zone, instant) != cases[i].offset)
			fail_msg("%s at %s: %d", cases[i].footer, cases[i].utc, zone_offset(own_zone, instant));
		/* one that never changes is found to: the test would not end */
		assert_int_equal(zone_next_change(own_zone, instant, &instant), cases[i].changes);
		zones_free(own);
		unlink(path);
		rmdir(folder);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(local_times_at_the_edges),
		cmocka_unit_test(instants_and_what_they_show),
		cmocka_unit_test(names_stay_in_the_directory),
		cmocka_unit_test(all_zones_are_read_and_then_sealed),
		cmocka_unit_test(footers_are_read_or_refused),
		cmocka_unit_test(damaged_files_are_refused_or_harmless),
		cmocka_unit_test(a_changed_file_is_noticed),
		cmocka_unit_test(a_summer_all_the_year_and_rules_of_days),
	};
	int r;

	zones = zones_new(NULL);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	zones_free(zones);
	return r;
}
