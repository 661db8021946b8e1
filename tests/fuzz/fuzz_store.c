/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as a List (fields, filters, order, cursor) or as a verb tried dry on a real store: an answer or a refusal with a sentence,
 * and never a failure of the store itself, as a statement that was composed badly would be.
 *
 * The bytes choose by number among entities, fields, operators and kinds of values, so that most inputs get past the first look; texts
 * and names are taken as they stand. The database has one coordinator of all and one program.
 */
#include "fuzz.h"

#include <sys/stat.h>
#include <unistd.h>

#include "core/field.h"
#include "core/settings.h"
#include "model/model.h"
#include "store/store.h"

enum {
	NOW = 1767225600,
	MOST = 6
};

static struct store *store;
static struct caller root, coordinator;

struct input {
	const uint8_t *at, *end;
	struct arena *arena;
};

static unsigned number(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

/* Up to the next NUL. */
static const char *words(struct input *in)
{
	const uint8_t *end = memchr(in->at, 0, (size_t)(in->end - in->at));
	const char *text = arena_copy_n(in->arena, (const char *)in->at, (size_t)((end ? end : in->end) - in->at));

	in->at = end ? end + 1 : in->end;
	return text;
}

static const char *field_name(struct input *in, const struct shape *shape)
{
	unsigned at = number(in);

	return at < 240 ? shape->entity->fields[at % (unsigned)shape->count].name : words(in);
}

static struct value value(struct input *in)
{
	static const double reals[] = { 0, -1.5, 1e300 };
	struct value v = { .type = (enum value_type)(number(in) % (V_REAL + 1)) };

	v.number = (int64_t)number(in) - 2;
	v.real = reals[v.number < 0 ? 0 : v.number % 3];
	if (v.number == 200)
		v.number = INT64_MIN;
	if (v.number == 201)
		v.number = INT64_MAX;
	if (v.type == V_BOOL)
		v.number &= 1;
	v.text = words(in);
	return v;
}

/* The bus lets nothing else through to the store: values.c looks at every text. */
static bool sound(const char *text)
{
	struct problem problem;

	return !text || !text_check(text, strlen(text), TEXT_LINES, &problem);
}

static int take(struct reader *reader, struct stmt *stmt, const struct shape *shape, const int *fields, const bool *shown, int count)
{
	(void)reader;
	(void)stmt;
	for (int i = 0; i < count; i++)
		check(!shown[i] || shape->entity->fields[fields[i]].privacy != SEALED, "no sealed field is shown");
	return 0;
}

static void answered(int code, const struct call *call)
{
	if (!code)
		return;
	check(*call->problem.text != 0, "a refusal says why");
	check(code != E_STORE && code != E_FULL, call->problem.text);
}

static void list(struct input *in, struct call *call, const struct shape *shape)
{
	struct filter filters[MOST];
	const char *fields[MOST];
	struct reader reader = { take };
	struct list_query query = { .filters = filters, .fields = fields, .limit = number(in) % 8 };
	const char *next;

	query.field_count = number(in) % MOST;
	query.filter_count = number(in) % MOST;
	query.cursor = number(in) & 1 ? words(in) : "";
	for (size_t i = 0; i < query.field_count; i++)
		fields[i] = field_name(in, shape);
	for (size_t i = 0; i < query.filter_count; i++) {
		filters[i] = (struct filter){ field_name(in, shape), (int)(number(in) % 10), value(in) };
		if (!sound(filters[i].field) || !sound(filters[i].value.text))
			return;
	}
	query.order = number(in) & 1 ? field_name(in, shape) : words(in);
	if (sound(query.order) && sound(query.cursor))
		answered(store_list(store, call, shape->entity, &query, &reader, &next), call);
}

static void verb(struct input *in, struct call *call, const struct shape *shape)
{
	struct arg args[MOST];
	struct problem problem = { 0 };
	size_t verbs = 0;

	while (shape->entity->verbs && shape->entity->verbs[verbs].name)
		verbs++;
	if (!verbs)
		return;
	call->entity = shape->entity;
	call->verb = &shape->entity->verbs[number(in) % verbs];
	call->id = call->verb->flags & ON_COLLECTION ? 0 : number(in) % 4;
	call->args = args;
	call->arg_count = number(in) % MOST;
	call->options.dry_run = true;
	call->options.reason = number(in) & 1 ? "because" : NULL;
	for (size_t i = 0; i < call->arg_count; i++) {
		args[i] = (struct arg){ field_name(in, shape), value(in) };
		if (!sound(args[i].name) || !sound(args[i].value.text))
			return;
	}
	answered(store_perform(store, call), call);
	check(!store_turn_commit(store, &problem), "a turn of refusals and dry runs commits");
	check(!store_turn_begin(store, &problem), "a turn begins");
}

/* ---- the world ---- */

static int64_t made(struct arena *arena, const struct entity *e, const struct arg *args, size_t count)
{
	struct call call = { .arena = arena,
		.caller = &root,
		.now = NOW,
		.entity = e,
		.verb = verb_named(e, "Create"),
		.args = args,
		.arg_count = count,
		.options = { .version = NONE, .for_person = NONE },
		.fds = { -1, -1 },
		.path_body = "b",
		.path_body_length = 1 };

	check(!store_perform(store, &call), call.problem.text);
	return call.object;
}

static void told(const char *entity, const char *what)
{
	fprintf(stderr, "%s: %s\n", entity, what);
}

#define WORDS_ARG(n, t) \
	{ \
		n, \
		{ \
			.type = V_TEXT, .text = t \
		} \
	}
#define PATH_ARG(n, t) \
	{ \
		n, \
		{ \
			.type = V_PATH, .text = t \
		} \
	}

static void begin(void)
{
	static char directory[] = "/tmp/mentorship-fuzz-XXXXXX", backups[64];
	const struct store_paths paths = { directory, backups, directory };
	struct settings *settings = settings_defaults();
	struct problem problem = { 0 };
	struct arena arena = { 0 };

	check(mkdtemp(directory) && !shapes_check(told), "a directory, and tables that are whole");
	snprintf(backups, sizeof backups, "%s/backups", directory);
	settings->identity.uid_min = 1000;
	settings->identity.uid_max = 65000;
	check(!store_open(&paths, settings, NOW, &store, &problem), problem.text);
	check(!store_turn_begin(store, &problem), "a turn begins");
	check(!store_caller(store, 0, "root", &root, &problem), "root");
	made(&arena, &person_entity, (const struct arg[]){ WORDS_ARG("given_name", "Ada"), WORDS_ARG("family_name", "Admin") }, 2);
	made(&arena, &login_entity, (const struct arg[]){ PATH_ARG("person", "/org/mentorship1/people/1"), WORDS_ARG("user_name", "ada") },
		2);
	made(&arena, &duty_entity,
		(const struct arg[]){ PATH_ARG("person", "/org/mentorship1/people/1"), WORDS_ARG("duty", "coordinator") }, 2);
	check(!store_caller(store, 1001, "ada", &coordinator, &problem), "ada");
	arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct input in = { data, data + size, &arena };
	struct call call = { .arena = &arena,
		.now = NOW,
		.options = { .version = NONE, .for_person = NONE },
		.fds = { -1, -1 },
		.path_body = "b",
		.path_body_length = 1 };
	int count = 0;
	unsigned how;

	if (!store)
		begin();
	while (entities[count])
		count++;
	how = number(&in);
	call.caller = how & 1 ? &coordinator : &root;
	if (how & 2)
		list(&in, &call, shape_of(entities[number(&in) % (unsigned)count]));
	else
		verb(&in, &call, shape_of(entities[number(&in) % (unsigned)count]));
	arena_free(&arena);
	return 0;
}
