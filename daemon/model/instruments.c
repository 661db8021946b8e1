/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Instruments that ship: own items, released under CC0, and Rosenberg's self-esteem scale, whose items are keyed by what they say,
 * because their order differs from print to print. Create of an instrument with a starter copies one into a program; there it can be
 * changed, translated and asked like any other.
 */
#include <math.h>
#include <string.h>

#include "survey.h"

#define AGREE "1=not at all\n2=a little\n3=partly\n4=mostly\n5=completely"
#define OFTEN "1=never\n2=seldom\n3=sometimes\n4=often\n5=always"
#define ROSENBERG "3=strongly agree\n2=agree\n1=disagree\n0=strongly disagree"
#define YES_NO "yes=Yes\nno=No"

enum {
	MUST = 1,
	TURNED = 2
};
struct shipped_item {
	const char *name;
	enum form_kind kind;
	const char *label, *choices;
	unsigned flags;
	const char *relevant;
	double min, max; /* both 0: none */
};
struct shipped_scale {
	const char *name, *label;
	bool sum;
	const char *items;
};
/* An item of a form in another language. */
struct shipped_text {
	const char *key, *language, *name, *label, *choices;
};
struct shipped {
	const char *key, *title, *licence, *source;
	struct shipped_item items[14];
	struct shipped_scale scales[2];
};
#define OWN_ITEMS "CC0-1.0", "written for mentorshipd"

static const struct shipped list[] = {
	{ "satisfaction", "How satisfied are you?", OWN_ITEMS,
		{ { "glad_of_partner", FORM_LIKERT, "I am glad to have been matched with this person.", AGREE, MUST, NULL, 0, 0 },
			{ "meetings_help", FORM_LIKERT, "Our meetings help me.", AGREE, MUST, NULL, 0, 0 },
			{ "often_enough", FORM_LIKERT, "We meet as often as I need.", AGREE, MUST, NULL, 0, 0 },
			{ "well_supported", FORM_LIKERT, "The people who run the program are there when I need them.", AGREE, MUST, NULL, 0,
				0 },
			{ "waste_of_time", FORM_LIKERT, "I could use the time better.", AGREE, MUST | TURNED, NULL, 0, 0 },
			{ "improve", FORM_WORDS, "What should be better?", NULL, 0, NULL, 0, 2000 } },
		{ { "satisfaction", "Satisfaction", false,
			"glad_of_partner\nmeetings_help\noften_enough\nwell_supported\nwaste_of_time" } } },
	{ "closeness", "How close are you?", OWN_ITEMS,
		{ { "feel_heard", FORM_LIKERT, "I feel listened to.", AGREE, MUST, NULL, 0, 0 },
			{ "can_be_open", FORM_LIKERT, "I can say what is really on my mind.", AGREE, MUST, NULL, 0, 0 },
			{ "trust", FORM_LIKERT, "I trust the other to keep what I say private.", AGREE, MUST, NULL, 0, 0 },
			{ "look_forward", FORM_LIKERT, "I look forward to our meetings.", AGREE, MUST, NULL, 0, 0 },
			{ "strangers", FORM_LIKERT, "We are still strangers to each other.", AGREE, MUST | TURNED, NULL, 0, 0 } },
		{ { "closeness", "Closeness", false, "feel_heard\ncan_be_open\ntrust\nlook_forward\nstrangers" } } },
	{ "goal-progress", "How far have you come?", OWN_ITEMS,
		{ { "has_goal", FORM_SINGLE, "Have you set a goal together?", YES_NO, MUST, NULL, 0, 0 },
			{ "goal_clear", FORM_LIKERT, "I know what I want to reach.", AGREE, MUST, "${has_goal} = 'yes'", 0, 0 },
			{ "steps_taken", FORM_LIKERT, "I have taken steps towards it.", AGREE, MUST, "${has_goal} = 'yes'", 0, 0 },
			{ "nearer", FORM_LIKERT, "I am nearer to it than when we set it.", AGREE, MUST, "${has_goal} = 'yes'", 0, 0 },
			{ "part_done", FORM_NUMBER, "How much of the way is behind you, in per cent?", NULL, 0, "${has_goal} = 'yes'", 0,
				100 },
			{ "in_the_way", FORM_WORDS, "What is in the way?", NULL, 0, NULL, 0, 2000 } },
		{ { "goal_progress", "Goal progress", false, "goal_clear\nsteps_taken\nnearer" } } },
	{ "would-recommend", "Would you recommend the program?", OWN_ITEMS,
		{ { "recommend", FORM_LIKERT, "How likely is it that you would tell a friend to take part?",
			  "0=0 - certainly not\n1=1\n2=2\n3=3\n4=4\n5=5\n6=6\n7=7\n8=8\n9=9\n10=10 - certainly", MUST, NULL, 0, 0 },
			{ "why", FORM_WORDS, "What is the main reason?", NULL, 0, NULL, 0, 2000 } },
		{ { 0 } } },
	{ "check-in", "How is it going?", OWN_ITEMS,
		{ { "rating", FORM_LIKERT, "How is it going with the two of you?",
			  "1=badly\n2=not so well\n3=all right\n4=well\n5=very well", MUST, NULL, 0, 0 },
			{ "met", FORM_SINGLE, "Have you met since we last asked?", YES_NO, MUST, NULL, 0, 0 },
			{ "times", FORM_NUMBER, "How many times?", NULL, 0, "${met} = 'yes'", 1, 100 },
			{ "why_not", FORM_MULTIPLE, "What kept you from meeting?",
				"time=No time\nno_answer=The other did not answer\nill=Illness\nnot_sure=I was not sure what to talk "
				"about\nother=Something else",
				0, "${met} = 'no'", 0, 0 },
			{ "help", FORM_SINGLE, "Should somebody of the program get in touch with you?", YES_NO, 0, NULL, 0, 0 },
			{ "say", FORM_WORDS, "Is there anything that you would like to say?", NULL, 0, NULL, 0, 2000 } },
		{ { 0 } } },
	{ "activity-rating", "How was the activity?", OWN_ITEMS,
		{ { "useful", FORM_LIKERT, "It was useful.", AGREE, MUST, NULL, 0, 0 },
			{ "enjoyed", FORM_LIKERT, "I enjoyed it.", AGREE, MUST, NULL, 0, 0 },
			{ "clear", FORM_LIKERT, "It was clear what to do.", AGREE, MUST, NULL, 0, 0 },
			{ "minutes", FORM_NUMBER, "How many minutes did you spend on it?", NULL, 0, NULL, 1, 1000 },
			{ "again", FORM_SINGLE, "Would you do it again?", YES_NO, 0, NULL, 0, 0 },
			{ "change", FORM_WORDS, "What would you change?", NULL, 0, NULL, 0, 2000 } },
		{ { "activity", "Rating of the activity", false, "useful\nenjoyed\nclear" } } },
	{ "closing", "Looking back", OWN_ITEMS,
		{ { "said_goodbye", FORM_SINGLE, "Did you talk about the end with each other?", YES_NO, MUST, NULL, 0, 0 },
			{ "reached", FORM_LIKERT, "We reached what we wanted to reach.", AGREE, MUST, NULL, 0, 0 },
			{ "learned", FORM_LIKERT, "I learned something that I shall go on using.", AGREE, MUST, NULL, 0, 0 },
			{ "worth_it", FORM_LIKERT, "It was worth the time.", AGREE, MUST, NULL, 0, 0 },
			{ "stay_in_touch", FORM_SINGLE, "Do you want to stay in touch?", "yes=Yes\nno=No\nunsure=I do not know yet", 0,
				NULL, 0, 0 },
			{ "take_part_again", FORM_SINGLE, "Would you take part again?", "yes=Yes\nno=No\nunsure=I do not know yet", 0, NULL,
				0, 0 },
			{ "best", FORM_WORDS, "What was best?", NULL, 0, NULL, 0, 2000 },
			{ "hardest", FORM_WORDS, "What was hardest?", NULL, 0, NULL, 0, 2000 } },
		{ { "closing", "Looking back", false, "reached\nlearned\nworth_it" } } },
	{ "needs-assessment", "What do you need?", OWN_ITEMS,
		{ { "intro", FORM_NOTE, "Your answers decide what the program offers. Nothing here is a test.", NULL, 0, NULL, 0, 0 },
			{ "areas", FORM_MULTIPLE, "Where would somebody at your side help?",
				"studies=Studies or lessons\ncareer=Plans for later\nskills=A skill\npeople=Finding people\nplace=Finding my way "
				"here\nlanguage=The language\nwellbeing=Feeling well\nother=Something else",
				MUST, NULL, 0, 0 },
			{ "other_area", FORM_WORDS, "What else?", NULL, MUST, "selected(${areas}, 'other')", 0, 500 },
			{ "know_whom_to_ask", FORM_LIKERT, "I know whom to ask when I am stuck.", AGREE, MUST, NULL, 0, 0 },
			{ "feel_part", FORM_LIKERT, "I feel that I belong here.", AGREE, MUST, NULL, 0, 0 },
			{ "alone_with_it", FORM_LIKERT, "I am alone with my questions.", AGREE, MUST | TURNED, NULL, 0, 0 },
			{ "hours", FORM_NUMBER, "How many hours a month could you give to meetings?", NULL, 0, NULL, 0, 100 },
			{ "how_to_meet", FORM_MULTIPLE, "How would you like to meet?", "here=Here\nonline=Online\noutside=Somewhere else",
				0, NULL, 0, 0 },
			{ "hopes", FORM_WORDS, "What do you hope for?", NULL, 0, NULL, 0, 2000 } },
		{ { "support", "Support at hand", false, "know_whom_to_ask\nfeel_part\nalone_with_it" } } },
	{ "rosenberg", "Self-esteem (Rosenberg)", "free for research and teaching, source to be named",
		"Rosenberg, M. (1965): Society and the adolescent self-image. No cut-offs: scores are compared, not judged.",
		{ { "satisfied_with_myself", FORM_LIKERT, "On the whole, I am satisfied with myself.", ROSENBERG, MUST, NULL, 0, 0 },
			{ "no_good_at_all", FORM_LIKERT, "At times I think I am no good at all.", ROSENBERG, MUST | TURNED, NULL, 0, 0 },
			{ "good_qualities", FORM_LIKERT, "I feel that I have a number of good qualities.", ROSENBERG, MUST, NULL, 0, 0 },
			{ "able_as_others", FORM_LIKERT, "I am able to do things as well as most other people.", ROSENBERG, MUST, NULL, 0,
				0 },
			{ "not_much_to_be_proud_of", FORM_LIKERT, "I feel I do not have much to be proud of.", ROSENBERG, MUST | TURNED,
				NULL, 0, 0 },
			{ "useless_at_times", FORM_LIKERT, "I certainly feel useless at times.", ROSENBERG, MUST | TURNED, NULL, 0, 0 },
			{ "person_of_worth", FORM_LIKERT, "I feel that I am a person of worth, at least on an equal plane with others.",
				ROSENBERG, MUST, NULL, 0, 0 },
			{ "more_respect", FORM_LIKERT, "I wish I could have more respect for myself.", ROSENBERG, MUST | TURNED, NULL, 0,
				0 },
			{ "a_failure", FORM_LIKERT, "All in all, I am inclined to feel that I am a failure.", ROSENBERG, MUST | TURNED,
				NULL, 0, 0 },
			{ "positive_attitude", FORM_LIKERT, "I take a positive attitude toward myself.", ROSENBERG, MUST, NULL, 0, 0 } },
		{ { "self_esteem", "Self-esteem", true,
			"satisfied_with_myself\nno_good_at_all\ngood_qualities\nable_as_others\nnot_much_to_be_proud_of\nuseless_at_times\n"
			"person_of_worth\nmore_respect\na_failure\npositive_attitude" } } },
	{ 0 }
};

static const struct shipped_text texts[] = { { "check-in", "de", "rating", "Wie läuft es zu zweit?",
						     "1=schlecht\n2=nicht so gut\n3=geht so\n4=gut\n5=sehr gut" },
	{ "check-in", "de", "met", "Gab es ein Treffen, seit wir zuletzt gefragt haben?", "yes=Ja\nno=Nein" },
	{ "check-in", "de", "times", "Wie oft?", NULL },
	{ "check-in", "de", "why_not", "Woran lag es?",
		"time=Keine Zeit\nno_answer=Die andere Seite hat nicht geantwortet\nill=Krankheit\nnot_sure=Ich wusste nicht, worüber wir reden "
		"sollten\nother=Etwas anderes" },
	{ "check-in", "de", "help", "Soll sich jemand vom Programm melden?", "yes=Ja\nno=Nein" },
	{ "check-in", "de", "say", "Gibt es noch etwas zu sagen?", NULL }, { 0 } };

static const struct shipped *shipped_named(const char *key)
{
	for (const struct shipped *s = list; s->key; s++)
		if (!strcmp(s->key, key))
			return s;
	return NULL;
}

static char *text(const char *constant)
{
	return (char *)(uintptr_t)constant;
}

int shipped_fill(struct call *call, struct instrument *instrument)
{
	const struct shipped *s = shipped_named(instrument->starter);

	if (!s)
		return fail(call, E_INVALID, "starter",
			"there is no such instrument; these are shipped: satisfaction, closeness, goal-progress, would-recommend, check-in, "
			"activity-rating, closing, needs-assessment, rosenberg");
	if (!instrument->key)
		instrument->key = text(s->key);
	if (!instrument->title)
		instrument->title = text(s->title);
	if (!instrument->licence)
		instrument->licence = text(s->licence);
	if (!instrument->source)
		instrument->source = text(s->source);
	return 0;
}

static int add_texts(struct call *call, const struct shipped *s, const struct item *item)
{
	int r = 0;

	for (const struct shipped_text *t = texts; t->key && !r; t++) {
		struct item_text *row;

		if (strcmp(t->key, s->key) != 0 || strcmp(t->name, item->name) != 0)
			continue;
		row = fresh(call, &item_text_entity);
		row->item = item->id;
		row->language = text(t->language);
		row->label = text(t->label);
		row->choices = text(t->choices);
		r = add(call, &item_text_entity, row);
	}
	return r;
}

int shipped_items(struct call *call, const struct instrument *instrument)
{
	const struct shipped *s = shipped_named(instrument->starter);
	int64_t position = 0;
	int r = 0;

	for (const struct shipped_item *i = s->items; i < s->items + 14 && i->name && !r; i++) {
		struct item *item = fresh(call, &item_entity);
		bool limits = i->min < i->max;

		item->instrument = instrument->id;
		item->position = ++position;
		item->name = text(i->name);
		item->kind = i->kind;
		item->label = text(i->label);
		item->choices = text(i->choices);
		item->required = (i->flags & MUST) != 0;
		item->reversed = (i->flags & TURNED) != 0;
		item->relevant = text(i->relevant);
		item->min = limits ? i->min : (double)NAN;
		item->max = limits ? i->max : (double)NAN;
		r = add(call, &item_entity, item);
		if (!r)
			r = add_texts(call, s, item);
	}
	for (const struct shipped_scale *i = s->scales; i < s->scales + 2 && i->name && !r; i++) {
		struct scale *scale = fresh(call, &scale_entity);

		scale->instrument = instrument->id;
		scale->name = text(i->name);
		scale->label = text(i->label);
		scale->scoring = i->sum;
		scale->items = text(i->items);
		r = add(call, &scale_entity, scale);
	}
	return r;
}
