/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Power cuts at any moment: what was acknowledged is there, what was not is whole or absent, the chain of the audit is whole.
 *
 * A store lives through some weeks: people are made, changed and erased, a clock runs, logs are moved into the database, backups
 * made, the store is closed and opened. All that it writes is recorded (tests/faults/power.h), with notes of what was
 * acknowledged behind which entry. Then disks are made as cuts at moments drawn by lot leave them, and each is opened and
 * compared with the notes. The second test does the same with a restore: the old database or the backup, nothing between.
 *
 * MENTORSHIP_POWER_IMAGES and MENTORSHIP_POWER_SEED say how many and which; the long run is the campaign's.
 */
#include "clockwork.h"
#include "../faults/power.h"

#include <inttypes.h>

#include "store/backup.h"

enum {
	PEOPLE = 400,
	STEPS = 320,
	FACTS = 2000,
	IMAGES = 100,
	ZONE_HOUR = 3600
};

/* ---- what was acknowledged ---- */

enum fact_kind {
	MADE,    /* person `who` stands there with a version at least */
	GONE,    /* nothing is left of what was planted */
	COPIED,  /* the backup is whole */
	STARTED, /* each standing job waits */
};
struct fact {
	enum fact_kind kind;
	size_t at;
	int who;
	int64_t version, clock;
	char text[BACKUP_NAME]; /* key of the call, or the backup's name */
};

static struct {
	struct fact facts[FACTS];
	int count;
	int64_t ids[PEOPLE], versions[PEOPLE];
	bool erased[PEOPLE];
	int people;
	uint64_t dice;
	int64_t keys;
	size_t weeks, restored; /* entries at their ends */
	int64_t people_before, people_restored;
} notes;

static struct fact *note(struct world *w, enum fact_kind kind, int who)
{
	struct fact *fact = &notes.facts[notes.count++];

	assert_true(notes.count < FACTS);
	*fact = (struct fact){ .kind = kind, .at = power.count, .who = who, .clock = store_now(w->store) };
	return fact;
}

/* ---- the weeks ---- */

static const char *word(int who, int64_t version)
{
	static char text[4][40];
	static int turn;

	turn = (turn + 1) % 4;
	snprintf(text[turn], sizeof text[turn], "Planted%dx%" PRId64 "y", who, version);
	return text[turn];
}

/* One of several calls of a turn. */
static void demand(struct world *w, struct caller *who, int64_t id, const char *verb, const struct arg *args, size_t count, const char *key)
{
	static struct arena arena;

	w->call = (struct call){ .arena = &arena,
		.caller = who,
		.now = store_now(w->store),
		.entity = &person_entity,
		.verb = verb_named(&person_entity, verb),
		.id = id,
		.args = args,
		.arg_count = count,
		.options = { .version = NONE, .for_person = NONE, .key = key },
		.fds = { -1, -1 },
		.path_body = "body",
		.path_body_length = 4 };
	must(store_perform(w->store, &w->call), &w->call.problem);
	arena_free(&arena);
}

static void make_or_change(struct world *w, struct caller *ada, struct fact *done, bool make)
{
	int who = make ? notes.people++ : (int)(power_dice(&notes.dice) % (uint64_t)notes.people);
	const char *text;

	*done = (struct fact){ .kind = MADE, .who = -1, .clock = store_now(w->store) };
	if (notes.erased[who])
		return;
	assert_true(who < PEOPLE);
	text = word(who, notes.versions[who] + 1);
	snprintf(done->text, sizeof done->text, "key%06" PRId64, ++notes.keys);
	if (make)
		demand(w, ada, 0, "Create", ARGS(T("given_name", text), T("family_name", text), T("birth_date", "1990-02-03")), done->text);
	else
		demand(w, ada, notes.ids[who], "Update", ARGS(T("given_name", text), T("family_name", text)), done->text);
	notes.ids[who] = w->call.object;
	done->who = who;
	done->version = ++notes.versions[who];
	assert_int_equal(w->call.object_version, done->version);
}

static void people_turn(struct world *w, struct caller *ada)
{
	struct problem problem = { 0 };
	struct fact done[4];
	int count = 1 + (int)(power_dice(&notes.dice) % 4);

	must(store_turn_begin(w->store, &problem), &problem);
	for (int i = 0; i < count; i++)
		make_or_change(w, ada, &done[i], notes.people < 5 || (notes.people < PEOPLE && power_dice(&notes.dice) % 3 == 0));
	must(store_turn_commit(w->store, &problem), &problem);
	for (int i = 0; i < count; i++)
		if (done[i].who >= 0) {
			done[i].at = power.count;
			*note(w, MADE, 0) = done[i];
		}
}

static void live_on(struct world *w, struct clockwork *clockwork, int64_t seconds)
{
	struct problem problem = { 0 };
	int64_t jobs, until = store_now(w->store) + seconds;
	int r;

	while ((r = scheduler_advance(clockwork->scheduler, until, &jobs, &problem)) > 0)
		;
	must(r, &problem);
}

static void erase_one(struct world *w, struct caller *ada, struct clockwork *clockwork)
{
	int64_t jobs, until = store_now(w->store) + 60;
	int who = (int)(power_dice(&notes.dice) % (uint64_t)notes.people), r = 1;
	struct problem problem = { 0 };

	if (notes.erased[who])
		return;
	notes.erased[who] = true;
	must(perform_with(w, ada, &person_entity, notes.ids[who], "Erase", NULL, 0,
		     (struct options){ .version = NONE, .for_person = NONE, .reason = "asked" }),
		&w->call.problem);
	while (r > 0 && number(w, "SELECT count(*) FROM \"job\" WHERE \"kind\" = 'erasure' AND \"state\" <> 'done'"))
		r = scheduler_advance(clockwork->scheduler, until, &jobs, &problem);
	assert_true(r >= 0);
	note(w, GONE, who); /* at once: the next sync must not be what makes it so */
}

static void copy_all(struct world *w)
{
	struct problem problem = { 0 };
	const char *name;

	must(store_backup(w->store, &name, &problem), &problem);
	snprintf(note(w, COPIED, 0)->text, BACKUP_NAME, "%s", name);
}

static void some_weeks(struct world *w)
{
	struct problem problem = { 0 };
	struct clockwork clockwork;
	struct caller root, ada;
	int64_t ada_id;

	root = caller_of(w, 0, "root");
	ada_id = person(w, &root, "Ada", "Admin");
	create(w, &root, &login_entity, ARGS(P("person", path(w, &person_entity, ada_id)), T("user_name", "ada")));
	create(w, &root, &duty_entity, ARGS(P("person", path(w, &person_entity, ada_id)), T("duty", "coordinator")));
	create(w, &root, &duty_entity, ARGS(P("person", path(w, &person_entity, ada_id)), T("duty", "data-protection officer")));
	ada = caller_of(w, 1001, "ada");
	clockwork = start(w);
	note(w, STARTED, 0);
	for (int i = 0; i < STEPS; i++) {
		int lot = (int)(power_dice(&notes.dice) % 40);

		if (lot < 30)
			people_turn(w, &ada);
		else if (lot < 33)
			live_on(w, &clockwork, 8 * ZONE_HOUR);
		else if (lot < 35 && notes.people)
			erase_one(w, &ada, &clockwork);
		else if (lot < 37)
			must(engine_checkpoint(store_engine(w->store), false, &problem), &problem);
		else if (lot < 38)
			copy_all(w);
		else if (lot < 39) {
			stop(&clockwork);
			reopen(w);
			clockwork = start(w);
		}
		arena_free(&w->arena);
	}
	stop(&clockwork);
}

/* ---- a disk after the cut ---- */

static bool holds(const char *directory, const char *file, const char *text)
{
	char name[256];
	unsigned char *data;
	struct stat st;
	bool found;
	int fd;

	snprintf(name, sizeof name, "%s/%s", directory, file);
	fd = open(name, O_RDONLY);
	if (fd < 0)
		return false;
	assert_int_equal(fstat(fd, &st), 0);
	data = malloc((size_t)st.st_size + 1);
	assert_non_null(data);
	assert_int_equal(read(fd, data, (size_t)st.st_size), st.st_size);
	close(fd);
	found = memmem(data, (size_t)st.st_size, text, strlen(text));
	free(data);
	return found;
}

static bool planted(const char *directory, int who)
{
	char text[40];

	snprintf(text, sizeof text, "Planted%dx", who);
	return holds(directory, "mentorship.db", text) || holds(directory, "mentorship.db-wal", text);
}

static struct world *image_open(struct world *from, const char *place)
{
	struct world *w = calloc(1, sizeof *w);

	snprintf(w->directory, sizeof w->directory, "%s", place);
	snprintf(w->backups, sizeof w->backups, "%s/backups", place);
	snprintf(w->credentials, sizeof w->credentials, "%s", from->credentials);
	w->settings = from->settings;
	open_store(w);
	return w;
}

static void image_close(struct world *w)
{
	store_close(w->store);
	arena_free(&w->arena);
	free(w);
}

static void person_is(struct world *w, const struct fact *fact)
{
	struct problem problem = { 0 };
	struct stmt *q;
	const char *expected;
	int64_t version;

	must(engine_prepare(store_engine(w->store),
		     "SELECT \"version\", \"given_name\", \"family_name\", \"state\" FROM \"person\" WHERE \"id\" = ?1", true, &q,
		     &problem),
		&problem);
	engine_bind_int(q, 1, notes.ids[fact->who]);
	assert_int_equal(engine_step(store_engine(w->store), q, &problem), 1);
	version = engine_int(q, 0);
	assert_true(version >= fact->version);
	if (strcmp(engine_text(q, 3), "erased")) {
		expected = word(fact->who, version);
		assert_string_equal(engine_text(q, 1), expected);
		assert_string_equal(engine_text(q, 2), expected);
	} else
		assert_true(notes.erased[fact->who]);
	engine_reset(q);
}

/* What an image must fulfil whatever was acknowledged. */
static void image_is_whole(struct world *w)
{
	struct problem problem = { 0 };
	struct audit_report report = { 0 };
	int64_t cursor = 0;
	int r;

	while ((r = engine_quick_check(store_engine(w->store), &problem)) > 0)
		;
	must(r, &problem);
	while ((r = store_verify_audit(w->store, &cursor, &report, &problem)) > 0)
		;
	must(r, &problem);
	assert_int_equal(report.first_bad, 0);
	/* each row has its record, each record its row */
	assert_int_equal(
		number(w,
			"SELECT count(*) FROM \"person\" p WHERE \"version\" <> (SELECT count(*) FROM \"audit_record\" WHERE \"entity\" = 'person' "
			"AND \"record\" = p.\"id\" AND \"verb\" <> 'Disclose') AND \"state\" = 'active'"),
		0);
	assert_int_equal(number(w, "SELECT count(*) FROM \"person\""),
		number(w, "SELECT count(*) FROM \"audit_record\" WHERE \"entity\" = 'person' AND \"verb\" = 'Create'"));
	assert_int_equal(
		number(w, "SELECT count(*) FROM \"person\" WHERE \"given_name\" <> \"family_name\" AND \"given_name\" <> 'Ada'"), 0);
	/* each day has its checkpoint: none left out, none twice */
	assert_int_equal(
		number(w, "SELECT count(DISTINCT \"nominal\") - count(*) FROM \"job\" WHERE \"kind\" = 'checkpoint' AND \"subject\" = 0"),
		0);
	assert_int_equal(
		number(w,
			"SELECT coalesce(julianday(max(\"nominal\")) - julianday(min(\"nominal\")) + 1 - count(*), 0) FROM \"job\" "
			"WHERE \"kind\" = 'checkpoint' AND \"subject\" = 0"),
		0);
}

/* The last calls, sent again under their keys, are answered as they were and do nothing. */
static void keys_answer(struct world *w, struct caller *ada, const struct fact *fact)
{
	int64_t version = notes.versions[fact->who], before;
	struct problem problem = { 0 };

	(void)version;
	if (notes.erased[fact->who] || store_now(w->store) - fact->clock > 80000)
		return;
	before = number(w, "SELECT count(*) FROM \"audit_record\"");
	must(store_turn_begin(w->store, &problem), &problem);
	if (fact->version == 1)
		demand(w, ada, 0, "Create", ARGS(T("given_name", "Other"), T("family_name", "Other")), fact->text);
	else
		demand(w, ada, notes.ids[fact->who], "Update", ARGS(T("given_name", "Other"), T("family_name", "Other")), fact->text);
	must(store_turn_commit(w->store, &problem), &problem);
	assert_int_equal(w->call.object, notes.ids[fact->who]);
	assert_int_equal(w->call.object_version, fact->version);
	assert_int_equal(number(w, "SELECT count(*) FROM \"audit_record\""), before);
}

static void sealed_opens(struct world *w, struct caller *ada, const struct fact *fact)
{
	static const struct arg fields = { "fields", { .type = V_WORDS, .text = "birth_date" } };

	must(perform_with(w, ada, &person_entity, notes.ids[fact->who], "Disclose", &fields, 1,
		     (struct options){ .version = NONE, .for_person = NONE, .reason = "a test" }),
		&w->call.problem);
	assert_string_equal(w->call.results[0].value.text, "1990-02-03");
}

static void erased_are_gone(struct world *w)
{
	char sql[200];

	for (int i = 0; i < notes.people; i++) {
		snprintf(sql, sizeof sql,
			"SELECT count(*) FROM \"job\" WHERE \"kind\" = 'erasure' AND \"state\" = 'done' AND \"subject\" = %" PRId64,
			notes.ids[i]);
		if (notes.erased[i] && number(w, sql))
			assert_false(planted(w->directory, i));
	}
}

static void facts_hold(struct world *w, size_t at)
{
	struct problem problem = { 0 };
	struct audit_head head;
	struct caller ada;
	bool appointed = false;
	int asked = 0;

	for (int i = 0; i < notes.count && notes.facts[i].at <= at; i++) {
		const struct fact *fact = &notes.facts[i];

		appointed = true;
		if (fact->kind == MADE)
			person_is(w, fact);
		else if (fact->kind == COPIED && access(w->backups, F_OK) == 0)
			must(backup_head(w->backups, fact->text, &head, &problem), &problem);
		else if (fact->kind == STARTED)
			assert_int_equal(
				number(w, "SELECT count(*) FROM \"job\" WHERE \"state\" IN ('waiting', 'running') AND \"subject\" = 0"), 6);
	}
	if (!appointed)
		return;
	ada = caller_of(w, 1001, "ada");
	for (int i = notes.count - 1; i >= 0 && asked < 6; i--)
		if (notes.facts[i].at <= at && notes.facts[i].kind == MADE) {
			keys_answer(w, &ada, &notes.facts[i]);
			if (!asked++ && !notes.erased[notes.facts[i].who])
				sealed_opens(w, &ada, &notes.facts[i]);
		}
}

/* Nothing planted, no key, and the line that a restore will need. */
static void is_gone(const char *place, int who)
{
	char line[60];

	assert_false(planted(place, who));
	snprintf(line, sizeof line, "person %" PRId64 " ", notes.ids[who]);
	assert_true(holds(place, "erasures", line));
}

static void keys_are_gone(const char *place, size_t at)
{
	struct problem problem = { 0 };
	struct engine *engine;
	struct stmt *q;

	must(engine_open_reader(place, "keys.db", &engine, &problem), &problem);
	must(engine_prepare(engine, "SELECT count(*) FROM \"key\" WHERE \"person\" = ?1", true, &q, &problem), &problem);
	for (int i = 0; i < notes.count && notes.facts[i].at <= at; i++) {
		if (notes.facts[i].kind != GONE)
			continue;
		engine_bind_int(q, 1, notes.ids[notes.facts[i].who]);
		assert_int_equal(engine_step(engine, q, &problem), 1);
		assert_int_equal(engine_int(q, 0), 0);
		engine_reset(q);
	}
	engine_close(engine);
}

static void image_make(const struct power_disk *disk, enum power_luck luck, uint64_t *dice, const char *place)
{
	char command[400];

	snprintf(command, sizeof command, "rm -rf %s && mkdir -m 0700 %s %s/backups", place, place, place);
	assert_int_equal(system(command), 0);
	power_image(disk, luck, dice, place);
}

static void image_of_the_weeks(struct world *w, const struct power_disk *disk, enum power_luck luck, uint64_t *dice, const char *place)
{
	struct world *image;

	image_make(disk, luck, dice, place);
	for (int i = 0; i < notes.count && notes.facts[i].at <= disk->done; i++)
		if (notes.facts[i].kind == GONE)
			is_gone(place, notes.facts[i].who);
	image = image_open(w, place);
	image_is_whole(image);
	erased_are_gone(image);
	facts_hold(image, disk->done);
	image_close(image);
	keys_are_gone(place, disk->done);
}

/* The old database or the backup; held; and whoever was erased after the backup is erased in it. */
static void image_of_a_restore(struct world *w, const struct power_disk *disk, enum power_luck luck, uint64_t *dice, const char *place)
{
	struct world *image;
	char sql[200];
	int64_t people;

	image_make(disk, luck, dice, place);
	image = image_open(w, place);
	image_is_whole(image);
	people = number(image, "SELECT count(*) FROM \"person\"");
	assert_true(people == notes.people_restored || (people == notes.people_before && disk->done < notes.restored));
	assert_true(store_held(image->store));
	for (int i = 0; i < notes.count; i++) {
		if (notes.facts[i].kind != GONE)
			continue;
		snprintf(sql, sizeof sql, "SELECT count(*) FROM \"person\" WHERE \"id\" = %" PRId64 " AND \"state\" <> 'erased'",
			notes.ids[notes.facts[i].who]);
		assert_int_equal(number(image, sql), 0);
	}
	image_close(image);
	keys_are_gone(place, disk->done);
}

/* ---- the run ---- */

static int setting_from(const char *name, int usual)
{
	const char *text = getenv(name);

	return text ? atoi(text) : usual;
}

static int compare_points(const void *a, const void *b)
{
	size_t left = *(const size_t *)a, right = *(const size_t *)b;

	return left < right ? -1 : left > right;
}

static size_t *points(int count, size_t from, size_t to)
{
	size_t *list = calloc((size_t)count, sizeof *list);

	for (int i = 0; i < count; i++)
		list[i] = from + power_dice(&notes.dice) % (to - from + 1);
	qsort(list, (size_t)count, sizeof *list, compare_points);
	return list;
}

static void place_make(char *place, size_t size)
{
	snprintf(place, size, "/dev/shm/mentorship-power-XXXXXX");
	if (!mkdtemp(place)) {
		snprintf(place, size, "/tmp/mentorship-power-XXXXXX");
		assert_non_null(mkdtemp(place));
	}
}

static int set_up_recorded(void **state)
{
	char command[200];
	struct world *w;

	memset(&notes, 0, sizeof notes);
	notes.dice = (uint64_t)setting_from("MENTORSHIP_POWER_SEED", 20261124) * 2654435761u + 1;
	set_up(state);
	w = *state;
	w->settings->people.minors = 0;
	store_close(w->store); /* once more, from an empty directory, under observation */
	snprintf(command, sizeof command, "cd %s && find . -maxdepth 1 -type f -delete && mkdir -m 0700 -p backups", w->directory);
	assert_int_equal(system(command), 0);
	power_begin(w->directory);
	open_store(w);
	return 0;
}

static int tear_down_recorded(void **state)
{
	power_end();
	power_forget();
	return tear_down(state);
}

static void cuts(struct world *w, int count, size_t from, size_t to,
	void (*look)(struct world *, const struct power_disk *, enum power_luck, uint64_t *, const char *))
{
	struct power_disk *disk = calloc(1, sizeof *disk);
	size_t *list = points(count, from, to);
	char place[64], command[128];

	place_make(place, sizeof place);
	for (int i = 0; i < count; i++) {
		uint64_t dice = (notes.dice + (uint64_t)i) * 0x9E3779B97F4A7C15u | 1;
		enum power_luck luck = (enum power_luck)(power_dice(&dice) % POWER_LUCKS);

		power_move(disk, list[i]);
		if (getenv("MENTORSHIP_POWER_SHOW"))
			print_message("cut %d behind entry %zu, luck %d\n", i, list[i], (int)luck);
		look(w, disk, luck, &dice, place);
	}
	snprintf(command, sizeof command, "rm -rf %s", place);
	assert_int_equal(system(command), 0);
	free(list);
	power_disk_free(disk);
}

static void weeks_with_power_cuts(void **state)
{
	int images = setting_from("MENTORSHIP_POWER_IMAGES", IMAGES);
	struct world *w = *state;

	some_weeks(w);
	store_close(w->store);
	w->store = NULL;
	power_end();
	cuts(w, images, 0, power.count, image_of_the_weeks);
	print_message("%d power cuts in %zu writes and syncs: %d facts, 0 lost, 0 damaged\n", images, power.count, notes.count);
	assert_true(notes.count > STEPS);
}

static void a_restore_with_power_cuts(void **state)
{
	int images = setting_from("MENTORSHIP_POWER_IMAGES", IMAGES) / 4;
	struct world *w = *state;
	struct store_paths paths = { w->directory, w->backups, w->credentials };
	struct problem problem = { 0 };
	const char *name = NULL;

	some_weeks(w);
	notes.people_before = number(w, "SELECT count(*) FROM \"person\"");
	store_close(w->store);
	w->store = NULL;
	notes.weeks = power.count;
	for (int i = 0; i < notes.count && !name; i++)
		if (notes.facts[i].kind == COPIED)
			name = notes.facts[i].text;
	assert_non_null(name);
	must(store_restore(&paths, name, &problem), &problem);
	notes.restored = power.count;
	open_store(w);
	notes.people_restored = number(w, "SELECT count(*) FROM \"person\"");
	store_close(w->store);
	w->store = NULL;
	power_end();
	assert_true(notes.people_restored < notes.people_before);
	cuts(w, images, notes.weeks, power.count, image_of_a_restore);
	print_message(
		"%d power cuts in %zu writes and syncs of a restore: the old database or the backup\n", images, power.count - notes.weeks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(weeks_with_power_cuts, set_up_recorded, tear_down_recorded),
		cmocka_unit_test_setup_teardown(a_restore_with_power_cuts, set_up_recorded, tear_down_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
