/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * English texts. Short sentences, one thing asked for, the link on a line of its own and until when. A paragraph is one line: lines
 * are broken when it is rendered.
 */
#include "texts.h"

static const char *const months[] = { "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
	"November", "December" };
static const char *const weekdays[] = { "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday" };

static const struct shipped_text texts[] = { { "match-offered", "We have a match for you: {{match.partner}}", "See the match and answer",
						     "We would like to bring you together with {{match.partner}}.\n"
						     "{{#match.shared}}\n"
						     "\n"
						     "Why you two: {{match.shared}}\n"
						     "{{/match.shared}}\n"
						     "\n"
						     "Please say yes or no until {{answer_until}}:\n"
						     "{{link}}\n"
						     "\n"
						     "A no is fine. We then look for somebody else, and nobody is told your reasons.\n",
						     NULL },
	{ 0 } };

const struct message_language message_language_en = {
	.code = "en",
	.texts = texts,
	.greeting = "Hello {{recipient.given_name}},\n\n",
	.ending = "{{#concern_link}}\n"
		  "I need to talk to somebody:\n"
		  "{{concern_link}}\n"
		  "\n"
		  "{{/concern_link}}\n"
		  "{{#own_link}}\n"
		  "What waits for you, and your own data:\n"
		  "{{own_link}}\n"
		  "\n"
		  "{{/own_link}}\n"
		  "{{#program.title}}\n"
		  "{{program.title}}\n"
		  "{{/program.title}}\n"
		  "{{institution}}\n"
		  "{{#unsubscribe_link}}\n"
		  "\n"
		  "No more reminders and other messages that can be left out:\n"
		  "{{unsubscribe_link}}\n"
		  "{{/unsubscribe_link}}\n",
	.ending_html = "{{#concern_link}}\n"
		       "<p><a href=\"{{concern_link}}\">I need to talk to somebody</a></p>\n"
		       "{{/concern_link}}\n"
		       "{{#own_link}}\n"
		       "<p><a href=\"{{own_link}}\">What waits for you, and your own data</a></p>\n"
		       "{{/own_link}}\n"
		       "<p>{{#program.title}}{{program.title}}<br>{{/program.title}}{{institution}}</p>\n"
		       "{{#unsubscribe_link}}\n"
		       "<p><a href=\"{{unsubscribe_link}}\">No more reminders and other messages that can be left out</a></p>\n"
		       "{{/unsubscribe_link}}\n",
	.several = "messages for you",
	.page = "Open the page",
	.months = months,
	.weekdays = weekdays,
	.day = "%1, %2 %3 %4",
	.instant = "%1, %2 %3 %4, %5:%6 (%7)",
};
