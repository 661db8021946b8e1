/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Time zones over the system's files (see zone.h).
 *
 * What a file says is a line of segments, each with one kind of local time:
 * before the first transition, between two, and after the last by the footer's
 * rule, which is worked out for the three years around an instant. Local time
 * to instant looks at the segments within 26 hours, as no offset is larger: one
 * that holds `local - offset` is an answer; none means a gap, two an overlap.
 */
#include "zone.h"
#include "date.h"
#include "tzif.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ZONE_DIRECTORY "/usr/share/zoneinfo"
#define CALENDAR (INT64_C(401) * 366 * 86400) /* seconds; after 400 years weekdays and dates come again: no change in them is none ever */
#define FAR (INT64_C(1) << 57)                /* seconds; beyond, instants are taken as this far away */

enum {
	FILE_MAX = 1 << 20,
	WINDOW = 26 * HOUR,
	DEPTH = 3
};

struct zone {
	char name[ZONE_NAME];
	struct tzif data;
	struct stat seen; /* of the file when it was read */
};

struct zones {
	char *directory;
	struct zone **list; /* sorted by name */
	size_t count, room;
	char **missing; /* names that are wanted and could not be read */
	size_t missing_count;
	int back; /* how many of them could be read since the last refresh */
	bool sealed;
};

static const struct tzif_kind utc_kind = { .abbreviation = "UTC" };
static const struct zone utc = { .name = "UTC", .data = { .kinds = 1, .kind = (struct tzif_kind *)&utc_kind, .stamp = 1 } };

const struct zone *zone_utc(void)
{
	return &utc;
}

/* ---- segments ---- */

static int64_t near(int64_t seconds)
{
	return seconds > FAR ? FAR : seconds < -FAR ? -FAR : seconds;
}

/* The kind at an instant by the footer's rule, and when it ends. */
static const struct tzif_kind *kind_by_rule(const struct tzif_footer *footer, int64_t instant, int64_t *ret_end)
{
	int64_t last_start = INT64_MIN, last_end = INT64_MIN;
	struct civil c;

	*ret_end = INT64_MAX;
	if (!footer->has_summer)
		return &footer->standard;
	date_split(local_day(instant), &c);
	for (int64_t year = c.year - 1; year <= c.year + 1; year++) {
		int64_t start, end;

		tzif_changes(footer, year, &start, &end);
		if (start <= instant)
			last_start = start;
		else if (start < *ret_end)
			*ret_end = start;
		if (end <= instant)
			last_end = end;
		else if (end < *ret_end)
			*ret_end = end;
	}
	return last_start >= last_end ? &footer->summer : &footer->standard; /* both at once: summer all the year */
}

/* The kind at an instant, and the instant at which its segment ends (INT64_MAX: never). */
static const struct tzif_kind *kind_at(const struct zone *zone, int64_t instant, int64_t *ret_end)
{
	const struct tzif *data = &zone->data;
	size_t low = 0, high = data->count;

	while (low < high) { /* the number of transitions up to the instant */
		size_t middle = low + (high - low) / 2;

		if (data->times[middle] <= instant)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == data->count && data->footer.present)
		return kind_by_rule(&data->footer, instant, ret_end);
	*ret_end = low < data->count ? data->times[low] : INT64_MAX;
	return &data->kind[low ? data->types[low - 1] : 0];
}

const char *zone_name(const struct zone *zone)
{
	return zone->name;
}

uint64_t zone_stamp(const struct zone *zone)
{
	return zone->data.stamp;
}

int32_t zone_offset(const struct zone *zone, int64_t instant)
{
	int64_t end;

	return kind_at(zone, near(instant), &end)->offset;
}

int64_t zone_local(const struct zone *zone, int64_t instant)
{
	return near(instant) + zone_offset(zone, instant);
}

const char *zone_abbreviation(const struct zone *zone, int64_t instant)
{
	int64_t end;

	return kind_at(zone, near(instant), &end)->abbreviation;
}

bool zone_is_summer(const struct zone *zone, int64_t instant)
{
	int64_t end;

	return kind_at(zone, near(instant), &end)->summer;
}

int zone_instant(const struct zone *zone, int64_t local, int64_t *ret)
{
	int64_t begin = near(local) - WINDOW, stop = near(local) + WINDOW, end, found = 0, gap = near(local);
	const struct tzif_kind *before = NULL;
	int answers = 0;

	local = near(local);
	for (int64_t at = begin; at <= stop && answers < 2; at = end) {
		const struct tzif_kind *kind = kind_at(zone, at, &end);
		int64_t instant = local - kind->offset;

		if (before && local - before->offset >= at && instant < at)
			gap = local - before->offset;
		if ((!before || instant >= at) && instant < end && !answers++)
			found = instant;
		before = kind;
	}
	if (ret)
		*ret = answers ? found : gap;
	return answers == 0 ? ZONE_GAP : answers == 1 ? ZONE_NORMAL : ZONE_OVERLAP;
}

bool zone_next_change(const struct zone *zone, int64_t instant, int64_t *ret)
{
	const struct tzif *data = &zone->data;
	int64_t end, last = near(instant);
	const struct tzif_kind *was = kind_at(zone, last, &end);

	if (data->count && last < data->times[data->count - 1])
		last = near(data->times[data->count - 1]);
	while (end < FAR - WINDOW && end <= last + CALENDAR) {
		int64_t at = end;
		const struct tzif_kind *now = kind_at(zone, at, &end);

		if (now->offset != was->offset || strcmp(now->abbreviation, was->abbreviation)) {
			*ret = at;
			return true;
		}
	}
	return false;
}

/* ---- names and files ---- */

bool zone_name_is_valid(const char *name)
{
	char before = '/';
	size_t length = 0;

	for (; name[length]; length++) {
		char c = name[length];
		bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("_+-", c));

		if ((!plain && (c != '/' || before == '/')) || length >= ZONE_NAME - 1)
			return false;
		before = c;
	}
	return before != '/';
}

/* Files of the directory that are no zone of IANA's: they mean something else on each system, or count leap seconds. */
static bool is_local_matter(const char *name)
{
	return !strcmp(name, "localtime") || !strcmp(name, "posixrules") || !strcmp(name, "Factory") || !strncmp(name, "posix/", 6) ||
		!strncmp(name, "right/", 6) || !strcmp(name, "posix") || !strcmp(name, "right");
}

struct zones *zones_new(const char *directory)
{
	struct zones *zones = calloc(1, sizeof *zones);
	const char *set = getenv("TZDIR");

	if (!directory)
		directory = set && *set == '/' ? set : ZONE_DIRECTORY;
	if (!zones || !(zones->directory = strdup(directory)))
		abort();
	return zones;
}

static void zone_free(struct zone *zone)
{
	tzif_free(&zone->data);
	free(zone);
}

void zones_free(struct zones *zones)
{
	if (!zones)
		return;
	for (size_t i = 0; i < zones->count; i++)
		zone_free(zones->list[i]);
	for (size_t i = 0; i < zones->missing_count; i++)
		free(zones->missing[i]);
	free(zones->missing);
	free(zones->list);
	free(zones->directory);
	free(zones);
}

/* Where the name stands in the list, or should be put. */
static size_t place_of(const struct zones *zones, const char *name, bool *ret_found)
{
	size_t low = 0, high = zones->count;

	*ret_found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(zones->list[middle]->name, name);

		if (order == 0)
			*ret_found = true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* A whole regular file. 0, or an errno as a positive number. `*ret_bytes` is owned by the caller. */
static int read_file(const char *path, struct stat *ret_stat, uint8_t **ret_bytes, size_t *ret_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), error = 0;
	size_t size = 0;
	uint8_t *bytes;

	if (fd < 0)
		return errno;
	if (fstat(fd, ret_stat) < 0 || !S_ISREG(ret_stat->st_mode) || ret_stat->st_size > FILE_MAX) {
		close(fd);
		return ENOENT;
	}
	bytes = malloc((size_t)ret_stat->st_size + 1);
	if (!bytes)
		abort();
	while (size < (size_t)ret_stat->st_size) {
		ssize_t n = read(fd, bytes + size, (size_t)ret_stat->st_size - size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			error = n < 0 ? errno : EIO;
			break;
		}
		size += (size_t)n;
	}
	close(fd);
	*ret_bytes = bytes;
	*ret_size = size;
	if (error)
		free(bytes);
	return error;
}

/* Reads and parses a zone's file. 0, E_NOTFOUND (no such zone), or E_UNAVAILABLE with `*ret_why`. */
static int load(const struct zones *zones, const char *name, struct tzif *ret, struct stat *ret_stat, const char **ret_why)
{
	char path[4096];
	uint8_t *bytes = NULL;
	size_t size = 0;
	int r;

	*ret_why = "";
	if ((size_t)snprintf(path, sizeof path, "%s/%s", zones->directory, name) >= sizeof path)
		return E_NOTFOUND;
	r = read_file(path, ret_stat, &bytes, &size);
	if (r == ENOENT || r == ENOTDIR)
		return E_NOTFOUND;
	if (r) {
		*ret_why = "cannot be read";
		return E_UNAVAILABLE;
	}
	r = tzif_parse(bytes, size, ret, ret_why) < 0 ? E_UNAVAILABLE : 0;
	free(bytes);
	return r;
}

static size_t missing_at(const struct zones *zones, const char *name)
{
	size_t at = 0;

	while (at < zones->missing_count && strcmp(zones->missing[at], name))
		at++;
	return at;
}

bool zones_miss(struct zones *zones, const char *name)
{
	if (missing_at(zones, name) < zones->missing_count)
		return false;
	zones->missing = realloc(zones->missing, (zones->missing_count + 1) * sizeof(char *));
	if (!zones->missing || !(zones->missing[zones->missing_count] = strdup(name)))
		abort();
	zones->missing_count++;
	return true;
}

static void is_back(struct zones *zones, const char *name)
{
	size_t at = missing_at(zones, name);

	if (at == zones->missing_count)
		return;
	free(zones->missing[at]);
	zones->missing[at] = zones->missing[--zones->missing_count];
	zones->back++;
}

static const struct zone *keep(struct zones *zones, const char *name, const struct tzif *data, const struct stat *seen)
{
	struct zone *zone = calloc(1, sizeof *zone);
	bool found;
	size_t place = place_of(zones, name, &found);

	if (zones->count == zones->room) {
		zones->room = zones->room ? zones->room * 2 : 16;
		zones->list = realloc(zones->list, zones->room * sizeof(struct zone *));
	}
	if (!zone || !zones->list)
		abort();
	snprintf(zone->name, sizeof zone->name, "%s", name);
	zone->data = *data;
	zone->seen = *seen;
	memmove(zones->list + place + 1, zones->list + place, (zones->count - place) * sizeof(struct zone *));
	zones->list[place] = zone;
	zones->count++;
	is_back(zones, name);
	return zone;
}

static int unknown(struct problem *problem, const char *name)
{
	return problem_set(problem, E_INVALID, NULL,
		"'%.60s' is no time zone known here; write a name such as Europe/Berlin or UTC, with its capitals", name);
}

int zones_get(struct zones *zones, const char *name, const struct zone **ret, struct problem *problem)
{
	struct problem unused;
	struct tzif data;
	struct stat seen;
	const char *why;
	bool found;
	size_t place;
	int r;

	problem = problem ? problem : &unused;
	if (!strcmp(name, "UTC")) {
		*ret = &utc;
		return 0;
	}
	if (!zone_name_is_valid(name) || is_local_matter(name))
		return unknown(problem, name);
	place = place_of(zones, name, &found);
	if (found) {
		*ret = zones->list[place];
		return 0;
	}
	if (zones->sealed)
		return unknown(problem, name);
	r = load(zones, name, &data, &seen, &why);
	if (r == E_NOTFOUND && access(zones->directory, R_OK) < 0)
		return problem_set(problem, E_UNAVAILABLE, NULL, "there is no time zone data in %.200s; install tzdata", zones->directory);
	if (r == E_NOTFOUND)
		return unknown(problem, name);
	if (r < 0)
		return problem_set(problem, r, NULL, "the time zone file %.200s/%s %s; install tzdata anew", zones->directory, name, why);
	*ret = keep(zones, name, &data, &seen);
	return 0;
}

/* Loads what is below `below` ("" or "Europe/"); names that are no zone's and files that are no zone file are passed over. */
static void load_below(struct zones *zones, const char *below, int depth)
{
	char path[4096], name[ZONE_NAME + 256 + 1];
	const struct zone *zone;
	const struct dirent *entry;
	DIR *directory;

	snprintf(path, sizeof path, "%.4000s/%s", zones->directory, below);
	directory = opendir(path);
	if (!directory)
		return;
	while ((entry = readdir(directory))) {
		struct stat st;

		snprintf(name, sizeof name, "%s%s", below, entry->d_name);
		if (!zone_name_is_valid(name) || is_local_matter(name) || fstatat(dirfd(directory), entry->d_name, &st, 0) < 0)
			continue;
		if (S_ISDIR(st.st_mode) && depth < DEPTH) {
			strcat(name, "/");
			load_below(zones, name, depth + 1);
		} else if (S_ISREG(st.st_mode)) {
			zones_get(zones, name, &zone, NULL);
		}
	}
	closedir(directory);
}

int zones_load_all(struct zones *zones, struct problem *problem)
{
	struct problem unused;

	if (!zones->sealed)
		load_below(zones, "", 1);
	if (zones->count == 0)
		return problem_set(problem ? problem : &unused, E_UNAVAILABLE, NULL, "there is no time zone data in %.200s; install tzdata",
			zones->directory);
	return (int)zones->count;
}

void zones_seal(struct zones *zones)
{
	zones->sealed = true;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
		a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

int zones_refresh(struct zones *zones)
{
	const struct zone *found;
	int changed;

	for (size_t i = zones->missing_count; i-- > 0;) /* from behind: what is back leaves the list */
		zones_get(zones, zones->missing[i], &found, NULL);
	changed = zones->back;
	zones->back = 0;
	for (size_t i = 0; i < zones->count && !zones->sealed; i++) {
		struct zone *zone = zones->list[i];
		char path[4096];
		struct tzif data;
		struct stat seen;
		const char *why;

		snprintf(path, sizeof path, "%.4000s/%s", zones->directory, zone->name);
		if (stat(path, &seen) < 0 || same_file(&seen, &zone->seen) || load(zones, zone->name, &data, &seen, &why) < 0)
			continue;
		changed += data.stamp != zone->data.stamp;
		tzif_free(&zone->data);
		zone->data = data;
		zone->seen = seen;
	}
	return changed;
}
