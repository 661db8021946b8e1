/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How much memory a host may hold. Installed, systemd ends the whole unit at MemoryMax, and nobody hears why; in development nothing would end
 * it before the machine is full. So the host looks once a second, and ends itself with the reason before that limit is reached.
 */
#include "host.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	DEVELOPMENT_MB = 256 /* as MemoryMax of the unit */
};

/* Of the cgroup in which this process is; 0: none. */
static int64_t unit_limit(void)
{
	char line[600] = "", path[700];
	long long limit = 0;
	FILE *file = fopen("/proc/self/cgroup", "re");

	if (!file)
		return 0;
	if (!fgets(line, sizeof line, file) || strncmp(line, "0::/", 4) != 0)
		line[0] = '\0';
	fclose(file);
	line[strcspn(line, "\n")] = '\0';
	snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.max", *line ? line + 3 : "");
	file = *line ? fopen(path, "re") : NULL;
	if (file && fscanf(file, "%lld", &limit) != 1) /* "max" */
		limit = 0;
	if (file)
		fclose(file);
	return limit;
}

int64_t memory_most(bool development)
{
	int64_t limit = development ? INT64_C(1048576) * DEVELOPMENT_MB : unit_limit();

	return limit / 8 * 7;
}

void memory_confine(void)
{
#ifndef __SANITIZE_ADDRESS__ /* its shadow is terabytes of addresses */
	const struct rlimit limit = { INT64_C(2097152) * DEVELOPMENT_MB, INT64_C(2097152) * DEVELOPMENT_MB };

	if (setrlimit(RLIMIT_DATA, &limit))
		_exit(1);
#endif
}

int64_t memory_held(void)
{
	int64_t size, resident = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (file && fscanf(file, "%" SCNd64 " %" SCNd64, &size, &resident) != 2)
		resident = 0;
	if (file)
		fclose(file);
	return resident * sysconf(_SC_PAGESIZE);
}
