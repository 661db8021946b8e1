/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The hash of an input: BLAKE2b over all that the result depends on, people in
 * record id order, numbers as 64 bits little endian, texts with their length.
 * Two inputs with one hash give the same result. What a run ignores (wishes for
 * people who are not in it) is not hashed.
 */
#include <sodium.h>
#include <string.h>

#include "match/internal.h"

static void add_number(crypto_generichash_state *state, int64_t number)
{
	unsigned char bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char)((uint64_t)number >> (8 * i));
	crypto_generichash_update(state, bytes, sizeof bytes);
}

static void add_real(crypto_generichash_state *state, double number)
{
	int64_t bits;

	memcpy(&bits, &number, sizeof bits);
	add_number(state, bits);
}

static void add_text(crypto_generichash_state *state, const char *text)
{
	size_t length = text ? strlen(text) : 0;

	add_number(state, (int64_t)length);
	crypto_generichash_update(state, (const unsigned char *)(text ? text : ""), length);
}

static void add_person(crypto_generichash_state *state, const struct prepared *in, const struct someone *who)
{
	const struct match_person *from = who->from;
	const int64_t numbers[] = { from->id, from->person, from->places, from->taken, from->age, from->year, from->minor, from->consent,
		from->marked, who->trait_count, who->span_start[in->weeks] };

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		add_number(state, numbers[i]);
	for (int32_t i = 0; i < who->trait_count; i++) {
		add_number(state, who->traits[i].term);
		add_number(state, who->traits[i].level);
		add_number(state, who->traits[i].sought);
	}
	add_number(state, who->number_count);
	for (int32_t i = 0; i < who->number_count; i++) {
		add_number(state, who->numbers[i].name);
		add_real(state, who->numbers[i].value);
	}
	for (int32_t i = 0; i < who->span_start[in->weeks]; i++) {
		add_number(state, who->spans[i].week);
		add_number(state, who->spans[i].from);
		add_number(state, who->spans[i].to);
	}
}

static void add_relations(crypto_generichash_state *state, const struct prepared *in, const struct relations *relations)
{
	for (int32_t mentee = 0; mentee < in->mentee_count; mentee++) {
		add_number(state, relations->start[mentee + 1] - relations->start[mentee]);
		for (int32_t i = relations->start[mentee]; i < relations->start[mentee + 1]; i++) {
			add_number(state, relations->list[i].mentor);
			add_number(state, relations->list[i].rank);
		}
	}
}

static void add_plan(crypto_generichash_state *state, const struct match_recipe *recipe, const struct plan *plan)
{
	add_number(state, plan->count + plan->groups);
	for (int32_t i = 0; i < plan->count + plan->groups; i++) {
		const struct plan_line *line = &plan->lines[i];

		add_text(state, line->name);
		add_number(state, line->hard);
		add_number(state, line->bound ? line->number : -1);
		add_real(state, line->hard ? 0 : recipe->lines[line->line].weight);
		for (int k = 0; k < MATCH_PARAMETERS_MAX; k++)
			add_real(state, line->parameters[k]);
	}
}

static void add_people(crypto_generichash_state *state, const struct prepared *in)
{
	add_number(state, in->weeks);
	add_number(state, in->term_count);
	for (int32_t i = 0; i < in->term_count; i++) {
		add_number(state, in->terms[i].kind);
		add_number(state, in->terms[i].name);
		add_text(state, in->terms[i].text);
	}
	add_number(state, in->mentee_count);
	for (int32_t i = 0; i < in->mentee_count; i++) {
		add_person(state, in, &in->mentees[i]);
		add_number(state, in->locked[i]);
	}
	add_number(state, in->mentor_count);
	for (int32_t i = 0; i < in->mentor_count; i++)
		add_person(state, in, &in->mentors[i]);
}

/* What only groups depend on. */
static void add_groups(crypto_generichash_state *state, const struct prepared *in)
{
	struct arena arena = { 0 };
	const struct match_couple *apart;
	size_t count;

	for (int32_t week = 0; week < in->weeks; week++)
		add_number(state, in->input->clock[week]);
	match_apart(in, &arena, &apart, &count);
	for (size_t i = 0; i < count; i++) {
		add_number(state, apart[i].one);
		add_number(state, apart[i].other);
	}
	arena_free(&arena);
}

void match_hash(const struct prepared *in, const struct plan *plan, unsigned char ret_hash[32])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, 32);
	add_text(&state, "mentorship match 2");
	add_people(&state, in);
	add_relations(&state, in, &in->mentee_wishes);
	add_relations(&state, in, &in->mentor_wishes);
	add_relations(&state, in, &in->objections);
	add_relations(&state, in, &in->earlier);
	add_plan(&state, &in->input->recipe, plan);
	add_number(&state, (int64_t)in->input->seed);
	add_number(&state, in->input->all_pairs);
	for (int i = 0; i < 2 && (in->input->salt[0] || in->input->salt[1]); i++)
		add_number(&state, in->input->salt[i]);
	if (in->input->algorithm != MATCH_OPTIMAL) /* hashes from when there was no other still hold */
		add_number(&state, in->input->algorithm);
	if (in->input->algorithm == MATCH_CIRCLES)
		add_groups(&state, in);
	for (int32_t i = 0; in->kept && i < in->mentee_count; i++)
		add_number(&state, in->kept[i]);
	crypto_generichash_final(&state, ret_hash, 32);
}
