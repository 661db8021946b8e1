/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One verb, in a savepoint of its own, with one order of refusal:
 *
 *   a verb of an object: visible, role, replay, role of the person it is entered for, fields, version, state
 *   Create:              links, role over the row as it would stand, replay, fields
 *
 * What is hidden and what is absent answer alike. A refused call and a dry run put back the database (the savepoint) and
 * the memory (the mark). A dry run goes the whole way and is undone at its end; a replayed key passes the same gate and then
 * gives the kept answer. Where the call itself shut the gate (who declines has no part in the match any more, what is removed is
 * gone) the same person's repetition gets the kept answer all the same: it holds numbers alone. That somebody else shut
 * the gate later changes nothing of the refusal.
 */
#include <sodium.h>
#include <string.h>

#include "internal.h"

enum {
	REPLAY_SECONDS = 24 * 3600,
	KEY_MAX = 64
};

static bool by_system(const struct call *call)
{
	return call->caller->way != BY_BUS && call->caller->way != BY_LINK;
}

/* ---- arguments ---- */

static bool takes(const struct verb *v, const struct field *f)
{
	if (!v->takes || f->computed || f->flags & HIDDEN)
		return false;
	if (word_in(v->takes, f->name))
		return true;
	if (strcmp(v->takes, "*"))
		return false;
	return !(f->flags & BY_VERB) && (!(f->flags & FROZEN) || !strcmp(v->name, "Create"));
}

static int refuse_unknown(struct call *call, const struct shape *shape, const char *name)
{
	char known[300] = "";

	for (int i = 0; i < shape->count; i++)
		if (takes(call->verb, &shape->entity->fields[i]) && strlen(known) + 70 < sizeof known) {
			strcat(known, *known ? ", " : "");
			strcat(known, shape->entity->fields[i].name);
		}
	for (const struct field *f = call->verb->arguments; f && f->name; f++)
		if (strlen(known) + 70 < sizeof known) {
			strcat(known, *known ? ", " : "");
			strcat(known, f->name);
		}
	return fail(call, E_INVALID, name, "%s does not take this; it takes: %s", call->verb->name, *known ? known : "nothing");
}

static const struct field *argument_named(const struct verb *v, const char *name)
{
	for (const struct field *f = v->arguments; f && f->name; f++)
		if (!strcmp(f->name, name))
			return f;
	return NULL;
}

/* Decodes the arguments: fields into the record, others into the verb's own struct. `links`: 1 only links, 0 only the rest, -1 all. */
static int decode(struct call *call, const struct shape *shape, void *record, int links)
{
	unsigned by = call->roles & call->verb->who;
	bool own_only = !by_system(call) && by && !(by & ~(unsigned)(SELF | ANYONE)) && !strcmp(call->verb->name, "Update");

	for (size_t i = 0; i < call->arg_count; i++) {
		const struct arg *arg = &call->args[i];
		int at = field_index(shape, arg->name), r;
		const struct field *f = at >= 0 ? &shape->entity->fields[at] : NULL, *own = argument_named(call->verb, arg->name);

		if (f && takes(call->verb, f)) {
			if (links >= 0 && (f->kind == LINK) != links)
				continue;
			if (own_only && !(f->flags & OWN_SET))
				return fail(call, E_DENIED, f->name, "%s is changed by a coordinator only; ask yours", f->label);
			r = field_decode(f, shape->links[at], &arg->value, record, call->arena, &call->problem);
		} else if (own) {
			const struct shape *to = own->to ? shape_named(own->to) : NULL;

			if (links == 1)
				continue;
			r = field_decode(
				own, to ? to->entity : NULL, &arg->value, (void *)(uintptr_t)call->arguments, call->arena, &call->problem);
		} else
			r = links == 1 ? 0 : refuse_unknown(call, shape, arg->name);
		if (r)
			return r;
	}
	return 0;
}

static int check_arguments(struct call *call)
{
	for (const struct field *f = call->verb->arguments; f && f->name; f++) {
		int r = field_check(f, call->arguments, &call->problem);

		if (r)
			return r;
	}
	if (call->verb->flags & NEEDS_REASON && (!call->options.reason || !*call->options.reason))
		return fail(call, E_INVALID, "reason", "%s needs a reason (option reason)", call->verb->name);
	return 0;
}

static void start_arguments(struct call *call)
{
	void *own;

	if (!call->verb->arguments)
		return;
	own = arena_new(call->arena, call->verb->arguments_size);
	for (const struct field *f = call->verb->arguments; f->name; f++)
		field_start(f, own);
	call->arguments = own;
}

/* ---- idempotency ---- */

static void body_hash(const struct store *s, const struct call *call, unsigned char hash[32])
{
	crypto_generichash(hash, 32, (const unsigned char *)call->path_body, call->path_body_length, s->replay_key, sizeof s->replay_key);
}

static bool keyed(const struct call *call)
{
	return call->options.key && !call->options.dry_run && !(call->verb->flags & NO_KEY);
}

/* Of a caller without a person the uid says enough. */
static int64_t shut_for(const struct call *call)
{
	return call->caller->person == NONE ? 0 : call->caller->person;
}

/* 1: the kept answer was given. `behind` a gate that is shut: only where the call itself shut it. */
static int replay(struct call *call, bool behind)
{
	struct store *s = call->store;
	unsigned char hash[32];
	struct stmt *q;
	const void *kept;
	size_t size;
	int r;

	if (!keyed(call))
		return 0;
	if (behind && (!*call->options.key || strlen(call->options.key) > KEY_MAX))
		return 0;
	if (!*call->options.key || strlen(call->options.key) > KEY_MAX)
		return fail(call, E_INVALID, "key", "an idempotency key has 1 to %d characters", KEY_MAX);
	r = engine_prepare(s->engine,
		"SELECT \"body\", \"object\", \"version\", \"messages\", \"jobs\", \"task\", \"shut_for\" FROM \"replay\" "
		"WHERE \"caller\" = ?1 AND \"key\" = ?2 AND \"verb\" = ?3 AND \"time\" > ?4",
		true, &q, &call->problem);
	if (r)
		return r;
	engine_bind_int(q, 1, call->caller->uid);
	engine_bind_text(q, 2, call->options.key);
	engine_bind_text(q, 3, call->verb->name);
	engine_bind_int(q, 4, call->now - REPLAY_SECONDS);
	r = engine_step(s->engine, q, &call->problem);
	if (r <= 0)
		return r;
	body_hash(s, call, hash);
	kept = engine_blob(q, 0, &size);
	if (behind && (engine_int(q, 6) != shut_for(call) || size != sizeof hash || memcmp(kept, hash, size))) {
		engine_reset(q);
		return 0;
	}
	if (size != sizeof hash || memcmp(kept, hash, size)) {
		engine_reset(q);
		return fail(call, E_CONFLICT, "key", "this key was used for another call; make a new one");
	}
	call->object = engine_int(q, 1);
	call->object_version = engine_int(q, 2);
	call->messages = engine_int(q, 3);
	call->jobs = engine_int(q, 4);
	call->task = engine_int(q, 5);
	call->replayed = true;
	engine_reset(q);
	return 1;
}

static int remember(struct call *call)
{
	unsigned char hash[32];
	struct stmt *q;
	int r;

	if (!keyed(call) || call->replayed)
		return 0;
	r = engine_prepare(call->store->engine,
		"INSERT OR REPLACE INTO \"replay\" (\"caller\", \"verb\", \"key\", \"body\", \"object\", "
		"\"version\", \"messages\", \"jobs\", \"task\", \"time\", \"shut_for\") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
		true, &q, &call->problem);
	if (r)
		return r;
	body_hash(call->store, call, hash);
	engine_bind_int(q, 1, call->caller->uid);
	engine_bind_text(q, 2, call->verb->name);
	engine_bind_text(q, 3, call->options.key);
	engine_bind_blob(q, 4, hash, sizeof hash);
	engine_bind_int(q, 5, call->object);
	engine_bind_int(q, 6, call->object_version);
	engine_bind_int(q, 7, call->messages);
	engine_bind_int(q, 8, call->jobs);
	engine_bind_int(q, 9, call->task);
	engine_bind_int(q, 10, call->now);
	engine_bind_int(q, 11, call->shut ? shut_for(call) : NONE);
	return engine_step(call->store->engine, q, &call->problem);
}

/* ---- role ---- */

/* What somebody else, whose answer is entered, is to the row. */
static int mask_of_somebody(struct call *call, const struct shape *shape, const void *record, unsigned *ret)
{
	struct caller somebody = { .way = BY_BUS, .person = call->options.for_person, .login = NONE };
	struct sight *sight;
	int r = sight_make(call->store, somebody.person, call->now, &sight, &call->problem);

	if (r)
		return r;
	somebody.sight = sight;
	r = sight_record(call, &somebody, shape, record, ret);
	sight_free(sight);
	return r;
}

static int not_theirs(struct call *call)
{
	char roles[ROLES_TEXT];

	return fail(call, E_DENIED, NULL, "%s is not yours to call here; it is for: %s", call->verb->name,
		roles_said(call->verb->who, roles, sizeof roles));
}

static int may(struct call *call)
{
	const struct verb *v = call->verb;

	if (by_system(call))
		return 0;
	if (call->options.for_person == NONE)
		return call->roles & v->who ? 0 : not_theirs(call);
	if (!(v->flags & FOR_SOMEBODY))
		return fail(call, E_INVALID, "for", "%s cannot be entered for somebody else", v->name);
	return call->roles & COORDINATOR ? 0 : fail(call, E_DENIED, "for", "only a coordinator of the program enters answers for others");
}

/* Asked after the replay: an answer may end the very role that its giver had (a decline), and be asked for again. */
static int somebody_may(struct call *call, const struct shape *shape, const void *record)
{
	unsigned theirs;
	int r;

	if (by_system(call) || call->options.for_person == NONE)
		return 0;
	r = mask_of_somebody(call, shape, record, &theirs);
	if (r)
		return r;
	return theirs & call->verb->who ? 0 : fail(call, E_DENIED, "for", "that person could not call %s here", call->verb->name);
}

/* What a link names must be there for this caller, where it is given anew. `was` is NULL at Create. */
static int links_seen(struct call *call, const struct shape *shape, const void *was, const void *record)
{
	for (int i = 0; i < shape->count; i++) {
		const struct field *f = &shape->entity->fields[i];
		const struct shape *to;
		unsigned mask = 0;
		const void *target;
		int r;

		if (f->kind != LINK || !field_is_stored(f) || *field_number(record, f) == NONE || (was && field_same(f, was, record)))
			continue;
		to = shape_of(shape->links[i]);
		r = record_peek(call, to, *field_number(record, f), &target);
		if (!r)
			r = sight_record(call, call->caller, to, target, &mask);
		if (r && r != E_NOTFOUND)
			return r;
		if (r || (!by_system(call) && !(mask & to->seers)))
			return fail(call, E_NOTFOUND, f->name, "%s: there is no such object", f->label);
	}
	return 0;
}

/* ---- a verb of an object ---- */

static int state_allows(struct call *call, const struct shape *shape, const void *was)
{
	const struct field *f;
	int64_t state;
	char from[300] = "";

	if (!call->verb->from || shape->state < 0)
		return 0;
	f = &shape->entity->fields[shape->state];
	state = *field_number(was, f);
	if (call->verb->from & IN(state))
		return 0;
	for (int i = 0; f->choices[i]; i++)
		if (call->verb->from & IN(i) && strlen(from) + 60 < sizeof from) {
			strcat(from, *from ? " or " : "");
			strcat(from, f->choices[i]);
		}
	return fail(call, E_STATE, "state", "%s works on what is %s; this %s is %s", call->verb->name, from, shape->entity->label,
		f->choices[state]);
}

static int set_state(struct call *call, const struct shape *shape, const void *was, void *now)
{
	const struct field *f;
	int64_t *state;
	unsigned to = call->verb->to;

	if (to == KEEP || shape->state < 0)
		return 0;
	f = &shape->entity->fields[shape->state];
	state = field_number(now, f);
	if (!(to & (to - 1)))
		*state = __builtin_ctz(to);
	else if (*state != *field_number(was, f) && !(to & IN(*state)))
		return fail(call, E_STORE, "state", "%s ended in a state that it must not reach", call->verb->name);
	return 0;
}

/* From decoded to written; shared by the bus's calls and those that verbs make of each other. */
static int carry_out(struct call *call, const struct shape *shape, const void *was, void *now)
{
	int r = state_allows(call, shape, was);

	if (!r && call->verb->run)
		r = call->verb->run(call, was, now);
	if (!r)
		r = set_state(call, shape, was, now);
	if (r)
		return r;
	if (call->verb->flags & REMOVES)
		return delete_record(call, shape->entity, was);
	return save(call, shape->entity, was, now);
}

static void *copy_of(struct call *call, const struct shape *shape, const void *record)
{
	return memcpy(arena_new(call->arena, shape->entity->size), record, shape->entity->size);
}

/* Is the record there for the caller, and is the verb theirs to call on it? */
static int gate(struct call *call, const struct shape *shape, void **ret)
{
	int r = record_load(call->store, call->arena, shape, call->id, ret, &call->problem);

	if (!r)
		r = sight_record(call, call->caller, shape, *ret, &call->roles);
	if (!r && !by_system(call) && !(call->roles & (shape->seers | call->verb->who)))
		r = fail(call, E_NOTFOUND, NULL, "there is no such object");
	return r ? r : may(call);
}

/* Looked at only where the call can have done it: by a state, a grant, a removal. */
static int look_back(struct call *call, const struct shape *shape, const void *was, const void *now, uint64_t grants)
{
	struct call again = *call;
	void *record;
	int r;

	if (!keyed(call) || by_system(call) ||
		(grants == call->store->grants && !(call->verb->flags & REMOVES) &&
			(shape->state < 0 || field_same(&shape->entity->fields[shape->state], was, now))))
		return 0;
	if (!sight_of(call->store, call->caller, call->now, &call->problem))
		return call->problem.code;
	r = gate(&again, shape, &record);
	call->shut = r == E_NOTFOUND || r == E_DENIED;
	if (r && !call->shut)
		call->problem = again.problem;
	return call->shut ? 0 : r;
}

static int perform_on(struct call *call, const struct shape *shape)
{
	uint64_t grants = call->store->grants;
	void *was, *now;
	int r = gate(call, shape, &was);

	if (r == E_NOTFOUND || r == E_DENIED) {
		struct problem refusal = call->problem;
		int kept = replay(call, true);

		if (!kept)
			call->problem = refusal;
		return kept > 0 ? 0 : kept ? kept : r;
	}
	if (r)
		return r;
	r = replay(call, false);
	if (!r)
		r = somebody_may(call, shape, was);
	if (r)
		return r > 0 ? 0 : r;
	now = copy_of(call, shape, was);
	start_arguments(call);
	r = decode(call, shape, now, -1);
	if (!r)
		r = links_seen(call, shape, was, now);
	if (!r)
		r = check_arguments(call);
	if (r)
		return r;
	if (call->options.version != NONE && call->options.version != *field_number(was, &shape->entity->fields[1]))
		return fail(call, E_CONFLICT, "version", "it was changed since you looked: version %lld, now %lld; look again",
			(long long)call->options.version, (long long)*field_number(was, &shape->entity->fields[1]));
	r = carry_out(call, shape, was, now);
	call->object = call->id;
	call->object_version = *field_number(now, &shape->entity->fields[1]);
	return r ? r : look_back(call, shape, was, now, grants);
}

/* ---- Create ---- */

static int perform_create(struct call *call, const struct shape *shape)
{
	void *record = fresh(call, shape->entity);
	int r;

	start_arguments(call);
	r = decode(call, shape, record, 1);
	if (!r)
		r = links_seen(call, shape, NULL, record);
	if (!r)
		r = record_anchor(call, shape, record);
	if (!r)
		r = sight_record(call, call->caller, shape, record, &call->roles);
	if (!r)
		r = may(call);
	if (r)
		return r;
	r = replay(call, false);
	if (!r)
		r = somebody_may(call, shape, record);
	if (r)
		return r > 0 ? 0 : r;
	r = decode(call, shape, record, 0);
	if (!r)
		r = check_arguments(call);
	if (!r && call->verb->run)
		r = call->verb->run(call, NULL, record);
	if (!r)
		r = add(call, shape->entity, record);
	if (r)
		return r;
	call->object = *field_number(record, &shape->entity->fields[0]);
	call->object_version = *field_number(record, &shape->entity->fields[1]);
	return 0;
}

/* ---- the one way ---- */

int store_perform(struct store *s, struct call *call)
{
	const struct shape *shape = shape_of(call->entity);
	struct mark mark;
	int r;

	call->store = s;
	if (!sight_of(s, call->caller, call->now, &call->problem))
		return call->problem.code;
	r = store_writing(s, &call->problem);
	if (!r)
		r = engine_savepoint(s->engine, &call->problem);
	if (r)
		return r;
	mark = store_mark(s);
	s->seeing = call;
	r = call->verb->flags & ON_COLLECTION ? perform_create(call, shape) : perform_on(call, shape);
	if (!r)
		r = remember(call);
	s->seeing = NULL;
	if (engine_lost(s->engine)) {
		s->lost = true;
		s->loss = call->problem;
		return r;
	}
	if (r || call->options.dry_run) {
		struct problem undo;

		store_back(s, &mark);
		if (engine_undo(s->engine, &undo)) {
			s->lost = true;
			s->loss = undo;
		}
	} else
		r = engine_release(s->engine, &call->problem);
	return r;
}

/* ---- the daemon's own work ---- */

static struct call own_call(struct store *s, struct caller *self, struct arena *arena, int64_t now)
{
	return (struct call){ .store = s,
		.arena = arena,
		.caller = self,
		.now = now,
		.roles = SYSTEM,
		.fds = { -1, -1 },
		.options = { .version = NONE, .for_person = NONE } };
}

static int do_at(struct store *s, const struct caller *caller, int64_t now, bool undo, int (*run)(struct call *, void *), void *data,
	struct problem *problem)
{
	struct arena arena = { 0 };
	struct caller self = *caller;
	struct call call = own_call(s, &self, &arena, now);
	struct problem gone;
	struct mark mark;
	int r = store_writing(s, problem);

	if (!r)
		r = engine_savepoint(s->engine, problem);
	if (r)
		return r;
	mark = store_mark(s);
	if (!sight_of(s, &self, now, &call.problem))
		r = call.problem.code;
	if (!r)
		r = run(&call, data);
	if (r < 0)
		*problem = call.problem;
	if (engine_lost(s->engine)) {
		s->lost = true;
		s->loss = call.problem;
	} else if (r < 0 || undo) {
		store_back(s, &mark);
		if (engine_undo(s->engine, &gone)) {
			s->lost = true;
			s->loss = gone;
		}
	} else if (engine_release(s->engine, problem))
		r = problem->code;
	arena_free(&arena);
	return r;
}

int store_do(struct store *s, const struct caller *caller, int (*run)(struct call *, void *), void *data, struct problem *problem)
{
	return do_at(s, caller, store_now(s), false, run, data, problem);
}

int store_look(struct store *s, const struct caller *caller, int (*run)(struct call *, void *), void *data, struct problem *problem)
{
	int64_t written = engine_written(s->engine);
	struct arena arena = { 0 };
	struct caller self = *caller;
	struct call call = own_call(s, &self, &arena, store_now(s));
	int r;

	if (s->lost) {
		*problem = s->loss;
		return problem->code;
	}
	r = sight_of(s, &self, call.now, &call.problem) ? run(&call, data) : call.problem.code;
	if (engine_written(s->engine) != written)
		r = fail(&call, E_STORE, NULL, "what was to read only has written");
	if (r < 0)
		*problem = call.problem;
	if (engine_lost(s->engine) || engine_written(s->engine) != written) {
		s->lost = true;
		s->loss = call.problem;
	}
	arena_free(&arena);
	return r;
}

int store_suppose(
	struct store *s, const struct caller *caller, int64_t now, int (*run)(struct call *, void *), void *data, struct problem *problem)
{
	return do_at(s, caller, now, true, run, data, problem);
}

int perform_also(struct call *call, const struct entity *e, int64_t id, const char *verb, const struct arg *args, size_t count)
{
	const struct shape *shape = shape_of(e);
	struct call also = *call;
	void *was, *now;
	int r;

	also.entity = e;
	also.id = id;
	also.verb = verb_named(e, verb);
	also.args = args;
	also.arg_count = count;
	also.arguments = NULL;
	also.roles = SYSTEM;
	also.options.version = NONE;
	also.options.reason = also.verb->flags & NEEDS_REASON ? call->options.reason : NULL;
	r = record_load(call->store, call->arena, shape, id, &was, &call->problem);
	if (r)
		return r;
	now = copy_of(call, shape, was);
	start_arguments(&also);
	r = decode(&also, shape, now, -1);
	if (!r)
		r = carry_out(&also, shape, was, now);
	call->messages = also.messages;
	call->jobs = also.jobs;
	if (also.task)
		call->task = also.task;
	call->problem = also.problem;
	return r;
}

bool store_needs_polkit(struct store *s, struct caller *caller, const struct entity *e, const struct verb *v, int64_t id)
{
	struct arena arena = { 0 };
	struct call call = { .store = s, .arena = &arena, .caller = caller, .now = store_now(s), .entity = e, .verb = v, .id = id };
	const struct shape *shape = shape_of(e);
	unsigned mask;
	void *record;
	bool needs = v->action && v->who & ADMIN && !caller->admin;

	if (needs && sight_of(s, caller, call.now, &call.problem)) {
		mask = sight_all(caller);
		if (id && !record_load(s, &arena, shape, id, &record, &call.problem))
			sight_record(&call, caller, shape, record, &mask);
		needs = !(mask & v->who & ~(unsigned)ADMIN);
	}
	arena_free(&arena);
	return needs;
}
