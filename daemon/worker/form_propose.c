/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A first mapping for a form's export: each header is searched for the words of a table, the longest one found wins, and
 * the cells of the first rows say how answers are separated and whether a column holds times of the week. What nothing
 * fits is proposed as ignored, with a remark, so that the coordinator sees every column once.
 */
#include "form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "weekly.h"
#include "words.h"

enum {
	LOOK_ROWS = 60
};

/* Words of a header, folded, longest wins. `side`: 0 by the header and the role, else as said. */
struct hint {
	enum mapping_field field;
	const char *trait, *words;
};

static const struct hint hints[] = {
	{ FIELD_IGNORE, NULL,
		"timestamp|zeitstempel|horodateur|marca temporal|start time|startzeit|completion time|fertigstellungszeit|"
		"last modified|submitdate|date submitted|startdate|datestamp|lastpage|startlanguage|seed|ip "
		"address|ipaddr|response id|consent|"
		"i agree|einverstanden|datenschutz|total score|points|feedback|quiz feedback|last page|date started|date last "
		"action" },
	{ FIELD_EXTERNAL_ID, NULL,
		"student id|student number|staff id|staff number|personnel number|employee id|employee number|id number|"
		"matriculation|matrikelnummer|personalnummer|numéro étudiant|número de "
		"alumno|matrícula|matricola|studentnummer|university id|"
		"external id|external_id|sourcedid" },
	{ FIELD_GIVEN_NAME, NULL,
		"first name|given name|given names|forename|firstname|vorname|prénom|nombre de pila|nome proprio|voornaam|"
		"imię|given_name" },
	{ FIELD_FAMILY_NAME, NULL,
		"last name|family name|surname|lastname|nachname|familienname|nom de famille|apellido|apellidos|cognome|"
		"sobrenome|achternaam|nazwisko|family_name" },
	{ FIELD_FULL_NAME, NULL, "full name|your name|name|vor- und nachname|nom et prénom|nombre completo|nombre|nom|nome|naam" },
	{ FIELD_EMAIL, NULL,
		"email|e-mail|mail address|email address|e-mail-adresse|mailadresse|adresse électronique|courriel|correo|"
		"correo electrónico|posta elettronica|username" },
	{ FIELD_LANGUAGE, NULL,
		"preferred language|language of mails|language for mails|write to you in|korrespondenzsprache|"
		"langue de correspondance" },
	{ FIELD_ZONE, NULL, "time zone|timezone|zeitzone|fuseau horaire|zona horaria|fuso orario|fuso horário|tijdzone" },
	{ FIELD_BIRTH_DATE, NULL,
		"date of birth|birth date|birthdate|birthday|geburtsdatum|geburtstag|date de naissance|"
		"fecha de nacimiento|data di nascita|data de nascimento|geboortedatum|born" },
	{ FIELD_ROLE, NULL, "mentor or mentee|role|rolle|rôle|rol|ruolo" },
	{ FIELD_CAPACITY, NULL,
		"capacity|how many mentees|how many students|how many people|number of mentees|kapazität|wie viele|combien|"
		"cuántos|quanti|quantos|hoeveel" },
	{ FIELD_MOTIVATION, NULL, "why|motivation|warum|weshalb|pourquoi|por qué|perché|waarom|motivación" },
	{ FIELD_OBJECTION_REASON, NULL, "tell us why|reason|reasons|begründung|raison|razón" },
	{ FIELD_TRAIT, "skill",
		"skill|skills|can you help|help with|support with|learn|teach|expertise|topics|kenntnisse|fähigkeiten|"
		"kompetenzen|lernen|beibringen|compétences|habilidades|competenze|competências|vaardigheden" },
	{ FIELD_TRAIT, "interest",
		"interest|interests|hobbies|hobby|free time|spare time|interessen|hobbys|freizeit|centres d'intérêt|loisirs|"
		"intereses|aficiones|interessi|interesses" },
	{ FIELD_TRAIT, "language",
		"languages|language|language do you speak|languages do you "
		"speak|sprachen|sprache|langues|langue|idiomas|idioma|lenguas|"
		"lingue|línguas|talen" },
	{ FIELD_TRAIT, "field of study",
		"field of study|study programme|study program|degree|degree programme|major|course of study|subject|"
		"studiengang|studienfach|fachrichtung|filière|carrera|corso di laurea|curso|opleiding" },
	{ FIELD_TRAIT, "year of study",
		"year of study|study year|semester|grade|jahrgang|studienjahr|fachsemester|année d'études|"
		"año de estudios|anno di corso|which year" },
	{ FIELD_TRAIT, "department",
		"department|faculty|school of|abteilung|fachbereich|fakultät|département|faculté|departamento|"
		"dipartimento|faculteit" },
	{ FIELD_TRAIT, "site", "campus|site|location|standort|sede|lieu|ort|where are you based" },
	{ FIELD_TRAIT, "value", "values|werte|valeurs|valores|valori" },
	{ FIELD_AVAILABILITY, NULL,
		"available|availability|when are you free|free times|times of the week|weekly times|verfügbar|verfügbarkeit|"
		"wann hast du "
		"zeit|zeiten|disponible|disponibilité|disponibilités|disponibilidad|disponibilità|disponibilidade|beschikbaar" },
	{ FIELD_WISH, NULL,
		"like to work with|matched with|like to be matched with|prefer as|preferred mentor|preferred mentee|wish|wishes|"
		"wunschmentor|wunsch|wünsche|souhait|souhaitez-vous travailler avec|preferencia|desideri|would you like as" },
	{ FIELD_OBJECTION, NULL,
		"not be matched with|not to be matched with|rather not|not work with|not with|nicht mit|pas avec|no con|"
		"non con|should not be paired|avoid being matched" },
};

struct guess {
	const struct hint *hint;
	size_t length;       /* of the words found */
	const char *bracket; /* 'Python' of 'Skills [Python]' */
	int filled, looked, several, times, mails, ticks;
	char split[8];
};

struct proposal {
	struct buffer *out;
	struct csv csv;
	struct arena arena;
	struct guess *guesses;
	const char *role;
	unsigned taken; /* single fields that a column has already, as bits */
};

/* ---- headers ---- */

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

/* Does the text hold the word as a whole? */
static bool holds(const char *text, const char *word, size_t length)
{
	for (const char *at = text; *at; at++)
		if (!strncmp(at, word, length) && (at == text || !letter(at[-1])) && !letter(at[length]))
			return true;
	return false;
}

static size_t longest(const char *text, const char *words)
{
	size_t best = 0;

	while (*words) {
		size_t length = strcspn(words, "|");

		if (length > best && holds(text, words, length))
			best = length;
		words += length + (words[length] == '|');
	}
	return best;
}

static void guess_header(struct proposal *p, int column)
{
	struct guess *guess = &p->guesses[column];
	const char *header = p->csv.headers[column];
	const char *open = strrchr(header, '[');
	char *folded = words_fold(&p->arena, header, strlen(header));
	size_t length = strlen(header);

	for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
		size_t found = longest(folded, hints[i].words);

		if (found > guess->length) {
			guess->length = found;
			guess->hint = &hints[i];
		}
	}
	if (open && length && header[length - 1] == ']')
		guess->bracket = words_tidy(&p->arena, open + 1, (size_t)(header + length - 1 - open - 1));
	if (words_secret(folded))
		guess->hint = NULL;
}

/* ---- cells ---- */

static bool is_time(const char *folded)
{
	struct weekly weekly;

	return !weekly_read(&weekly, folded, 0) && weekly.count;
}

static void look_at_cell(struct proposal *p, int column)
{
	struct guess *guess = &p->guesses[column];
	const char *cell = p->csv.cells[column], *folded = words_fold(&p->arena, cell, strlen(cell));

	guess->looked++;
	if (!*folded)
		return;
	guess->filled++;
	guess->several += strpbrk(cell, ";|\n,") != NULL;
	guess->times += is_time(folded);
	guess->mails += words_mail(folded);
	guess->ticks += words_yes(folded) >= 0 || words_level(folded) >= 0;
	for (const char *mark = "\n;|,"; *mark; mark++)
		if (strchr(cell, *mark) && strlen(guess->split) < 4 && !strchr(guess->split, *mark))
			guess->split[strlen(guess->split)] = *mark;
}

static int look_at_cells(struct proposal *p)
{
	for (int rows = 0, rc; rows < LOOK_ROWS && (rc = csv_next(&p->csv)) != CSV_END; rows++) {
		if (rc < 0)
			return rc;
		for (int i = 0; rc == CSV_ROW && i < p->csv.columns; i++)
			look_at_cell(p, i);
	}
	return 0;
}

/* ---- what a column seems to be ---- */

static const struct hint *hint_for(enum mapping_field field)
{
	for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
		if (hints[i].field == field)
			return &hints[i];
	return NULL;
}

/* Cells speak louder than headers where they can be told apart. */
static void settle(struct proposal *p, int column)
{
	struct guess *guess = &p->guesses[column];

	if (words_secret(words_fold(&p->arena, p->csv.headers[column], strlen(p->csv.headers[column]))))
		return;
	if (guess->filled && guess->times * 2 > guess->filled)
		guess->hint = hint_for(FIELD_AVAILABILITY);
	else if (guess->filled && guess->mails == guess->filled && (!guess->hint || guess->hint->field != FIELD_WISH) &&
		(!guess->hint || guess->hint->field != FIELD_OBJECTION))
		guess->hint = hint_for(FIELD_EMAIL);
}

static bool is_single(enum mapping_field field)
{
	return field != FIELD_IGNORE && field != FIELD_TRAIT && field != FIELD_AVAILABILITY && field != FIELD_WISH &&
		field != FIELD_OBJECTION;
}

static const char *side_of(const struct proposal *p, const char *header, const struct hint *hint)
{
	static const char sought[] =
		"seek|seeking|looking for|need|want|would like|learn|help me|you need|hope|improve|suche|suchst|brauche|"
		"brauchst|lernen|möchte|cherchez|besoin|apprendre|buscas|necesitas|aprender|support with";
	static const char offered[] = "offer|you can|can help|can you|teach|good at|share|biete|anbieten|kannst|beibringen|offrez|pouvez|"
				      "ofreces|puedes|enseñar|bring";
	bool seeks = longest(header, sought) != 0, offers = longest(header, offered) != 0;

	if (strcmp(hint->trait, "skill"))
		return "offered";
	if (seeks != offers)
		return seeks ? "sought" : "offered";
	return p->role && !strcmp(p->role, "mentee") ? "sought" : "offered";
}

static void write_split(struct proposal *p, const struct guess *guess)
{
	const char *mark = strchr(guess->split, '\n') ? "\n"
		: strchr(guess->split, ';')           ? ";"
		: strchr(guess->split, '|')           ? "|"
		: strchr(guess->split, ',')           ? ","
						      : "";

	if (!*mark)
		return;
	buffer_text(p->out, *mark == '\n' ? ", split newline" : ", split ");
	if (*mark != '\n')
		mapping_quote(p->out, mark);
}

static void write_trait(struct proposal *p, const struct guess *guess, const char *header)
{
	const char *quote = strchr(guess->hint->trait, ' ') ? "\"" : "";

	buffer_print(p->out, "trait %s%s%s %s", quote, guess->hint->trait, quote, side_of(p, header, guess->hint));
	if (guess->bracket && guess->filled && guess->ticks == guess->filled) {
		buffer_text(p->out, ", named ");
		mapping_quote(p->out, guess->bracket);
	} else if (strcmp(guess->hint->trait, "field of study") && strcmp(guess->hint->trait, "year of study") &&
		strcmp(guess->hint->trait, "site") && strcmp(guess->hint->trait, "department")) {
		write_split(p, guess);
	}
}

static void write_target(struct proposal *p, const struct guess *guess, const char *header)
{
	const char *day = guess->bracket ? words_fold(&p->arena, guess->bracket, strlen(guess->bracket)) : "";
	unsigned days = words_days(day, strlen(day));

	if (guess->hint->field == FIELD_TRAIT) {
		write_trait(p, guess, header);
		return;
	}
	buffer_text(p->out, mapping_field_name(guess->hint->field));
	for (int i = 0; guess->hint->field == FIELD_AVAILABILITY && i < 7; i++)
		if (days == 1u << i)
			buffer_print(p->out, " %s", words_weekday(i));
	if (guess->hint->field == FIELD_WISH || guess->hint->field == FIELD_OBJECTION)
		write_split(p, guess);
}

static void write_column(struct proposal *p, int column)
{
	const struct guess *guess = &p->guesses[column];
	const char *header = words_fold(&p->arena, p->csv.headers[column], strlen(p->csv.headers[column]));
	bool second = guess->hint && is_single(guess->hint->field) && (p->taken >> guess->hint->field & 1);

	if (!*header)
		return;
	buffer_text(p->out, "column ");
	mapping_quote(p->out, p->csv.headers[column]);
	buffer_text(p->out, " -> ");
	if (words_secret(header))
		buffer_text(p->out, "ignore  # looks like a password; never read");
	else if (!guess->hint)
		buffer_print(p->out, "ignore  # not recognised; filled in %d of the first %d rows", guess->filled, guess->looked);
	else if (second)
		buffer_print(p->out, "ignore  # another column seems to be the %s", mapping_field_name(guess->hint->field));
	else
		write_target(p, guess, header);
	buffer_char(p->out, '\n');
	if (guess->hint)
		p->taken |= 1u << guess->hint->field;
}

static bool has_field(const struct proposal *p, enum mapping_field field)
{
	for (int i = 0; i < p->csv.columns; i++)
		if (p->guesses[i].hint && p->guesses[i].hint->field == field)
			return true;
	return false;
}

/* 'Name' beside 'First name' is the family name. */
static void settle_names(struct proposal *p)
{
	if (!has_field(p, FIELD_GIVEN_NAME))
		return;
	for (int i = 0; i < p->csv.columns; i++)
		if (p->guesses[i].hint && p->guesses[i].hint->field == FIELD_FULL_NAME)
			p->guesses[i].hint = has_field(p, FIELD_FAMILY_NAME) ? NULL : hint_for(FIELD_FAMILY_NAME);
}

static void write_head(struct proposal *p, const char *file)
{
	buffer_text(p->out, "mapping 1\nformat form\nfile ");
	mapping_quote(p->out, file);
	buffer_char(p->out, '\n');
	if (p->csv.separator == '\t')
		buffer_text(p->out, "separator tab\n");
	else
		buffer_print(p->out, "separator \"%c\"\n", p->csv.separator);
	if (p->role)
		buffer_print(p->out, "role %s\n", p->role);
	else if (!has_field(p, FIELD_ROLE))
		buffer_text(p->out, "# Who are these people? Take the '#' off one of the two lines.\n# role mentor\n# role mentee\n");
	if (!has_field(p, FIELD_ZONE))
		buffer_text(p->out, "# In which zone are their times? Write it here and take the '#' off.\n# zone \"Europe/Berlin\"\n");
}

int form_propose(struct buffer *out, const char *file, const char *role, const char *data, size_t size, struct problem *problem)
{
	struct proposal p = { .out = out, .role = role };
	int rc = csv_open(&p.csv, data, size, 0);

	if (rc >= 0)
		rc = csv_header(&p.csv);
	if (rc >= 0) {
		p.guesses = arena_new(&p.arena, (size_t)p.csv.columns * sizeof *p.guesses);
		for (int i = 0; i < p.csv.columns; i++)
			guess_header(&p, i);
		rc = look_at_cells(&p);
	}
	if (rc < 0) {
		problem_set(problem, rc, "file", "%.80s, row %lld, column %d: %s", file, (long long)p.csv.problem.row, p.csv.problem.column,
			p.csv.problem.text);
	} else {
		for (int i = 0; i < p.csv.columns; i++)
			settle(&p, i);
		settle_names(&p);
		write_head(&p, file);
		for (int i = 0; i < p.csv.columns; i++)
			write_column(&p, i);
	}
	arena_free(&p.arena);
	csv_close(&p.csv);
	return rc < 0 ? rc : 0;
}
