/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whose clock, and in which zone: 'now' is the daemon's (a database may live in simulated time), the zone is the reader's.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

/* The part of a path of zone data that is the zone's name. */
static const char *after_zoneinfo(const char *path)
{
	const char *found = strstr(path, "zoneinfo/");

	return found ? found + strlen("zoneinfo/") : "";
}

const char *own_zone(char out[static ZONE_NAME])
{
	const char *name = getenv("TZ");
	char path[256];
	ssize_t length;

	out[0] = 0;
	if (name && *name) {
		name += *name == ':';
		name = *name == '/' ? after_zoneinfo(name) : name;
	} else {
		length = readlink("/etc/localtime", path, sizeof path - 1);
		if (length < 0)
			return out;
		path[length] = 0;
		name = after_zoneinfo(path);
	}
	if (strlen(name) < ZONE_NAME && zone_name_is_valid(name))
		memcpy(out, name, strlen(name) + 1);
	return out;
}

int clock_setup(struct cli *cli)
{
	const char *asked = cli->options.zone;
	struct problem problem;

	cli->zones = zones_new(NULL);
	cli->zone = zone_utc();
	if (asked && zones_get(cli->zones, asked, &cli->zone, &problem))
		return usage(cli, "", "--zone: %s", problem.text);
	/* an own zone that has no name, or no data here, is no reason to stop: times name the zone they are shown in */
	if (!asked && *cli->terminal.zone)
		zones_get(cli->zones, cli->terminal.zone, &cli->zone, NULL);
	return 0;
}

int64_t cli_now(struct cli *cli)
{
	json_t *now = json_object_get(cli_manager(cli), "Now");

	return json_is_integer(now) ? json_integer_value(now) : (int64_t)time(NULL);
}

int read_date(struct cli *cli, const char *text, int64_t *ret_days)
{
	struct problem problem;

	if (!date_parse(text, ret_days, NULL))
		return 0; /* needs no clock */
	if (when_parse_day(text, cli->zone, cli_now(cli), ret_days, &problem))
		return failed(&cli->failure, ERROR_INVALID, "%s", problem.text);
	return 0;
}

int read_instant(struct cli *cli, const char *text, int64_t *ret_instant)
{
	struct problem problem;
	struct when when;

	if (!instant_parse(text, ret_instant, NULL))
		return 0;
	if (when_parse(text, cli->zone, cli_now(cli), &when, &problem))
		return failed(&cli->failure, ERROR_INVALID, "%s", problem.text);
	*ret_instant = when.instant;
	return 0;
}
