/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * German texts, with Sie: who is called du in a program has texts of the program's own.
 */
#include "texts.h"

static const char *const months[] = { "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
	"November", "Dezember" };
static const char *const weekdays[] = { "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag" };

static const struct shipped_text texts[] = { { "match-offered", "Ein Vorschlag für Sie: {{match.partner}}",
						     "Vorschlag ansehen und antworten",
						     "wir möchten Sie mit {{match.partner}} zusammenbringen.\n"
						     "{{#match.shared}}\n"
						     "\n"
						     "Warum gerade Sie beide: {{match.shared}}\n"
						     "{{/match.shared}}\n"
						     "\n"
						     "Bitte sagen Sie zu oder ab bis {{answer_until}}:\n"
						     "{{link}}\n"
						     "\n"
						     "Ein Nein ist in Ordnung. Wir suchen dann weiter, und Ihre Gründe erfährt niemand.\n",
						     NULL },
	{ 0 } };

const struct message_language message_language_de = {
	.code = "de",
	.texts = texts,
	.greeting = "Guten Tag {{recipient.name}},\n\n",
	.ending = "{{#concern_link}}\n"
		  "Ich muss mit jemandem reden:\n"
		  "{{concern_link}}\n"
		  "\n"
		  "{{/concern_link}}\n"
		  "{{#own_link}}\n"
		  "Was auf Sie wartet, und Ihre eigenen Daten:\n"
		  "{{own_link}}\n"
		  "\n"
		  "{{/own_link}}\n"
		  "{{#program.title}}\n"
		  "{{program.title}}\n"
		  "{{/program.title}}\n"
		  "{{institution}}\n"
		  "{{#unsubscribe_link}}\n"
		  "\n"
		  "Keine Erinnerungen und andere entbehrliche Nachrichten mehr:\n"
		  "{{unsubscribe_link}}\n"
		  "{{/unsubscribe_link}}\n",
	.ending_html = "{{#concern_link}}\n"
		       "<p><a href=\"{{concern_link}}\">Ich muss mit jemandem reden</a></p>\n"
		       "{{/concern_link}}\n"
		       "{{#own_link}}\n"
		       "<p><a href=\"{{own_link}}\">Was auf Sie wartet, und Ihre eigenen Daten</a></p>\n"
		       "{{/own_link}}\n"
		       "<p>{{#program.title}}{{program.title}}<br>{{/program.title}}{{institution}}</p>\n"
		       "{{#unsubscribe_link}}\n"
		       "<p><a href=\"{{unsubscribe_link}}\">Keine Erinnerungen und andere entbehrliche Nachrichten mehr</a></p>\n"
		       "{{/unsubscribe_link}}\n",
	.several = "Nachrichten für Sie",
	.page = "Seite öffnen",
	.months = months,
	.weekdays = weekdays,
	.day = "%1, %2. %3 %4",
	.instant = "%1, %2. %3 %4, %5:%6 Uhr (%7)",
};
