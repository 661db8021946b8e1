/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The last steps of a restore, which any start finishes.
 *
 * A database is up to three files, and a log that is left beside another database would be played into it. So the new one is
 * made ready as FILE.restored; from the moment it has that name, it is the database. What remains is to move the old files
 * aside and to give it the real name: steps that can be done again after a kill, with the same names, because these
 * come from the time that stands in FILE.restored.
 */
#include "engine_inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int move(const char *from, const char *to, struct problem *problem)
{
	if (rename(from, to) < 0 && errno != ENOENT)
		return problem_set(problem, E_STORE, NULL, "%s cannot be renamed to %s: %s", from, to, strerror(errno));
	return 0;
}

static int move_aside(const char *directory, const char *file, const char *kept, const char *suffix, struct problem *problem)
{
	char *from = engine_path(directory, file, suffix), *to = engine_path(directory, kept, suffix);
	int code = move(from, to, problem);

	free(from);
	free(to);
	return code;
}

int engine_move_aside(const char *directory, const char *file, int64_t time, struct problem *problem)
{
	static const char *const suffixes[] = { "", "-wal", "-journal" };
	struct tm tm;
	char kept[64];
	char *shm = engine_path(directory, file, "-shm");
	int code = 0;

	gmtime_r(&(time_t){ time }, &tm);
	snprintf(kept, sizeof kept, "damaged-%04d%02d%02dT%02d%02d%02dZ-%s", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		tm.tm_min, tm.tm_sec, file);
	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes && !code; i++)
		code = move_aside(directory, file, kept, suffixes[i], problem);
	unlink(shm);
	free(shm);
	return code ? code : engine_fsync(directory, problem);
}

int engine_finish_restore(const char *directory, const char *file, struct problem *problem)
{
	char *restored = engine_path(directory, file, ".restored"), *path = engine_path(directory, file, "");
	struct stat st;
	int code = 0;

	if (stat(restored, &st) == 0 && !(code = engine_move_aside(directory, file, st.st_mtime, problem)) &&
		!(code = move(restored, path, problem)))
		code = engine_fsync(directory, problem);
	free(restored);
	free(path);
	return code;
}
