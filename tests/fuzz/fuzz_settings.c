/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as a configuration file: what the scan lets through, libconfig reads or refuses. It never ends the process (libFuzzer
 * sees an exit), opens no other file, and never takes longer than the fuzzer's own timeout.
 */
#include "fuzz.h"

#include <libconfig.h>

#include "core/settings.h"
#include "core/settings_file.h"

/* Where libconfig would open another file: at the beginning of a line, wherever that line stands. */
static bool includes(const char *text)
{
	for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		const char *word = line + strspn(line, " \t");

		if (!strncmp(word, "@include", 8) && word[8 + strspn(word + 8, " \t")] == '"')
			return true;
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct problem problem = { 0 };
	struct config_t config;
	char *text = malloc(size + 1);
	int line = -1;

	check(text != NULL, "memory");
	memcpy(text, data, size);
	text[size] = 0;
	if (config_scan(text, size, &line, &problem))
		check(*problem.text && line >= 0, "a refusal says why and where");
	else {
		check(!includes(text), "no other file is opened");
		config_init(&config);
		if (!config_read_string(&config, text))
			check(config_error_text(&config) != NULL, "libconfig says why");
		config_destroy(&config);
	}
	free(text);
	return 0;
}
