/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * webforms.h - the parts of the plugin webforms, each a file:
 *
 *	webforms.c         settings, addresses, what is asked of the host
 *	webforms_http.c    connections, requests, deadlines, limits
 *	webforms_head.c    the head of a request
 *	webforms_client.c  who asks: a keyed hash of a network address
 *	webforms_form.c    fields of a posted form
 *	webforms_html.c    a page of the host as HTML
 *	webforms_field.c   its fields, and when they are asked
 *	webforms_text.c    a growing text, and encoders
 *	webforms_words.c   the plugin's own sentences, in each language
 *	webforms.css       how it looks
 *
 * Texts are UTF-8. Nothing here keeps a page, a token or an answer longer than its request.
 */
#ifndef WEBFORMS_H
#define WEBFORMS_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>
#include "mentorship-plugin.h"

/* ---- a growing text ---- */

struct web_text {
	char *data; /* ends with a zero byte once something was put in */
	size_t length, room;
};

void web_put(struct web_text *text, const char *what);
void web_put_bytes(struct web_text *text, const char *what, size_t length);
/* The encoders: between tags, where line feeds become <br>; in a text area, where they stay; and inside "...". */
void web_put_text(struct web_text *text, const char *what);
void web_put_lines(struct web_text *text, const char *what);
void web_put_attribute(struct web_text *text, const char *what);
void web_put_number(struct web_text *text, int64_t number);
/* A sentence of our own, with $1 and $2 put in. */
void web_put_sentence(struct web_text *text, const char *sentence, const char *first, const char *second);
/* name="value", encoded. */
void web_put_named(struct web_text *text, const char *name, const char *value);
void web_text_free(struct web_text *text);

/* ---- words ---- */

enum web_word {
	WEB_NO_LINK_TITLE,
	WEB_NO_LINK,
	WEB_BUSY_TITLE,
	WEB_BUSY,
	WEB_REFUSED_TITLE,
	WEB_REFUSED,
	WEB_LONG_TITLE,
	WEB_LONG,
	WEB_CHANGED,
	WEB_DONE,
	WEB_ERROR,  /* before the title of a page with errors */
	WEB_ERRORS, /* heading of the summary */
	WEB_REQUIRED,
	WEB_ONLY_IF, /* $1 question, $2 answer */
	WEB_RANGE,   /* $1 to $2 */
	WEB_LEAST,   /* $1 */
	WEB_MOST,    /* $1 */
	WEB_LENGTH,  /* $1 characters */
	WEB_CHOOSE,
	WEB_WORDS
};

/* `language` is a language tag, or an Accept-Language header for web_language; English where there is nothing better. */
const char *web_language(const char *accepted);
const char *web_word(const char *language, enum web_word word);

/* ---- pages ---- */

/* The whole document; `prefix` stands before the paths of this site ("" or "/mentorship"). */
void web_page(struct web_text *html, const struct mentorship_page *page, const char *prefix);
/* A document of the plugin's own: a heading and a sentence. */
void web_notice(struct web_text *html, const char *language, enum web_word title, enum web_word sentence, const char *prefix);
/* Whether the text looks like a token at all. */
bool web_is_token(const char *token);

#define WEB_HASH_FIELD "_page"

/* ---- posted forms ---- */

enum {
	WEB_FIELDS_MOST = 2000 /* as many as the host takes; a form asks for fewer */
};

struct web_form {
	struct mentorship_field *fields; /* all but the hash */
	size_t count;
	const char *hash; /* "" if there was none */
};

/* Decodes application/x-www-form-urlencoded. `body` is written over and must live as long as the form; body[length] must be writable.
 * Returns 0, or -1: a bad percent encoding, invalid UTF-8, a zero byte, too many fields. */
int web_form_read(struct web_form *form, char *body, size_t length);
void web_form_free(struct web_form *form);
/* Whether the body asks for one-click unsubscription (RFC 8058), in either of the two types that it may have. */
bool web_form_one_click(const char *type, const char *body, size_t length);
/* Decodes %XX in place; `plus` makes '+' a blank. -1 as above. */
int web_percent_decode(char *text, bool plus);
bool web_is_utf8(const char *text);

/* ---- who asks ---- */

enum {
	WEB_CLIENT_SIZE = 33
};

struct web_proxy {
	unsigned char key[32]; /* of this process alone */
	bool any;              /* every peer is the proxy: a Unix socket */
	char address[64];      /* or the peer with this address is; "" none */
};

bool web_proxy_trusts(const struct web_proxy *proxy, const struct sockaddr *peer);
/* The key of a peer; `forwarded` is the X-Forwarded-For of a trusted one, or NULL. IPv6 counts by /64. */
void web_client(const struct web_proxy *proxy, const struct sockaddr *peer, const char *forwarded, char ret_client[WEB_CLIENT_SIZE]);

/* ---- HTTP ---- */

struct web_server;
struct web_exchange; /* one request that waits for its answer; may outlive its connection */

enum web_method {
	WEB_GET,
	WEB_HEAD,
	WEB_POST
};

/* ---- the head of a request ---- */

enum {
	WEB_BODY_MOST = 256 * 1024
};

struct web_head {
	enum web_method method;
	bool has_length, has_host, expects, close, too_long;
	int minor;
	size_t size, length; /* of the head itself, of the body */
	char *path;
	const char *type, *languages, *forwarded;
};

/* Looks at the bytes behind *seen, which moves on. The size of the head, 0: not all of it is there, -1: it never will be. */
ssize_t web_head_find(const char *in, size_t have, size_t *seen);
/* Takes the head apart where it lies; texts of *head point there. 0, or the status with which the request is refused. */
int web_head_read(struct web_head *head, char *in, size_t size);

/* ---- requests ---- */

/* Valid until the handler returns. */
struct web_request {
	enum web_method method;
	char *path; /* decoded, begins with '/', without a query */
	char *body; /* body[body_length] is 0 */
	size_t body_length;
	const char *type, *languages; /* of the headers; "" if absent */
	const char *client;
	bool too_long; /* its body, which is not there */
};

struct web_limits {
	size_t connections, connections_each;
	int request_seconds; /* from the first byte of a request to its last */
};

/* Is called for each whole, well-formed request. It must see to it that web_answer is called once, now or later. */
typedef void (*web_handler)(void *data, struct web_exchange *exchange, const struct web_request *request);

/* Takes over the listening descriptor. */
struct web_server *web_server_new(struct event_base *base, int listener, const struct web_proxy *proxy, const struct web_limits *limits,
	web_handler handler, void *data);
/* Closes all connections; exchanges not yet answered are gone after it. */
void web_server_free(struct web_server *server);

/* Ends the exchange. `more` is further header lines, each with its line end, or "". */
void web_answer(struct web_exchange *exchange, int status, const char *type, const char *more, const char *body, size_t length);
/* What the handler may keep with an exchange: a language of web_language(), the server's data. */
void web_exchange_keep(struct web_exchange *exchange, const char *language);
const char *web_exchange_language(const struct web_exchange *exchange);
/* The answer will be the connection's last. */
void web_exchange_close(struct web_exchange *exchange);
void *web_exchange_data(const struct web_exchange *exchange);

#endif
