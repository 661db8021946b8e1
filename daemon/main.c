/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mentorshipd: options, start, stop. Only wiring.
 *
 * Start: settings, store, loop, signals, workers, schedule, the name on the bus last, then READY=1. Whoever commits a turn calls
 * `committed`, so that signals, work, schedule and unfinished erasures are looked after in one place whatever the way in was.
 * A failed sync ends the process at once: what SQLite still holds in memory may not be on the disk, and only a new start knows.
 *
 * Exit status: 0, 78 for a configuration that is not valid, 2 for wrong options, else 1.
 */
#include <dbus/dbus.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/date.h"
#include "core/log.h"
#include "core/service.h"
#include "daemon.h"

enum {
	STATUS_FAILED = 1,
	STATUS_USAGE = 2
};
enum {
	WAL_PAGES = 4000,
	HEAD_SECONDS = 60
};

/* ---- what happened, told ---- */

static void complain(const char *entity, const char *what)
{
	fprintf(stderr, "mentorshipd: table of %s: %s\n", entity, what);
}

static void say(const struct problem *problem)
{
	fprintf(stderr, "mentorshipd: %s%s%s\n", problem->field, *problem->field ? ": " : "", problem->text);
}

static enum event_kind event_of(int code)
{
	switch (code) {
	case E_FULL: return EVENT_STORE_FULL;
	case E_READONLY: return EVENT_STORE_READ_ONLY;
	case E_BUSY: return EVENT_DIRECTORY_IN_USE;
	default: return EVENT_STORE_FAILED;
	}
}

static int64_t count(struct daemon *daemon, const char *sql)
{
	struct problem problem;
	struct stmt *stmt;
	int64_t number = 0;

	if (engine_prepare(store_engine(daemon->store), sql, true, &stmt, &problem))
		return 0;
	if (engine_step(store_engine(daemon->store), stmt, &problem) > 0)
		number = engine_int(stmt, 0);
	engine_reset(stmt);
	return number;
}

static void status_tell(struct daemon *daemon, bool ready)
{
	int64_t next = scheduler_next(daemon->scheduler);
	struct service_counts counts = {
		.programs = count(daemon, "SELECT count(*) FROM \"program\" WHERE \"state\" <> 'archived'"),
		.jobs = count(daemon, "SELECT count(*) FROM (SELECT 1 FROM \"job\" WHERE \"state\" = 'waiting' LIMIT 100000)"),
		.next_job = next == NONE ? 0 : next,
	};
	enum service_phase phase = store_held(daemon->store) ? SERVICE_HELD : SERVICE_SERVING;

	if (ready)
		service_ready(phase, &counts);
	else
		service_status(phase, &counts);
}

/* The head of the audit chain goes to the journal, where nobody who can write the database can write. */
static void head_tell(struct daemon *daemon)
{
	unsigned char hash[32];
	char hex[65];
	int64_t seq;

	store_audit_head(daemon->store, &seq, hex);
	if (seq == daemon->head_seq || sodium_hex2bin(hash, sizeof hash, hex, 64, NULL, NULL, NULL))
		return;
	log_event(EVENT_AUDIT_HEAD, &(struct log_facts){ .sequence = seq, .hash = hash });
	daemon->head_seq = seq;
}

static void on_head(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	head_tell(data);
}

/* ---- after every commit ---- */

static void fatal(void *data, const struct problem *problem)
{
	struct daemon *daemon = data;

	(void)problem; /* its text may hold values; the event says which kind it was */
	log_event(EVENT_SYNC_FAILED, NULL);
	service_failed(EIO);
	daemon->status = STATUS_FAILED;
	event_base_loopbreak(daemon->base);
}

static void committed(void *data)
{
	struct daemon *daemon = data;
	struct problem problem = { 0 };
	const struct work *work;
	size_t works = store_work(daemon->store, &work);
	char hex[65];
	int64_t seq;

	bus_publish(daemon->bus);
	for (size_t i = 0; i < works; i++)
		workers_begin(daemon->workers, &work[i]);
	scheduler_look(daemon->scheduler);
	if (store_settle(daemon->store, &problem) == E_STORE ||
		(engine_wal_pages(store_engine(daemon->store)) > WAL_PAGES &&
			engine_checkpoint(store_engine(daemon->store), false, &problem) == E_STORE)) {
		fatal(daemon, &problem);
		return;
	}
	store_audit_head(daemon->store, &seq, hex);
	if (seq != daemon->head_seq && !event_pending(daemon->head, EV_TIMEOUT, NULL))
		event_add(daemon->head, &(struct timeval){ HEAD_SECONDS, 0 });
}

static void lost(void *data, const struct problem *problem)
{
	struct daemon *daemon = data;

	log_event(event_of(problem->code), &(struct log_facts){ .code = problem->code });
	if (store_sync_failed(daemon->store))
		fatal(daemon, problem);
}

/* ---- what the bus asks of the others ---- */

struct previewing {
	int (*seen)(void *, const struct bus_preview *);
	void *data;
};

static int preview_one(void *data, const struct scheduled *item)
{
	struct previewing *previewing = data;
	struct bus_preview one = { item->kind, item->entity, item->id, item->due, item->nominal, item->zone };

	return previewing->seen(previewing->data, &one);
}

static int preview(
	void *data, struct call *call, int64_t until, uint32_t limit, int (*seen)(void *, const struct bus_preview *), void *seen_data)
{
	struct daemon *daemon = data;
	struct previewing previewing = { seen, seen_data };

	return scheduler_preview(daemon->scheduler, until, limit, preview_one, &previewing, &call->problem);
}

static int advance(void *data, int64_t until, int64_t *ret_jobs, struct problem *problem)
{
	return scheduler_advance(((struct daemon *)data)->scheduler, until, ret_jobs, problem);
}

static void resumed(void *data)
{
	struct daemon *daemon = data;

	log_event(EVENT_STORE_RESUMED, NULL);
	scheduler_resumed(daemon->scheduler);
	status_tell(daemon, false);
}

static void log_level_take(const struct settings *settings)
{
	log_level_set((int)settings->log.level + 3);
}

static int reload(void *data, struct problem *problem)
{
	struct daemon *daemon = data;
	struct settings_report report = { 0 };
	struct settings *settings, *before = daemon->settings;
	int result = settings_reload(&daemon->line.config, before, &settings, &report);

	if (report.warnings && !result)
		log_event(EVENT_CONFIG_WARNING, &(struct log_facts){ .count = report.warnings });
	if (result) {
		*problem = report.first;
		log_event(EVENT_CONFIG_REFUSED, &(struct log_facts){ .count = report.errors });
		settings_report_free(&report);
		return result;
	}
	settings_report_free(&report);
	daemon->settings = settings;
	store_settings(daemon->store, settings);
	workers_settings(daemon->workers, settings);
	scheduler_settings(daemon->scheduler, settings);
	bus_settings(daemon->bus, settings);
	log_level_take(settings);
	settings_free(before);
	log_event(EVENT_CONFIG_RELOADED, NULL);
	return 0;
}

static int import(
	void *data, struct call *call, int fd, const char *starter, const struct arg *options, size_t options_count, int64_t *ret_task)
{
	return workers_import(((struct daemon *)data)->workers, call, fd, starter, options, options_count, ret_task);
}

static void ready(void *data)
{
	struct daemon *daemon = data;

	if (daemon->serving)
		return;
	daemon->serving = true;
	log_event(EVENT_STARTED, NULL);
	if (store_held(daemon->store))
		log_event(EVENT_STORE_HELD, NULL);
	if (store_simulated(daemon->store))
		log_event(EVENT_CLOCK_SIMULATED, NULL);
	status_tell(daemon, true);
}

static void bus_failed(void *data, const char *why)
{
	struct daemon *daemon = data;

	fprintf(stderr, "mentorshipd: %s\n", why);
	service_bus_failed("org.freedesktop.DBus.Error.Failed");
	daemon->status = STATUS_FAILED;
	event_base_loopbreak(daemon->base);
}

/* ---- signals and the watchdog ---- */

static void on_end(evutil_socket_t number, short what, void *data)
{
	struct daemon *daemon = data;

	(void)number;
	(void)what;
	event_base_loopbreak(daemon->base);
}

static void on_hang_up(evutil_socket_t number, short what, void *data)
{
	struct problem problem = { 0 };

	(void)number;
	(void)what;
	reload(data, &problem); /* a refusal is in the log, and the old settings stay */
}

static void on_watchdog(evutil_socket_t fd, short what, void *data)
{
	struct daemon *daemon = data;

	(void)fd;
	(void)what;
	service_watchdog();
	if (daemon->serving)
		status_tell(daemon, false);
}

static struct event *signal_new(struct daemon *daemon, int number, event_callback_fn run)
{
	struct event *event = evsignal_new(daemon->base, number, run, daemon);

	if (!event || event_add(event, NULL))
		abort();
	return event;
}

static void loop_make(struct daemon *daemon)
{
	struct event_config *config = event_config_new();
	uint64_t interval = service_watchdog_interval();

	if (!config)
		abort();
	event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
	daemon->base = event_base_new_with_config(config);
	event_config_free(config);
	if (!daemon->base)
		abort();
	daemon->terminate = signal_new(daemon, SIGTERM, on_end);
	daemon->interrupt = signal_new(daemon, SIGINT, on_end);
	daemon->hang_up = signal_new(daemon, SIGHUP, on_hang_up);
	daemon->watchdog = event_new(daemon->base, -1, EV_PERSIST, on_watchdog, daemon);
	daemon->head = event_new(daemon->base, -1, 0, on_head, daemon);
	if (!daemon->watchdog || !daemon->head)
		abort();
	if (interval)
		event_add(daemon->watchdog, &(struct timeval){ (time_t)(interval / 1000000), (suseconds_t)(interval % 1000000) });
}

/* ---- start and stop ---- */

static struct store_paths paths_of(const struct daemon *daemon)
{
	return (struct store_paths){
		.state = daemon->line.state ? daemon->line.state : daemon->settings->store.directory,
		.backups = daemon->backups,
		.credentials = getenv("CREDENTIALS_DIRECTORY"),
	};
}

static int settings_take(struct daemon *daemon)
{
	struct settings_report report = { 0 };
	int result = settings_load(&daemon->line.config, &daemon->settings, &report);

	fputs(buffer_string(&report.text), stderr);
	settings_report_free(&report);
	if (result) {
		log_event(EVENT_CONFIG_REFUSED, NULL);
		return SETTINGS_EX_CONFIG;
	}
	log_level_take(daemon->settings);
	log_known_names(name_is_known);
	if (asprintf(&daemon->backups, "%s/%s", paths_of(daemon).state, daemon->settings->store.backup_directory) < 0)
		abort();
	if (mkdir(daemon->backups, 0700) && errno != EEXIST) {
		fprintf(stderr, "mentorshipd: %s cannot be made: %s\n", daemon->backups, strerror(errno));
		return STATUS_FAILED;
	}
	return 0;
}

static int store_take(struct daemon *daemon)
{
	struct store_paths paths = paths_of(daemon);
	struct problem problem = { 0 };
	char hex[65];

	service_status(SERVICE_OPENING, NULL);
	if (store_open(&paths, daemon->settings, daemon->line.simulated, &daemon->store, &problem)) {
		log_event(
			problem.code == E_BUSY ? EVENT_DIRECTORY_IN_USE : EVENT_STORE_REFUSED, &(struct log_facts){ .code = problem.code });
		say(&problem);
		return STATUS_FAILED;
	}
	store_audit_head(daemon->store, &daemon->head_seq, hex);
	return 0;
}

static void rooms_make(struct daemon *daemon)
{
	struct workers_setup workers = {
		.base = daemon->base,
		.store = daemon->store,
		.settings = daemon->settings,
		.tasks = daemon->tasks,
		.program = daemon->line.worker ? daemon->line.worker : daemon->settings->worker.path,
		.committed = committed,
		.failed = fatal,
		.data = daemon,
	};
	struct scheduler_setup scheduler = {
		.base = daemon->base,
		.store = daemon->store,
		.settings = daemon->settings,
		.committed = committed,
		.failed = fatal,
		.data = daemon,
	};
	struct bus_setup bus = {
		.base = daemon->base,
		.address = daemon->line.bus,
		.store = daemon->store,
		.settings = daemon->settings,
		.tasks = daemon->tasks,
		.hooks = { daemon, committed, lost, preview, advance, resumed, reload, import, ready, bus_failed },
	};

	daemon->workers = workers_new(&workers);
	daemon->scheduler = scheduler_new(&scheduler);
	daemon->bus = bus_new(&bus);
}

static int start(struct daemon *daemon)
{
	struct problem problem = { 0 };
	int result = settings_take(daemon);

	if (!result)
		result = store_take(daemon);
	if (result)
		return result;
	daemon->tasks = tasks_new((unsigned)daemon->settings->limits.tasks);
	loop_make(daemon);
	rooms_make(daemon);
	if (workers_start(daemon->workers, &problem) || scheduler_start(daemon->scheduler, &problem)) {
		log_event(event_of(problem.code), &(struct log_facts){ .code = problem.code });
		say(&problem);
		return STATUS_FAILED;
	}
	service_status(SERVICE_CONNECTING, NULL);
	return bus_start(daemon->bus, &problem) ? STATUS_FAILED : 0;
}

static void event_end(struct event *event)
{
	if (event)
		event_free(event);
}

static void stop(struct daemon *daemon)
{
	if (daemon->serving) {
		service_stopping();
		log_event(EVENT_STOPPING, NULL);
		head_tell(daemon);
	}
	bus_free(daemon->bus);
	scheduler_free(daemon->scheduler);
	workers_free(daemon->workers);
	tasks_free(daemon->tasks);
	event_end(daemon->terminate);
	event_end(daemon->interrupt);
	event_end(daemon->hang_up);
	event_end(daemon->watchdog);
	event_end(daemon->head);
	if (daemon->base)
		event_base_free(daemon->base);
	store_close(daemon->store);
	settings_free(daemon->settings);
	free(daemon->backups);
	libevent_global_shutdown();
	dbus_shutdown();
}

/* ---- instead of serving ---- */

static int print(const char *what)
{
	struct buffer text = { 0 };
	int result = bus_print(what, &text);

	if (!result)
		fputs(buffer_string(&text), stdout);
	buffer_free(&text);
	if (result)
		result = store_print(what, stdout);
	if (result) {
		fprintf(stderr, "mentorshipd: --print takes schema, bus, policy, docs or privacy\n");
		return STATUS_USAGE;
	}
	return fflush(stdout) ? STATUS_FAILED : 0;
}

static int restore(struct daemon *daemon)
{
	struct problem problem = { 0 };
	struct store_paths paths;
	int result = settings_take(daemon);

	if (result)
		return result;
	paths = paths_of(daemon);
	if (store_restore(&paths, daemon->line.restore, &problem)) {
		say(&problem);
		return STATUS_FAILED;
	}
	log_event(EVENT_RESTORED, NULL);
	printf("Restored. Mail, jobs and synchronisation are held: start mentorshipd, then run `mentorctl resume`.\n");
	return 0;
}

/* ---- options ---- */

static const char help[] =
	"mentorshipd [OPTION...]        runs mentorship programs; see mentorshipd(8)\n"
	"  --config-dir DIR             reads the configuration below DIR instead of /\n"
	"  --state-dir DIR              keeps the database in DIR\n"
	"  --bus ADDRESS                connects there instead of the system bus\n"
	"  --worker PATH                the program for heavy work\n"
	"  --simulated-clock INSTANT    a new database whose clock stands at INSTANT (2026-09-01T06:00:00Z, or seconds)\n"
	"instead of serving:\n"
	"  --print WHAT                 schema, bus, policy, docs or privacy, from the tables\n"
	"  --config check|show|...      looks at the configuration\n"
	"  --restore NAME               puts a backup back; the daemon must not run\n"
	"  --version, --help\n";

static int instant_read(const char *text, int64_t *ret)
{
	struct problem problem = { 0 };
	char *end;

	errno = 0;
	*ret = strtoll(text, &end, 10);
	if (!errno && end != text && !*end)
		return 0;
	if (!instant_parse(text, ret, &problem))
		return 0;
	fprintf(stderr, "mentorshipd: --simulated-clock: %s\n", problem.text);
	return STATUS_USAGE;
}

enum {
	OPTION_CONFIG_DIR = 256,
	OPTION_STATE_DIR,
	OPTION_BUS,
	OPTION_WORKER,
	OPTION_CLOCK,
	OPTION_PRINT,
	OPTION_RESTORE,
	OPTION_VERSION,
	OPTION_HELP
};

static const struct option options[] = { { "config-dir", required_argument, NULL, OPTION_CONFIG_DIR },
	{ "state-dir", required_argument, NULL, OPTION_STATE_DIR }, { "bus", required_argument, NULL, OPTION_BUS },
	{ "worker", required_argument, NULL, OPTION_WORKER }, { "simulated-clock", required_argument, NULL, OPTION_CLOCK },
	{ "print", required_argument, NULL, OPTION_PRINT }, { "restore", required_argument, NULL, OPTION_RESTORE },
	{ "version", no_argument, NULL, OPTION_VERSION }, { "help", no_argument, NULL, OPTION_HELP }, { 0 } };

/* -1: go on; else the exit status. */
static int options_read(int argc, char **argv, struct command_line *line)
{
	int option;

	while ((option = getopt_long(argc, argv, "+h", options, NULL)) >= 0)
		switch (option) {
		case OPTION_CONFIG_DIR: line->config.root = optarg; break;
		case OPTION_STATE_DIR: line->state = optarg; break;
		case OPTION_BUS: line->bus = optarg; break;
		case OPTION_WORKER: line->worker = optarg; break;
		case OPTION_CLOCK:
			if (instant_read(optarg, &line->simulated))
				return STATUS_USAGE;
			break;
		case OPTION_PRINT: line->print = optarg; break;
		case OPTION_RESTORE: line->restore = optarg; break;
		case OPTION_VERSION: puts("mentorshipd " MENTORSHIP_VERSION); return 0;
		case OPTION_HELP:
		case 'h': fputs(help, stdout); return 0;
		default: return STATUS_USAGE;
		}
	if (optind == argc)
		return -1;
	fprintf(stderr, "mentorshipd: takes no arguments, only options; see --help\n");
	return STATUS_USAGE;
}

/* --config WORD ...: the words after it are its own; a --config-dir before it becomes their --root. */
static int config_command(int argc, char **argv, int at)
{
	char *words[16], *root = NULL;
	int n = 0;

	for (int i = 1; i + 1 < at; i++)
		if (!strcmp(argv[i], "--config-dir"))
			root = argv[i + 1];
	for (int i = at + 1; i < argc && n < 12; i++) {
		words[n++] = argv[i];
		if (n == 1 && root) {
			words[n++] = (char *)(uintptr_t) "--root";
			words[n++] = root;
		}
	}
	words[n] = NULL;
	return settings_command(n, words, stdout, stderr);
}

static void process_prepare(void)
{
	umask(077);
	prctl(PR_SET_DUMPABLE, 0);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

static int serve(struct daemon *daemon)
{
	int result = start(daemon);

	if (!result && !daemon->status)
		event_base_dispatch(daemon->base);
	return result ? result : daemon->status;
}

int main(int argc, char **argv)
{
	struct daemon daemon = { .line.simulated = NONE };
	int status;

	if (argc == 3 && !strcmp(argv[1], "--resolve-user"))
		return bus_resolve_main(argv[2]);
	process_prepare();
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--config"))
			return config_command(argc, argv, i);
	status = options_read(argc, argv, &daemon.line);
	if (status >= 0)
		return status;
	if (shapes_check(complain)) {
		log_event(EVENT_TABLES_REFUSED, NULL);
		return STATUS_FAILED;
	}
	if (daemon.line.print)
		return print(daemon.line.print);
	status = daemon.line.restore ? restore(&daemon) : serve(&daemon);
	stop(&daemon);
	return status;
}
