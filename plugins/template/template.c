/* SPDX-License-Identifier: MIT */
/*
 * A plugin to begin with: a notifier that writes each message behind the others into a file of its directory.
 *
 * Copy this directory, rename what is called template, and replace deliver; docs/plugins.md shows how.
 * As it stands it is of use where mail is only to be looked at: in trials, and in tests.
 */
#include <mentorship-plugin.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a plugin knows lives in one struct; a pointer to it is `self` in every callback. */
struct template
{
	const struct mentorship_host *host;
	int file;
};

static const struct mentorship_setting settings[] = {
	{ .name = "file",
		.kind = MENTORSHIP_TEXT,
		.initial = "messages.txt",
		.min = 1,
		.max = 100,
		.help = "The file in the plugin's directory." },
	{ .name = "whole", .kind = MENTORSHIP_YESNO, .initial = "true", .help = "Write the text of a message too, not its subject alone." },
	{ 0 },
};

static int load(const struct mentorship_host *host, void **self)
{
	struct template *template = calloc(1, sizeof *template);

	if (!template)
		return host->refuse(host, "There is not enough memory; give the plugin's unit more.");
	template->host = host;
	template->file = -1;
	*self = template;
	return 0;
}

/* Looks at settings that a table cannot check. */
static int configure(void *self)
{
	struct template *template = self;
	const struct mentorship_host *host = template->host;

	if (strchr(host->text(host, "file"), '/'))
		return host->refuse(
			host, "file = \"%s\" is to be the name of a file, not a path; leave out the '/'.", host->text(host, "file"));
	return 0;
}

static int ready(void *self)
{
	struct template *template = self;
	const struct mentorship_host *host = template->host;
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", host->directory(host), host->text(host, "file"));
	template->file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (template->file < 0)
		return host->refuse(host, "%s cannot be opened; look at the owner of the directory.", host->text(host, "file"));
	return 0;
}

/* One write a message: it is there whole, or not at all. */
static int deliver(void *self, const struct mentorship_message *message)
{
	struct template *template = self;
	const struct mentorship_host *host = template->host;
	int whole = (int)host->number(host, "whole"), length, written;
	char *text = NULL;

	length = asprintf(&text, "To: %s\nMessage-ID: %s\nSubject: %s\n\n%s%s", message->address, message->message_id, message->subject,
		whole ? message->text : "", whole ? "\n" : "");
	if (length < 0)
		return host->refuse(host, "There is not enough memory; give the plugin's unit more.");
	written = (int)write(template->file, text, (size_t)length);
	free(text);
	if (written == length)
		host->report(host, message->id, MENTORSHIP_SENT, "250 written");
	else
		host->report(host, message->id, MENTORSHIP_LATER, "452 no space");
	return 0;
}

static void unload(void *self)
{
	struct template *template = self;

	if (template->file >= 0)
		close(template->file);
	free(template);
}

MENTORSHIP_PLUGIN(MENTORSHIP_NOTIFIER) = {
	MENTORSHIP_STAMP(MENTORSHIP_NOTIFIER),
	.name = "template",
	.version = "1.0",
	.licence = "MIT",
	.summary = "Writes each message into a file.",
	.settings = settings,
	.load = load,
	.configure = configure,
	.ready = ready,
	.deliver = deliver,
	.unload = unload,
};
