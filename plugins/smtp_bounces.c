/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "smtp_bounces.h"

#include "dsn.h"

#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	LOOK_SECONDS = 5,
	FILE_MOST = 1 << 20
};

struct bounces {
	const struct mentorship_host *host;
	const char *pattern; /* of the envelope's sender */
	int new, cur;        /* directories */
	DIR *stream;         /* a pass is under way */
	struct event *timer;
	bool asked;              /* the daemon has been told of `name` */
	bool failing;            /* something could not be done, and it was said */
	char name[NAME_MAX + 1]; /* in new/ */
	char status[12];
};

static void wait_for(struct bounces *bounces, int seconds)
{
	event_add(bounces->timer, &(struct timeval){ seconds, 0 });
}

static void pass_end(struct bounces *bounces)
{
	if (bounces->stream)
		closedir(bounces->stream);
	bounces->stream = NULL;
}

/* Once until it works again: the directory is looked at every few seconds. */
static void complain(struct bounces *bounces, const char *what)
{
	char text[200];

	if (!bounces->failing) {
		snprintf(
			text, sizeof text, "%s: %s; look at the owner and mode of the directory that bounces names", what, strerror(errno));
		bounces->host->log(bounces->host, MENTORSHIP_WARNING, text);
	}
	bounces->failing = true;
}

/* ---- one file ---- */

/* To cur/: what a Maildir calls seen, or not. */
static void put_away(struct bounces *bounces, const char *name, bool seen)
{
	char to[NAME_MAX + 8];

	snprintf(to, sizeof to, "%.*s:2,%s", (int)strcspn(name, ":"), name, seen ? "S" : "");
	if (renameat(bounces->new, name, bounces->cur, to) == 0)
		bounces->failing = false;
	else
		complain(bounces, "a file of new/ cannot be moved to cur/");
}

static void answered(void *data, int answer)
{
	struct bounces *bounces = data;
	char text[120];

	bounces->asked = false;
	if (answer == MENTORSHIP_BOUNCE_AGAIN) {
		pass_end(bounces);
		wait_for(bounces, LOOK_SECONDS);
		return;
	}
	if (answer == MENTORSHIP_BOUNCE_UNKNOWN) {
		snprintf(text, sizeof text, "a notification (%s) is of no mail that could have come back, or of one that has already",
			bounces->status);
		bounces->host->log(bounces->host, MENTORSHIP_INFO, text);
	}
	put_away(bounces, bounces->name, answer == MENTORSHIP_BOUNCE_TAKEN);
	wait_for(bounces, 0);
}

/* The number that stands in the place of the %: of the message that came back; 0 if there is none. */
static int64_t number_in(const char *pattern, const char *address)
{
	const char *mark = strchr(pattern, '%');
	size_t before = mark ? (size_t)(mark - pattern) : 0;
	long long number;
	char *end;

	if (!mark || strncasecmp(pattern, address, before) != 0 || address[before] < '1' || address[before] > '9')
		return 0;
	errno = 0;
	number = strtoll(address + before, &end, 10);
	return !errno && strcasecmp(end, mark + 1) == 0 ? number : 0;
}

/* True if it waits for the answer. */
static bool tell(struct bounces *bounces, const char *name, const struct dsn *dsn)
{
	const struct mentorship_host *host = bounces->host;
	struct mentorship_bounce bounce = { .size = sizeof bounce,
		.message_id = *dsn->message_id ? dsn->message_id : NULL,
		.id = number_in(bounces->pattern, dsn->to),
		.status = dsn->status,
		.detail = dsn->detail };

	if (!bounce.message_id && !bounce.id) {
		host->log(host, MENTORSHIP_WARNING, "a notification does not say which mail failed; it is left unread in cur/");
		put_away(bounces, name, false);
		return false;
	}
	snprintf(bounces->name, sizeof bounces->name, "%s", name);
	snprintf(bounces->status, sizeof bounces->status, "%s", dsn->status);
	bounces->asked = true;
	if (host->bounced(host, &bounce, answered, bounces) == 0)
		return true;
	bounces->asked = false; /* the daemon is not there: the file waits for it */
	pass_end(bounces);
	wait_for(bounces, LOOK_SECONDS);
	return true;
}

/* What is read of a file; NULL if it is none that a mail server delivers. */
static char *contents(int fd, size_t *ret_size)
{
	struct stat st;
	char *bytes;
	ssize_t n;

	*ret_size = 0;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > FILE_MOST)
		return NULL;
	bytes = malloc((size_t)st.st_size + 1);
	if (!bytes)
		abort();
	while (*ret_size < (size_t)st.st_size && (n = read(fd, bytes + *ret_size, (size_t)st.st_size - *ret_size)) > 0)
		*ret_size += (size_t)n;
	return bytes;
}

/* True if the daemon was told, and the pass waits. */
static bool look_at(struct bounces *bounces, const char *name)
{
	const struct mentorship_host *host = bounces->host;
	int fd = openat(bounces->new, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	char *bytes, text[120];
	struct dsn dsn;
	size_t size;

	if (fd < 0 && errno != ELOOP && errno != ENXIO) {
		complain(bounces, "a file of new/ cannot be read");
		return false;
	}
	bytes = fd < 0 ? NULL : contents(fd, &size);
	if (fd >= 0)
		close(fd);
	if (!bytes) {
		host->log(host, MENTORSHIP_WARNING, "something in new/ is no mail, or a very large one; it is left unread in cur/");
		put_away(bounces, name, false);
		return false;
	}
	dsn_read(bytes, size, &dsn);
	free(bytes);
	if (dsn.kind == DSN_FAILED)
		return tell(bounces, name, &dsn);
	if (dsn.kind == DSN_DELAYED) {
		snprintf(text, sizeof text, "a mail is delayed (%s); its server goes on trying", dsn.detail);
		host->log(host, MENTORSHIP_INFO, text);
	}
	put_away(bounces, name, dsn.kind != DSN_NONE);
	return false;
}

/* ---- a pass ---- */

static void on_time(evutil_socket_t fd, short what, void *data)
{
	struct bounces *bounces = data;
	struct dirent *entry;

	(void)fd;
	(void)what;
	if (!bounces->stream) {
		int again = openat(bounces->new, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		bounces->stream = again < 0 ? NULL : fdopendir(again);
		if (!bounces->stream) {
			if (again >= 0)
				close(again);
			complain(bounces, "new/ cannot be read");
			wait_for(bounces, LOOK_SECONDS);
			return;
		}
	}
	while ((entry = readdir(bounces->stream)) && *entry->d_name == '.')
		;
	if (!entry) {
		pass_end(bounces);
		wait_for(bounces, LOOK_SECONDS);
	} else if (!look_at(bounces, entry->d_name)) {
		wait_for(bounces, 0);
	}
}

/* ---- begin and end ---- */

/* A directory in which this account may make files, and from which it may move them. */
static int directory(const char *maildir, const char *name)
{
	static const char probe[] = ".mentorship-probe";
	char path[PATH_MAX];
	int at, file;

	snprintf(path, sizeof path, "%s/%s", maildir, name);
	at = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	file = at < 0 ? -1 : openat(at, probe, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file >= 0) {
		close(file);
		unlinkat(at, probe, 0);
		return at;
	}
	if (at >= 0) {
		int error = errno;

		close(at);
		errno = error;
	}
	return -1;
}

struct bounces *bounces_new(const struct mentorship_host *host, const char *maildir, const char *envelope_sender)
{
	struct bounces *bounces = calloc(1, sizeof *bounces);

	if (!bounces)
		abort();
	bounces->host = host;
	bounces->pattern = envelope_sender;
	bounces->cur = -1;
	bounces->new = directory(maildir, "new");
	if (bounces->new >= 0)
		bounces->cur = directory(maildir, "cur");
	if (bounces->cur < 0) {
		host->refuse(host,
			"bounces is no Maildir that this plugin may change: %s/ in it: %s; let the mail server make it, give this account the "
			"right to write, and the unit a drop-in with ReadWritePaths; or leave bounces out",
			bounces->new < 0 ? "new" : "cur", strerror(errno));
		bounces_free(bounces);
		return NULL;
	}
	bounces->timer = evtimer_new(host->loop(host), on_time, bounces);
	if (!bounces->timer)
		abort();
	wait_for(bounces, 0);
	return bounces;
}

void bounces_free(struct bounces *bounces)
{
	if (!bounces)
		return;
	pass_end(bounces);
	if (bounces->timer)
		event_free(bounces->timer);
	if (bounces->new >= 0)
		close(bounces->new);
	if (bounces->cur >= 0)
		close(bounces->cur);
	free(bounces);
}
