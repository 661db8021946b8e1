/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An import and its worker: read, checked, shown; taken whole or undone.
 *
 * reading: the worker parses the file, its rows are staged. checking: each row is looked at. Then the import is ready, or refused, or
 * goes on by itself where that was asked for. taking: forward in slices; a row that cannot be taken turns everything into
 * an undo. undoing: backwards. All of it is slices of their own turns, and the row of import says after each kill where to go on.
 * The work sees what its author sees. What a file may hold is decided here: a form never brings logins or duties.
 */
#include "inner.h"

#include <inttypes.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/settings.h"
#include "core/text.h"
#include "model/model.h"
#include "store/import.h"
#include "store/internal.h"

enum {
	ROWS_MOST = 1000000,
	TEXT_BYTES = 65536,
	KEPT_SECONDS = 60
};

struct importing {
	int fd; /* -1: taken by the piece, or none */
	char *entity, *mapping, *format, *role, *name, *key;
	bool leave_out;
	int64_t program; /* of the proposal; NONE */
	struct import_work work;
	struct buffer lines, told;
	int64_t rows;   /* staged */
	size_t noticed; /* so much of the lines is what the reader said: it stays while the file is taken */
	int noticed_count;
	bool told_reading, writes, undoes;
};

/* What there is to read, and of what each format brings rows (NULL: of the collection that it is imported into). */
static const char of_people[] = "person participant trait availability wish objection";
static const struct format {
	const char *name, *brings;
	bool mapped;
	const struct entity *into; /* the one collection for it; NULL: any */
} formats[] = {
	{ "csv", NULL, false, NULL },
	{ "form", of_people, true, NULL },
	{ "oneroster", of_people, true, NULL },
	{ "xlsform", "instrument item item_text scale", false, &instrument_entity },
	{ NULL, NULL, false, NULL },
};

static const struct format *format_named(const char *name)
{
	for (const struct format *f = formats; f->name; f++)
		if (!strcmp(f->name, name))
			return f;
	return NULL;
}

static struct importing *importing_new(void)
{
	struct importing *in = calloc(1, sizeof *in);

	if (!in)
		abort();
	in->fd = -1;
	in->program = NONE;
	in->work.lines = &in->lines;
	in->work.told = &in->told;
	return in;
}

static void importing_free(struct importing *in)
{
	if (in->fd >= 0)
		close(in->fd);
	buffer_free(&in->lines);
	buffer_free(&in->told);
	free(in->entity);
	free(in->mapping);
	free(in->format);
	free(in->role);
	free(in->name);
	free(in->key);
	free(in);
}

static void import_free_own(struct piece *piece)
{
	importing_free(piece->own);
}

static void progress(struct piece *piece, double part)
{
	task_progress(piece->workers->setup.tasks, piece->task, part);
}

/* ---- results ---- */

static void tell_number(struct piece *piece, const char *name, int64_t number)
{
	task_result(piece->workers->setup.tasks, piece->task, name, (struct value){ .type = V_INT, .number = number });
}

static void tell_lines(struct piece *piece, const char *name, const struct buffer *lines)
{
	task_result(piece->workers->setup.tasks, piece->task, name, (struct value){ .type = V_WORDS, .text = buffer_string(lines) });
}

static void tell_result(struct call *call, struct piece *piece)
{
	const struct importing *in = piece->own;

	tell_number(piece, "created", in->work.created);
	tell_number(piece, "changed", in->work.changed);
	tell_number(piece, "unchanged", in->work.unchanged);
	tell_number(piece, "kept", in->work.kept);
	tell_lines(piece, "problems", &in->told);
	tell_lines(piece, "lines", &in->lines);
	task_result(piece->workers->setup.tasks, piece->task, "batch",
		(struct value){ .type = V_PATH, .text = path_of(call->arena, &import_entity, piece->subject) });
}

static int end_as(struct call *call, struct piece *piece, const char *state)
{
	struct importing *in = piece->own;
	int r = import_note(call, &in->work, state);

	if (r)
		return r;
	piece->over = true;
	if (!piece->failing)
		tell_result(call, piece);
	return 0;
}

static void start_over(struct importing *in, int64_t line)
{
	in->work.line = line;
	in->work.created = in->work.changed = in->work.unchanged = 0;
	in->work.line_count = in->noticed_count;
	in->lines.length = in->noticed;
	if (in->lines.data)
		in->lines.data[in->noticed] = 0;
}

/* ---- taking and undoing ---- */

static int undo_stage(struct call *call, struct piece *piece)
{
	struct importing *in = piece->own;
	int r = import_undo(call, &in->work);

	if (r)
		return r;
	r = import_forget(call, piece->subject);
	return r ? r : end_as(call, piece, piece->failing ? "failed" : "undone");
}

static void begin_undo(struct piece *piece, int64_t line)
{
	struct importing *in = piece->own;

	start_over(in, line);
	in->undoes = piece->firm = true;
	piece->stage = undo_stage;
}

static int take_stage(struct call *call, struct piece *piece)
{
	struct importing *in = piece->own;
	int r;

	in->writes = true;
	r = import_take(call, &in->work);
	if (r < 0)
		return r;
	if (in->rows)
		progress(piece, 0.5 + 0.5 * (double)in->work.line / (double)in->rows);
	return r ? r : end_as(call, piece, "taken");
}

/* The last line whose taking was committed before a kill. */
static int taken_line(struct call *call, int64_t import, int64_t *ret)
{
	int r = ask(call,
		"SELECT max(\"line\") FROM \"staged\" WHERE \"import\" = ?1 AND ((\"effect\" = 'create' AND \"record\" IS NOT NULL) OR "
		"(\"effect\" IN ('change', 'known') AND \"was\" IS NOT NULL))",
		VALUES(import), ret);

	if (!r && *ret == NONE)
		*ret = 0;
	return r;
}

static int count_taken(struct call *call, struct importing *in, int64_t import, int64_t until)
{
	int r = ask(call, "SELECT count(*) FROM \"staged\" WHERE \"import\" = ?1 AND \"line\" <= ?2 AND \"effect\" IN ('create', 'known')",
		VALUES(import, until), &in->work.created);

	if (!r)
		r = ask(call, "SELECT count(*) FROM \"staged\" WHERE \"import\" = ?1 AND \"line\" <= ?2 AND \"effect\" = 'change'",
			VALUES(import, until), &in->work.changed);
	if (!r)
		r = ask(call, "SELECT count(*) FROM \"staged\" WHERE \"import\" = ?1 AND \"line\" <= ?2 AND \"effect\" = 'same'",
			VALUES(import, until), &in->work.unchanged);
	return r;
}

static int begin_taking(struct call *call, struct piece *piece)
{
	struct importing *in = piece->own;
	int64_t line;
	int r = taken_line(call, piece->subject, &line);

	if (!r)
		r = ask(call, "SELECT count(*) FROM \"staged\" WHERE \"import\" = ?1", VALUES(piece->subject), &in->rows);
	if (r)
		return r;
	start_over(in, line);
	in->writes = true;
	piece->stage = take_stage;
	r = count_taken(call, in, piece->subject, line);
	return r ? r : 1;
}

/* ---- checking ---- */

static int check_stage(struct call *call, struct piece *piece)
{
	struct importing *in = piece->own;
	struct import *import;
	int r = import_check(call, &in->work);

	if (r < 0)
		return r;
	if (in->rows)
		progress(piece, 0.2 + 0.3 * (double)in->work.line / (double)in->rows);
	if (r)
		return r;
	if (in->work.problems) {
		r = import_forget(call, piece->subject);
		return r ? r : end_as(call, piece, "refused");
	}
	r = load(call, &import_entity, piece->subject, (void **)&import);
	if (r || !import->take)
		return r ? r : end_as(call, piece, "ready");
	r = import_note(call, &in->work, "taking");
	return r ? r : begin_taking(call, piece);
}

/* ---- reading ---- */

/* In a plain CSV the fields' names are the file's own: one that is none is a problem of the file, not of the worker. */
static bool fields_known(
	struct call *call, struct importing *in, const struct frame *frame, const char *entity, const char *file, int64_t line)
{
	const struct shape *shape = shape_named(entity);

	for (size_t i = 4; shape && i < frame->count; i += 2)
		if (field_index(shape, frame->cells[i]) < 0) {
			import_problem(&in->work,
				arena_print(call->arena, "%s:%" PRId64 ": %.64s is no field of %s; correct the name or delete the column",
					file, line, frame->cells[i], entity));
			return false;
		}
	return true;
}

static int take_row(struct call *call, struct piece *piece, const struct frame *frame)
{
	struct importing *in = piece->own;
	const struct format *format = format_named(in->format);
	char *entity, *file, *text;
	int64_t line;
	int r = frame->count >= 4 && frame->count % 2 == 0 ? 0 : refuse(call, "a row has too many or too few cells");

	if (!r && ++in->rows > ROWS_MOST)
		r = fail(call, E_LIMIT, NULL, "the file gives more than %d rows; import it in parts", ROWS_MOST);
	if (!r)
		r = cell_text(call, frame, 1, 64, false, &entity);
	if (!r)
		r = cell_text(call, frame, 2, 400, false, &file);
	if (!r)
		r = cell_number(call, frame, 3, 0, INT64_MAX, &line);
	for (size_t i = 4; i < frame->count && !r; i++)
		r = cell_text(call, frame, i, TEXT_BYTES, true, &text);
	if (!r && strcmp(entity, in->entity ? in->entity : "") && (in->entity || !format || !word_in(format->brings, entity)))
		r = refuse(call, "it has a row that such a file cannot give");
	if (r)
		return r;
	if (in->entity && !fields_known(call, in, frame, entity, file, line))
		return 0;
	r = import_stage(call, &in->work, entity, file, line, frame->cells + 4, frame->count - 4);
	return r == E_INVALID ? refuse(call, "it has a field that the record has not") : r;
}

/* FILE, row 3, column 2 (Header): text */
static int take_problem(struct call *call, struct piece *piece, const struct frame *frame)
{
	struct importing *in = piece->own;
	char *file, *header, *text, *place, *whole;
	int64_t notice, row, column;
	int r = frame->count == 7 ? cell_number(call, frame, 1, 0, 1, &notice) : refuse(call, "a problem has too many or too few cells");

	if (!r)
		r = cell_text(call, frame, 2, 400, false, &file);
	if (!r)
		r = cell_number(call, frame, 3, 0, INT64_MAX, &row);
	if (!r)
		r = cell_number(call, frame, 4, 0, INT32_MAX, &column);
	if (!r)
		r = cell_text(call, frame, 5, 4000, false, &header);
	if (!r)
		r = cell_text(call, frame, 6, 4000, false, &text);
	if (r)
		return r;
	place = row ? arena_print(call->arena, ", row %" PRId64, row) : arena_copy(call->arena, "");
	if (column)
		place = arena_print(
			call->arena, "%s, column %" PRId64 "%s%s%s", place, column, *header ? " (" : "", header, *header ? ")" : "");
	whole = arena_print(call->arena, "%s%s: %s", file, place, text);
	if (!notice)
		import_problem(&in->work, whole);
	else if (in->work.line_count++ < IMPORT_LINES)
		buffer_print(&in->lines, "%s%s", in->lines.length ? "\n" : "", whole);
	return 0;
}

static int take_end(struct call *call, struct piece *piece, const struct frame *frame)
{
	struct importing *in = piece->own;
	int64_t rows, problems;
	int r = frame->count == 3 ? cell_number(call, frame, 1, 0, ROWS_MOST, &rows)
				  : refuse(call, "the end has too many or too few cells");
	struct arg arg = { "rows", { .type = V_INT, .number = in->rows } }, state = { "state", { .type = V_TEXT, .text = "checking" } };
	const struct arg args[] = { arg, state };

	if (!r)
		r = cell_number(call, frame, 2, 0, INT64_MAX, &problems);
	if (!r && (rows != in->rows || (problems && rows)))
		r = refuse(call, "the counts do not add up");
	if (!r)
		r = perform_also(call, &import_entity, piece->subject, "Note", args, 2);
	if (r)
		return r;
	if (problems > in->work.problems)
		in->work.problems = problems;
	in->work.line = 0;
	in->noticed = in->lines.length;
	in->noticed_count = in->work.line_count;
	piece->stage = check_stage;
	progress(piece, 0.2);
	return 1;
}

static int import_frame(struct call *call, struct piece *piece, const struct frame *frame)
{
	const char *word = frame->count ? frame->cells[0] : NULL;
	int r;

	if (!word)
		return refuse(call, "a frame has no word");
	r = common_frame(call, piece, frame, 0, 0.2);
	if (r)
		return r < 0 ? r : 0;
	if (!strcmp(word, "row"))
		return take_row(call, piece, frame);
	if (!strcmp(word, "problem"))
		return take_problem(call, piece, frame);
	if (!strcmp(word, "done"))
		return take_end(call, piece, frame);
	return refuse(call, "a word is not one of its words");
}

static int launch(struct call *call, struct piece *piece, const char *word)
{
	struct importing *in = piece->own;
	int r = FRAME(&piece->first, word, in->format, in->mapping, in->entity, in->role, in->name ? in->name : "file", in->key,
		in->leave_out ? "yes" : NULL);

	if (r)
		return fail(call, r, "mapping", "is too long");
	piece->input = in->fd;
	in->fd = -1;
	piece->wants_process = true;
	piece->stage = frames_stage;
	return 1;
}

static char *owned(const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		abort();
	return copy;
}

static int import_begin(struct call *call, struct piece *piece)
{
	struct importing *in = piece->own;
	struct import *import;
	int r = load(call, &import_entity, piece->subject, (void **)&import);

	if (r == E_NOTFOUND) /* its turn was lost */
		piece->over = piece->cancelled = true;
	if (r)
		return r == E_NOTFOUND ? 0 : r;
	if (!in)
		piece->own = in = importing_new();
	in->work.id = piece->subject;
	piece->caller.person = import->author;
	piece->caller.uid = (uint32_t)import->uid;
	piece->caller.admin = piece->caller.admin || import->uid == 0;
	if (import->state == IMPORT_TAKING)
		return begin_taking(call, piece);
	if (import->state == IMPORT_UNDOING) {
		begin_undo(piece, INT64_MAX);
		return 1;
	}
	if (import->state == IMPORT_READING && in->fd >= 0)
		return launch(call, piece, "import");
	return fail(call, E_UNAVAILABLE, NULL, "the daemon was restarted while the file was read; import it again");
}

/* What was staged goes; what was taken is undone first. */
static int import_failed(struct call *call, struct piece *piece)
{
	struct importing *in = piece->own;
	struct import *import;
	int r;

	if (!in)
		piece->own = in = importing_new();
	in->work.id = piece->subject;
	if (in->undoes) { /* goes on where it stopped, when the store can again */
		piece->stage = undo_stage;
		return 1;
	}
	if (in->writes) {
		import_problem(&in->work, piece->problem.text);
		begin_undo(piece, in->work.line + 1);
		return 1;
	}
	r = load(call, &import_entity, piece->subject, (void **)&import);
	if (r == E_NOTFOUND)
		piece->over = true;
	if (r)
		return r == E_NOTFOUND ? 0 : r;
	import_problem(&in->work, piece->problem.text);
	r = import_forget(call, piece->subject);
	return r ? r : end_as(call, piece, "failed");
}

/* ---- at start ---- */

static int go_on(struct call *call, void *record, void *data)
{
	(void)data;
	call->task = 0;
	return begin_work(call, import_kind.name, ((struct import *)record)->id);
}

static int import_start(struct call *call)
{
	return each(call, &import_entity, go_on, NULL, "\"state\" IN ('reading', 'checking', 'taking', 'undoing')", NULL, 0);
}

const struct work_kind import_kind = {
	.name = "import",
	.worker = true,
	.begin = import_begin,
	.frame = import_frame,
	.failed = import_failed,
	.forget = import_free_own,
	.start = import_start,
	.entity = &import_entity,
};

/* ---- a proposal of a mapping: nothing is written ---- */

static int proposal_begin(struct call *call, struct piece *piece)
{
	struct importing *in = piece->own;

	return in && in->fd >= 0 ? launch(call, piece, "propose") : fail(call, E_UNAVAILABLE, NULL, "the file is gone; call it again");
}

static int proposal_frame(struct call *call, struct piece *piece, const struct frame *frame)
{
	const char *word = frame->count ? frame->cells[0] : NULL;
	char *mapping;
	int r;

	if (!word)
		return refuse(call, "a frame has no word");
	r = common_frame(call, piece, frame, 0, 1);
	if (r)
		return r < 0 ? r : 0;
	if (strcmp(word, "mapping") || frame->count != 2)
		return refuse(call, "a word is not one of its words");
	r = cell_text(call, frame, 1, FRAME_MAX / 2, true, &mapping);
	if (r)
		return r;
	task_result(piece->workers->setup.tasks, piece->task, "mapping", (struct value){ .type = V_TEXT, .text = mapping });
	piece->over = true;
	return 1;
}

const struct work_kind proposal_kind = {
	.name = "propose mapping",
	.worker = true,
	.begin = proposal_begin,
	.frame = proposal_frame,
	.forget = import_free_own,
};

/* ---- over the bus ---- */

struct request {
	const char *format, *mapping, *program, *role, *name, *key;
	bool propose, take, leave_out;
	int64_t program_id;
};

static int read_options(struct call *call, const struct arg *options, size_t count, struct request *ret)
{
	const struct {
		const char *name;
		const char **text;
		bool *yes;
	} known[] = {
		{ "format", &ret->format, NULL },
		{ "mapping", &ret->mapping, NULL },
		{ "program", &ret->program, NULL },
		{ "role", &ret->role, NULL },
		{ "name", &ret->name, NULL },
		{ "key", &ret->key, NULL },
		{ "leave_out", NULL, &ret->leave_out },
		{ "propose", NULL, &ret->propose },
		{ "take", NULL, &ret->take },
	};

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
			const struct value *value = &options[i].value;

			if (strcmp(options[i].name, known[k].name))
				continue;
			if (known[k].yes ? value->type != V_BOOL : value->type != V_TEXT && value->type != V_PATH)
				return fail(call, E_INVALID, options[i].name, "is of another type than this option has");
			if (known[k].yes)
				*known[k].yes = value->number != 0;
			else if (*value->text)
				*known[k].text = value->text;
		}
	return 0;
}

static int check_options(struct call *call, struct request *q)
{
	const struct format *format;

	for (const struct format *f = formats; !q->format && f->name; f++)
		if (f->into == call->entity) /* nothing else is likely there */
			q->format = f->name;
	format = q->format ? format_named(q->format) : NULL;
	if (!format)
		return fail(call, E_INVALID, "format", "say what the file is: csv, form, oneroster, or of a questionnaire xlsform");
	if (format->into && format->into != call->entity)
		return fail(call, E_INVALID, "format", "an %s is imported into the %s", format->name, format->into->collection);
	if (!format->into && (q->key || q->leave_out))
		return fail(call, E_INVALID, q->key ? "key" : "leave_out", "is of questionnaires (format xlsform) only");
	if (q->key && (strlen(q->key) > 64 || q->key[strspn(q->key, "abcdefghijklmnopqrstuvwxyz0123456789-_.")]))
		return fail(call, E_INVALID, "key", "small letters, digits, - _ and . only, at most 64");
	if (q->role && strcmp(q->role, "mentor") && strcmp(q->role, "mentee"))
		return fail(call, E_INVALID, "role", "is mentor or mentee");
	if (!q->mapping && !q->propose && format->mapped)
		return fail(call, E_INVALID, "mapping", "say which column is what; the option propose makes a mapping to begin with");
	if (q->propose && !format->mapped)
		return fail(call, E_INVALID, "propose", "a file of this kind has the fields' names as its headers and needs no mapping");
	if (q->mapping && (strlen(q->mapping) > 60000 || text_check(q->mapping, strlen(q->mapping), TEXT_LINES, &(struct problem){ 0 })))
		return fail(call, E_INVALID, "mapping", "must be a text of at most 60000 bytes");
	if (q->name && (strlen(q->name) > 200 || text_check(q->name, strlen(q->name), 0, &(struct problem){ 0 })))
		return fail(call, E_INVALID, "name", "must be a file's name of at most 200 bytes");
	return 0;
}

static unsigned roles_over_all(struct call *call)
{
	if (!sight_of(call->store, call->caller, call->now, &call->problem))
		return 0;
	return sight_all(call->caller) | (call->caller->admin ? ADMIN : 0);
}

/* Who imports: a coordinator of the program what belongs to it; what belongs to none, whoever creates it one by one over everything. */
static int may_import(struct call *call, struct request *q)
{
	const struct shape *shape = shape_of(call->entity);
	bool csv = !strcmp(q->format, "csv"), of_program = shape->anchors[AT_PROGRAM] >= 0 && !shape->is_anchor[AT_PROGRAM];
	const struct verb *create = verb_named(call->entity, "Create");
	int r;

	q->program_id = NONE;
	if (q->propose && !q->program) /* of the program a proposal needs nothing, only that the caller imports somewhere */
		return sight_of(call->store, call->caller, call->now, &call->problem) && sight_anywhere(call->caller) & COORDINATOR
			? 0
			: fail(call, E_DENIED, NULL, "only a coordinator has a mapping proposed");
	if (csv && !create)
		return fail(call, E_DENIED, NULL, "no file of these is imported");
	if (csv && !of_program) {
		unsigned roles = roles_over_all(call);

		return roles & create->who & (COORDINATOR | ADMIN)
			? 0
			: fail(call, E_DENIED, NULL,
				  "only a coordinator of all programs, or an admin where the verb is theirs, imports these");
	}
	q->program_id = q->program ? path_id(&program_entity, q->program) : 0;
	if (q->program_id <= 0)
		return fail(call, E_INVALID, "program", "say into which program, by its path");
	r = store_sees(call->store, call, &program_entity, q->program_id);
	if (r)
		return r;
	if (csv && !(create->who & COORDINATOR))
		return fail(call, E_DENIED, NULL, "no file of these is imported");
	return call->roles & COORDINATOR ? 0 : fail(call, E_DENIED, NULL, "only a coordinator of the program imports into it");
}

struct making {
	const struct request *q;
	const struct call *outer;
	int64_t id, task;
};

static int make_row(struct call *call, void *data)
{
	struct making *making = data;
	const struct request *q = making->q;
	const struct shape *shape = shape_of(&import_entity);
	struct import *row = fresh(call, &import_entity);
	int r = 0;

	if (q->propose)
		r = begin_work(call, proposal_kind.name, 0);
	making->task = call->task;
	if (r || q->propose)
		return r;
	row->program = q->program_id;
	row->format = 0;
	for (const char *const *word = shape->entity->fields[field_index(shape, "format")].choices; strcmp(word[row->format], q->format);)
		row->format++;
	row->entity = !strcmp(q->format, "csv") ? (char *)(uintptr_t)making->outer->entity->name : NULL;
	row->role = (char *)(uintptr_t)q->role;
	row->name = (char *)(uintptr_t)(q->name ? q->name : "file");
	row->mapping = (char *)(uintptr_t)q->mapping;
	row->take = q->take;
	row->uid = call->caller->uid;
	row->author = call->caller->person;
	row->time = call->now;
	r = add(call, &import_entity, row);
	making->id = row->id;
	if (!r)
		r = begin_work(call, import_kind.name, row->id);
	making->task = call->task;
	return r;
}

static int64_t monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

void import_unclaimed(struct workers *workers, int64_t kept)
{
	struct pending **at = &workers->pending;

	while (*at) {
		struct pending *old = *at;

		if (kept && old->time + kept > monotonic()) {
			at = &old->next;
			continue;
		}
		*at = old->next;
		importing_free(old->own);
		free(old);
	}
}

/* The descriptor waits beside until the turn is committed; a turn that is lost leaves it to import_unclaimed. */
static int keep_for(struct workers *workers, struct call *call, const struct request *q, int fd, int64_t task)
{
	struct importing *in = importing_new();
	struct pending *pending = calloc(1, sizeof *pending);

	if (!pending)
		abort();
	in->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (in->fd < 0) {
		importing_free(in);
		free(pending);
		return fail(call, E_LIMIT, NULL, "no descriptor is free; try again later");
	}
	in->format = owned(q->format);
	in->mapping = owned(q->mapping);
	in->role = owned(q->role);
	in->name = owned(q->name);
	in->key = owned(q->key);
	in->leave_out = q->leave_out;
	in->entity = !strcmp(q->format, "csv") ? owned(call->entity->name) : NULL;
	*pending = (struct pending){ task, in, monotonic(), workers->pending };
	workers->pending = pending;
	return 0;
}

int workers_import(
	struct workers *workers, struct call *call, int fd, const char *starter, const struct arg *options, size_t count, int64_t *ret_task)
{
	struct request q = { .program_id = NONE };
	struct making making = { .q = &q, .outer = call };
	int r = read_options(call, options, count, &q);

	(void)starter;
	call->store = workers->setup.store;
	import_unclaimed(workers, KEPT_SECONDS);
	if (!r)
		r = check_options(call, &q);
	if (!r)
		r = may_import(call, &q);
	if (!r)
		r = store_do(workers->setup.store, call->caller, make_row, &making, &call->problem);
	if (!r)
		r = keep_for(workers, call, &q, fd, making.task);
	if (r)
		return r;
	call->task = *ret_task = making.task;
	return 0;
}
