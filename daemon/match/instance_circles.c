/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * People, slots and rules of an instance file become the input of circles; and
 * the hash over all of an instance.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "match/instance_inside.h"

/* --- lines ------------------------------------------------------------------------------------------------- */

static int short_of(struct word word)
{
	return word.length < 70 ? (int)word.length : 70;
}

/* KEY=VALUE; false if there is no '=' with something on both sides. */
static bool split(struct word word, struct word *ret_key, struct word *ret_value)
{
	const char *sign = memchr(word.at, '=', word.length);

	if (!sign || sign == word.at || sign + 1 == word.at + word.length)
		return false;
	*ret_key = (struct word){ word.at, (size_t)(sign - word.at) };
	*ret_value = (struct word){ sign + 1, word.length - ret_key->length - 1 };
	return true;
}

static bool is(struct word word, const char *text)
{
	return word.length == strlen(text) && !strncmp(word.at, text, word.length);
}

int read_slot(struct reader *r, struct line *line)
{
	struct name *name;

	return add_name(r, line, &r->slots, &name);
}

/* The number of a person's line is its place among the lines until the names are sorted. */
int read_person(struct reader *r, struct line *line)
{
	struct name *name;
	struct word word, key, value;
	int e = add_name(r, line, &r->people, &name);

	if (e < 0)
		return e;
	name->number = (int32_t)r->people.count - 1;
	r->has |= MATCH_HAS_PEOPLE;
	while (next_word(line, &word)) {
		struct match_trait_line *trait;

		if (!split(word, &key, &value) || key.length > MATCH_NAME_MAX || value.length > MATCH_NAME_MAX)
			return wrong_at(r, line->number, "'%.*s' is not ATTRIBUTE=VALUE, each of at most %d bytes.", short_of(word),
				word.at, MATCH_NAME_MAX);
		trait = add_item(&r->traits, sizeof *trait);
		*trait = (struct match_trait_line){ (int32_t)r->people.count - 1, arena_copy_n(r->arena, key.at, key.length),
			arena_copy_n(r->arena, value.at, value.length) };
	}
	return 0;
}

static int by_attribute(const void *a, const void *b)
{
	const struct match_trait_line *one = a, *other = b;
	int order = strcmp(one->attribute, other->attribute);

	if (order)
		return order;
	order = strcmp(one->value, other->value);
	return order ? order : (one->person > other->person) - (one->person < other->person);
}

static int check_traits(struct reader *r)
{
	struct match_trait_line *traits = r->traits.items;
	int32_t *last = arena_new(r->arena, (r->people.count + 1) * sizeof *last), family = 0;

	for (size_t i = 0; i < r->traits.count; i++) {
		family += i == 0 || strcmp(traits[i - 1].attribute, traits[i].attribute) != 0;
		if (last[traits[i].person] == family)
			return wrong_at(r, r->people.list[traits[i].person].line, "The person '%s' has the attribute '%s' twice.",
				r->people.list[traits[i].person].text, traits[i].attribute);
		last[traits[i].person] = family;
	}
	return 0;
}

int people_known(struct reader *r)
{
	struct match_trait_line *traits = r->traits.items;
	int32_t *place = arena_new(r->arena, (r->people.count + 1) * sizeof *place);
	int e = sort_names(r, &r->slots, "slot");

	if (e == 0)
		e = sort_names(r, &r->people, "person");
	if (e < 0)
		return e;
	if (r->people.count > MATCH_CIRCLE_PEOPLE_MAX)
		return problem_set(r->problem, E_INVALID, NULL, "Groups are made of at most %d people.", MATCH_CIRCLE_PEOPLE_MAX);
	if (r->slots.count > MATCH_CIRCLE_SLOTS_MAX)
		return problem_set(r->problem, E_INVALID, NULL, "There are at most %d slots.", MATCH_CIRCLE_SLOTS_MAX);
	for (size_t i = 0; i < r->people.count; i++)
		place[r->people.list[i].number] = (int32_t)i;
	for (size_t i = 0; i < r->traits.count; i++)
		traits[i].person = place[traits[i].person];
	if (r->traits.count > 1)
		qsort(traits, r->traits.count, sizeof *traits, by_attribute);
	r->free_line = arena_new(r->arena, (r->people.count + 1) * sizeof *r->free_line);
	return check_traits(r);
}

static int read_someone(struct reader *r, struct line *line, int32_t *ret)
{
	struct word word;

	if (!next_word(line, &word))
		return wrong_at(r, line->number, "The name of a person is missing.");
	*ret = find_name(&r->people, word);
	return *ret >= 0
		? 0
		: wrong_at(r, line->number, "There is no person '%.*s'; bring it in with a line 'person NAME'.", short_of(word), word.at);
}

int read_free(struct reader *r, struct line *line)
{
	struct word word, key, value;
	size_t first = r->free.count;
	int32_t person = -1;
	int e = read_someone(r, line, &person);

	if (e == 0 && r->free_line[person])
		e = wrong_at(
			r, line->number, "When '%s' is free stands in line %d already.", r->people.list[person].text, r->free_line[person]);
	if (e < 0)
		return e;
	r->free_line[person] = line->number;
	while (next_word(line, &word)) {
		struct match_slot_line *at, slot = { .person = person };

		if (split(word, &key, &value)) {
			e = read_number(r, line, value, "a score", 0, MATCH_CIRCLE_SCORE_MAX, &slot.score);
			word = key;
		}
		if (e < 0)
			return e;
		slot.slot = find_name(&r->slots, word);
		if (slot.slot < 0)
			return wrong_at(
				r, line->number, "There is no slot '%.*s'; bring it in with a line 'slot NAME'.", short_of(word), word.at);
		for (size_t i = first; i < r->free.count; i++)
			if (((struct match_slot_line *)r->free.items)[i].slot == slot.slot)
				return wrong_at(r, line->number, "The slot '%.*s' stands here twice.", short_of(word), word.at);
		at = add_item(&r->free, sizeof *at);
		*at = slot;
	}
	return 0;
}

int read_together(struct reader *r, struct line *line)
{
	struct match_circle_pair pair, *kept;
	struct word word;
	int e = read_someone(r, line, &pair.one);

	if (e == 0)
		e = read_someone(r, line, &pair.other);
	if (e < 0)
		return e;
	if (pair.one == pair.other)
		return wrong_at(r, line->number, "A score is one of two people.");
	if (!next_word(line, &word))
		return wrong_at(r, line->number, "The score is missing.");
	e = read_number(r, line, word, "a score", 0, MATCH_CIRCLE_SCORE_MAX, &pair.score);
	if (e < 0)
		return e;
	if (pair.one > pair.other) {
		int32_t one = pair.one;

		pair.one = pair.other;
		pair.other = one;
	}
	kept = add_item(&r->together, sizeof *kept);
	*kept = pair;
	return 0;
}

int read_rule(struct reader *r, struct line *line)
{
	struct match_rule_line rule = { .most = MATCH_CIRCLE_SIZE_MAX, .line = line->number }, *kept;
	struct word word, key, value;
	bool limited = false;

	if (!next_word(line, &word))
		return wrong_at(r, line->number, "Whom does the rule count? ATTRIBUTE=VALUE, or ATTRIBUTE for each of its values.");
	if (split(word, &key, &value)) {
		rule.attribute = arena_copy_n(r->arena, key.at, key.length);
		rule.value = arena_copy_n(r->arena, value.at, value.length);
	} else
		rule.attribute = arena_copy_n(r->arena, word.at, word.length);
	while (next_word(line, &word)) {
		int e;

		if (!split(word, &key, &value) || (!is(key, "least") && !is(key, "most")))
			return wrong_at(r, line->number, "'%.*s' is not least=NUMBER or most=NUMBER.", short_of(word), word.at);
		e = read_number(
			r, line, value, "a number of people", 0, MATCH_CIRCLE_SIZE_MAX, is(key, "least") ? &rule.least : &rule.most);
		if (e < 0)
			return e;
		limited = true;
	}
	if (!limited)
		return wrong_at(r, line->number, "A rule needs least=NUMBER, most=NUMBER or both.");
	if (rule.least > rule.most)
		return wrong_at(r, line->number, "At least %d and at most %d cannot both be.", rule.least, rule.most);
	kept = add_item(&r->rules, sizeof *kept);
	*kept = rule;
	return 0;
}

int read_size(struct reader *r, struct line *line)
{
	struct word word;
	int e;

	if (r->size_line)
		return wrong_at(r, line->number, "The size of groups stands in line %d already.", r->size_line);
	r->size_line = line->number;
	if (!next_word(line, &word))
		return wrong_at(r, line->number, "The least and the largest size are missing.");
	e = read_number(r, line, word, "the least size", 2, MATCH_CIRCLE_SIZE_MAX, &r->size_least);
	if (e < 0)
		return e;
	if (!next_word(line, &word))
		return wrong_at(r, line->number, "The largest size is missing.");
	return read_number(r, line, word, "the largest size", r->size_least, MATCH_CIRCLE_SIZE_MAX, &r->size_most);
}

int read_groups(struct reader *r, struct line *line)
{
	struct word word;

	if (r->groups_line)
		return wrong_at(r, line->number, "The number of groups stands in line %d already.", r->groups_line);
	r->groups_line = line->number;
	if (!next_word(line, &word))
		return wrong_at(r, line->number, "How many groups may there be?");
	return read_number(r, line, word, "a number of groups", 1, MATCH_CIRCLE_PEOPLE_MAX, &r->groups_most);
}

/* --- arrays ------------------------------------------------------------------------------------------------- */

static int by_rule(const void *a, const void *b)
{
	const struct match_rule_line *one = a, *other = b;
	int order = strcmp(one->attribute, other->attribute);

	if (order)
		return order;
	if (!one->value || !other->value)
		return one->value ? 1 : other->value ? -1 : (one->line > other->line) - (one->line < other->line);
	order = strcmp(one->value, other->value);
	return order ? order : (one->line > other->line) - (one->line < other->line);
}

static bool same_text(const char *one, const char *other)
{
	return one && other ? !strcmp(one, other) : one == other;
}

struct making {
	struct reader *r;
	struct match_circle_rule *rules;
	const char **attributes, **values; /* of each rule */
	int32_t count, families;
};

static int make_rule(struct making *m, const struct match_rule_line *line, const char *value)
{
	for (int32_t i = 0; i < m->count; i++)
		if (!strcmp(m->attributes[i], line->attribute) && !strcmp(m->values[i], value))
			return 0;
	if (m->count == MATCH_CIRCLE_RULES_MAX)
		return wrong_at(m->r, line->line, "There are more than %d rules; a rule for an attribute is one for each of its values.",
			MATCH_CIRCLE_RULES_MAX);
	m->attributes[m->count] = line->attribute;
	m->values[m->count] = value;
	m->rules[m->count++] = (struct match_circle_rule){ m->families - 1, line->least, line->most,
		arena_print(m->r->arena, "%s=%s", line->attribute, value) };
	return 0;
}

/* Rules for one value go before those for each value: what is said of the one is the rule for it. */
static int make_rules(struct making *m)
{
	const struct match_rule_line *lines = m->r->rules.items;
	const struct match_trait_line *traits = m->r->traits.items;
	size_t count = m->r->rules.count;
	int e = 0;

	for (size_t i = 0; i < count && e == 0; i++) {
		if (i > 0 && !strcmp(lines[i - 1].attribute, lines[i].attribute) && same_text(lines[i - 1].value, lines[i].value))
			return wrong_at(m->r, lines[i].line, "The same rule stands in line %d already.", lines[i - 1].line);
		m->families += i == 0 || strcmp(lines[i - 1].attribute, lines[i].attribute) != 0;
		if (lines[i].value)
			e = make_rule(m, &lines[i], lines[i].value);
		if (i + 1 < count && !strcmp(lines[i + 1].attribute, lines[i].attribute))
			continue;
		/* the last of this attribute: its first is the one for each value, if there is one */
		for (size_t first = 0; first <= i && e == 0; first++)
			for (size_t k = 0; !lines[first].value && !strcmp(lines[first].attribute, lines[i].attribute) &&
				k < m->r->traits.count && e == 0;
				k++)
				if (!strcmp(traits[k].attribute, lines[i].attribute))
					e = make_rule(m, &lines[first], traits[k].value);
	}
	return e;
}

static const uint64_t *count_people(const struct making *m)
{
	const struct match_trait_line *traits = m->r->traits.items;
	size_t words = ((size_t)m->count + 63) / 64;
	uint64_t *counted = arena_new(m->r->arena, (m->r->people.count * words + 1) * sizeof *counted);

	for (size_t i = 0; i < m->r->traits.count; i++)
		for (int32_t rule = 0; rule < m->count; rule++)
			if (!strcmp(traits[i].attribute, m->attributes[rule]) && !strcmp(traits[i].value, m->values[rule]))
				counted[(size_t)traits[i].person * words + (size_t)rule / 64] |= (uint64_t)1 << (rule % 64);
	return counted;
}

static int by_two(const void *a, const void *b)
{
	const struct match_circle_pair *one = a, *other = b;

	return one->one != other->one ? one->one - other->one : one->other - other->other;
}

static int make_together(struct reader *r, struct match_circles_input *in)
{
	struct match_circle_pair *pairs = arena_new(r->arena, (r->together.count + 1) * sizeof *pairs);

	if (r->together.count > 0)
		memcpy(pairs, r->together.items, r->together.count * sizeof *pairs);
	if (r->together.count > 1)
		qsort(pairs, r->together.count, sizeof *pairs, by_two);
	for (size_t i = 1; i < r->together.count; i++)
		if (by_two(&pairs[i - 1], &pairs[i]) == 0)
			return problem_set(r->problem, E_INVALID, NULL,
				"'%s' and '%s' have two lines 'together'; one is enough, in either order.",
				r->people.list[pairs[i].one].text, r->people.list[pairs[i].other].text);
	in->pairs = pairs;
	in->pair_count = (int64_t)r->together.count;
	return 0;
}

static void make_free(struct reader *r, struct match_circles_input *in)
{
	size_t slots = r->slots.count, words = (slots + 63) / 64;
	uint64_t *bits = arena_new(r->arena, (r->people.count * words + 1) * sizeof *bits);
	int32_t *liking = arena_new(r->arena, (r->people.count * slots + 1) * sizeof *liking);
	const struct match_slot_line *lines = r->free.items;

	for (size_t i = 0; i < r->free.count; i++) {
		bits[(size_t)lines[i].person * words + (size_t)lines[i].slot / 64] |= (uint64_t)1 << (lines[i].slot % 64);
		liking[(size_t)lines[i].person * slots + (size_t)lines[i].slot] = lines[i].score;
		if (lines[i].score > 0)
			in->liking = liking;
	}
	in->free = bits;
}

int make_circles(struct reader *r, struct match_instance *out)
{
	struct making m = { .r = r };
	struct match_circles_input *in = &out->circles;
	int e;

	out->people = texts_of(r, &r->people);
	out->slots = texts_of(r, &r->slots);
	if (!(r->has & MATCH_HAS_PEOPLE))
		return 0;
	if (!r->size_line)
		return problem_set(
			r->problem, E_INVALID, NULL, "There are people, and no line 'size LEAST MOST' says how large groups are.");
	m.rules = arena_new(r->arena, MATCH_CIRCLE_RULES_MAX * sizeof *m.rules);
	m.attributes = arena_new(r->arena, MATCH_CIRCLE_RULES_MAX * sizeof *m.attributes);
	m.values = arena_new(r->arena, MATCH_CIRCLE_RULES_MAX * sizeof *m.values);
	if (r->rules.count > 1)
		qsort(r->rules.items, r->rules.count, sizeof(struct match_rule_line), by_rule);
	e = make_rules(&m);
	if (e < 0)
		return e;
	*in = (struct match_circles_input){ .people = (int32_t)r->people.count,
		.slots = (int32_t)r->slots.count,
		.size_least = r->size_least,
		.size_most = r->size_most,
		.groups_most = r->groups_most,
		.rules = m.rules,
		.rule_count = m.count,
		.counted = count_people(&m) };
	make_free(r, in);
	return make_together(r, in);
}

/* --- the hash ------------------------------------------------------------------------------------------------- */

static void add_numbers(crypto_generichash_state *state, const void *numbers, size_t size, size_t count)
{
	unsigned char bytes[8];

	for (size_t i = 0; i < count; i++) {
		int64_t number = size == 8 ? ((const int64_t *)numbers)[i]
			: size == 4        ? ((const int32_t *)numbers)[i]
					   : ((const bool *)numbers)[i];

		for (int k = 0; k < 8; k++)
			bytes[k] = (unsigned char)((uint64_t)number >> (8 * k));
		crypto_generichash_update(state, bytes, sizeof bytes);
	}
}

static void add_names(crypto_generichash_state *state, const char *const *names, int32_t count)
{
	add_numbers(state, &count, sizeof count, 1);
	for (int32_t i = 0; i < count; i++) /* with its NUL */
		crypto_generichash_update(state, (const unsigned char *)names[i], strlen(names[i]) + 1);
}

static void hash_circles(crypto_generichash_state *state, const struct match_instance *in)
{
	const struct match_circles_input *c = &in->circles;
	const int32_t numbers[] = { c->size_least, c->size_most, c->groups_most, c->rule_count, c->liking != NULL, (int32_t)c->pair_count };
	size_t people = (size_t)c->people;

	add_names(state, in->people, c->people);
	add_names(state, in->slots, c->slots);
	add_numbers(state, numbers, 4, sizeof numbers / sizeof *numbers);
	add_numbers(state, c->free, 8, people * (((size_t)c->slots + 63) / 64));
	add_numbers(state, c->liking, 4, c->liking ? people * (size_t)c->slots : 0);
	add_numbers(state, c->pairs, 4, 3 * (size_t)c->pair_count);
	add_numbers(state, c->counted, 8, people * (((size_t)c->rule_count + 63) / 64));
	for (int32_t rule = 0; rule < c->rule_count; rule++) {
		add_numbers(state, (int32_t[]){ c->rules[rule].family, c->rules[rule].least, c->rules[rule].most }, 4, 3);
		add_names(state, &c->rules[rule].text, 1);
	}
}

void instance_hash(struct match_instance *in)
{
	const struct match_graph *g = &in->graph;
	size_t mentees = (size_t)g->mentees, mentors = (size_t)g->mentors, count;
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, sizeof in->hash);
	add_numbers(&state, &in->has, 4, 1);
	add_names(&state, in->mentees, g->mentees);
	add_names(&state, in->mentors, g->mentors);
	add_numbers(&state, g->start, 8, mentees + 1);
	count = (size_t)g->start[mentees];
	add_numbers(&state, g->edges, 4, 2 * count);
	add_numbers(&state, g->places, 4, mentors);
	add_numbers(&state, g->least, 4, g->least ? mentors : 0);
	add_numbers(&state, g->marked, 1, g->marked ? mentees : 0);
	add_numbers(&state, g->locked, 4, g->locked ? mentees : 0);
	add_numbers(&state, g->kept, 4, g->kept ? mentees : 0);
	add_numbers(&state, in->choices.start, 8, mentees + 1);
	count = (size_t)in->choices.start[mentees];
	add_numbers(&state, in->choices.list, 4, 3 * count);
	hash_circles(&state, in);
	crypto_generichash_final(&state, in->hash, sizeof in->hash);
}
