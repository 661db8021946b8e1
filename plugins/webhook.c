/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tells a web server what happened, as Standard Webhooks 1.0.0 says: a small signed POST for each event.
 *
 * Events go one after the other, in their order; the first that is not taken holds up those behind it. Its attempts are spread over three
 * days; then, or when the receiver answers 410, the plugin stops and says so at the next event, and that event and all behind it come
 * again after the administrator mended it. The identifier of an event is made of the event, so it is the same at every attempt, also
 * after a restart.
 *
 * Where the request goes is decided twice: by the settings, and, behind the resolver, by the address that is connected to. No redirect is
 * followed, no proxy used, and of an answer only the status and Retry-After count.
 */
#include <mentorship-plugin.h>

#include "address.h"
#include "events.h"
#include "transfer.h"

#include <jansson.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	EVENTS_MOST = 10000,
	SECRETS_MOST = 4,
	SECRET_LEAST = 24,
	SECRET_MOST = 64,
	ANSWER_MOST = 64 * 1024,
	WAIT_MOST = 24 * 60 * 60
};

struct secret {
	unsigned char key[SECRET_MOST];
	size_t length;
};

struct webhook {
	const struct mentorship_host *host;
	struct transfer *transfer;
	struct transfer_job job;
	struct event *again;
	struct event_queue events;
	struct secret secrets[SECRETS_MOST];
	int secret_count, attempts;
	size_t heard;
	char *body;
	struct curl_slist *headers;
	bool http_only_here; /* the URL begins with http: */
	bool refused_address;
	const char *stopped; /* why, or NULL */
};

static const struct mentorship_setting settings[] = {
	{ "url", MENTORSHIP_TEXT, MENTORSHIP_REQUIRED, NULL, 8, 2000, NULL, NULL, "Where events are posted to; it begins with https://." },
	{ "secret", MENTORSHIP_CREDENTIAL, MENTORSHIP_REQUIRED, NULL, 0, 0, NULL, NULL,
		"Name of the credential with the secret, whsec_ and base64; several, separated by blanks, sign while one replaces another." },
	{ "events", MENTORSHIP_TEXT, 0, "*", 0, 2000, NULL, NULL,
		"Kinds of events to post, separated by blanks; match.* stands for all of matches, * for all." },
	{ "ca_file", MENTORSHIP_PATH, 0, NULL, 0, 0, NULL, NULL, "Certificates to trust instead of the system's." },
	{ "timeout", MENTORSHIP_NUMBER, 0, "20", 1, 60, NULL, "seconds", "How long one attempt may take." },
	{ "attempts", MENTORSHIP_NUMBER, 0, "10", 1, 10, NULL, NULL, "After so many the plugin stops." },
	{ "retry", MENTORSHIP_NUMBER, 0, "5", 1, 60, NULL, "seconds",
		"Until the second attempt; those behind it wait longer in proportion." },
	{ "allow_loopback", MENTORSHIP_YESNO, 0, "0", 0, 1, NULL, NULL, "Allows a receiver on this machine, also by http://." },
	{ "allow_private", MENTORSHIP_YESNO, 0, "0", 0, 1, NULL, NULL, "Allows a receiver in a private network." },
	{ NULL, 0, 0, NULL, 0, 0, NULL, NULL, NULL },
};

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

/* ---- one request ---- */

static char *body(const struct kept_event *event)
{
	time_t seconds = (time_t)event->at;
	char stamp[32];
	struct tm at = { 0 };
	json_t *object;
	char *text;

	gmtime_r(&seconds, &at);
	strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &at);
	object = must(json_pack("{ss ss s{ss sI sI}}", "type", event->kind, "timestamp", stamp, "data", "path", event->path, "version",
		(json_int_t)event->version, "sequence", (json_int_t)event->sequence));
	text = must(json_dumps(object, JSON_COMPACT));
	json_decref(object);
	return text;
}

static void add_header(struct webhook *webhook, const char *name, const char *value)
{
	size_t size = strlen(name) + strlen(value) + 3;
	char *line = must(malloc(size));

	snprintf(line, size, "%s: %s", name, value);
	webhook->headers = must(curl_slist_append(webhook->headers, line));
	free(line);
}

static void sign(struct webhook *webhook, const char *id, const char *stamp)
{
	char all[SECRETS_MOST * 64] = "";

	for (int i = 0; i < webhook->secret_count; i++) {
		unsigned char mac[crypto_auth_hmacsha256_BYTES];
		crypto_auth_hmacsha256_state state;
		char text[sodium_base64_ENCODED_LEN(sizeof mac, sodium_base64_VARIANT_ORIGINAL)];
		size_t at = strlen(all);

		crypto_auth_hmacsha256_init(&state, webhook->secrets[i].key, webhook->secrets[i].length);
		crypto_auth_hmacsha256_update(&state, (const unsigned char *)id, strlen(id));
		crypto_auth_hmacsha256_update(&state, (const unsigned char *)".", 1);
		crypto_auth_hmacsha256_update(&state, (const unsigned char *)stamp, strlen(stamp));
		crypto_auth_hmacsha256_update(&state, (const unsigned char *)".", 1);
		crypto_auth_hmacsha256_update(&state, (const unsigned char *)webhook->body, strlen(webhook->body));
		crypto_auth_hmacsha256_final(&state, mac);
		sodium_bin2base64(text, sizeof text, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
		snprintf(all + at, sizeof all - at, "%sv1,%s", at ? " " : "", text);
	}
	add_header(webhook, "webhook-signature", all);
}

static void post(struct webhook *webhook)
{
	const struct kept_event *event = webhook->events.first;
	char id[64], stamp[32];
	CURL *easy = webhook->job.easy;

	free(webhook->body);
	webhook->body = body(event);
	curl_slist_free_all(webhook->headers);
	webhook->headers = NULL;
	webhook->heard = 0;
	webhook->refused_address = false;
	snprintf(id, sizeof id, "evt_%lld_%lld", (long long)event->at, (long long)event->sequence);
	snprintf(stamp, sizeof stamp, "%lld", (long long)time(NULL));
	add_header(webhook, "Content-Type", "application/json");
	add_header(webhook, "webhook-id", id);
	add_header(webhook, "webhook-timestamp", stamp);
	sign(webhook, id, stamp);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, webhook->headers);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, webhook->body);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)strlen(webhook->body));
	transfer_start(webhook->transfer, &webhook->job);
}

/* ---- what became of it ---- */

static void next(struct webhook *webhook)
{
	const struct mentorship_host *host = webhook->host;
	struct kept_event *event;

	while ((event = webhook->events.first) && !event->test && !events_wanted(host->text(host, "events"), event->kind)) {
		host->event_done(host, event->sequence);
		events_drop(&webhook->events);
	}
	webhook->attempts = 0;
	if (event)
		post(webhook);
}

static void stop(struct webhook *webhook, const char *why)
{
	if (webhook->events.first->test)
		webhook->host->tested(webhook->host, webhook->events.first->sequence, MENTORSHIP_BROKEN, why);
	webhook->stopped = why;
	webhook->host->log(webhook->host, MENTORSHIP_ERROR, why);
}

/* 5 seconds, 5 minutes, 30 minutes, 2, 5, 10, 14, 20 and 24 hours, and up to a fifth more, so that many do not come back at once. */
static int64_t pause_ms(const struct webhook *webhook, int64_t asked)
{
	static const int steps[] = { 1, 60, 360, 1440, 3600, 7200, 10080, 14400, 17280 };
	int64_t seconds = steps[webhook->attempts - 1] * webhook->host->number(webhook->host, "retry");

	if (asked > WAIT_MOST)
		asked = WAIT_MOST;
	if (asked > seconds)
		seconds = asked;
	return seconds * 1000 + randombytes_uniform((uint32_t)(seconds * 200) + 1);
}

static void why_not(const struct webhook *webhook, long status, CURLcode result, char *text, size_t size)
{
	if (webhook->refused_address && webhook->host->simulated)
		snprintf(text, size, "the clock is simulated: events go to a receiver on this machine only");
	else if (webhook->refused_address)
		snprintf(
			text, size, "the receiver has an address in a private network or on this machine, which the settings do not allow");
	else if (status)
		snprintf(text, size, "answered with status %ld", status);
	else
		snprintf(text, size, "%s", curl_easy_strerror(result));
}

static void over(struct webhook *webhook)
{
	webhook->host->event_done(webhook->host, webhook->events.first->sequence);
	events_drop(&webhook->events);
	next(webhook);
}

/* A test goes once: who tries it waits for the answer. */
static void tried(struct webhook *webhook, long status, CURLcode result)
{
	bool good = status >= 200 && status < 300;
	char text[160];

	why_not(webhook, status, result, text, sizeof text);
	webhook->host->tested(webhook->host, webhook->events.first->sequence, good ? MENTORSHIP_SENT : MENTORSHIP_REFUSED, text);
	over(webhook);
}

static void not_taken(struct webhook *webhook, long status, CURLcode result, int64_t asked)
{
	struct timeval wait = { 0 };
	char why[160], text[260];
	int64_t ms;

	if (++webhook->attempts >= webhook->host->number(webhook->host, "attempts")) {
		stop(webhook, "the receiver took an event at none of the attempts: mend it and enable the plugin again");
		return;
	}
	ms = pause_ms(webhook, asked);
	wait.tv_sec = ms / 1000;
	wait.tv_usec = ms % 1000 * 1000;
	why_not(webhook, status, result, why, sizeof why);
	snprintf(text, sizeof text, "event %lld was not taken (%s); it goes again in %lld seconds",
		(long long)webhook->events.first->sequence, why, (long long)wait.tv_sec);
	webhook->host->log(webhook->host, MENTORSHIP_WARNING, text);
	event_add(webhook->again, &wait);
}

static void done(struct transfer_job *job, CURLcode result)
{
	struct webhook *webhook = job->data;
	curl_off_t asked = 0;
	long status = 0;

	curl_easy_getinfo(job->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(job->easy, CURLINFO_RETRY_AFTER, &asked);
	transfer_stop(webhook->transfer, job);
	if (webhook->events.first->test && status != 410)
		tried(webhook, status, result);
	else if (status >= 200 && status < 300)
		over(webhook);
	else if (status == 410)
		stop(webhook, "the receiver says that it is gone (410): give another URL, or disable the plugin");
	else
		not_taken(webhook, status, result, asked);
}

/* The answer's text is read away; one without end ends the connection, and the status counts all the same. */
static size_t hear(char *text, size_t size, size_t count, void *data)
{
	struct webhook *webhook = data;

	(void)text;
	webhook->heard += size * count;
	return webhook->heard > ANSWER_MOST ? 0 : size * count;
}

static bool allowed(void *data, const struct sockaddr *address)
{
	struct webhook *webhook = data;
	const struct mentorship_host *host = webhook->host;
	enum address_kind kind = address_kind(address);
	bool good = kind == ADDRESS_LOOPBACK
		? host->number(host, "allow_loopback") != 0
		: !host->simulated && !webhook->http_only_here && (kind == ADDRESS_PUBLIC || host->number(host, "allow_private"));

	if (!good)
		webhook->refused_address = true;
	return good;
}

static void on_again(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	post(data);
}

static int take_event(void *self, const struct mentorship_event *event)
{
	struct webhook *webhook = self;

	if (webhook->stopped)
		return webhook->host->refuse(webhook->host, "%s", webhook->stopped);
	if (webhook->events.count >= EVENTS_MOST)
		return webhook->host->refuse(webhook->host, "%d events wait for the receiver: look why it does not take them", EVENTS_MOST);
	events_keep(&webhook->events, event);
	if (webhook->events.count == 1) {
		next(webhook);
	} else if (event->test && event_pending(webhook->again, EV_TIMEOUT, NULL)) {
		event_del(webhook->again); /* who tries it wants to know now, so the one before it is tried again at once */
		post(webhook);
	}
	return 0;
}

/* ---- begin and end ---- */

static int check_url(struct webhook *webhook)
{
	const struct mentorship_host *host = webhook->host;
	const char *url = host->text(host, "url"), *end;

	for (const unsigned char *at = (const unsigned char *)url; *at; at++)
		if (*at <= ' ' || *at >= 0x7f)
			return host->refuse(
				host, "url holds a blank or a letter that no URL has: write it as browsers show it when copied");
	webhook->http_only_here = strncmp(url, "http://", 7) == 0;
	if (strncmp(url, "https://", 8) != 0 && !(webhook->http_only_here && host->number(host, "allow_loopback")))
		return host->refuse(host, "url does not begin with https://: what goes out must be protected on its way");
	url += webhook->http_only_here ? 7 : 8;
	end = url + strcspn(url, "/?#");
	if (end == url || memchr(url, '@', (size_t)(end - url)))
		return host->refuse(host, "url names no host, or an account: receivers know us by the signature");
	return 0;
}

static int take_secret(struct webhook *webhook, const char *text, size_t length)
{
	struct secret *secret = &webhook->secrets[webhook->secret_count];
	const char *end;

	if (webhook->secret_count == SECRETS_MOST || length < 6 || memcmp(text, "whsec_", 6) != 0 ||
		sodium_base642bin(secret->key, sizeof secret->key, text + 6, length - 6, NULL, &secret->length, &end,
			sodium_base64_VARIANT_ORIGINAL) != 0 ||
		end != text + length || secret->length < SECRET_LEAST)
		return -1;
	webhook->secret_count++;
	return 0;
}

static int take_secrets(struct webhook *webhook)
{
	const struct mentorship_host *host = webhook->host;
	const char *text = host->credential(host, "secret");
	size_t length;

	if (!text)
		return host->refuse(host, "the credential that secret names is not there: provide it");
	for (; *(text += strspn(text, " ")); text += length) {
		length = strcspn(text, " ");
		if (take_secret(webhook, text, length) < 0)
			break;
	}
	if (*text || !webhook->secret_count)
		return host->refuse(host,
			"the credential of secret holds something else than 1 to %d secrets: each is whsec_ and %d to %d bytes in base64",
			SECRETS_MOST, SECRET_LEAST, SECRET_MOST);
	return 0;
}

static int configure(void *self)
{
	struct webhook *webhook = self;
	const struct mentorship_host *host = webhook->host;
	const char *ca = host->text(host, "ca_file");

	if (!events_words_valid(host->text(host, "events")))
		return host->refuse(host, "events holds a word that is no kind of event: write words such as match.accept or match.*");
	if (*ca && access(ca, R_OK) != 0)
		return host->refuse(host, "ca_file cannot be read: give a file of certificates that this account may read");
	return check_url(webhook) < 0 ? -1 : take_secrets(webhook);
}

static int ready(void *self)
{
	struct webhook *webhook = self;
	const struct mentorship_host *host = webhook->host;
	const struct transfer_hooks hooks = { done, allowed, webhook };
	CURL *easy;

	webhook->again = must(evtimer_new(host->loop(host), on_again, webhook));
	webhook->transfer = transfer_new(host->loop(host), &hooks);
	if (!webhook->transfer || transfer_job_init(webhook->transfer, &webhook->job, webhook) < 0)
		return host->refuse(host, "libcurl cannot be used: look whether it is installed whole");
	easy = webhook->job.easy;
	curl_easy_setopt(easy, CURLOPT_URL, host->text(host, "url"));
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, webhook->http_only_here ? "http" : "https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "mentorshipd/" MENTORSHIP_VERSION);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)host->number(host, "timeout"));
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, hear);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, webhook);
	if (*host->text(host, "ca_file"))
		curl_easy_setopt(easy, CURLOPT_CAINFO, host->text(host, "ca_file"));
	return 0;
}

static int load(const struct mentorship_host *host, void **self)
{
	struct webhook *webhook;

	signal(SIGPIPE, SIG_IGN);
	if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return host->refuse(host, "libsodium or libcurl cannot be used: look whether they are installed whole");
	webhook = must(calloc(1, sizeof *webhook));
	webhook->host = host;
	*self = webhook;
	return 0;
}

static void unload(void *self)
{
	struct webhook *webhook = self;

	if (webhook->transfer)
		transfer_job_free(webhook->transfer, &webhook->job);
	transfer_free(webhook->transfer);
	if (webhook->again)
		event_free(webhook->again);
	events_free(&webhook->events);
	curl_slist_free_all(webhook->headers);
	free(webhook->body);
	sodium_memzero(webhook->secrets, sizeof webhook->secrets);
	curl_global_cleanup();
	free(webhook);
}

MENTORSHIP_PLUGIN(MENTORSHIP_EVENT_SINK) = { MENTORSHIP_STAMP(MENTORSHIP_EVENT_SINK), "webhook", MENTORSHIP_VERSION, "GPL-3.0-or-later",
	"Posts signed events to a web server.", settings, load, configure, ready, NULL, take_event, unload };
