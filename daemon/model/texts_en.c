/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * English texts. Short sentences, one thing asked for, the link on a line of its own and until when. A paragraph is one line: lines
 * are broken when it is rendered.
 */
#include "texts.h"

static const char *const months[] = { "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
	"November", "December" };
static const char *const weekdays[] = { "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday" };

static const char *const words[][2] = { { "take part", "taking part in the program" },
	{ "share contact", "passing on your contact details" }, { "evaluation", "the use of your answers in the evaluation" },
	{ "academic data", "the use of academic data" }, { "testimonial", "publishing your words" }, { "photo", "the use of photos" },
	{ "recognition", "naming you in public" }, { NULL, NULL } };

static const struct shipped_text texts[] = {
	{ "match-offered", "We have a match for you: {{match.partner}}", "See the match and answer",
		"We would like to bring you together with {{match.partner}}.{{#match.as_mentor}} You would be the mentor.{{/match.as_mentor}}{{#match.as_mentee}} {{match.partner}} would be your mentor.{{/match.as_mentee}}\n"
		"{{#match.shared}}\n"
		"\n"
		"{{match.shared}}\n"
		"{{/match.shared}}\n"
		"\n"
		"Please say yes or no until {{answer_until}}:\n"
		"{{link}}\n"
		"\n"
		"A no is fine. We then look for somebody else, and the other side does not learn your reasons.\n",
		NULL },
	{ "match-started", "You and {{match.partner}}: time to begin", NULL,
		"You are a pair now: you and {{match.partner}}.{{#match.as_mentor}} You are the mentor.{{/match.as_mentor}}{{#match.as_mentee}} {{match.partner}} is your mentor.{{/match.as_mentee}}\n"
		"{{#match.shared}}\n"
		"\n"
		"{{match.shared}}\n"
		"{{/match.shared}}\n"
		"{{#match.address}}\n"
		"\n"
		"This is how you reach each other: {{match.partner}} has the address {{match.address}}, and has yours.\n"
		"{{/match.address}}\n"
		"{{#match.through_program}}\n"
		"\n"
		"This is how you reach each other: answer this mail, and we pass it on.\n"
		"{{/match.through_program}}\n"
		"{{#match.on_site}}\n"
		"\n"
		"You reach each other on site. Nobody's address is passed on.\n"
		"{{/match.on_site}}\n"
		"\n"
		"Half an hour is enough for the first meeting:\n"
		"- Tell each other who you are and what you like to do.\n"
		"- Agree how often you meet, and where.\n"
		"- Choose one thing to begin with.\n"
		"{{#meeting.start}}\n"
		"\n"
		"We propose {{meeting.start}} for it; this mail carries it for your calendar. If it does not fit, agree on another time.\n"
		"{{/meeting.start}}\n"
		"{{#match.as_mentor}}\n"
		"\n"
		"Please take the first step within a week.\n"
		"{{/match.as_mentor}}\n"
		"{{#match.as_mentee}}\n"
		"\n"
		"Your mentor takes the first step. If you hear nothing within a week, write first, or answer this mail.\n"
		"{{/match.as_mentee}}\n"
		"{{#match.until}}\n"
		"\n"
		"You work together until {{match.until}}.\n"
		"{{/match.until}}\n"
		"{{#objection_link}}\n"
		"\n"
		"If you do not want to work with {{match.partner}}, now or later, say so here. It then pauses at once, and you need not say why:\n"
		"{{objection_link}}\n"
		"{{/objection_link}}\n",
		NULL },
	{ "match-address", "How you reach {{match.partner}}", NULL,
		"{{match.partner}} agrees that you have this address, so that you two can write to each other: {{match.address}}\n"
		"\n"
		"Please use it for your work together only.\n",
		NULL },
	{ "match-paused", "You and {{match.partner}} take a break", NULL,
		"Your work with {{match.partner}} pauses. Nothing is due, and nobody reminds you of anything.\n"
		"\n"
		"You get a message when it goes on.\n",
		NULL },
	{ "match-resumed", "You and {{match.partner}} go on", NULL,
		"The break is over: you and {{match.partner}} go on.{{#match.until}} You work together until {{match.until}}.{{/match.until}}\n"
		"\n"
		"Please agree on a time for your next meeting.\n",
		NULL },
	{ "match-ended", "Your time with {{match.partner}} has ended", NULL,
		"Your work with {{match.partner}} has ended. Thank you for the time that you gave it.\n"
		"{{#match.as_mentee}}\n"
		"\n"
		"If you would like another mentor, answer this mail.\n"
		"{{/match.as_mentee}}\n",
		NULL },
	{ "match-withdrawn", "The match that we offered is off", NULL,
		"The match that we offered to you{{#match.partner}}, with {{match.partner}},{{/match.partner}} is no longer open. You need not do anything.\n"
		"\n"
		"We keep looking, and you hear from us when there is another one.\n",
		NULL },
	{ "check-in-due", "How is it going with {{match.partner}}?", "Say how it is going",
		"How is it going with {{match.partner}}? It takes two minutes.\n"
		"\n"
		"Please answer until {{answer_until}}:\n"
		"{{link}}\n"
		"\n"
		"{{match.partner}} does not see your answer.\n",
		NULL },
	{ "check-in-reminder", "Still open: how is it going with {{match.partner}}?", "Say how it is going",
		"We asked how it is going with {{match.partner}}, and have no answer yet. It takes two minutes.\n"
		"\n"
		"Please answer until {{answer_until}}:\n"
		"{{link}}\n"
		"\n"
		"If something is in the way, say so there. That is what the questions are for.\n",
		NULL },
	{ "meeting-invited", "Invitation: meeting with {{match.partner}}", "Say whether you come",
		"You are invited to a meeting with {{match.partner}}{{#meeting.title}}: {{meeting.title}}{{/meeting.title}}.\n"
		"\n"
		"When: {{meeting.start}}\n"
		"{{#meeting.place}}\n"
		"Where: {{meeting.place}}\n"
		"{{/meeting.place}}\n"
		"\n"
		"Please say until {{answer_until}} whether you come:\n"
		"{{link}}\n"
		"{{#meeting.repeats}}\n"
		"\n"
		"It is one of your regular meetings. You get an invitation to each about two weeks before.\n"
		"{{/meeting.repeats}}\n",
		NULL },
	{ "meeting-changed", "New time or place: meeting with {{match.partner}}", "Say whether you come",
		"Your meeting with {{match.partner}} has changed{{#meeting.title}}: {{meeting.title}}{{/meeting.title}}.\n"
		"\n"
		"When: {{meeting.start}}\n"
		"{{#meeting.place}}\n"
		"Where: {{meeting.place}}\n"
		"{{/meeting.place}}\n"
		"\n"
		"Please say until {{answer_until}} whether this suits you:\n"
		"{{link}}\n",
		NULL },
	{ "meeting-cancelled", "Off: meeting with {{match.partner}}", NULL,
		"Your meeting with {{match.partner}} on {{meeting.start}} does not take place.{{#meeting.title}} It was about: {{meeting.title}}.{{/meeting.title}}\n",
		NULL },
	{ "meeting-reminder", "Soon: meeting with {{match.partner}}", NULL,
		"You meet {{match.partner}} soon{{#meeting.title}}: {{meeting.title}}{{/meeting.title}}.\n"
		"\n"
		"When: {{meeting.start}}\n"
		"{{#meeting.place}}\n"
		"Where: {{meeting.place}}\n"
		"{{/meeting.place}}\n"
		"{{#meeting.absent}}\n"
		"\n"
		"{{meeting.absent}} has said that they cannot come.\n"
		"{{/meeting.absent}}\n"
		"{{#meeting.present}}\n"
		"\n"
		"{{meeting.present}} has said that they come.\n"
		"{{/meeting.present}}\n",
		NULL },
	{ "meeting-answered",
		"Your meeting: {{#meeting.absent}}{{meeting.absent}} cannot come{{/meeting.absent}}{{^meeting.absent}}{{#meeting.present}}{{meeting.present}} comes{{/meeting.present}}{{/meeting.absent}}",
		NULL,
		"This is about the meeting of {{match.names}} on {{meeting.start}}{{#meeting.title}}: {{meeting.title}}{{/meeting.title}}.\n"
		"{{#meeting.absent}}\n"
		"\n"
		"{{meeting.absent}} has said that they cannot come. Please agree on another time, or call the meeting off.\n"
		"{{/meeting.absent}}\n"
		"{{#meeting.present}}\n"
		"\n"
		"{{meeting.present}} has said that they come.\n"
		"{{/meeting.present}}\n",
		NULL },
	{ "meeting-passed", "Did you meet {{match.partner}}?", "Say how it was",
		"You planned to meet {{match.partner}} on {{meeting.start}}{{#meeting.title}}: {{meeting.title}}{{/meeting.title}}.\n"
		"\n"
		"Did the meeting take place? One click until {{answer_until}} is enough:\n"
		"{{link}}\n",
		NULL },
	{ "wave-open", "Some questions for you: {{form.title}}", "Answer the questions",
		"We have some questions for you: \"{{form.title}}\".{{#form.anonymous}} Nobody learns what you in particular answered.{{/form.anonymous}}\n"
		"\n"
		"Please answer until {{answer_until}}:\n"
		"{{link}}\n",
		NULL },
	{ "wave-reminder", "Still open: {{form.title}}", "Answer the questions",
		"Some questions still wait for you: \"{{form.title}}\".{{#form.anonymous}} Nobody learns what you in particular answered.{{/form.anonymous}}\n"
		"\n"
		"Please answer until {{answer_until}}:\n"
		"{{link}}\n"
		"\n"
		"If you would rather not answer, you need not do anything.\n",
		NULL },
	{ "address-change", "Is this your address?", "Yes, this is my address",
		"Somebody asked us to write to you at this address from now on. If it was you, or the program did it for you, please confirm until {{answer_until}}:\n"
		"{{link}}\n"
		"\n"
		"If you know nothing of this, do nothing: then nothing changes.\n",
		NULL },
	{ "address-changing", "Your address is to change", "I know nothing of this",
		"From now on we are to write to you at another address: {{address.new}}. It counts once it has been confirmed there. Links that we sent to this address do not work any more then.\n"
		"\n"
		"If you know nothing of this, say so until {{answer_until}}; then nothing changes, and the people who run the program look into it:\n"
		"{{link}}\n",
		NULL },
	{ "address-changed", "Your address has changed", "I know nothing of this",
		"From now on we write to you at another address: {{address.new}}. It was confirmed there. Links that we sent to this address do not work any more.\n"
		"\n"
		"If you know nothing of this, say so until {{answer_until}}. We then stop all mail, and the people who run the program look into it:\n"
		"{{link}}\n",
		NULL },
	{ "fresh-link", "The link that you asked for", "Open your page",
		"You asked for a link to your own page. It works until {{answer_until}}:\n"
		"{{link}}\n"
		"\n"
		"If you did not ask for it, do nothing. Nobody else has this link.\n",
		NULL },
	{ "consent-asked", "Do you agree? We need your decision", "Read and decide",
		"We ask for your agreement to {{consent.purpose}}{{#minor.name}}, for {{minor.name}}{{/minor.name}}. You are free to say no, and you can take back a yes at any time.\n"
		"\n"
		"Please decide until {{answer_until}}:\n"
		"{{link}}\n",
		NULL },
	{ "consent-ending", "Your agreement ends soon", "Read and decide",
		"Your agreement to {{consent.purpose}}{{#minor.name}}, for {{minor.name}},{{/minor.name}} ends soon. You are free to renew it or to let it end.\n"
		"\n"
		"Please decide until {{answer_until}}:\n"
		"{{link}}\n",
		NULL },
	{ "guardian-told", "You are named as guardian of {{minor.name}}", NULL,
		"{{minor.name}} takes part in our mentoring, and you are named here as their guardian. We ask you wherever your agreement is needed, and tell you what matters.\n"
		"\n"
		"If this is wrong, please answer this mail.\n",
		NULL },
	{ "guardian-introduced", "{{minor.name}} has a pair", NULL,
		"{{minor.name}} works in our mentoring from now on, as one of these two: {{match.names}}.\n"
		"\n"
		"They meet on site only, and nobody's address is passed on.{{#match.until}} They work together until {{match.until}}.{{/match.until}}\n"
		"\n"
		"You can object at any time, and need not say why. The two then pause at once, and somebody gets in touch with you:\n"
		"{{objection_link}}\n"
		"\n"
		"You can also take back your agreement on your own page, which stands below.\n",
		NULL },
	{ "plugin-test", "A test of {{plugin.name}}", NULL,
		"This is the test that you asked for. The plugin {{plugin.name}} works: it delivered this message.\n", NULL },
	{ "match-accepted", "Both said yes: {{match.names}}", NULL,
		"Both sides said yes: {{match.names}}. The pair can start:\n"
		"\n"
		"mentorctl match start {{about_id}}\n",
		NULL },
	{ "match-declined", "Declined: {{match.names}}", NULL,
		"One side said no: {{match.names}}. Both are free for another match.\n"
		"\n"
		"mentorctl match show {{about_id}}\n",
		NULL },
	{ "offer-unanswered", "Not answered: {{match.names}}", NULL,
		"An offer was not answered in time and is over: {{match.names}}. Both are free for another match.\n"
		"\n"
		"mentorctl match show {{about_id}}\n",
		NULL },
	{ "check-in-escalated", "No answer for long: {{match.names}}", NULL,
		"A check-in{{#due}} of {{due}}{{/due}} was not answered in spite of the reminders: {{match.names}}. Please ask how they are; a call often helps.\n"
		"\n"
		"mentorctl check-in show {{about_id}}\n",
		NULL },
	{ "program-closes", "{{#program.title}}{{program.title}}{{/program.title}}{{^program.title}}A program{{/program.title}} closes",
		NULL,
		"The program closes. Pairs that still work together can end well now; nobody new is matched.\n"
		"\n"
		"mentorctl program show {{about_id}}\n",
		NULL },
	{ "program-cannot-open",
		"{{#program.title}}{{program.title}}{{/program.title}}{{^program.title}}A program{{/program.title}} cannot open", NULL,
		"The program was to open today and cannot: its first or its last day is missing. Give it both, then open it.\n"
		"\n"
		"mentorctl program show {{about_id}}\n",
		NULL },
	{ "held-batch", "Many messages wait for you to look at them", NULL,
		"A great many messages{{#count}} ({{count}}){{/count}} were caused at once, so none of them is sent before somebody has looked. See what waits, then release it (or withdraw it, with withdraw instead of release):\n"
		"\n"
		"mentorctl message list state=held\n"
		"mentorctl message release --where state=held\n",
		NULL },
	{ "address-bounces", "Mails to {{person.name}} come back", NULL,
		"Mails to {{person.name}} came back again and again. Nothing more is sent there. Please find out the right address.\n"
		"\n"
		"mentorctl person show {{about_id}}\n",
		NULL },
	{ "consent-withdrawn", "A consent was taken back", NULL,
		"An agreement was taken back: {{consent.purpose}}{{#minor.name}}, for {{minor.name}}{{/minor.name}}. What rests on it must not go on; please see to it today. Pairs of a minor who may not take part any more pause by themselves:\n"
		"\n"
		"mentorctl consent show {{about_id}}\n",
		NULL },
	{ "consent-expired", "A consent has ended", NULL,
		"An agreement was given for a time, which is over: {{consent.purpose}}{{#minor.name}}, for {{minor.name}}{{/minor.name}}. It was not renewed. What rests on it must not go on; you can ask for it anew. Pairs of a minor who may not take part any more pause by themselves:\n"
		"\n"
		"mentorctl consent show {{about_id}}\n",
		NULL },
	{ "change-asked", "Somebody else is asked for: {{match.names}}", NULL,
		"One of the two asks to work with somebody else: {{match.names}}. The other side does not know it. Please talk with both; what follows may be a rematch, an end, or that all goes on:\n"
		"\n"
		"mentorctl match show {{about_id}}\n",
		NULL },
	{ "match-objected", "Objected to, and paused: {{match.names}}", NULL,
		"A minor in this pair, or their guardian, objects to it: {{match.names}}. The two pause and cannot go on before the safeguarding lead has settled it. What was said only the safeguarding lead reads; please leave it to them to talk with those who are concerned, and make sure that the two do not meet until then:\n"
		"\n"
		"mentorctl match show {{about_id}}\n",
		NULL },
	{ "export-asked", "Somebody asks for the data held about them", NULL,
		"Somebody asked for all that is held about them. You hand it out, within a month:\n"
		"\n"
		"mentorctl person export {{about_id}}\n",
		NULL },
	{ "address-objected", "Objected to: the new address of {{person.name}}", NULL,
		"Somebody at the old address of {{person.name}} says that they know nothing of the new one. If it was in force already, nothing is sent to either address until you have decided. Please call, or ask on site; then say which address counts:\n"
		"\n"
		"mentorctl address-change show {{about_id}}\n",
		NULL },
	{ "erasure-asked", "Somebody asks to be erased", NULL,
		"Somebody asked that what is held about them be erased. You decide on it, within a month.\n"
		"\n"
		"mentorctl person show {{about_id}}\n",
		NULL },
	{ "concern-opened", "There is a concern", NULL,
		"There is a new concern, or one has waited too long. It says nothing here; please look at it today.\n"
		"\n"
		"mentorctl today\n",
		NULL },
	{ "concern-unheard", "Somebody asks for help, and there is no safeguarding lead", NULL,
		"Somebody{{#program.title}} in {{program.title}}{{/program.title}} has raised a concern, and nobody has the duty to look after it, or only somebody whom it is about. "
		"Please have a safeguarding lead appointed today; only they can read it.\n"
		"\n"
		"mentorctl duty create person=NAME 'duty=safeguarding lead'\n",
		NULL },
	{ "plugin-failed", "The plugin {{plugin.name}} does not work", NULL,
		"The plugin {{plugin.name}} stopped working. What it was to do waits.\n"
		"{{#plugin.error}}\n"
		"\n"
		"The reason: {{plugin.error}}\n"
		"{{/plugin.error}}\n"
		"\n"
		"mentorctl plugin show {{plugin.name}}\n",
		NULL },
	{ 0 }
};

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
		  "Fewer of these mails, or none at all:\n"
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
		       "<p><a href=\"{{unsubscribe_link}}\">Fewer of these mails, or none at all</a></p>\n"
		       "{{/unsubscribe_link}}\n",
	.several = "messages for you",
	.page = "Open the page",
	.months = months,
	.weekdays = weekdays,
	.words = words,
	.day = "%1, %2 %3 %4",
	.instant = "%1, %2 %3 %4, %5:%6 (%7)",
};
