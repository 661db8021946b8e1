/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host.h"

#include <libgen.h>
#include <stdio.h>
#include <string.h>

/* The file of a path as directory and name; E_INVALID if it is not called NAME.so. */
static int path_split(const char *path, char *directory, size_t size, char *name, size_t name_size, struct problem *problem)
{
	const char *file = strrchr(path, '/');
	size_t length;

	snprintf(directory, size, "%.*s", file ? (int)(file - path + (file == path)) : 1, file ? path : ".");
	file = file ? file + 1 : path;
	length = strlen(file);
	if (length <= 3 || length >= name_size || strcmp(file + length - 3, ".so"))
		return problem_set(problem, E_INVALID, NULL, "%s is not called NAME.so; name the file as the plugin names itself", path);
	snprintf(name, name_size, "%.*s", (int)length - 3, file);
	return 0;
}

int try_check(const char *plugin)
{
	static const char *const words[] = { "notifier", "survey-channel", "directory", "event-sink" };
	char directory[4096], name[256];
	struct problem problem = { 0 };
	struct plugin_file file = { .fd = -1 };
	int r = path_split(plugin, directory, sizeof directory, name, sizeof name, &problem);

	if (!r)
		r = plugin_file_examine(directory, name, true, &file, &problem);
	if (r) {
		fprintf(stderr, "%s\n", problem.text);
		return EXIT_CONFIG;
	}
	printf("abi %u.%u\nsize %u\ncapabilities", file.note.abi, file.note.minor, file.note.size);
	for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
		if (file.note.capabilities & (1u << i))
			printf(" %s", words[i]);
	putchar('\n');
	plugin_file_close(&file);
	return 0;
}

int try_plugin(const struct try_arguments *a)
{
	fprintf(stderr, "%s: plugins cannot be tried yet\n", a->plugin);
	return 1;
}
