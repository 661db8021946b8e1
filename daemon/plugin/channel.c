/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The way in of links: a token becomes its person, one verb and one object; here and nowhere else.
 *
 * To open a page changes nothing, however often it is done. An answer carries the hash of the page that was read: if something else
 * stands there by now it is shown anew, and nothing is done. What an answer asks for goes the way of all calls, as the person, so roles and
 * states are asked as ever; it and the mark that the link was used are one savepoint. The same answer again gets the same thanks.
 *
 * Unknown, used, expired and revoked links get one answer. Who presents many that are none is told to wait; a link that holds works all the
 * same, for a whole school may sit behind the address from which somebody guesses, and nobody guesses 256 bits.
 */
#include "link.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/log.h"
#include "model/page.h"
#include "model/page_words.h"

enum {
	WRONG_A_MINUTE = 30,
	CLIENT_BYTES = 64,
	ANSWER_BYTES = 1 << 18
};

static const struct caller self = { .way = BY_DAEMON, .login = NONE, .person = NONE, .job = "link" };

/* ---- who tries too many ---- */

/* The table has one size whoever comes: a client falls out of it when another takes its place, or a minute is over, and begins anew. */
static struct client *client_of(struct plugins *p, const char *name)
{
	unsigned char hash[8];
	struct client *client;
	int64_t minute = monotonic_seconds() / 60;
	uint64_t who;

	crypto_shorthash(hash, (const unsigned char *)name, strlen(name), p->client_key);
	memcpy(&who, hash, sizeof who);
	client = &p->clients[who % CLIENTS];
	if (client->who != who || client->minute != minute)
		*client = (struct client){ who, minute, 0 };
	return client;
}

/* ---- a page into a reply ---- */

struct blocks {
	struct buffer numbers, texts;
};

/* Room for what is around the blocks in a message. */
#define BLOCKS_BYTES (LINK_BYTES - 4096)

static size_t blocks_length(const struct blocks *b)
{
	return b->numbers.length + b->texts.length;
}

static void put_text(struct blocks *b, const char *text)
{
	const char *safe = text && text[text_bad(text, strlen(text))] == '\0' ? text : "";

	buffer_add(&b->texts, safe, strlen(safe) + 1);
}

static void put_number(struct blocks *b, int64_t number)
{
	buffer_add(&b->numbers, &number, sizeof number);
}

static void put_part(struct blocks *b, const struct page_part *p)
{
	put_number(b, p->kind);
	put_number(b, p->flags);
	put_number(b, p->min);
	put_number(b, p->max);
	put_number(b, p->choice_count);
	put_text(b, p->name);
	put_text(b, p->text);
	put_text(b, p->value);
	put_text(b, p->error);
	put_text(b, p->hint);
	put_text(b, p->shown_if);
	for (int i = 0; i < p->choice_count; i++) {
		put_text(b, p->choices[i].value);
		put_text(b, p->choices[i].text);
	}
}

static void put_page(struct blocks *b, const struct page *page)
{
	put_number(b, page->status);
	put_number(b, page->count);
	put_text(b, page->language);
	put_text(b, page->title);
	put_text(b, page->institution);
	put_text(b, page->program);
	put_text(b, page->hash);
	for (int i = 0; i < page->count; i++)
		put_part(b, &page->parts[i]);
}

static void blocks_send(struct blocks *b, DBusMessage *reply)
{
	link_must(dbus_message_append_args(reply, DBUS_TYPE_ARRAY, DBUS_TYPE_INT64, &b->numbers.data,
		(int)(b->numbers.length / sizeof(int64_t)), DBUS_TYPE_ARRAY, DBUS_TYPE_BYTE, &b->texts.data, (int)b->texts.length,
		DBUS_TYPE_INVALID));
	buffer_free(&b->numbers);
	buffer_free(&b->texts);
}

/* ---- what is presented ---- */

struct presented {
	struct blocks *blocks;
	const char *token, *client, *hash;
	struct page_answer answer;
	bool replies;                        /* the blocks have its page */
	const struct invitation *invitation; /* of the link, if there is one */
	bool limited;                        /* this client had its wrong ones of the minute */
	bool wrong;
};

/* A page that is too long for a message would end the link, and with it everybody's pages: its reader is told that nothing can be shown. */
static void put_busy(struct presented *p, size_t numbers, size_t texts)
{
	static const struct page busy = { .status = MENTORSHIP_PAGE_BUSY };
	const struct purpose *purpose = p->invitation ? purpose_named(p->invitation->purpose) : NULL;

	log_event(EVENT_PAGE_TOO_LONG,
		&(struct log_facts){ .entity = purpose && purpose->entity ? purpose->entity->name : NULL,
			.object = p->invitation ? p->invitation->subject : 0,
			.count = (int64_t)(blocks_length(p->blocks) - numbers - texts) });
	p->blocks->numbers.length = numbers;
	p->blocks->texts.length = texts;
	put_page(p->blocks, &busy);
}

static int show(struct presented *p, const struct page *page)
{
	size_t numbers = p->blocks->numbers.length, texts = p->blocks->texts.length;

	put_page(p->blocks, page);
	if (blocks_length(p->blocks) - numbers - texts > BLOCKS_BYTES)
		put_busy(p, numbers, texts);
	p->replies = true;
	return 0;
}

/* The one page of every link that cannot be used, or of a moment when nothing can be done. */
static int show_none(struct presented *p)
{
	const struct page none = { .status = p->limited ? MENTORSHIP_PAGE_BUSY : MENTORSHIP_PAGE_NO_LINK };

	p->wrong = true;
	return show(p, &none);
}

static struct page page_new(struct call *call)
{
	return (struct page){ .arena = call->arena };
}

static bool holds(const struct call *call, const struct invitation *invitation)
{
	return invitation && (invitation->state == INVITATION_SENT || invitation->state == INVITATION_OPENED) &&
		invitation->expires_at > call->now;
}

/* The page is room for it. */
static int open_page(struct call *call, struct presented *p, struct page *page)
{
	struct invitation *invitation;
	int r = link_find(call, p->token, &invitation);

	if (r)
		return r;
	p->invitation = invitation;
	if (!holds(call, invitation))
		return show_none(p);
	r = page_make(call, invitation, NULL, page);
	if (r == E_NOTFOUND)
		return show_none(p);
	return r ? r : show(p, page);
}

/* ---- answering ---- */

/* In place of an answer's hash where it would lead from the person to the answer; then the time is not kept either. */
#define FORGOTTEN "forgotten"

static const char *answer_hash(struct call *call, const struct page_answer *answer)
{
	crypto_generichash_state state;
	unsigned char hash[32];
	char *hex = arena_new(call->arena, 65);

	crypto_generichash_init(&state, NULL, 0, sizeof hash);
	for (int i = 0; i < answer->count; i++) {
		crypto_generichash_update(&state, (const unsigned char *)answer->fields[i].name, strlen(answer->fields[i].name) + 1);
		crypto_generichash_update(&state, (const unsigned char *)answer->fields[i].value, strlen(answer->fields[i].value) + 1);
	}
	crypto_generichash_final(&state, hash, sizeof hash);
	sodium_bin2hex(hex, 65, hash, sizeof hash);
	return hex;
}

static int do_one(struct call *call, const struct invitation *invitation, const struct deed *deed)
{
	struct caller person = {
		.way = BY_LINK, .uid = call->caller->uid, .login = NONE, .person = invitation->person, .until = NONE, .link = invitation->id
	};
	struct call own = { .store = call->store,
		.arena = call->arena,
		.caller = &person,
		.now = call->now,
		.entity = deed->entity,
		.verb = verb_named(deed->entity, deed->verb),
		.id = deed->id,
		.args = deed->args,
		.arg_count = (size_t)deed->arg_count,
		.fds = { -1, -1 },
		.options = { .version = NONE, .for_person = NONE, .reason = deed->reason } };
	int r = store_perform(call->store, &own);

	if (r)
		call->problem = own.problem;
	return r;
}

static int use_up(struct call *call, const struct invitation *invitation, const char *hash, bool forgets)
{
	const struct purpose *purpose = purpose_named(invitation->purpose);

	if (!purpose || purpose->flags & PURPOSE_STAYS)
		return 0;
	return link_used(call, invitation->id, forgets ? FORGOTTEN : hash, forgets);
}

/* What is wrong stands beside its field, or above all. */
static void mark_errors(struct page *page, const struct problem *problem, const char *sentence)
{
	struct page_part first;

	page->status = MENTORSHIP_PAGE_INVALID;
	for (int i = 0; i < page->count; i++)
		if (*problem->field && page->parts[i].name && !strcmp(page->parts[i].name, problem->field)) {
			page->parts[i].error = problem->code == E_INVALID ? problem->text : sentence;
			return;
		}
	if (problem->code == E_INVALID)
		sentence = problem->text;
	first = *page_part(page, MENTORSHIP_NOTE, NULL, sentence);
	first.error = sentence;
	memmove(page->parts + 1, page->parts, (size_t)(page->count - 1) * sizeof first);
	page->parts[0] = first;
}

struct trying {
	struct presented *presented;
	const struct invitation *invitation;
	const char *hash;
	bool forgets;
	struct page thanks;
	const char *language;
	struct arena *arena; /* outlives the savepoint that may be undone */
};

/* All of it or nothing: a refused one leaves no trace. */
static int try(struct call *call, void *data)
{
	struct trying *t = data;
	struct deed deeds[DEEDS_MOST];
	int count = 0, r = page_deed(call, t->invitation, &t->presented->answer, deeds, &count);

	for (int i = 0; i < count && !r; i++) {
		r = do_one(call, t->invitation, &deeds[i]);
		if (r == E_INVALID) /* what the page itself says is in the reader's language; what a verb says is for those who run it */
			snprintf(call->problem.text, sizeof call->problem.text, "%s", page_word(t->language, BAD_VALUE));
	}
	if (!r && count && !page_goes_on(&t->presented->answer))
		r = use_up(call, t->invitation, t->hash, t->forgets);
	if (!r && count)
		r = page_thanks(call, t->invitation, &t->presented->answer, &t->thanks);
	if (!r && count) {
		t->thanks.status = MENTORSHIP_PAGE_DONE;
		show(t->presented, &t->thanks);
	}
	return r;
}

static int answer_page(struct call *call, void *data)
{
	struct presented *p = data;
	struct trying trying = { .presented = p, .thanks = page_new(call) };
	struct page page = page_new(call);
	struct invitation *invitation;
	struct problem problem = { 0 };
	int r = link_find(call, p->token, &invitation);

	if (r)
		return r;
	p->invitation = invitation;
	trying.hash = answer_hash(call, &p->answer);
	if (invitation && invitation->state == INVITATION_ANSWERED && invitation->answer_hash &&
		(!strcmp(invitation->answer_hash, trying.hash) || !strcmp(invitation->answer_hash, FORGOTTEN))) {
		r = page_thanks(call, invitation, &p->answer, &page);
		page.status = MENTORSHIP_PAGE_DONE;
		return r == E_NOTFOUND ? show_none(p) : r ? r : show(p, &page);
	}
	if (!holds(call, invitation))
		return show_none(p);
	r = page_make(call, invitation, &p->answer, &page);
	if (r == E_NOTFOUND)
		return show_none(p);
	if (r)
		return r;
	if (page_goes(&p->answer) || (page_talks(&p->answer) && strcmp(p->hash, page.hash)))
		return show(p, &page); /* nobody is kept from asking for a talk by a page that has changed */
	if (page.over || (strcmp(p->hash, page.hash) && (strcmp(p->hash, "one-click") || strcmp(invitation->purpose, "unsubscribe")))) {
		page.status = MENTORSHIP_PAGE_CHANGED;
		return show(p, &page);
	}
	trying.invitation = invitation;
	trying.language = page.language;
	trying.forgets = page.forgets;
	r = store_do(call->store, &self, try, &trying, &problem);
	if (r == E_STORE || store_lost(call->store)) {
		call->problem = problem;
		return r;
	}
	if (r)
		mark_errors(&page, &problem, page_word(page.language, r == E_LIMIT ? TOO_OFTEN : REFUSED));
	return p->replies ? 0 : show(p, &page);
}

/* ---- who presents it ---- */

static int client_check(struct link_call *c, const char *client)
{
	if (strlen(client) <= CLIENT_BYTES)
		return 0;
	c->ends = true;
	return problem_set(&c->problem, E_DENIED, NULL, "a client's name has %d bytes at most", CLIENT_BYTES);
}

static void client_begins(struct plugins *plugins, struct presented *p)
{
	p->limited = client_of(plugins, p->client)->wrong >= WRONG_A_MINUTE;
}

static void client_ends(const struct link *link, const struct presented *p)
{
	struct client *client;

	if (!p->wrong || p->limited)
		return;
	client = client_of(link->plugins, p->client);
	if (++client->wrong == WRONG_A_MINUTE)
		log_event(EVENT_CALLER_LIMITED, &(struct log_facts){ .plugin = link->name, .count = WRONG_A_MINUTE });
}

/* ---- Open ---- */

/* All that one call opens: one look at the database, so what is on many pages is read once. */
struct opening {
	const struct link *link;
	struct blocks blocks;
	struct presented presented[OPENS_MOST];
	int count;
};

static const char *next_text(const char **at, const char *end)
{
	const char *text = *at, *zero = memchr(text, '\0', (size_t)(end - text));

	*at = zero ? zero + 1 : end;
	return zero ? text : NULL;
}

static int read_opening(struct link_call *c, struct opening *o)
{
	const char *at = NULL, *end;
	bool whole = true;
	int bytes = 0, r = 0;

	dbus_message_get_args(c->message, NULL, DBUS_TYPE_ARRAY, DBUS_TYPE_BYTE, &at, &bytes, DBUS_TYPE_INVALID);
	for (end = at + bytes; at < end && whole && !r; o->count += whole) {
		struct presented p = { .blocks = &o->blocks, .hash = "" };

		p.token = next_text(&at, end);
		p.client = next_text(&at, end);
		whole = p.token && p.client && o->count < OPENS_MOST;
		if (whole)
			o->presented[o->count] = p;
		if (whole)
			r = client_check(c, p.client);
	}
	if (r || (whole && o->count))
		return r;
	c->ends = true;
	return problem_set(&c->problem, E_INVALID, NULL, "1 to %d links are opened at once, by token and client", OPENS_MOST);
}

/* The page that found no room, and those after it, are to be asked for again. */
static void put_again(struct blocks *b, size_t numbers, size_t texts, int count)
{
	static const struct page again = { .status = PAGE_AGAIN };

	b->numbers.length = numbers;
	b->texts.length = texts;
	while (count--)
		put_page(b, &again);
}

static int open_pages(struct call *call, void *data)
{
	struct opening *o = data;
	struct page page = page_new(call);
	int r = 0;

	for (int i = 0; i < o->count && !r; i++) {
		struct presented *p = &o->presented[i];
		size_t numbers = o->blocks.numbers.length, texts = o->blocks.texts.length;

		client_begins(o->link->plugins, p);
		r = open_page(call, p, &page);
		if (i && blocks_length(&o->blocks) > BLOCKS_BYTES) {
			put_again(&o->blocks, numbers, texts, o->count - i);
			return r;
		}
		client_ends(o->link, p);
	}
	return r;
}

int channel_open(struct link_call *c)
{
	struct opening opening = { .link = c->link };
	int r = read_opening(c, &opening);

	if (r)
		return r;
	c->link->calls += opening.count - 1;
	r = store_look(c->link->plugins->setup.store, &self, open_pages, &opening, &c->problem);
	blocks_send(&opening.blocks, c->reply);
	return r;
}

/* ---- Answer ---- */

int channel_answer(struct link_call *c)
{
	struct blocks blocks = { 0 };
	struct presented p = { .blocks = &blocks };
	struct page_field *fields = NULL;
	DBusMessageIter at, list, pair;
	size_t bytes = 0;
	int count = 0, r;

	dbus_message_iter_init(c->message, &at);
	dbus_message_iter_get_basic(&at, &p.token);
	dbus_message_iter_next(&at);
	dbus_message_iter_get_basic(&at, &p.client);
	dbus_message_iter_next(&at);
	dbus_message_iter_get_basic(&at, &p.hash);
	dbus_message_iter_next(&at);
	dbus_message_iter_recurse(&at, &list);
	fields = calloc(FIELDS_MOST, sizeof *fields);
	link_must(fields != NULL);
	for (; dbus_message_iter_get_arg_type(&list) && count < FIELDS_MOST; dbus_message_iter_next(&list), count++) {
		dbus_message_iter_recurse(&list, &pair);
		dbus_message_iter_get_basic(&pair, &fields[count].name);
		dbus_message_iter_next(&pair);
		dbus_message_iter_get_basic(&pair, &fields[count].value);
		bytes += strlen(fields[count].name) + strlen(fields[count].value);
	}
	p.answer = (struct page_answer){ fields, count };
	if (dbus_message_iter_get_arg_type(&list) || bytes > ANSWER_BYTES) {
		c->ends = true;
		r = problem_set(&c->problem, E_LIMIT, NULL, "an answer has %d fields and %d bytes at most", FIELDS_MOST, ANSWER_BYTES);
	} else if (!(r = client_check(c, p.client))) {
		client_begins(c->link->plugins, &p);
		r = store_do(c->link->plugins->setup.store, &self, answer_page, &p, &c->problem);
		client_ends(c->link, &p);
	}
	blocks_send(&blocks, c->reply);
	free(fields);
	return r;
}
