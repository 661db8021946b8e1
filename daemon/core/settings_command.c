/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What people see of the settings: check, show, the shipped example and the manual page, each a loop over settings_table.
 */
#include "settings.h"

#include <stdlib.h>
#include <string.h>

/* ---- show ---- */
static void show_origin(const struct setting_origin *origin, struct buffer *line)
{
	if (!origin->file) {
		buffer_text(line, "  # default");
	} else if (!origin->line) {
		buffer_print(line, "  # $%s", origin->file);
	} else {
		buffer_text(line, "  # ");
		encode_terminal(line, origin->file);
		buffer_print(line, ":%d", origin->line);
	}
}

void settings_show(const struct settings *settings, bool with_origin, FILE *out)
{
	struct buffer line = { 0 };

	for (const struct setting *row = settings_table; row->name; row++) {
		buffer_clear(&line);
		buffer_print(&line, "%s = ", row->name);
		setting_print(settings, row, &line);
		buffer_char(&line, ';');
		if (with_origin)
			show_origin(&settings->origins[row - settings_table], &line);
		fprintf(out, "%s\n", buffer_string(&line));
	}
	buffer_free(&line);
}

/* ---- documents ---- */
static size_t group_length(const char *name)
{
	return strcspn(name, ".");
}

static bool same_group(const struct setting *a, const struct setting *b)
{
	return group_length(a->name) == group_length(b->name) && !strncmp(a->name, b->name, group_length(a->name));
}

/* "1 to 4096 calls", "true or false", "one of error, warning": what the row allows, in words. */
static void print_limits(const struct setting *row, struct buffer *text)
{
	if (row->kind == YESNO) {
		buffer_text(text, "true or false");
	} else if (row->kind == NUMBER) {
		buffer_print(text, "%lld to %lld%s%s", (long long)row->min, (long long)row->max, row->unit ? " " : "",
			row->unit ? row->unit : "");
	} else if (row->kind == CHOICE) {
		for (int i = 0; row->choices[i]; i++)
			buffer_print(text, "%s%s", i ? ", " : "one of ", row->choices[i]);
	} else {
		buffer_print(text, "text of %lld to %lld characters", (long long)row->min, (long long)row->max);
	}
	if (!(row->flags & SETTING_RELOADS))
		buffer_text(text, "; changes with the next start");
}

void settings_print_example(FILE *out)
{
	struct settings *defaults = settings_defaults();
	struct buffer text = { 0 };

	fputs("# SPDX-License-Identifier: GPL-3.0-or-later\n"
	      "# Settings of mentorshipd, all with their defaults. Do not change this file: write what shall differ into\n"
	      "# /etc/mentorship/mentorship.conf or into /etc/mentorship/mentorship.conf.d/10-NAME.conf. Then\n"
	      "#     mentorctl config check && systemctl reload mentorshipd\n"
	      "# See mentorship.conf(5).\n",
		out);
	for (const struct setting *row = settings_table; row->name; row++) {
		if (row == settings_table || !same_group(row, row - 1))
			fprintf(out, "\n%.*s: {\n", (int)group_length(row->name), row->name);
		buffer_clear(&text);
		print_limits(row, &text);
		if (row > settings_table && same_group(row, row - 1))
			fputc('\n', out);
		fprintf(out, "\t# %s (%s)\n", row->help, buffer_string(&text));
		buffer_clear(&text);
		setting_print(defaults, row, &text);
		fprintf(out, "\t# %s = %s;\n", row->name + group_length(row->name) + 1, buffer_string(&text));
		if (!row[1].name || !same_group(row, row + 1))
			fputs("};\n", out);
	}
	buffer_free(&text);
	settings_free(defaults);
}

static const char manual_head[] = ".\\\" SPDX-License-Identifier: GPL-3.0-or-later\n"
				  ".\\\" Printed by mentorshipd --config manual from the table of settings: change it there.\n"
				  ".Dd November 1, 2025\n"
				  ".Dt MENTORSHIP.CONF 5\n"
				  ".Os\n"
				  ".Sh NAME\n"
				  ".Nm mentorship.conf\n"
				  ".Nd settings of mentorshipd\n"
				  ".Sh DESCRIPTION\n"
				  "Settings are read at the start of\n"
				  ".Xr mentorshipd 8\n"
				  "and when it is reloaded.\n"
				  "Later files win, setting by setting:\n"
				  ".Bl -enum -compact\n"
				  ".It\n"
				  ".Pa /usr/lib/mentorship/mentorship.conf ,\n"
				  "the defaults;\n"
				  ".It\n"
				  ".Pa /etc/mentorship/mentorship.conf ;\n"
				  ".It\n"
				  "files ending in\n"
				  ".Pa .conf\n"
				  "in the directories\n"
				  ".Pa /usr/lib/mentorship/mentorship.conf.d ,\n"
				  ".Pa /run/mentorship/mentorship.conf.d\n"
				  "and\n"
				  ".Pa /etc/mentorship/mentorship.conf.d ,\n"
				  "taken together and sorted by file name.\n"
				  "Of files with one name only that in the last of these directories counts;\n"
				  "a symbolic link to\n"
				  ".Pa /dev/null\n"
				  "masks the others.\n"
				  ".El\n"
				  ".Pp\n"
				  "A file holds groups of settings:\n"
				  ".Bd -literal -offset indent\n"
				  "institution: {\n"
				  "\tname = \"School on the Hill\";\n"
				  "\tzone = \"Europe/Berlin\";\n"
				  "};\n"
				  ".Ed\n"
				  ".Pp\n"
				  "Comments begin with # or // or stand between /* and */.\n"
				  "A file must be a regular one of at most 1 MiB, in UTF-8, owned by root or by\n"
				  "the user of the service, and writable by nobody else; @include is refused.\n"
				  "A number above 2147483647 needs an L behind it.\n"
				  "A name that is no setting is a warning.\n"
				  "A wrong value is an error: at the start the service ends with status 78, at a\n"
				  "reload it keeps all the old values.\n"
				  "Secrets are no settings, they are credentials of the service (see\n"
				  ".Xr systemd.exec 5 ) .\n"
				  ".Sh SETTINGS\n"
				  ".Bl -tag -width Ds\n";

static const char manual_tail[] = ".El\n"
				  ".Sh FILES\n"
				  ".Bl -tag -width Ds -compact\n"
				  ".It Pa /etc/mentorship/mentorship.conf\n"
				  ".El\n"
				  ".Sh EXIT STATUS\n"
				  ".Ql mentorctl config check\n"
				  "ends with 0 when the files are valid and with 78 when they are not.\n"
				  ".Sh SEE ALSO\n"
				  ".Xr mentorctl 1 ,\n"
				  ".Xr mentorshipd 8\n";

/* Text for the formatter, in lines below 80: a backslash is written \e, and no line begins with a dot or an apostrophe. */
static void print_roff(FILE *out, const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t word = strcspn(text, " \n");

		if (column && (column + word > 75 || text[-1] == '\n')) {
			fputc('\n', out);
			column = 0;
		} else if (column) {
			fputc(' ', out);
		}
		if (*text == '.' || *text == '\'')
			fputs("\\&", out);
		for (size_t i = 0; i < word; i++)
			fputs(text[i] == '\\' ? "\\e" : (char[]){ text[i], 0 }, out);
		column += word + 1;
		text += word + (text[word] != '\0');
	}
	fputc('\n', out);
}

void settings_print_manual(FILE *out)
{
	struct settings *defaults = settings_defaults();
	struct buffer text = { 0 };

	fputs(manual_head, out);
	for (const struct setting *row = settings_table; row->name; row++) {
		fprintf(out, ".It Va %s\n", row->name);
		print_roff(out, row->help);
		buffer_clear(&text);
		buffer_text(&text, "Allowed: ");
		print_limits(row, &text);
		buffer_text(&text, ".\nDefault: ");
		setting_print(defaults, row, &text);
		if (row->environment)
			buffer_print(&text, ", or what the variable %s says", row->environment);
		buffer_char(&text, '.');
		print_roff(out, buffer_string(&text));
	}
	fputs(manual_tail, out);
	buffer_free(&text);
	settings_free(defaults);
}

/* ---- the command ---- */
static int usage(FILE *err)
{
	fputs("mentorshipd --config check [--root DIR] [PATH] | show [--origin] [--root DIR] [PATH] | example | manual\n", err);
	return 2;
}

static int check_or_show(bool show, bool with_origin, const struct settings_paths *paths, FILE *out, FILE *err)
{
	struct settings_report report = { 0 };
	struct settings *settings = NULL;
	int r = settings_load(paths, &settings, &report);

	if (!r && !show && !paths->path) {
		settings_check_plugins(settings, paths->root, &report);
		r = report.errors ? E_INVALID : 0;
	}
	fputs(buffer_string(&report.text), err);
	if (r < 0)
		fprintf(err, "The configuration is not valid: %d error%s. Nothing was changed.\n", report.errors,
			report.errors == 1 ? "" : "s");
	else if (show)
		settings_show(settings, with_origin, out);
	else
		fprintf(err, "The configuration is valid.\n");
	settings_report_free(&report);
	settings_free(settings);
	return r < 0 ? SETTINGS_EX_CONFIG : 0;
}

int settings_command(int argc, char **argv, FILE *out, FILE *err)
{
	struct settings_paths paths = { 0 };
	bool with_origin = false, check, show;

	if (argc < 1)
		return usage(err);
	check = !strcmp(argv[0], "check");
	show = !strcmp(argv[0], "show");
	if (argc == 1 && !strcmp(argv[0], "example")) {
		settings_print_example(out);
		return 0;
	}
	if (argc == 1 && !strcmp(argv[0], "manual")) {
		settings_print_manual(out);
		return 0;
	}
	for (int i = 1; i < argc; i++) {
		if (show && !strcmp(argv[i], "--origin"))
			with_origin = true;
		else if (!strcmp(argv[i], "--root") && i + 1 < argc)
			paths.root = argv[++i];
		else if (argv[i][0] != '-' && !paths.path)
			paths.path = argv[i];
		else
			return usage(err);
	}
	return check || show ? check_or_show(show, with_origin, &paths, out, err) : usage(err);
}
