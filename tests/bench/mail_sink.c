/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A mail server that is fast enough not to be what is measured: it reads every mail to its end and keeps of each what identifies it.
 *
 *	mail_sink KEEP
 *
 * Prints its port. Each line of input is a question: the answer is "MAILS LAST", then for each mail since the last question a line
 * "BYTES ADDRESS MESSAGE-ID"; LAST is when the last one was accepted, in seconds of the monotonic clock. The first mail since then is
 * written to the file KEEP. Commands out of order are refused, as any server does.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	ROOM = 256 * 1024,
	KNOWN = 256
};

enum step {
	GREETED,
	SENDER,
	RECIPIENT,
	TEXT
};

struct client {
	int fd;
	enum step step;
	char to[KNOWN];
	size_t have, seen;
	char in[ROOM + 1];
};

struct mail {
	size_t bytes;
	char to[KNOWN], id[KNOWN];
};

static struct mail *mails;
static size_t count, room;
static double last;
static const char *keep;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void say(struct client *client, const char *text)
{
	if (send(client->fd, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text))
		shutdown(client->fd, SHUT_RDWR);
}

/* What stands between the first < and > of a line. */
static void between(const char *line, char ret[KNOWN])
{
	const char *start = strchr(line, '<'), *end = start ? strchr(start, '>') : NULL;

	snprintf(ret, KNOWN, "%.*s", end ? (int)(end - start - 1) : 0, end ? start + 1 : "");
}

static void accept_mail(struct client *client, char *text, size_t length)
{
	char *id;
	FILE *file;

	if (count == room && !(mails = realloc(mails, (room = room ? 2 * room : 4096) * sizeof *mails)))
		abort();
	if (!count && (file = fopen(keep, "w"))) {
		fwrite(text, 1, length, file);
		fclose(file);
	}
	text[length] = 0;
	id = strcasestr(text, "\r\nMessage-ID:");
	mails[count].bytes = length;
	memcpy(mails[count].to, client->to, KNOWN);
	between(id ? id : "", mails[count].id);
	count++;
	last = now();
}

static bool begins(const char *line, const char *word)
{
	return strncasecmp(line, word, strlen(word)) == 0;
}

static void command(struct client *client, const char *line)
{
	if (begins(line, "EHLO"))
		say(client, "250-sink.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n");
	else if (begins(line, "HELO") || begins(line, "NOOP"))
		say(client, "250 2.0.0 fine\r\n");
	else if (begins(line, "RSET")) {
		client->step = GREETED;
		say(client, "250 2.0.0 fine\r\n");
	} else if (begins(line, "MAIL FROM:<") && client->step == GREETED) {
		client->step = SENDER;
		say(client, "250 2.1.0 fine\r\n");
	} else if (begins(line, "RCPT TO:<") && client->step == SENDER) {
		client->step = RECIPIENT;
		between(line, client->to);
		say(client, "250 2.1.5 fine\r\n");
	} else if (begins(line, "DATA") && client->step == RECIPIENT) {
		client->step = TEXT;
		say(client, "354 go on\r\n");
	} else if (begins(line, "QUIT")) {
		say(client, "221 2.0.0 bye\r\n");
		shutdown(client->fd, SHUT_WR);
	} else
		say(client, "503 5.5.1 out of order\r\n");
}

/* One command, or one mail; the bytes that it took, or 0 if it is not all there. */
static size_t take(struct client *client)
{
	const char *end, *from = client->in + (client->seen > 4 ? client->seen - 4 : 0);
	size_t size;

	if (client->step != TEXT) {
		if (!(end = memmem(from, (size_t)(client->in + client->have - from), "\r\n", 2)))
			return 0;
		client->in[end - client->in] = 0;
		command(client, client->in);
		return (size_t)(end - client->in) + 2;
	}
	if (!(end = memmem(from, (size_t)(client->in + client->have - from), "\r\n.\r\n", 5)))
		return 0;
	size = (size_t)(end - client->in) + 5;
	client->in[size - 1] = 0;
	accept_mail(client, client->in, size - 3);
	client->step = GREETED;
	say(client, "250 2.0.0 kept\r\n");
	return size;
}

static void hear(int loop, struct client *client)
{
	ssize_t n = recv(client->fd, client->in + client->have, ROOM - client->have, 0);
	size_t took;

	if (n <= 0) {
		epoll_ctl(loop, EPOLL_CTL_DEL, client->fd, NULL);
		close(client->fd);
		free(client);
		return;
	}
	client->have += (size_t)n;
	while (client->have && (took = take(client))) {
		client->have -= took;
		memmove(client->in, client->in + took, client->have);
		client->seen = 0;
	}
	client->seen = client->have;
}

static void answer(void)
{
	printf("%zu %.9f\n", count, last);
	for (size_t i = 0; i < count; i++)
		printf("%zu %s %s\n", mails[i].bytes, mails[i].to, mails[i].id);
	fflush(stdout);
	count = 0;
	last = 0;
}

static void watch(int loop, int fd, void *data)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = data };

	if (epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event))
		abort();
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM, 0), loop = epoll_create1(0);
	struct client *client;
	char line[80];

	if (argc != 2 || bind(listener, (struct sockaddr *)&address, length) || listen(listener, 64) ||
		getsockname(listener, (struct sockaddr *)&address, &length))
		return 1;
	keep = argv[1];
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	watch(loop, listener, &listener);
	watch(loop, 0, NULL);
	for (;;) {
		struct epoll_event event;

		if (epoll_wait(loop, &event, 1, -1) != 1)
			continue;
		if (!event.data.ptr) {
			if (read(0, line, sizeof line) <= 0)
				return 0;
			answer();
		} else if (event.data.ptr == &listener) {
			if (!(client = calloc(1, sizeof *client)) || (client->fd = accept(listener, NULL, NULL)) < 0)
				abort();
			watch(loop, client->fd, client);
			say(client, "220 sink.test ESMTP\r\n");
		} else
			hear(loop, event.data.ptr);
	}
}
