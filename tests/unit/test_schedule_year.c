/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One year of schedules of 100 pairs in six zones, with kills: nothing missed, nothing double.
 *
 * The world is made once. Then a child, this program started anew, lives through the year on the simulated clock: it advances from
 * noon to noon and lets people answer their check-ins; it is killed with SIGKILL at moments of the year drawn by lot, at
 * any instruction, and started again, until the year is over. What stands in the database in the end is compared, line by
 * line, with what year_model.h works out without a line of the daemon's code.
 *
 * MENTORSHIP_YEAR_KILLS and MENTORSHIP_YEAR_SEED say how often and which; the long run is the campaign's.
 */
#include "clockwork.h"
#include "year_model.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define START 1767225600 /* 2026-01-01, as open_store has it */
#define END "2027-02-01T12:00:00Z"
#define HOUSE_ZONE "Europe/Berlin"

enum {
	PAIRS = 100,
	MENTORS = 10,
	KILLS = 60
};

static const char *const zones[] = { "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia",
	"America/St_Johns" };

/* ---- a world that several processes open, one after the other ---- */

static struct world *world_at(const char *directory)
{
	struct world *w = calloc(1, sizeof *w);
	static char zone[] = HOUSE_ZONE;

	assert_int_equal(shapes_check(complain), 0);
	snprintf(w->directory, sizeof w->directory, "%s", directory);
	snprintf(w->backups, sizeof w->backups, "%s/backups", w->directory);
	snprintf(w->credentials, sizeof w->credentials, "%s/credentials", w->directory);
	w->settings = settings_defaults();
	w->settings->identity.uid_min = 1000;
	w->settings->identity.uid_max = 65000;
	w->settings->people.minors = 0;
	w->settings->institution.zone = zone;
	w->settings->retention.job_days = w->settings->retention.message_days = 20000; /* they are what is compared */
	open_store(w);
	return w;
}

static void world_free(struct world *w)
{
	store_close(w->store);
	settings_free(w->settings);
	arena_free(&w->arena);
	free(w);
}

/* In memory where that can be: a killed process leaves no less behind than it would on a disk. */
static void place_make(char *place, size_t size)
{
	char path[128];
	int fd;

	snprintf(place, size, "/dev/shm/mentorship-year-XXXXXX");
	if (!mkdtemp(place)) {
		snprintf(place, size, "/tmp/mentorship-year-XXXXXX");
		assert_non_null(mkdtemp(place));
	}
	snprintf(path, sizeof path, "%s/credentials", place);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof path, "%s/credentials/sealing-key", place);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", 64), 64);
	close(fd);
}

/* ---- the child: lives through the year ---- */

static void answer_what_is_time(struct world *w, struct caller *ada)
{
	struct problem problem = { 0 };
	struct {
		int64_t id, person;
	} list[PAIRS];
	struct stmt *q;
	int count = 0;

	must(engine_prepare(store_engine(w->store),
		     "SELECT \"id\", \"person\", \"match\", \"due\" FROM \"check_in\" WHERE \"state\" IN ('due', 'overdue', 'escalated')",
		     false, &q, &problem),
		&problem);
	while (engine_step(store_engine(w->store), q, &problem) > 0) {
		if (count == PAIRS || answered_when(engine_int(q, 2), engine_int(q, 3)) > store_now(w->store))
			continue;
		list[count].id = engine_int(q, 0);
		list[count++].person = engine_int(q, 1);
	}
	engine_reset(q);
	for (int i = 0; i < count; i++)
		must(perform_with(w, ada, &check_in_entity, list[i].id, "Answer", ARGS(N("rating", 3)),
			     (struct options){ .version = NONE, .for_person = list[i].person }),
			&w->call.problem);
}

static int live(const char *place, const char *progress_file)
{
	struct world *w;
	struct clockwork clockwork;
	struct problem problem = { 0 };
	struct caller ada;
	volatile int64_t *progress;
	int64_t jobs, end = instant_of(END);
	int fd = open(progress_file, O_RDWR), r;

	progress = mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	w = world_at(place);
	ada = caller_of(w, 1001, "ada");
	clockwork = start(w);
	for (int64_t noon; store_now(w->store) < end;) {
		noon = (store_now(w->store) + 43200) / 86400 * 86400 + 43200;
		if (store_now(w->store) % 86400 == 43200)
			noon = store_now(w->store); /* killed at noon: not all may have answered */
		do {
			while ((r = scheduler_advance(clockwork.scheduler, noon, &jobs, &problem)) > 0)
				*progress = store_now(w->store);
			must(r, &problem);
			answer_what_is_time(w, &ada);
			arena_free(&w->arena);
			*progress = store_now(w->store);
			noon += 86400;
		} while (noon <= end);
	}
	stop(&clockwork);
	world_free(w);
	return 0;
}

/* ---- the parent: kills ---- */

static uint64_t dice_state;

static int64_t dice(int64_t sides)
{
	dice_state ^= dice_state << 13;
	dice_state ^= dice_state >> 7;
	dice_state ^= dice_state << 17;
	return (int64_t)(dice_state % (uint64_t)sides);
}

static pid_t child_start(const char *place, const char *progress_file)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl("/proc/self/exe", "year", "--live", place, progress_file, (char *)NULL);
		_exit(9);
	}
	return pid;
}

/* True if it had come to the end of the year before. */
static bool child_kill(pid_t pid, volatile int64_t *progress, int64_t target, int64_t spin)
{
	int status;

	while (*progress < target) {
		usleep(500);
		if (waitpid(pid, &status, WNOHANG) == pid) {
			assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
			return true;
		}
	}
	usleep((useconds_t)spin);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return false;
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return true;
}

static int kill_through_the_year(const char *place, int kills)
{
	int64_t end = instant_of(END) - 10 * DAY;
	char progress_file[128];
	volatile int64_t *progress;
	int fd, done = 0;

	snprintf(progress_file, sizeof progress_file, "%s/progress", place);
	fd = open(progress_file, O_RDWR | O_CREAT, 0600);
	assert_int_equal(ftruncate(fd, sizeof *progress), 0);
	progress = mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	*progress = START;
	for (bool over = false; !over;) {
		/* one in eight dies while it starts, the others some way on */
		int64_t step = done < kills && *progress < end ? (end - *progress) / (kills - done) : 1;
		int64_t target = done >= kills ? INT64_MAX : dice(8) ? *progress + dice(2 * step) : 0;
		pid_t pid = child_start(place, progress_file);

		over = child_kill(pid, progress, target < end || done >= kills ? target : end, dice(target ? 3000 : 60000));
		done += !over;
	}
	munmap((void *)(uintptr_t)progress, sizeof *progress);
	close(fd);
	return done;
}

/* ---- the world and what it should come to ---- */

static void policy_make(struct world *w, struct cast *c, struct policy *p, const char *const closed[][2])
{
	const char *zone = HOUSE_ZONE;

	must(perform(w, &c->ada, &program_entity, p->id, "Update",
		     ARGS(T("zone", zone), N("check_in_weeks", p->weeks), N("check_in_first_weeks", p->first_weeks),
			     N("check_in_hour", p->hour), T("check_in_weekday", p->weekday == 6 ? "sunday" : "wednesday"),
			     N("reminder_days", p->reminder), N("overdue_days", p->overdue), N("escalation_days", p->escalation),
			     N("mentor_places", 50))),
		&w->call.problem);
	must(perform(w, &c->ada, &program_entity, p->id, "Open", NULL, 0), &w->call.problem);
	for (int i = 0; closed[i][0]; i++) {
		create(w, &c->ada, &closed_days_entity,
			ARGS(P("program", path(w, &program_entity, p->id)), T("from", closed[i][0]), T("to", closed[i][1]),
				T("name", "Closed")));
		p->closed[i].from = day_of(closed[i][0]);
		p->closed[i].to = day_of(closed[i][1]);
	}
}

static void pairs_make(struct world *w, struct cast *c, const struct policy *policies, struct pairing *pairs)
{
	int64_t mentors[MENTORS];

	for (int i = 0; i < MENTORS; i++) {
		c->program = policies[i % 2].id;
		mentors[i] = participant(w, c, i < 2 ? c->ben_id : person(w, &c->ada, "Mentor", "Someone"), "mentor", 10);
	}
	for (int i = 0; i < PAIRS; i++) {
		struct pairing *pair = &pairs[i];
		int64_t mentor_person;
		char sql[200];

		pair->policy = &policies[i % 2];
		pair->zone = zones[i / 2 % 6];
		c->program = pair->policy->id;
		snprintf(sql, sizeof sql, "SELECT \"person\" FROM \"participant\" WHERE \"id\" = %" PRId64, mentors[i % MENTORS]);
		mentor_person = number(w, sql);
		c->ben_id = mentor_person;
		pair->match = pair_make(w, c, mentors[i % MENTORS], pair->zone, "Mentee", &pair->mentee);
		pair->started = START;
		arena_free(&w->arena);
	}
}

static void expect(struct lines *lines, const struct policy *policies, const struct pairing *pairs, int64_t ada)
{
	int64_t end = instant_of(END);

	for (int i = 0; i < PAIRS; i++)
		check_ins_of(lines, &pairs[i], ada);
	for (int i = 0; i < 2; i++)
		program_of(lines, &policies[i], HOUSE_ZONE, ada);
	standing_kind(lines, "links expire", 4800, false, HOUSE_ZONE, START, end);
	standing_kind(lines, "checkpoint", 3600, false, HOUSE_ZONE, START, end);
	standing_kind(lines, "backup", 9000, false, HOUSE_ZONE, START, end); /* 02:30: in the gap of March, twice in October */
	standing_kind(lines, "coming of age", 11400, false, HOUSE_ZONE, START, end);
	standing_kind(lines, "retention", 12600, false, HOUSE_ZONE, START, end);
	standing_kind(lines, "database check", 14400, true, HOUSE_ZONE, START, end);
	zone_set("UTC");
}

static const char *const questions[] = {
	"SELECT 'check-in ' || \"match\" || ' ' || \"due\" || ' ' || \"state\" || ' ' || coalesce(\"answered_at\", 0) FROM \"check_in\"",
	"SELECT 'message ' || \"template_name\" || ' ' || \"person\" || ' ' || \"match\" || ' ' || (SELECT \"due\" FROM \"check_in\" c WHERE c.\"id\" = \"about_id\") "
	"|| ' ' || \"queued_at\" || ' ' || \"state\" FROM \"message\" WHERE \"about\" = 'check_in'",
	"SELECT 'message ' || \"template_name\" || ' ' || \"person\" || ' ' || \"queued_at\" FROM \"message\" WHERE \"about\" = 'program' AND \"template_name\" <> 'held-batch'",
	"SELECT 'audit ' || \"verb\" || ' ' || \"match\" || ' ' || (SELECT \"due\" FROM \"check_in\" c WHERE c.\"id\" = \"record\") || ' ' || \"time\" FROM "
	"\"audit_record\" WHERE \"entity\" = 'check_in' AND \"verb\" IN ('Lapse', 'Escalate', 'Answer')",
	"SELECT 'program ' || \"record\" || ' ' || \"verb\" || ' ' || \"time\" FROM \"audit_record\" WHERE \"entity\" = 'program' AND \"way\" = 'job'",
	"SELECT 'job ' || \"kind\" || ' ' || (SELECT \"match\" FROM \"match_member\" mm WHERE mm.\"id\" = \"subject\") || ' ' || \"due\" || ' ' || \"due\" || ' ' || "
	"\"state\" || ' ' || coalesce(\"done_at\", 0) FROM \"job\" WHERE \"kind\" = 'check-in due'",
	"SELECT 'job ' || \"kind\" || ' ' || (SELECT \"match\" || ' ' || c.\"due\" FROM \"check_in\" c WHERE c.\"id\" = \"subject\") || ' ' || \"due\" || ' ' || \"state\" "
	"|| ' ' || coalesce(\"done_at\", 0) FROM \"job\" WHERE \"kind\" IN ('check-in reminder', 'check-in overdue', 'check-in escalation')",
	"SELECT 'standing ' || \"kind\" || ' ' || \"nominal\" || ' ' || \"due\" || ' ' || \"state\" || ' ' || coalesce(\"done_at\", 0) FROM \"job\" WHERE \"subject\" = 0 "
	"AND \"state\" <> 'waiting'",
};

static void find(struct lines *lines, struct world *w)
{
	struct problem problem = { 0 };
	struct stmt *q;

	for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
		must(engine_prepare(store_engine(w->store), questions[i], true, &q, &problem), &problem);
		while (engine_step(store_engine(w->store), q, &problem) > 0)
			line_add(lines, engine_text(q, 0) ? engine_text(q, 0) : "nothing");
	}
}

static void audit_is_whole(struct world *w)
{
	struct problem problem = { 0 };
	struct audit_report report = { 0 };
	int64_t cursor = 0;
	int r;

	while ((r = store_verify_audit(w->store, &cursor, &report, &problem)) > 0)
		;
	must(r, &problem);
	assert_int_equal(report.first_bad, 0);
}

static int setting_from(const char *name, int usual)
{
	const char *text = getenv(name);

	return text ? atoi(text) : usual;
}

static void a_year_with_kills(void **state)
{
	static const char *const easter[][2] = { { "2026-03-30", "2026-04-08" }, { "2026-07-06", "2026-08-16" },
		{ "2026-12-21", "2027-01-03" }, { NULL, NULL } };
	static const char *const others[][2] = { { "2026-02-15", "2026-02-22" }, { "2026-10-04", "2026-10-04" }, { NULL, NULL } };
	struct policy policies[2] = {
		{ .weeks = 2, .first_weeks = 1, .hour = 9, .weekday = 2, .reminder = 2, .overdue = 4, .escalation = 7 },
		{ .weeks = 3, .first_weeks = 2, .hour = 2, .weekday = 6, .reminder = 1, .overdue = 3, .escalation = 6 }
	};
	struct pairing pairs[PAIRS];
	struct lines expected = { 0 }, found = { 0 };
	int kills = setting_from("MENTORSHIP_YEAR_KILLS", KILLS), killed, missed, more;
	struct world *w;
	struct cast c;
	char place[64], command[128];

	(void)state;
	dice_state = (uint64_t)setting_from("MENTORSHIP_YEAR_SEED", 20260329) * 2654435761u + 1;
	place_make(place, sizeof place);
	w = world_at(place);
	c = cast(w);
	policies[0].id = c.program;
	policies[1].id = create(w, &c.ada, &program_entity,
		ARGS(T("key", "by-night"), T("title", "By night"), T("starter", "first-year-university"), T("starts", "2026-01-10"),
			T("ends", "2026-12-20")));
	for (int i = 0; i < 2; i++) {
		policies[i].starts = day_of("2026-01-10");
		policies[i].ends = day_of("2026-12-20");
		policy_make(w, &c, &policies[i], i ? others : easter);
	}
	pairs_make(w, &c, policies, pairs);
	expect(&expected, policies, pairs, c.ada_id);
	world_free(w);

	killed = kill_through_the_year(place, kills);

	w = world_at(place);
	find(&found, w);
	audit_is_whole(w);
	assert_int_equal(number(w, "SELECT count(*) FROM \"job\" WHERE \"state\" IN ('failed', 'running', 'skipped')"), 0);
	assert_int_equal(number(w, "SELECT count(*) FROM \"job\" WHERE \"state\" = 'waiting'"), 6);
	world_free(w);
	lines_compare(&expected, &found, &missed, &more);
	print_message("%zu events of a year, %d kills: %d missed, %d double\n", expected.count, killed, missed, more);
	assert_true(killed >= kills);
	assert_true(expected.count > 20000);
	assert_int_equal(missed, 0);
	assert_int_equal(more, 0);
	lines_free(&expected);
	lines_free(&found);
	snprintf(command, sizeof command, "rm -rf %s", place);
	assert_int_equal(system(command), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_year_with_kills) };

	if (argc == 4 && !strcmp(argv[1], "--live"))
		return live(argv[2], argv[3]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
