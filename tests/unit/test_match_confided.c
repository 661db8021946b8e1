/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A match by hand in spite of an objection: the safeguarding lead hears of it, and whatever anybody else can read is what it would be
 * without. Two programs go through the same days; in one of them the mentee objects to her mentor, in the other to somebody else.
 */
#include "clockwork.h"

/* ---- all that a caller can read, as lines in an order that says nothing ---- */

struct dump {
	struct reader reader;
	struct world *w;
	struct caller *caller;
	struct buffer out;
	int64_t ids[400];
	int count;
};

static bool is_random(const struct entity *e)
{
	return e->flags & RANDOM_ID;
}

static int keep_id(struct reader *reader, struct stmt *q, const struct shape *shape, const int *fields, const bool *shown, int count)
{
	struct dump *d = (struct dump *)reader;

	(void)shape;
	(void)fields;
	(void)shown;
	(void)count;
	assert_true(d->count < 400);
	d->ids[d->count++] = engine_int(q, 0);
	return 0;
}

static int print_row(struct reader *reader, struct stmt *q, const struct shape *shape, const int *fields, const bool *shown, int count)
{
	struct dump *d = (struct dump *)reader;

	buffer_print(&d->out, "%s", shape->entity->name);
	for (int i = 0; i < count; i++) {
		const struct field *f = &shape->entity->fields[fields[i]];

		/* numbers by chance are others in any two worlds */
		if (!shown[i] || (i == 0 && is_random(shape->entity)) || (shape->links[fields[i]] && is_random(shape->links[fields[i]])))
			continue;
		buffer_print(&d->out, " %s=%s", f->name, engine_text(q, i) ? engine_text(q, i) : "-");
	}
	buffer_char(&d->out, '\n');
	return 0;
}

static struct call call_of(struct dump *d)
{
	return (struct call){ .arena = &d->w->arena,
		.caller = d->caller,
		.now = store_now(d->w->store),
		.options = { .version = NONE, .for_person = NONE } };
}

static void dump_collection(struct dump *d, const struct entity *e)
{
	static const char *const id[] = { "id" };
	struct list_query query = { .fields = id, .field_count = 1, .cursor = "" };
	const char *next = "";
	int r;

	d->count = 0;
	d->reader.row = keep_id;
	do {
		struct call call = call_of(d);

		query.cursor = next;
		r = store_list(d->w->store, &call, e, &query, &d->reader, &next);
		if (r != E_DENIED)
			must(r, &call.problem);
	} while (!r && *next);
	buffer_print(&d->out, "%s rows=%d\n", e->name, d->count);
	d->reader.row = print_row;
	for (int i = 0; i < d->count; i++) {
		struct call call = call_of(d);

		must(store_read(d->w->store, &call, e, d->ids[i], NULL, 0, &d->reader), &call.problem);
	}
}

static int print_item(void *data, const struct agenda_item *item)
{
	struct dump *d = data;

	buffer_print(&d->out, "waits %s since=%lld due=%lld match=%lld %s\n", item->kind, (long long)item->since, (long long)item->due,
		(long long)item->match, item->label ? item->label : "");
	return 0;
}

static int print_change(void *data, int64_t seq, const struct entity *e, int64_t id, const char *signal)
{
	struct dump *d = data;

	buffer_print(&d->out, "change %lld %s %lld %s\n", (long long)seq, e->name, is_random(e) ? 0LL : (long long)id, signal);
	return 0;
}

static int print_found(void *data, const struct entity *e, int64_t id, const char *label)
{
	struct dump *d = data;

	buffer_print(&d->out, "found %s %lld %s\n", e->name, is_random(e) ? 0LL : (long long)id, label ? label : "");
	return 0;
}

struct planned {
	struct dump *d;
	int lines;
};

/* As the bus filters it: what is about a record that the caller does not see is not shown. */
static int print_planned(void *data, const struct scheduled *one)
{
	struct planned *p = data;
	struct call call = call_of(p->d);

	if (one->entity && !store_sees(p->d->w->store, &call, one->entity, one->id)) {
		buffer_print(&p->d->out, "planned %s %lld %lld\n", one->kind, (long long)one->id, (long long)one->due);
		p->lines++;
	}
	return 0;
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *sorted(struct buffer *out)
{
	struct buffer all = { 0 };
	char *lines[4000], *text;
	size_t count = 0;

	for (char *line = strtok(out->data, "\n"); line; line = strtok(NULL, "\n"))
		lines[count++] = line;
	assert_true(count < 4000);
	qsort(lines, count, sizeof *lines, compare_lines);
	for (size_t i = 0; i < count; i++)
		buffer_print(&all, "%s\n", lines[i]);
	text = strdup(buffer_string(&all));
	buffer_free(&all);
	return text;
}

static char *all_that_is_read(struct world *w, struct clockwork *clock, struct caller *caller)
{
	struct dump d = { .w = w, .caller = caller };
	struct preview_bounds bounds = { store_now(w->store) + 3 * 86400, 500, 5000, INT64_MAX };
	struct problem problem = { 0 };
	struct call call = call_of(&d);
	bool more;
	char *text;

	for (int i = 0; entities[i]; i++)
		dump_collection(&d, entities[i]);
	must(store_agenda(w->store, &call, print_item, &d), &call.problem);
	must(store_changes(w->store, &call, 0, 1000, print_change, &d, &more), &call.problem);
	assert_false(more);
	must(store_lookup(w->store, &call, NULL, "", 100, print_found, &d), &call.problem);
	must(store_turn_begin(w->store, &problem), &problem);
	must(scheduler_preview(clock->scheduler, &bounds, print_planned, &(struct planned){ &d, 0 }, &more, &problem), &problem);
	must(store_turn_commit(w->store, &problem), &problem);
	text = sorted(&d.out);
	buffer_free(&d.out);
	return text;
}

/* ---- the two worlds ---- */

struct program_of_two {
	void *state;
	struct world *w;
	struct cast c;
	struct clockwork clock;
	struct caller eve, lou;
	int64_t lou_id, eve_id, mentor, mentee, match;
};

static struct caller with_duty(struct world *w, struct cast *c, const char *name, uint32_t uid, const char *duty, int64_t *ret_id)
{
	*ret_id = person(w, &c->root, name, "Staff");
	create(w, &c->root, &login_entity, ARGS(P("person", path(w, &person_entity, *ret_id)), T("user_name", name)));
	if (duty)
		create(w, &c->root, &duty_entity,
			ARGS(P("person", path(w, &person_entity, *ret_id)), T("duty", duty),
				P("program", path(w, &program_entity, c->program))));
	return caller_of(w, uid, name);
}

static void found_program(struct program_of_two *p, bool lead)
{
	assert_int_equal(set_up(&p->state), 0);
	p->w = p->state;
	running(p->w, &p->c);
	p->eve = with_duty(p->w, &p->c, "eve", 1010, "coordinator", &p->eve_id);
	p->lou = with_duty(p->w, &p->c, "lou", 1011, lead ? "safeguarding lead" : NULL, &p->lou_id);
	p->mentor = participant(p->w, &p->c, p->c.ben_id, "mentor", 2);
	p->mentee = participant(p->w, &p->c, p->c.cleo_id, "mentee", 1);
	p->clock = start(p->w);
}

static void leave_program(struct program_of_two *p)
{
	stop(&p->clock);
	tear_down(&p->state);
}

static int64_t object(struct program_of_two *p, int64_t whom)
{
	return create(p->w, &p->c.cleo, &objection_entity,
		ARGS(P("participant", path(p->w, &participant_entity, p->mentee)), N("other", whom), T("reason", "He shouted at me.")));
}

static void match_by_hand(struct program_of_two *p)
{
	p->match = create(p->w, &p->c.ada, &match_entity,
		ARGS(P("program", path(p->w, &program_entity, p->c.program)), P("mentor", path(p->w, &participant_entity, p->mentor)),
			P("mentee", path(p->w, &participant_entity, p->mentee))));
}

static void offer_it(struct program_of_two *p)
{
	must(perform(p->w, &p->c.ada, &match_entity, p->match, "Offer", NULL, 0), &p->w->call.problem);
}

static int64_t concerns(struct program_of_two *p)
{
	return number(p->w, "SELECT count(*) FROM concern");
}

/* To whom a message of that kind goes; 0: there is none. */
static int64_t told(struct program_of_two *p, const char *template_name)
{
	return number(p->w,
		arena_print(&p->w->arena, "SELECT coalesce(sum(\"person\"), 0) FROM \"message\" WHERE \"template_name\" = '%s'",
			template_name));
}

/* From the beginning of the line in which it is another text. */
static const char *first_other(const char *text, const char *other)
{
	const char *line = text;

	for (size_t i = 0; text[i] && text[i] == other[i]; i++)
		if (text[i] == '\n')
			line = text + i + 1;
	return line;
}

static void same(struct program_of_two *p, struct program_of_two *q, struct caller *one, struct caller *other, const char *who)
{
	char *a = all_that_is_read(p->w, &p->clock, one), *b = all_that_is_read(q->w, &q->clock, other);

	assert_true(strlen(a) > 1000);
	if (strcmp(a, b) != 0)
		fail_msg("%s reads otherwise: '%.300s' and '%.300s'", who, first_other(a, b), first_other(b, a));
	free(a);
	free(b);
}

/* Nobody of the program but the lead; who answers to whom is told apart by nothing, not by counts and numbers either. */
static void same_for_all(struct program_of_two *p, struct program_of_two *q)
{
	same(p, q, &p->c.ada, &q->c.ada, "a coordinator of all");
	same(p, q, &p->eve, &q->eve, "a coordinator of the program");
	same(p, q, &p->c.ben, &q->c.ben, "the mentor");
	same(p, q, &p->c.cleo, &q->c.cleo, "the mentee");
}

static void same_answer(struct program_of_two *p, struct program_of_two *q)
{
	const struct call *a = &p->w->call, *b = &q->w->call;

	assert_int_equal(a->messages, b->messages);
	assert_int_equal(a->jobs, b->jobs);
	assert_int_equal(a->object, b->object);
	assert_int_equal(a->object_version, b->object_version);
	assert_int_equal(a->problem.code, b->problem.code);
	same_for_all(p, q);
}

static void go_through(bool lead, bool held)
{
	struct program_of_two p[2] = { { 0 }, { 0 } };

	for (int i = 0; i < 2; i++) {
		found_program(&p[i], lead);
		object(&p[i], i ? p[i].c.ben_id : p[i].eve_id);
		advance(p[i].w, &p[i].clock, "2026-01-02T10:00:00Z");
		match_by_hand(&p[i]);
	}
	same_answer(&p[0], &p[1]);
	for (int i = 0; i < 2; i++)
		advance(p[i].w, &p[i].clock, "2026-01-02T10:01:00Z");
	same_for_all(&p[0], &p[1]);
	assert_int_equal(concerns(&p[0]), 0);
	assert_int_equal(concerns(&p[1]), 1);
	for (int i = 0; i < 2; i++)
		offer_it(&p[i]);
	same_answer(&p[0], &p[1]);
	for (int i = 0; i < 2; i++)
		advance(p[i].w, &p[i].clock, "2026-01-05T12:00:00Z");
	for (int i = 0; held && i < 2; i++) /* as in a database that was put back */
		force(p[i].w, "UPDATE \"message\" SET \"state\" = 'held'");
	same_for_all(&p[0], &p[1]);
	assert_int_equal(concerns(&p[1]), 1);
	assert_int_equal(told(&p[1], "concern-opened") != 0, lead);
	assert_int_equal(waits(p[1].w, &p[1].lou, "concern to take up"), lead);
	assert_int_equal(waits(p[0].w, &p[0].lou, "concern to take up"), 0);
	for (int i = 0; i < 2; i++)
		leave_program(&p[i]);
}

static void test_nobody_but_the_lead_reads_otherwise(void **unused)
{
	(void)unused;
	go_through(true, false);
}

static void test_without_a_lead_nobody_does(void **unused)
{
	(void)unused;
	go_through(false, false);
}

static void test_held_mail_tells_nothing(void **unused)
{
	(void)unused;
	go_through(true, true);
}

/* ---- whom it reaches, and when ---- */

static void test_the_lead_hears_once_for_each_match(void **unused)
{
	struct program_of_two p = { 0 };
	int64_t concern;

	(void)unused;
	found_program(&p, true);
	object(&p, p.c.ben_id);
	match_by_hand(&p);
	advance(p.w, &p.clock, "2026-01-01T00:01:00Z");
	assert_int_equal(told(&p, "concern-opened"), p.lou_id);
	concern = number(p.w, "SELECT \"id\" FROM concern WHERE \"rule\" = 'matched in spite of an objection'");
	must(perform(p.w, &p.lou, &concern_entity, concern, "Acknowledge", NULL, 0), &p.w->call.problem);
	assert_int_equal(perform(p.w, &p.c.ada, &concern_entity, concern, "Act", NULL, 0), E_NOTFOUND);
	offer_it(&p);
	advance(p.w, &p.clock, "2026-01-03T00:00:00Z");
	assert_int_equal(concerns(&p), 1);
	assert_int_equal(told(&p, "concern-opened"), p.lou_id);
	/* and need not wait for somebody who may not know why */
	must(perform(p.w, &p.lou, &match_entity, p.match, "Withdraw", NULL, 0), &p.w->call.problem);
	leave_program(&p);
}

static void test_an_objection_to_whom_one_is_matched_with(void **unused)
{
	struct program_of_two p = { 0 };
	int64_t id;

	(void)unused;
	found_program(&p, true);
	match_by_hand(&p);
	advance(p.w, &p.clock, "2026-01-01T00:01:00Z");
	assert_int_equal(concerns(&p), 0);
	id = object(&p, p.eve_id);
	must(perform(p.w, &p.c.cleo, &objection_entity, id, "Withdraw", NULL, 0), &p.w->call.problem);
	object(&p, p.c.ben_id);
	advance(p.w, &p.clock, "2026-01-01T00:02:00Z");
	assert_int_equal(concerns(&p), 1);
	assert_int_equal(number(p.w, "SELECT \"match\" FROM concern"), p.match);
	assert_int_equal(number(p.w, "SELECT \"about\" FROM concern"), p.c.ben_id);
	leave_program(&p);
}

static void test_one_that_is_withdrawn_or_over_is_none(void **unused)
{
	struct program_of_two p = { 0 };
	int64_t id;

	(void)unused;
	found_program(&p, true);
	id = object(&p, p.c.ben_id);
	must(perform(p.w, &p.c.cleo, &objection_entity, id, "Withdraw", NULL, 0), &p.w->call.problem);
	match_by_hand(&p);
	advance(p.w, &p.clock, "2026-01-01T00:01:00Z");
	assert_int_equal(concerns(&p), 0);
	must(perform(p.w, &p.c.ada, &match_entity, p.match, "Withdraw", NULL, 0), &p.w->call.problem);
	object(&p, p.c.ben_id);
	advance(p.w, &p.clock, "2026-01-01T00:02:00Z");
	assert_int_equal(concerns(&p), 0);
	leave_program(&p);
}

/* A lead who is of the match, on either side, is told nothing of it and sees nothing of it; another one is. */
static void test_a_lead_of_the_match_hears_nothing(void **unused)
{
	struct program_of_two p = { 0 };

	(void)unused;
	found_program(&p, true);
	create(p.w, &p.c.root, &duty_entity, ARGS(P("person", path(p.w, &person_entity, p.c.ben_id)), T("duty", "safeguarding lead")));
	create(p.w, &p.c.root, &duty_entity, ARGS(P("person", path(p.w, &person_entity, p.c.cleo_id)), T("duty", "safeguarding lead")));
	object(&p, p.c.ben_id);
	match_by_hand(&p);
	advance(p.w, &p.clock, "2026-01-01T00:01:00Z");
	assert_int_equal(told(&p, "concern-opened"), p.lou_id);
	assert_int_equal(waits(p.w, &p.c.ben, "concern to take up"), 0);
	assert_int_equal(waits(p.w, &p.c.cleo, "concern to take up"), 0);
	assert_int_equal(waits(p.w, &p.lou, "concern to take up"), 1);
	leave_program(&p);
}

/* Once there is one, the lead hears of what was found before. */
static void test_it_waits_for_a_lead(void **unused)
{
	struct program_of_two p = { 0 };

	(void)unused;
	found_program(&p, false);
	object(&p, p.c.ben_id);
	match_by_hand(&p);
	advance(p.w, &p.clock, "2026-01-01T00:01:00Z");
	assert_int_equal(told(&p, "concern-unheard") + told(&p, "concern-opened"), 0);
	create(p.w, &p.c.root, &duty_entity, ARGS(P("person", path(p.w, &person_entity, p.lou_id)), T("duty", "safeguarding lead")));
	assert_int_equal(waits(p.w, &p.lou, "concern to take up"), 1);
	advance(p.w, &p.clock, "2026-01-02T00:02:00Z");
	assert_int_equal(told(&p, "concern-opened"), p.lou_id);
	leave_program(&p);
}

/* What rules raise about somebody takes nothing from how often they are heard themselves. */
static void test_it_drowns_nobody(void **unused)
{
	struct program_of_two p = { 0 };

	(void)unused;
	found_program(&p, true);
	object(&p, p.c.ben_id);
	match_by_hand(&p);
	advance(p.w, &p.clock, "2026-01-01T00:01:00Z");
	force(p.w,
		"INSERT INTO concern (id, version, person, rule, severity, raised_at, state) WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 "
		"FROM n WHERE x < 6) SELECT x, 1, person, rule, severity, raised_at, state FROM concern, n");
	create(p.w, &p.c.cleo, &concern_entity, ARGS(P("person", path(p.w, &person_entity, p.c.cleo_id))));
	leave_program(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_nobody_but_the_lead_reads_otherwise),
		cmocka_unit_test(test_without_a_lead_nobody_does), cmocka_unit_test(test_held_mail_tells_nothing),
		cmocka_unit_test(test_the_lead_hears_once_for_each_match), cmocka_unit_test(test_an_objection_to_whom_one_is_matched_with),
		cmocka_unit_test(test_one_that_is_withdrawn_or_over_is_none), cmocka_unit_test(test_a_lead_of_the_match_hears_nothing),
		cmocka_unit_test(test_it_waits_for_a_lead), cmocka_unit_test(test_it_drowns_nobody) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
