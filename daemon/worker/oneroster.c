/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The files are read in an order in which links point back: orgs, sessions, courses and classes, then users, then what
 * belongs to users. Each file is a row of a table with the columns that it must have and those that are read if they
 * are there; a cell is only ever asked for by these numbers. Who joins is decided when all is known: the mapping's first
 * `join` line that fits. Enrollments are not kept, they only leave marks at their user for the lines that name a class.
 */
#include "oneroster.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "csv.h"
#include "words.h"

enum {
	COLUMNS = 12,
	RULES = 64,
	WORDS = 128
};
enum file {
	MANIFEST,
	ORGS,
	SESSIONS,
	COURSES,
	CLASSES,
	USERS,
	ROLES,
	DEMOGRAPHICS,
	ENROLLMENTS,
	FILES
};

struct set;

struct kind {
	const char *name; /* without .csv */
	void (*row)(struct set *);
	int needed;                   /* the first columns, without which the file cannot be read */
	const char *columns[COLUMNS]; /* other spellings after a bar */
};

struct user {
	struct place place;
	const char *id, *given, *family, *email, *birth_date;
	struct mapping_list roles, grades, orgs;
	uint64_t classed; /* joins whose class this user is in, in the role that they ask for */
	bool out;         /* not active, or not enabled */
};

/* A link to a row that may come later: a parent of the same file, or another user. */
struct late {
	struct place place;
	const char *id;
	enum file to;
};

struct class
{
	const char *id;
	uint64_t joins; /* that name it */
	bool out;
};

struct set {
	struct roster *roster;
	const struct mapping_section *section;
	const struct mapping_line *joins[RULES];
	size_t join_count;
	struct oneroster_file *files[FILES];
	enum file file; /* being read */
	struct csv csv;
	int at[COLUMNS]; /* where its columns are, -1: not there */
	struct textmap ids[FILES];
	struct user *users;
	struct class *classes;
	const char **org_names;
	size_t user_count, class_count, org_count;
	struct late *lates;
	size_t late_count, late_size;
	bool refused; /* the manifest says that the set is not to be read */
};

static void row_manifest(struct set *);
static void row_org(struct set *);
static void row_session(struct set *);
static void row_course(struct set *);
static void row_class(struct set *);
static void row_user(struct set *);
static void row_role(struct set *);
static void row_demographics(struct set *);
static void row_enrollment(struct set *);

static const struct kind kinds[FILES] = {
	[MANIFEST] = { "manifest", row_manifest, 2, { "propertyName", "value" } },
	[ORGS] = { "orgs", row_org, 2, { "sourcedId", "name", "status", "parentSourcedId" } },
	[SESSIONS] = { "academicSessions", row_session, 1, { "sourcedId", "status", "parentSourcedId" } },
	[COURSES] = { "courses", row_course, 1, { "sourcedId", "status", "orgSourcedId" } },
	[CLASSES] = { "classes", row_class, 2,
		{ "sourcedId", "title", "status", "classCode", "courseSourcedId", "schoolSourcedId", "termSourcedIds|termSourcedId" } },
	[USERS] = { "users", row_user, 3,
		{ "sourcedId", "givenName", "familyName", "status", "enabledUser", "role", "email", "grades|grade",
			"orgSourcedIds|primaryOrgSourcedId", "preferredGivenName", "preferredFamilyName", "agentSourcedIds" } },
	[ROLES] = { "roles", row_role, 2, { "userSourcedId", "role", "status", "orgSourcedId" } },
	[DEMOGRAPHICS] = { "demographics", row_demographics, 2, { "sourcedId|userSourcedId", "birthDate", "status" } },
	[ENROLLMENTS] = { "enrollments", row_enrollment, 3, { "classSourcedId", "userSourcedId", "role", "status", "schoolSourcedId" } },
};

/* ---- files, columns, cells ---- */

static bool is_file(const char *name, enum file file)
{
	size_t length = strlen(kinds[file].name);

	return !strncasecmp(name, kinds[file].name, length) && !strcasecmp(name + length, ".csv");
}

int oneroster_reads(const char *name)
{
	for (int file = 0; file < FILES; file++)
		if (is_file(name, (enum file)file))
			return 1;
	return 0;
}

static struct place place(const struct set *set, int column)
{
	int at = column >= 0 ? set->at[column] : -1;

	return (struct place){ set->files[set->file]->name, set->csv.row, at + 1, at >= 0 ? set->csv.headers[at] : NULL };
}

static const char *cell(struct set *set, int column)
{
	const char *text = set->at[column] < 0 ? "" : set->csv.cells[set->at[column]];

	return words_tidy(&set->roster->arena, text, strlen(text));
}

static struct mapping_list cell_list(struct set *set, int column)
{
	struct arena *arena = &set->roster->arena;
	struct mapping_list list = { NULL, 0 };
	const char *text = cell(set, column);

	if (!*text)
		return list;
	list.words = arena_new(arena, WORDS * sizeof *list.words);
	while (list.count < WORDS) {
		size_t length = strcspn(text, ",");
		const char *one = words_tidy(arena, text, length);

		if (*one)
			list.words[list.count++] = one;
		if (!text[length])
			break;
		text += length + 1;
	}
	return list;
}

static bool find_column(struct set *set, int number, const char *spellings)
{
	set->at[number] = -1;
	while (*spellings && set->at[number] < 0) {
		size_t length = strcspn(spellings, "|");

		set->at[number] = csv_find(&set->csv, arena_copy_n(&set->roster->arena, spellings, length));
		spellings += length + (spellings[length] == '|');
	}
	return set->at[number] >= 0;
}

static bool find_columns(struct set *set)
{
	const struct kind *kind = &kinds[set->file];
	struct place header = { set->files[set->file]->name, 1, 0, NULL };
	bool whole = true;

	for (int i = 0; i < COLUMNS; i++)
		set->at[i] = -1;
	for (int i = 0; i < COLUMNS && kind->columns[i]; i++) {
		if (find_column(set, i, kind->columns[i]) || i >= kind->needed)
			continue;
		roster_say(set->roster, 0, &header, "the column '%.*s' is missing; OneRoster needs it, export the set again",
			(int)strcspn(kind->columns[i], "|"), kind->columns[i]);
		whole = false;
	}
	return whole;
}

/* ---- status, ids, links ---- */

static bool is_active(struct set *set, int column)
{
	const char *status = cell(set, column);
	struct place here = place(set, column);

	if (!*status || !strcasecmp(status, "active"))
		return true;
	if (strcasecmp(status, "inactive") && strcasecmp(status, "tobedeleted"))
		roster_say(set->roster, 0, &here, "'%.40s' is no status; it is active, inactive or tobedeleted", status);
	return false;
}

/* Counts a row that is not taken. */
static void leave_out(struct set *set)
{
	set->files[set->file]->left_out++;
}

/* Keeps the row's own id. False: there is none, or it came before. */
static bool keep_id(struct set *set, const char *id, size_t number)
{
	struct place here = place(set, 0);

	if (*id && textmap_add(&set->ids[set->file], id, (int64_t)number) < 0)
		return true;
	if (*id)
		roster_say(set->roster, 0, &here, "the sourcedId '%.80s' comes twice in this file; each row needs its own", id);
	else
		roster_say(set->roster, 0, &here, "the row has no sourcedId; each row needs its own");
	return false;
}

/* The number of what a cell points to, or -1 when it is empty, its file is not in the set, or nothing there has that id
 * (which is said; `matters`: it decides about a person). */
static int64_t follow(struct set *set, int column, const char *id, enum file to, bool matters)
{
	int64_t number = textmap_find(&set->ids[to], id);
	struct place here = place(set, column);

	if (number >= 0 || !*id || !set->files[to])
		return number;
	roster_say(set->roster, matters && !set->section->orphans_skip ? 0 : 1, &here, "'%.80s' is not in %s.csv%s", id, kinds[to].name,
		!matters ? "; it is not needed here"
			: set->section->orphans_skip
			? "; the row is left out"
			: "; export the set whole, or write orphans skip in the mapping to leave such rows out");
	return number;
}

static void follow_list(struct set *set, int column, enum file to)
{
	struct mapping_list list = cell_list(set, column);

	for (size_t i = 0; i < list.count; i++)
		follow(set, column, list.words[i], to, false);
}

/* Looks after the links in a cell when all ids are known. */
static void follow_later(struct set *set, int column, enum file to)
{
	struct mapping_list list = cell_list(set, column);

	for (size_t i = 0; i < list.count; i++) {
		struct place here = place(set, column);

		if (set->late_count == set->late_size) {
			set->late_size = set->late_size ? set->late_size * 2 : 64;
			set->lates = reallocarray(set->lates, set->late_size, sizeof *set->lates);
			if (!set->lates)
				abort();
		}
		here.header = arena_copy(&set->roster->arena, here.header);
		set->lates[set->late_count++] = (struct late){ here, list.words[i], to };
	}
}

static void follow_lates(struct set *set)
{
	for (size_t i = 0; i < set->late_count; i++) {
		const struct late *late = &set->lates[i];

		if (textmap_find(&set->ids[late->to], late->id) < 0)
			roster_say(set->roster, 1, &late->place, "'%.80s' is not in %s.csv; it is not needed here", late->id,
				kinds[late->to].name);
	}
}

/* ---- the rows of each file ---- */

static void refuse_set(struct set *set, const struct place *here, const char *text)
{
	set->refused = true;
	roster_say(set->roster, 0, here, "%s", text);
}

static void row_manifest(struct set *set)
{
	const char *name = cell(set, 0), *value = cell(set, 1);
	struct place here = place(set, 1);

	if (!strcasecmp(name, "oneroster.version")) {
		if (strcmp(value, "1.1") && strcmp(value, "1.2"))
			refuse_set(set, &here, "this version of OneRoster is not read here; export version 1.1 or 1.2");
		return;
	}
	for (int file = ORGS; file < FILES && !strncasecmp(name, "file.", 5); file++) {
		if (strcasecmp(name + 5, kinds[file].name))
			continue;
		if (!strcasecmp(value, "delta"))
			refuse_set(set, &here,
				"the file holds changes only (delta), from which people who are not named cannot be told from "
				"people who left; export the set in bulk mode");
		else if (!strcasecmp(value, "bulk") && !set->files[file])
			refuse_set(set, &here, "the manifest promises this file, but it is not in the set; pass the whole folder or ZIP");
		else if (!strcasecmp(value, "absent") && set->files[file])
			refuse_set(set, &here, "the manifest says that this file is absent, but it is in the set; export the set again");
		else if (strcasecmp(value, "bulk") && strcasecmp(value, "absent"))
			refuse_set(set, &here, "the value must be bulk or absent");
	}
}

static void row_org(struct set *set)
{
	const char *id = cell(set, 0);

	if (!keep_id(set, id, set->org_count))
		return;
	set->org_names[set->org_count++] = cell(set, 1);
	if (!is_active(set, 2))
		leave_out(set);
	else
		follow_later(set, 3, ORGS);
}

static void row_session(struct set *set)
{
	keep_id(set, cell(set, 0), 0);
	if (!is_active(set, 1))
		leave_out(set);
	else
		follow_later(set, 2, SESSIONS);
}

static void row_course(struct set *set)
{
	keep_id(set, cell(set, 0), 0);
	if (!is_active(set, 1))
		leave_out(set);
	else
		follow(set, 2, cell(set, 2), ORGS, false);
}

static bool names(const struct mapping_list *list, const char *text)
{
	for (size_t i = 0; *text && i < list->count; i++)
		if (!strcasecmp(list->words[i], text))
			return true;
	return false;
}

static void row_class(struct set *set)
{
	struct class *class = &set->classes[set->class_count];

	class->id = cell(set, 0);
	if (!keep_id(set, class->id, set->class_count))
		return;
	set->class_count++;
	class->out = !is_active(set, 2);
	for (size_t i = 0; i < set->join_count; i++) {
		const struct mapping_list *wanted = &set->joins[i]->classes;

		if (names(wanted, class->id) || names(wanted, cell(set, 1)) || names(wanted, cell(set, 3)))
			class->joins |= UINT64_C(1) << i;
	}
	if (class->out) {
		leave_out(set);
		return;
	}
	follow(set, 4, cell(set, 4), COURSES, false);
	follow(set, 5, cell(set, 5), ORGS, false);
	follow_list(set, 6, SESSIONS);
}

static const char *mail(struct set *set)
{
	const char *text = cell(set, 6);
	struct place here = place(set, 6);
	char *folded = words_fold(&set->roster->arena, text, strlen(text));

	if (*folded && !words_mail(folded))
		roster_say(set->roster, 0, &here, "'%.60s' is no mail address; correct it or leave it empty", folded);
	return folded;
}

/* Roles of users (1.1) and of the file of roles (1.2) come together. */
static void add_role(struct set *set, struct user *user, const char *role)
{
	if (!*role || names(&user->roles, role) || user->roles.count == WORDS)
		return;
	if (!user->roles.words)
		user->roles.words = arena_new(&set->roster->arena, WORDS * sizeof *user->roles.words);
	user->roles.words[user->roles.count++] = role;
}

static void add_orgs(struct set *set, struct user *user, const struct mapping_list *orgs)
{
	if (!user->orgs.words)
		user->orgs.words = arena_new(&set->roster->arena, WORDS * sizeof *user->orgs.words);
	for (size_t i = 0; i < orgs->count && user->orgs.count < WORDS; i++)
		if (!names(&user->orgs, orgs->words[i]))
			user->orgs.words[user->orgs.count++] = orgs->words[i];
}

static void row_user(struct set *set)
{
	struct user *user = &set->users[set->user_count];
	const char *enabled = cell(set, 4), *preferred = cell(set, 9), *family = cell(set, 10);
	struct mapping_list orgs = cell_list(set, 8);
	struct place name = place(set, 1);

	user->id = cell(set, 0);
	if (!keep_id(set, user->id, set->user_count))
		return;
	set->user_count++;
	user->place = place(set, -1);
	user->out = !is_active(set, 3) || !strcasecmp(enabled, "false") || !strcmp(enabled, "0");
	if (user->out)
		return;
	user->given = *preferred ? preferred : cell(set, 1);
	user->family = *family ? family : cell(set, 2);
	user->email = mail(set);
	user->grades = cell_list(set, 7);
	add_role(set, user, cell(set, 5));
	add_orgs(set, user, &orgs);
	follow_list(set, 8, ORGS);
	follow_later(set, 11, USERS);
	if (!*user->given && !*user->family)
		roster_say(set->roster, 0, &name, "this user has no name; give one");
}

/* The user that a cell names, if that one and the row are active. */
static struct user *user_of(struct set *set, int column, int status)
{
	int64_t number;

	if (!is_active(set, status)) {
		leave_out(set);
		return NULL;
	}
	if (!*cell(set, column)) {
		struct place here = place(set, column);

		roster_say(set->roster, 0, &here, "the row names no user; give the user's sourcedId");
		return NULL;
	}
	number = follow(set, column, cell(set, column), USERS, true);
	if (number >= 0 && !set->users[number].out)
		return &set->users[number];
	leave_out(set);
	return NULL;
}

static void row_role(struct set *set)
{
	struct user *user = user_of(set, 0, 2);
	struct mapping_list orgs = cell_list(set, 3);

	if (!user)
		return;
	add_role(set, user, cell(set, 1));
	add_orgs(set, user, &orgs);
	follow_list(set, 3, ORGS);
	set->files[set->file]->taken++;
}

static void row_demographics(struct set *set)
{
	struct user *user = user_of(set, 0, 2);
	struct place here = place(set, 1);
	const char *date = cell(set, 1);

	if (!user || !*date)
		return;
	if (!words_date(date)) {
		roster_say(set->roster, 0, &here, "this is no date; write it as YYYY-MM-DD");
		return;
	}
	user->birth_date = date;
	set->files[set->file]->taken++;
}

static void row_enrollment(struct set *set)
{
	struct user *user = user_of(set, 1, 3);
	int64_t number = user ? follow(set, 0, cell(set, 0), CLASSES, true) : -1;
	const char *role = cell(set, 2);
	uint64_t joins;

	if (!user || number < 0 || set->classes[number].out) {
		if (user)
			leave_out(set);
		return;
	}
	joins = set->classes[number].joins;
	for (size_t i = 0; i < set->join_count; i++)
		if ((joins >> i & 1) && (!set->joins[i]->roles.count || names(&set->joins[i]->roles, role)))
			user->classed |= UINT64_C(1) << i;
	set->files[set->file]->taken++;
}

/* ---- reading a file ---- */

static void csv_said(struct set *set)
{
	const struct csv_problem *problem = &set->csv.problem;
	int column = problem->column;
	struct place here = { set->files[set->file]->name, problem->row, column,
		column > 0 && column <= set->csv.columns ? set->csv.headers[column - 1] : NULL };

	roster_say(set->roster, 0, &here, "%s", problem->text);
}

static size_t lines_in(const struct oneroster_file *file)
{
	size_t count = 2;

	for (size_t i = 0; i < file->size; i++)
		count += file->data[i] == '\n' || file->data[i] == '\r';
	return count > CSV_ROWS + 1 ? CSV_ROWS + 1 : count;
}

static void make_room(struct set *set)
{
	size_t most = lines_in(set->files[set->file]);

	if (set->file == USERS)
		set->users = arena_new(&set->roster->arena, most * sizeof *set->users);
	if (set->file == CLASSES)
		set->classes = arena_new(&set->roster->arena, most * sizeof *set->classes);
	if (set->file == ORGS)
		set->org_names = arena_new(&set->roster->arena, most * sizeof *set->org_names);
}

static void read_file(struct set *set, enum file which)
{
	struct oneroster_file *file = set->files[which];
	int rc;

	set->file = which;
	file->used = 1;
	rc = csv_open(&set->csv, file->data, file->size, 0);
	if (!rc)
		rc = csv_header(&set->csv);
	if (!rc && find_columns(set)) {
		make_room(set);
		while ((rc = csv_next(&set->csv)) > 0) {
			file->read++;
			if (rc == CSV_BAD)
				csv_said(set);
			else
				kinds[which].row(set);
		}
	}
	if (rc < 0)
		csv_said(set);
	csv_close(&set->csv);
}

/* ---- who joins ---- */

static bool same_grade(const char *a, const char *b)
{
	while (*a == '0' && a[1])
		a++;
	while (*b == '0' && b[1])
		b++;
	return !strcasecmp(a, b);
}

static bool any_grade(const struct mapping_list *wanted, const struct mapping_list *grades)
{
	for (size_t i = 0; i < wanted->count; i++)
		for (size_t j = 0; j < grades->count; j++)
			if (same_grade(wanted->words[i], grades->words[j]))
				return true;
	return false;
}

static const char *org_name(const struct set *set, const char *id)
{
	int64_t number = textmap_find(&set->ids[ORGS], id);

	return number >= 0 && *set->org_names[number] ? set->org_names[number] : id;
}

static bool any_role(const struct mapping_list *wanted, const struct mapping_list *roles)
{
	for (size_t i = 0; i < roles->count; i++)
		if (names(wanted, roles->words[i]))
			return true;
	return false;
}

static bool fits(const struct set *set, const struct user *user, size_t number)
{
	const struct mapping_line *join = set->joins[number];
	bool org = !join->orgs.count;

	for (size_t i = 0; !org && i < user->orgs.count; i++)
		org = names(&join->orgs, user->orgs.words[i]) || names(&join->orgs, org_name(set, user->orgs.words[i]));
	if (!org || (join->grades.count && !any_grade(&join->grades, &user->grades)))
		return false;
	if (join->classes.count)
		return user->classed >> number & 1;
	return !join->roles.count || any_role(&join->roles, &user->roles);
}

static void add_traits(struct set *set, const struct user *user, const char *participant)
{
	for (size_t i = 0; i < set->section->count; i++) {
		const struct mapping_line *line = &set->section->lines[i];
		bool grade = line->kind == MAPPING_TRAIT && !strcmp(line->text, "grade");
		const struct mapping_list *list = grade ? &user->grades : &user->orgs;

		for (size_t j = 0; line->kind == MAPPING_TRAIT && j < list->count; j++)
			roster_add_trait(set->roster, &user->place, participant, grade ? "year of study" : "site",
				grade ? list->words[j] : org_name(set, list->words[j]), -1, "offered");
	}
}

static bool join(struct set *set, const struct user *user)
{
	const char *language = set->section->language, *key;
	struct roster_person person = { user->id, user->given, user->family, user->email, NULL, set->section->zone, user->birth_date };

	for (size_t i = 0; i < set->join_count; i++) {
		if (!fits(set, user, i))
			continue;
		if (language)
			person.language = words_language_code(words_fold(&set->roster->arena, language, strlen(language)));
		key = roster_add_person(set->roster, &user->place, &person);
		key = roster_add_participant(set->roster, &user->place, key, set->joins[i]->text,
			set->joins[i]->capacity ? set->joins[i]->capacity : set->section->capacity, NULL);
		if (key)
			add_traits(set, user, key);
		return true;
	}
	return false;
}

static void gather_joins(struct set *set)
{
	struct place here = { "mapping", set->section->lines->number, 0, NULL };

	for (size_t i = 0; i < set->section->count; i++) {
		const struct mapping_line *line = &set->section->lines[i];

		if (line->kind != MAPPING_JOIN)
			continue;
		here.row = line->number;
		if (set->join_count < RULES)
			set->joins[set->join_count++] = line;
		else
			roster_say(
				set->roster, 0, &here, "there are more than %d join lines; name several grades or classes in one", RULES);
	}
	if (!set->join_count)
		roster_say(set->roster, 0, &here, "the mapping says of nobody that they join; add lines such as: join mentee role student");
}

/* A class that a join line names must be in the set: a misspelt one would quietly take nobody. */
static void check_classes(struct set *set)
{
	for (size_t i = 0; i < set->join_count; i++) {
		struct place here = { "mapping", set->joins[i]->number, 0, NULL };
		bool found = !set->joins[i]->classes.count;

		for (size_t j = 0; !found && j < set->class_count; j++)
			found = set->classes[j].joins >> i & 1;
		if (!found)
			roster_say(set->roster, 0, &here,
				"no class of the set has the sourcedId, title or code that this line names; correct "
				"it");
	}
}

static void sort_files(struct set *set, struct oneroster_file *files, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int file = 0;

		while (file < FILES && !is_file(files[i].name, (enum file)file))
			file++;
		if (file < FILES && !set->files[file])
			set->files[file] = &files[i];
		else if (file < FILES)
			roster_say(set->roster, 0, &(struct place){ files[i].name, 0, 0, NULL },
				"this file comes twice; pass one set at a time");
	}
	if (!set->files[USERS])
		refuse_set(set, &(struct place){ "users.csv", 0, 0, NULL },
			"users.csv is not in the set; pass the whole folder or ZIP "
			"of a OneRoster export");
}

static void everybody(struct set *set)
{
	struct oneroster_file *users = set->files[USERS];

	for (size_t i = 0; i < set->user_count; i++) {
		if (!set->users[i].out && join(set, &set->users[i]))
			users->taken++;
		else
			users->left_out++;
	}
}

void oneroster_read(struct roster *roster, const struct mapping_section *section, struct oneroster_file *files, size_t count)
{
	struct set set = { .roster = roster, .section = section };

	gather_joins(&set);
	sort_files(&set, files, count);
	for (int file = 0; file < FILES && !set.refused; file++)
		if (set.files[file])
			read_file(&set, (enum file)file);
	if (!set.refused) {
		follow_lates(&set);
		check_classes(&set);
		everybody(&set);
	}
	for (int file = 0; file < FILES; file++)
		textmap_free(&set.ids[file]);
	free(set.lates);
}
