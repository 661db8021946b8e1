/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The peer of the mail bench: libcurl alone sends mails of three parts, over connections that stay open.
 *
 *	mail_peer PORT MAILS CONNECTIONS TEXT HTML CALENDAR
 *
 * TEXT, HTML and CALENDAR are files with the parts of a mail. Each connection has one handle, which sends one mail after another. Prints when
 * it began, in seconds of the monotonic clock: with the first connection still to be made.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	CONNECTIONS_MOST = 16
};

struct one {
	CURL *easy;
	curl_mime *mime;
	struct curl_slist *to, *head;
};

struct peer {
	CURLM *multi;
	struct one ones[CONNECTIONS_MOST];
	char *parts[3];
	size_t sizes[3];
	long sent, done, mails;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static char *read_file(const char *path, size_t *ret_size)
{
	FILE *file = fopen(path, "r");
	char *text = malloc(1 << 20);

	if (!file || !text)
		exit(1);
	*ret_size = fread(text, 1, 1 << 20, file);
	fclose(file);
	return text;
}

static struct curl_slist *line(struct curl_slist *list, const char *format, long number)
{
	char text[300];

	snprintf(text, sizeof text, format, number);
	return curl_slist_append(list, text);
}

static void put_parts(const struct peer *peer, struct one *one)
{
	static const char *const types[] = { "text/plain; charset=UTF-8", "text/html; charset=UTF-8",
		"text/calendar; charset=UTF-8; method=REQUEST" };
	static const char *const encoders[] = { "quoted-printable", "quoted-printable", "base64" };
	curl_mime *alternatives = curl_mime_init(one->easy);
	curl_mimepart *part;

	one->mime = curl_mime_init(one->easy);
	for (int i = 0; i < 3; i++) {
		part = curl_mime_addpart(alternatives);
		curl_mime_data(part, peer->parts[i], peer->sizes[i]);
		curl_mime_type(part, types[i]);
		curl_mime_encoder(part, encoders[i]);
	}
	part = curl_mime_addpart(one->mime);
	curl_mime_subparts(part, alternatives);
	curl_mime_type(part, "multipart/alternative");
	curl_easy_setopt(one->easy, CURLOPT_MIMEPOST, one->mime);
}

static void next(struct peer *peer, struct one *one)
{
	long number = peer->sent++;

	curl_mime_free(one->mime);
	curl_slist_free_all(one->to);
	curl_slist_free_all(one->head);
	one->to = line(NULL, "<peer%ld@example.org>", number);
	one->head = line(NULL, "Message-ID: <peer%ld@example.org>", number);
	one->head = line(one->head, "To: \"Somebody\" <peer%ld@example.org>", number);
	one->head = curl_slist_append(one->head, "From: \"Mentoring\" <mentoring@example.org>");
	one->head = curl_slist_append(one->head, "Subject: A meeting was planned");
	one->head = curl_slist_append(one->head, "Auto-Submitted: auto-generated");
	curl_easy_setopt(one->easy, CURLOPT_MAIL_RCPT, one->to);
	curl_easy_setopt(one->easy, CURLOPT_HTTPHEADER, one->head);
	put_parts(peer, one);
	curl_multi_add_handle(peer->multi, one->easy);
}

static void collect(struct peer *peer)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(peer->multi, &left))) {
		struct one *one = NULL;
		CURL *easy = message->easy_handle;

		if (message->data.result != CURLE_OK) {
			fprintf(stderr, "%s\n", curl_easy_strerror(message->data.result));
			exit(1);
		}
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&one);
		curl_multi_remove_handle(peer->multi, easy);
		peer->done++;
		if (peer->sent < peer->mails)
			next(peer, one);
	}
}

int main(int argc, char **argv)
{
	struct peer peer = { 0 };
	int connections = argc == 7 ? atoi(argv[3]) : 0, running;
	char url[80];

	if (connections < 1 || connections > CONNECTIONS_MOST || curl_global_init(CURL_GLOBAL_DEFAULT))
		return 2;
	peer.mails = atol(argv[2]);
	for (int i = 0; i < 3; i++)
		peer.parts[i] = read_file(argv[4 + i], &peer.sizes[i]);
	snprintf(url, sizeof url, "smtp://127.0.0.1:%s", argv[1]);
	peer.multi = curl_multi_init();
	printf("%.9f\n", now());
	for (int i = 0; i < connections; i++) {
		peer.ones[i].easy = curl_easy_init();
		curl_easy_setopt(peer.ones[i].easy, CURLOPT_PRIVATE, &peer.ones[i]);
		curl_easy_setopt(peer.ones[i].easy, CURLOPT_URL, url);
		curl_easy_setopt(peer.ones[i].easy, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(peer.ones[i].easy, CURLOPT_MAIL_FROM, "<mentoring@example.org>");
		next(&peer, &peer.ones[i]);
	}
	for (;;) {
		curl_multi_perform(peer.multi, &running);
		collect(&peer);
		if (peer.done == peer.mails)
			break;
		curl_multi_poll(peer.multi, NULL, 0, 1000, NULL);
	}
	return 0;
}
