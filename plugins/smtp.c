/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hands messages to a mail server.
 *
 * A message is made into a letter when it comes, because what came is the host's. Letters wait in a queue; each of `connections` sessions
 * (smtp_session.h) takes one at a time, and its outcome is reported at once. A connection is made only when those that stand are busy.
 * What comes back later is smtp_bounces.h's.
 */
#include <mentorship-plugin.h>

#include "address.h"
#include "mime.h"
#include "smtp_bounces.h"
#include "smtp_session.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define END_OF_TEXT ".\r\n"

enum {
	CONNECTIONS_MOST = 16,
	QUEUE_MOST = 256
};

enum tls {
	STARTTLS,
	TLS,
	NO_TLS
};

struct slot {
	struct smtp_session session;
	struct letter *letter; /* under way */
};

struct smtp {
	const struct mentorship_host *host;
	struct transfer *transfer;
	struct slot slots[CONNECTIONS_MOST];
	int slot_count;
	struct letter *first, **last;
	size_t waiting;
	int tls;
	bool insecure;
	bool kept_here; /* the last address that was tried is another machine's, and the daemon's clock is simulated */
	char *url, *id_domain;
	struct bounces *bounces;
};

static const struct mentorship_setting settings[] = {
	{ "server", MENTORSHIP_TEXT, MENTORSHIP_REQUIRED, NULL, 1, 253, NULL, NULL, "Host name or address of the mail server." },
	{ "port", MENTORSHIP_NUMBER, 0, "587", 1, 65535, NULL, NULL, "Port of the mail server." },
	{ "tls", MENTORSHIP_CHOICE, 0, "starttls", 0, 0, "starttls tls none", NULL,
		"How the connection is protected; none is for a server on this machine." },
	{ "insecure", MENTORSHIP_YESNO, 0, "0", 0, 1, NULL, NULL, "Allows tls = none to a server on another machine." },
	{ "ca_file", MENTORSHIP_PATH, 0, NULL, 0, 0, NULL, NULL, "Certificates to trust instead of the system's." },
	{ "user", MENTORSHIP_TEXT, 0, NULL, 0, 256, NULL, NULL, "Account at the mail server; empty: none." },
	{ "password", MENTORSHIP_CREDENTIAL, 0, NULL, 0, 0, NULL, NULL, "Name of the credential with the password." },
	{ "sender", MENTORSHIP_TEXT, MENTORSHIP_REQUIRED, NULL, 3, 254, NULL, NULL, "Address that mail comes from." },
	{ "envelope_sender", MENTORSHIP_TEXT, 0, NULL, 0, 254, NULL, NULL,
		"Address that bounces go to; a % in it becomes the number of the message. Empty: sender." },
	{ "bounces", MENTORSHIP_PATH, 0, NULL, 0, 0, NULL, NULL,
		"Maildir into which the mail server delivers what comes to envelope_sender; empty: nobody looks at what comes back." },
	{ "hello", MENTORSHIP_TEXT, 0, NULL, 0, 253, NULL, NULL, "Name to greet the server with; empty: that of this machine." },
	{ "timeout", MENTORSHIP_NUMBER, 0, "120", 1, 600, NULL, "seconds", "How long one mail may take." },
	{ "connections", MENTORSHIP_NUMBER, 0, "2", 1, CONNECTIONS_MOST, NULL, NULL, "Connections to the server at a time." },
	{ "message_id_domain", MENTORSHIP_TEXT, 0, NULL, 0, 253, NULL, NULL,
		"Domain of a Message-ID that comes without one; empty: that of sender." },
	{ NULL, 0, 0, NULL, 0, 0, NULL, NULL, NULL },
};

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static void letter_free(struct letter *letter)
{
	if (!letter)
		return;
	free(letter->mail);
	free(letter->from);
	free(letter->to);
	free(letter);
}

/* ---- the queue ---- */

static struct letter *take(struct smtp *smtp)
{
	struct letter *letter = smtp->first;

	if (!letter)
		return NULL;
	smtp->first = letter->next;
	if (!smtp->first)
		smtp->last = &smtp->first;
	smtp->waiting--;
	return letter;
}

static void settle(struct smtp *smtp, struct letter *letter, int outcome, const char *detail)
{
	smtp->host->report(smtp->host, letter->id, outcome, detail);
	letter_free(letter);
}

static struct slot *free_slot(struct smtp *smtp)
{
	struct slot *closed = NULL;

	for (int i = 0; i < smtp->slot_count; i++) {
		struct slot *slot = &smtp->slots[i];

		if (!slot->letter && slot->session.state == SESSION_WAITING)
			return slot;
		if (!slot->letter && !closed)
			closed = slot;
	}
	return closed;
}

static void work(struct smtp *smtp)
{
	struct slot *slot;

	while (smtp->first && (slot = free_slot(smtp))) {
		struct letter *letter = take(smtp);

		if (letter->expires <= time(NULL)) {
			settle(smtp, letter, MENTORSHIP_LATER, "it expired before its turn came");
			continue;
		}
		slot->letter = letter;
		smtp_session_send(&slot->session, letter);
	}
}

static void done(struct smtp_session *session, int outcome, const char *detail)
{
	struct smtp *smtp = session->data;
	struct slot *slot = (struct slot *)session;
	struct letter *letter = slot->letter;

	slot->letter = NULL;
	if (smtp->kept_here && outcome != MENTORSHIP_SENT)
		settle(smtp, letter, MENTORSHIP_BROKEN, "the clock is simulated: mail goes to a server on this machine only");
	else
		settle(smtp, letter, outcome, detail);
	work(smtp);
}

static void opened(struct transfer_job *job, CURLcode result)
{
	smtp_session_opened(job->data, result);
}

/* ---- taking messages over ---- */

/* The number of the message in place of the %, so that a bounce tells which one it answers. */
static char *envelope_sender(const struct smtp *smtp, int64_t id)
{
	const char *pattern = smtp->host->text(smtp->host, "envelope_sender"), *mark;
	size_t size;
	char *address;

	if (!*pattern)
		pattern = smtp->host->text(smtp->host, "sender");
	mark = strchr(pattern, '%');
	if (!mark)
		return must(strdup(pattern));
	size = strlen(pattern) + 32;
	address = must(malloc(size));
	snprintf(address, size, "%.*s%lld%s", (int)(mark - pattern), pattern, (long long)id, mark + 1);
	return address;
}

static struct letter *letter_new(const struct smtp *smtp, const struct mentorship_message *message, int *ret_outcome, const char **ret_why)
{
	struct mail mail = { message, smtp->host->text(smtp->host, "sender"), smtp->id_domain, (int64_t)time(NULL) };
	struct letter *letter = must(calloc(1, sizeof *letter));

	letter->mail = mime_mail(&mail, &letter->length, ret_outcome, ret_why);
	if (!letter->mail) {
		letter_free(letter);
		return NULL;
	}
	letter->mail = must(realloc(letter->mail, letter->length + sizeof END_OF_TEXT));
	memcpy(letter->mail + letter->length, END_OF_TEXT, sizeof END_OF_TEXT);
	letter->length += sizeof END_OF_TEXT - 1;
	letter->id = message->id;
	letter->expires = message->expires;
	letter->from = envelope_sender(smtp, message->id);
	letter->to = must(strdup(message->address));
	return letter;
}

static int deliver(void *self, const struct mentorship_message *message)
{
	struct smtp *smtp = self;
	struct letter *letter;
	const char *why;
	int outcome;

	if (smtp->waiting >= QUEUE_MOST)
		return smtp->host->refuse(smtp->host, "%d messages wait already: the mail server is slower than they come", QUEUE_MOST);
	letter = letter_new(smtp, message, &outcome, &why);
	if (!letter)
		return smtp->host->report(smtp->host, message->id, outcome, why);
	*smtp->last = letter;
	smtp->last = &letter->next;
	smtp->waiting++;
	work(smtp);
	return 0;
}

/* ---- settings ---- */

static bool is_host(const char *text)
{
	for (const char *at = text; *at; at++)
		if (!isalnum((unsigned char)*at) && !strchr(".-:", *at))
			return false;
	return *text && *text != '-' && *text != '.';
}

static bool allowed(void *data, const struct sockaddr *address)
{
	struct smtp *smtp = data;
	bool here = address_kind(address) == ADDRESS_LOOPBACK;

	smtp->kept_here = smtp->host->simulated && !here;
	return here || (!smtp->kept_here && (smtp->tls != NO_TLS || smtp->insecure));
}

static bool named_loopback(const char *server)
{
	return strcmp(server, "localhost") == 0 || strcmp(server, "::1") == 0 || strncmp(server, "127.", 4) == 0;
}

static int check_addresses(struct smtp *smtp)
{
	const struct mentorship_host *host = smtp->host;
	const char *domain = host->text(host, "message_id_domain");
	char *envelope;
	bool good;

	if (!mime_address(host->text(host, "sender")))
		return host->refuse(host, "sender is no mail address: give one such as mentoring@example.org, without a name");
	envelope = envelope_sender(smtp, INT64_MAX);
	good = mime_address(envelope);
	free(envelope);
	if (!good)
		return host->refuse(host, "envelope_sender is no mail address: give one such as bounces+%%@example.org");
	if (!*domain)
		domain = strchr(host->text(host, "sender"), '@') + 1;
	if (!is_host(domain) || strchr(domain, ':'))
		return host->refuse(host, "message_id_domain is no domain: give one such as example.org, or leave it out");
	smtp->id_domain = must(strdup(domain));
	return 0;
}

static int make_url(struct smtp *smtp)
{
	const struct mentorship_host *host = smtp->host;
	const char *server = host->text(host, "server"), *hello = host->text(host, "hello");
	bool six = strchr(server, ':');
	size_t size = strlen(server) + strlen(hello) + 64;

	if (!is_host(server))
		return host->refuse(host, "server is no host name or address: give one such as mail.example.org, and the port in `port`");
	if (*hello && !is_host(hello))
		return host->refuse(host, "hello is no host name: give the name of this machine, or leave it out");
	if (smtp->tls == NO_TLS && !smtp->insecure && !named_loopback(server))
		return host->refuse(host, "tls = none sends mail readable to all on the way: use starttls or tls, or set insecure = true");
	smtp->url = must(malloc(size));
	snprintf(smtp->url, size, "%s://%s%s%s:%lld/%s", smtp->tls == TLS ? "smtps" : "smtp", six ? "[" : "", server, six ? "]" : "",
		(long long)host->number(host, "port"), hello);
	return 0;
}

static int check_secrets(const struct mentorship_host *host)
{
	const char *ca = host->text(host, "ca_file");

	if (*host->text(host, "user") && !host->credential(host, "password"))
		return host->refuse(host, "user is set and the credential that password names is not there: provide it, or remove user");
	if (*ca && access(ca, R_OK) != 0)
		return host->refuse(host, "ca_file cannot be read: give a file of certificates that this account may read");
	return 0;
}

static int configure(void *self)
{
	struct smtp *smtp = self;
	const struct mentorship_host *host = smtp->host;

	smtp->tls = (int)host->number(host, "tls");
	smtp->insecure = host->number(host, "insecure") != 0;
	smtp->slot_count = (int)host->number(host, "connections");
	if (check_addresses(smtp) < 0 || make_url(smtp) < 0)
		return -1;
	return check_secrets(host);
}

static void options(const struct smtp *smtp, CURL *easy)
{
	const struct mentorship_host *host = smtp->host;
	const char *ca = host->text(host, "ca_file"), *user = host->text(host, "user");

	curl_easy_setopt(easy, CURLOPT_URL, smtp->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)(smtp->tls == NO_TLS ? CURLUSESSL_NONE : CURLUSESSL_ALL));
	if (*ca)
		curl_easy_setopt(easy, CURLOPT_CAINFO, ca);
	if (*user) {
		curl_easy_setopt(easy, CURLOPT_USERNAME, user);
		curl_easy_setopt(easy, CURLOPT_PASSWORD, host->credential(host, "password"));
	}
}

static int ready(void *self)
{
	struct smtp *smtp = self;
	const struct mentorship_host *host = smtp->host;
	const struct transfer_hooks hooks = { opened, allowed, smtp };

	smtp->transfer = transfer_new(host->loop(host), &hooks);
	if (!smtp->transfer)
		return host->refuse(host, "libcurl cannot be used: look whether it is installed whole");
	for (int i = 0; i < smtp->slot_count; i++) {
		struct smtp_session *session = &smtp->slots[i].session;

		session->transfer = smtp->transfer;
		session->base = host->loop(host);
		session->done = done;
		session->data = smtp;
		session->timeout = (int)host->number(host, "timeout");
		if (smtp_session_init(session) < 0)
			return host->refuse(host, "libcurl cannot be used: look whether it is installed whole");
		options(smtp, session->job.easy);
	}
	if (*host->text(host, "bounces")) {
		smtp->bounces = bounces_new(host, host->text(host, "bounces"), host->text(host, "envelope_sender"));
		return smtp->bounces ? 0 : -1;
	}
	return 0;
}

static int load(const struct mentorship_host *host, void **self)
{
	struct smtp *smtp;

	signal(SIGPIPE, SIG_IGN);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return host->refuse(host, "libcurl cannot be used: look whether it is installed whole");
	smtp = must(calloc(1, sizeof *smtp));
	smtp->host = host;
	smtp->last = &smtp->first;
	*self = smtp;
	return 0;
}

static void unload(void *self)
{
	struct smtp *smtp = self;
	struct letter *letter;

	for (int i = 0; i < CONNECTIONS_MOST; i++) {
		smtp_session_free(&smtp->slots[i].session);
		letter_free(smtp->slots[i].letter);
	}
	while ((letter = take(smtp)))
		letter_free(letter);
	transfer_free(smtp->transfer);
	bounces_free(smtp->bounces);
	curl_global_cleanup();
	free(smtp->url);
	free(smtp->id_domain);
	free(smtp);
}

MENTORSHIP_PLUGIN(MENTORSHIP_NOTIFIER) = { MENTORSHIP_STAMP(MENTORSHIP_NOTIFIER), "smtp", MENTORSHIP_VERSION, "GPL-3.0-or-later",
	"Hands messages to a mail server over SMTP.", settings, load, configure, ready, deliver, NULL, unload };
