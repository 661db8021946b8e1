/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What `check` says of plugins beyond the daemon's own settings: that the files of those that are loaded can be read by a host, and that the
 * page's address is one and the same on both sides. What a file's names mean only the plugin knows, whose code is not run for this.
 */
#include <errno.h>
#include <libconfig.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "entity.h"
#include "settings_file.h"

/* The text of a setting, or "" if the file does not have it; valid as long as the configuration. */
static const char *text_in(const config_t *config, const char *name)
{
	const char *text = "";

	return config_lookup_string(config, name, &text) ? text : "";
}

static void look_into(
	const struct settings *settings, const char *name, const char *path, const struct config_file *file, struct settings_report *report)
{
	config_t config;
	const char *url;

	config_init(&config);
	if (!config_read_string(&config, file->bytes)) {
		settings_found(report, true, path, config_error_line(&config), NULL, "%s; lines look like: name = value;",
			config_error_text(&config));
	} else {
		url = text_in(&config, "base_url");
		if (!strcmp(name, "webforms") && *settings->mail.base_url && *url && strcmp(url, settings->mail.base_url))
			settings_found(report, false, path, 0, "base_url",
				"base_url is %s, and mail.base_url is %s: links in mails lead to the second; write the same into both", url,
				settings->mail.base_url);
	}
	config_destroy(&config);
}

/* As its host does before it looks at the values: owner, mode, size, what libconfig must not see, syntax. */
static void look_at(const struct settings *settings, const char *root, const char *name, struct settings_report *report)
{
	char path[600];
	struct config_files files = { 0 };
	struct settings_paths paths = { .path = path };
	struct stat st;

	snprintf(path, sizeof path, "%s/etc/mentorship/plugins.d/%s.conf", root, name);
	if (lstat(path, &st) && errno == ENOENT) {
		settings_found(report, false, path, 0, NULL, "is not there: the unit of the plugin %s does not start without it", name);
		return;
	}
	if (S_ISLNK(st.st_mode) || S_ISDIR(st.st_mode)) {
		settings_found(report, true, path, 0, NULL, "is not a regular file; put the settings of the plugin into one");
		return;
	}
	config_files_read(&paths, &files, report);
	if (files.count == 1)
		look_into(settings, name, path, &files.list[0], report);
	config_files_free(&files);
}

void settings_check_plugins(const struct settings *settings, const char *root, struct settings_report *report)
{
	char name[33];

	if (!*settings->mail.base_url && word_in(settings->plugins.load, "webforms"))
		settings_found(report, false, NULL, 0, "mail.base_url",
			"mail.base_url is not set, and webforms is loaded: no mail with a link leaves; set it to the address of the web page");
	else if (!strncmp(settings->mail.base_url, "http:", 5))
		settings_found(report, false, NULL, 0, "mail.base_url",
			"mail.base_url is not protected: links in mails can be read on their way, and lead to this machine alone; use https for all but trials");
	for (const char *at = settings->plugins.load; *at; at += strspn(at, " ")) {
		size_t length = strcspn(at, " ");

		if (length < sizeof name) {
			snprintf(name, sizeof name, "%.*s", (int)length, at);
			look_at(settings, root ? root : "", name, report);
		}
		at += length;
	}
}
