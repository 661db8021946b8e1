/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lists against reads: what a caller gets page by page, up and down, is what Get shows of each record by itself, in order, each once.
 *
 * Random worlds on purpose of the hard kind: few names for many people, people in several programs and in both roles, matches,
 * coordinators of some programs (arms joined in order), of more programs than there are arms, mentors and mentees.
 */
#include "world.h"


enum {
	PEOPLE = 40,
	PROGRAMS = 45,
	SOME = 6, /* programs that have participants */
	COORDINATORS = 3,
	CALLERS = COORDINATORS + 8
};

struct people {
	struct reader reader;
	int64_t ids[PEOPLE * 4];
	char names[PEOPLE * 4][100];
	int count;
	bool name_shown;
};

struct town {
	struct caller callers[CALLERS];
	int64_t people[PEOPLE], programs[PROGRAMS];
	int64_t mentors[SOME][PEOPLE], mentees[SOME][PEOPLE];
	int caller_count, mentor_count[SOME], mentee_count[SOME], matches;
};

static uint32_t dice_state;

static int dice(int sides)
{
	dice_state = dice_state * 1664525U + 1013904223U;
	return (int)((dice_state >> 8) % (uint32_t)sides);
}

static void login(struct world *w, struct town *town, struct caller *root, int64_t person_id)
{
	int at = town->caller_count++;
	char name[16];

	snprintf(name, sizeof name, "user%d", at);
	create(w, root, &login_entity, ARGS(P("person", path(w, &person_entity, person_id)), T("user_name", name)));
	town->callers[at] = caller_of(w, 2000 + (uint32_t)at, name);
}

static void duty(struct world *w, struct caller *root, int64_t person_id, int64_t program)
{
	create(w, root, &duty_entity,
		ARGS(P("person", path(w, &person_entity, person_id)), P("program", path(w, &program_entity, program)),
			T("duty", "coordinator")));
}

static void join(struct world *w, struct cast *c, struct town *town, int at, int64_t person_id, bool mentor)
{
	c->program = town->programs[at];
	if (mentor)
		town->mentors[at][town->mentor_count[at]++] = participant(w, c, person_id, "mentor", 5);
	else
		town->mentees[at][town->mentee_count[at]++] = participant(w, c, person_id, "mentee", 1);
}

static void pair(struct world *w, struct cast *c, struct town *town, int at)
{
	if (!town->mentor_count[at] || !town->mentee_count[at])
		return;
	/* refused where the two are one, or placed already */
	if (perform(w, &c->ada, &match_entity, 0, "Create",
		    ARGS(P("program", path(w, &program_entity, town->programs[at])),
			    P("mentor", path(w, &participant_entity, town->mentors[at][dice(town->mentor_count[at])])),
			    P("mentee", path(w, &participant_entity, town->mentees[at][dice(town->mentee_count[at])])))))
		return;
	town->matches++;
	if (dice(4)) /* the others stay hidden from both sides */
		must(perform(w, &c->ada, &match_entity, w->call.object, "Offer", NULL, 0), &w->call.problem);
}

static void town_make(struct world *w, struct cast *c, struct town *town)
{
	static const char *const given[] = { "Ann", "ann", "Bo", "Cy" };
	char key[32];

	for (int i = 0; i < PROGRAMS; i++) {
		snprintf(key, sizeof key, "program-%d", i);
		town->programs[i] = create(w, &c->ada, &program_entity,
			ARGS(T("key", key), T("title", key), T("starter", "first-year-university"), T("starts", "2026-01-10"),
				T("ends", "2026-12-20")));
	}
	for (int i = 0; i < SOME; i++)
		must(perform(w, &c->ada, &program_entity, town->programs[i], "Open", NULL, 0), &w->call.problem);
	for (int i = 0; i < PEOPLE; i++) {
		town->people[i] = create(w, &c->root, &person_entity,
			ARGS(T("given_name", given[dice(4)]), T("family_name", dice(2) ? "Lee" : "Lo"), T("birth_date", "1990-02-03")));
		/* staff take part as well */
		for (int at = 0; at < SOME; at++)
			for (int mentor = 0; mentor < 2; mentor++)
				if (!dice(3) || i == PEOPLE / 2) /* one is everything everywhere */
					join(w, c, town, at, town->people[i], mentor);
	}
	for (int i = 0; i < COORDINATORS; i++)
		login(w, town, &c->root, town->people[i]);
	for (int i = 0; i < 2; i++)
		duty(w, &c->root, town->people[0], town->programs[i]);
	for (int i = 0; i < SOME; i++)
		duty(w, &c->root, town->people[1], town->programs[i]);
	for (int i = 0; i < PROGRAMS; i++)
		duty(w, &c->root, town->people[2], town->programs[i]);
	for (int i = 0; i < 60; i++)
		pair(w, c, town, dice(SOME));
	while (town->caller_count < CALLERS)
		login(w, town, &c->root, town->people[town->caller_count]);
}

static int take(struct reader *reader, struct stmt *q, const struct shape *shape, const int *fields, const bool *shown, int count)
{
	struct people *people = (struct people *)reader;

	(void)shape;
	(void)fields;
	assert_int_equal(count, 2);
	people->ids[people->count] = engine_int(q, 0);
	snprintf(people->names[people->count++], sizeof people->names[0], "%s", engine_text(q, 1));
	people->name_shown = shown[1];
	return 0;
}

static void call_start(struct world *w, struct caller *caller)
{
	w->call = (struct call){
		.arena = &w->arena, .caller = caller, .now = store_now(w->store), .options = { .version = NONE, .for_person = NONE }
	};
}

/* What Get says of each person, one after another, sorted here. */
static void read_all(struct world *w, struct town *town, struct caller *caller, bool down, struct people *all)
{
	const struct shape *shape = shape_of(&person_entity);
	const int fields[] = { 0, field_index(shape, "name") };

	*all = (struct people){ .reader = { take } };
	(void)town;
	for (int64_t id = 1; id <= PEOPLE + 3; id++) {
		struct people one = { .reader = { take } };
		int at;

		call_start(w, caller);
		if (store_read(w->store, &w->call, &person_entity, id, fields, 2, &one.reader) || !one.name_shown)
			continue;
		for (at = all->count++; at > 0; at--) {
			int order = strcasecmp(all->names[at - 1], one.names[0]);

			if ((order ? order < 0 : all->ids[at - 1] < one.ids[0]) != down)
				break;
			all->ids[at] = all->ids[at - 1];
			memcpy(all->names[at], all->names[at - 1], sizeof all->names[0]);
		}
		all->ids[at] = one.ids[0];
		memcpy(all->names[at], one.names[0], sizeof all->names[0]);
	}
}

static void list_all(struct world *w, struct caller *caller, bool down, uint32_t limit, struct people *all)
{
	static const char *const fields[] = { "id", "name" };
	struct list_query query = { .fields = fields, .field_count = 2, .limit = limit, .cursor = "", .order = down ? "-name" : "name" };
	const char *next;
	int before;

	*all = (struct people){ .reader = { take } };
	do {
		before = all->count;
		call_start(w, caller);
		must(store_list(w->store, &w->call, &person_entity, &query, &all->reader, &next), &w->call.problem);
		assert_true(all->count <= PEOPLE * 3);
		assert_true(all->count - before <= (int)limit && (!*next || all->count > before));
		query.cursor = next;
	} while (*next);
}

static void lists_are_reads(struct world *w, struct town *town, struct caller *caller, int *ret_most)
{
	for (int down = 0; down < 2; down++)
		for (uint32_t limit = 1; limit <= 64; limit = 3 * limit + 1) {
			struct people read, listed;

			read_all(w, town, caller, down, &read);
			list_all(w, caller, down, limit, &listed);
			assert_int_equal(listed.count, read.count);
			for (int i = 0; i < read.count; i++)
				assert_int_equal(listed.ids[i], read.ids[i]);
			if (read.count > *ret_most)
				*ret_most = read.count;
		}
}

static void test_lists_are_reads(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	struct town *town = calloc(1, sizeof *town);
	int most[CALLERS] = { 0 }, paired = 0;

	dice_state = 7;
	town_make(w, &c, town);
	assert_true(town->matches > 10);
	for (int i = 0; i < town->caller_count; i++)
		lists_are_reads(w, town, &town->callers[i], &most[i]);
	/* the coordinators see some, more and no less */
	assert_true(most[0] > 5 && most[0] < most[1] && most[1] <= most[2]);
	for (int i = COORDINATORS; i < CALLERS; i++)
		if (most[i] > 1)
			paired++;
	assert_true(paired > 2);
	free(town);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lists_are_reads, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
