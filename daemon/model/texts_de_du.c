/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * German texts for minors, with du; who else gets one has those of texts_de.c. What a minor is never sent is not here.
 */
#include "texts.h"

static const struct shipped_text texts[] = {
	{ "match-offered", "Ein Vorschlag für dich: {{match.partner}}", "Vorschlag ansehen und antworten",
		"Wir möchten dich mit {{match.partner}} zusammenbringen.{{#match.as_mentor}} Du wärst dabei die Mentorin oder der Mentor.{{/match.as_mentor}}{{#match.as_mentee}} {{match.partner}} würde dich als Mentorin oder Mentor begleiten.{{/match.as_mentee}}\n"
		"{{#match.shared}}\n"
		"\n"
		"{{match.shared}}\n"
		"{{/match.shared}}\n"
		"\n"
		"Bitte sag zu oder ab bis {{answer_until}}:\n"
		"{{link}}\n"
		"\n"
		"Ein Nein ist in Ordnung. Wir suchen dann weiter, und die andere Seite erfährt deine Gründe nicht.\n",
		NULL },
	{ "match-started", "Du und {{match.partner}}: Es kann losgehen", NULL,
		"Ihr seid nun ein Tandem: du und {{match.partner}}.{{#match.as_mentor}} Du bist dabei die Mentorin oder der Mentor.{{/match.as_mentor}}{{#match.as_mentee}} {{match.partner}} begleitet dich als Mentorin oder Mentor.{{/match.as_mentee}}\n"
		"{{#match.shared}}\n"
		"\n"
		"{{match.shared}}\n"
		"{{/match.shared}}\n"
		"{{#match.address}}\n"
		"\n"
		"So erreicht ihr einander: {{match.partner}} hat die Adresse {{match.address}} und kennt auch deine.\n"
		"{{/match.address}}\n"
		"{{#match.through_program}}\n"
		"\n"
		"So erreicht ihr einander: Antworte auf diese Nachricht, wir leiten sie weiter.\n"
		"{{/match.through_program}}\n"
		"{{#match.on_site}}\n"
		"\n"
		"Ihr erreicht einander vor Ort. Es werden keine Adressen weitergegeben.\n"
		"{{/match.on_site}}\n"
		"\n"
		"Für das erste Treffen genügt eine halbe Stunde:\n"
		"- Erzählt einander, wer ihr seid und was ihr gern tut.\n"
		"- Vereinbart, wie oft und wo ihr euch trefft.\n"
		"- Wählt eine Sache, mit der ihr anfangt.\n"
		"{{#meeting.start}}\n"
		"\n"
		"Wir schlagen dafür vor: {{meeting.start}}; für deinen Kalender liegt der Termin dieser Mail bei. Passt er nicht, dann vereinbart einen anderen.\n"
		"{{/meeting.start}}\n"
		"{{#match.as_mentor}}\n"
		"\n"
		"Bitte mach innerhalb einer Woche den ersten Schritt.\n"
		"{{/match.as_mentor}}\n"
		"{{#match.as_mentee}}\n"
		"\n"
		"Den ersten Schritt macht die andere Seite. Hörst du eine Woche lang nichts, dann melde dich selbst, oder antworte auf diese Nachricht.\n"
		"{{/match.as_mentee}}\n"
		"{{#match.until}}\n"
		"\n"
		"Ihr arbeitet zusammen bis {{match.until}}.\n"
		"{{/match.until}}\n"
		"{{#objection_link}}\n"
		"\n"
		"Möchtest du nicht mit {{match.partner}} arbeiten, jetzt oder später, dann sag es hier. Es macht dann sofort Pause, und du musst nicht sagen, warum:\n"
		"{{objection_link}}\n"
		"{{/objection_link}}\n",
		NULL },
	{ "match-address", "So erreichst du {{match.partner}}", NULL,
		"{{match.partner}} ist einverstanden, dass du diese Adresse hast, damit ihr einander schreiben könnt: {{match.address}}\n"
		"\n"
		"Bitte nutze sie nur für eure gemeinsame Arbeit.\n",
		NULL },
	{ "match-paused", "Pause für dich und {{match.partner}}", NULL,
		"Deine Zusammenarbeit mit {{match.partner}} macht Pause. Es wird nichts fällig, und niemand erinnert dich an etwas.\n"
		"\n"
		"Du bekommst eine Nachricht, wenn es weitergeht.\n",
		NULL },
	{ "match-resumed", "Für dich und {{match.partner}} geht es weiter", NULL,
		"Die Pause ist vorbei: Für dich und {{match.partner}} geht es weiter.{{#match.until}} Ihr arbeitet zusammen bis {{match.until}}.{{/match.until}}\n"
		"\n"
		"Bitte vereinbart euer nächstes Treffen.\n",
		NULL },
	{ "match-ended", "Deine Zeit mit {{match.partner}} ist zu Ende", NULL,
		"Deine Zusammenarbeit mit {{match.partner}} ist zu Ende. Danke für die Zeit, die du dir genommen hast.\n"
		"{{#match.as_mentee}}\n"
		"\n"
		"Wenn du eine neue Mentorin oder einen neuen Mentor möchtest, antworte auf diese Nachricht.\n"
		"{{/match.as_mentee}}\n",
		NULL },
	{ "match-withdrawn", "Unser Vorschlag gilt nicht mehr", NULL,
		"Unser Vorschlag{{#match.partner}}, dich mit {{match.partner}} zusammenzubringen,{{/match.partner}} gilt nicht mehr. Du brauchst nichts zu tun.\n"
		"\n"
		"Wir suchen weiter und melden uns, wenn es einen neuen gibt.\n",
		NULL },
	{ "check-in-due", "Wie läuft es mit {{match.partner}}?", "Sagen, wie es läuft",
		"Wie läuft es mit {{match.partner}}? Die Antwort dauert zwei Minuten.\n"
		"\n"
		"Bitte antworte bis {{answer_until}}:\n"
		"{{link}}\n"
		"\n"
		"{{match.partner}} sieht deine Antwort nicht.\n",
		NULL },
	{ "check-in-reminder", "Noch offen: Wie läuft es mit {{match.partner}}?", "Sagen, wie es läuft",
		"Wir haben gefragt, wie es mit {{match.partner}} läuft, und noch keine Antwort. Es dauert zwei Minuten.\n"
		"\n"
		"Bitte antworte bis {{answer_until}}:\n"
		"{{link}}\n"
		"\n"
		"Wenn etwas schwierig ist, schreib es dort. Dafür sind die Fragen da.\n",
		NULL },
	{ "meeting-invited", "Einladung: Treffen mit {{match.partner}}", "Zusagen oder absagen",
		"Du bist zu einem Treffen mit {{match.partner}} eingeladen{{#meeting.title}}: {{meeting.title}}{{/meeting.title}}.\n"
		"\n"
		"Wann: {{meeting.start}}\n"
		"{{#meeting.place}}\n"
		"Wo: {{meeting.place}}\n"
		"{{/meeting.place}}\n"
		"\n"
		"Bitte sag zu oder ab bis {{answer_until}}:\n"
		"{{link}}\n"
		"{{#meeting.repeats}}\n"
		"\n"
		"Es ist eines eurer regelmäßigen Treffen. Zu jedem kommt etwa zwei Wochen vorher eine Einladung.\n"
		"{{/meeting.repeats}}\n",
		NULL },
	{ "meeting-changed", "Geändert: Treffen mit {{match.partner}}", "Zusagen oder absagen",
		"Dein Treffen mit {{match.partner}} hat sich geändert{{#meeting.title}}: {{meeting.title}}{{/meeting.title}}.\n"
		"\n"
		"Wann: {{meeting.start}}\n"
		"{{#meeting.place}}\n"
		"Wo: {{meeting.place}}\n"
		"{{/meeting.place}}\n"
		"\n"
		"Bitte sag bis {{answer_until}}, ob es dir so passt:\n"
		"{{link}}\n",
		NULL },
	{ "meeting-cancelled", "Fällt aus: Treffen mit {{match.partner}}", NULL,
		"Dein Treffen mit {{match.partner}} am {{meeting.start}} fällt aus.{{#meeting.title}} Thema war: {{meeting.title}}.{{/meeting.title}}\n",
		NULL },
	{ "meeting-reminder", "Bald: Treffen mit {{match.partner}}", NULL,
		"Du triffst bald {{match.partner}}{{#meeting.title}}: {{meeting.title}}{{/meeting.title}}.\n"
		"\n"
		"Wann: {{meeting.start}}\n"
		"{{#meeting.place}}\n"
		"Wo: {{meeting.place}}\n"
		"{{/meeting.place}}\n"
		"{{#meeting.absent}}\n"
		"\n"
		"{{meeting.absent}} hat abgesagt.\n"
		"{{/meeting.absent}}\n"
		"{{#meeting.present}}\n"
		"\n"
		"{{meeting.present}} hat zugesagt.\n"
		"{{/meeting.present}}\n",
		NULL },
	{ "meeting-answered",
		"Euer Treffen: {{#meeting.absent}}{{meeting.absent}} hat abgesagt{{/meeting.absent}}{{^meeting.absent}}{{#meeting.present}}{{meeting.present}} kommt{{/meeting.present}}{{/meeting.absent}}",
		NULL,
		"Es geht um das Treffen von {{match.names}} am {{meeting.start}}{{#meeting.title}}: {{meeting.title}}{{/meeting.title}}.\n"
		"{{#meeting.absent}}\n"
		"\n"
		"{{meeting.absent}} kann nicht kommen. Bitte vereinbart einen anderen Termin, oder sagt das Treffen ab.\n"
		"{{/meeting.absent}}\n"
		"{{#meeting.present}}\n"
		"\n"
		"{{meeting.present}} hat zugesagt.\n"
		"{{/meeting.present}}\n",
		NULL },
	{ "meeting-passed", "Hast du {{match.partner}} getroffen?", "Sagen, wie es war",
		"Du wolltest {{match.partner}} treffen: {{meeting.start}}{{#meeting.title}}, {{meeting.title}}{{/meeting.title}}.\n"
		"\n"
		"Fand das Treffen statt? Ein Klick genügt, bis {{answer_until}}:\n"
		"{{link}}\n",
		NULL },
	{ "wave-open", "Einige Fragen an dich: {{form.title}}", "Fragen beantworten",
		"Wir haben einige Fragen an dich: \"{{form.title}}\".{{#form.anonymous}} Niemand erfährt, was gerade du geantwortet hast.{{/form.anonymous}}\n"
		"\n"
		"Bitte antworte bis {{answer_until}}:\n"
		"{{link}}\n",
		NULL },
	{ "wave-reminder", "Noch offen: {{form.title}}", "Fragen beantworten",
		"Es warten noch Fragen auf dich: \"{{form.title}}\".{{#form.anonymous}} Niemand erfährt, was gerade du geantwortet hast.{{/form.anonymous}}\n"
		"\n"
		"Bitte antworte bis {{answer_until}}:\n"
		"{{link}}\n"
		"\n"
		"Wenn du nicht antworten möchtest, brauchst du nichts zu tun.\n",
		NULL },
	{ "address-change", "Ist das deine Adresse?", "Ja, das ist meine Adresse",
		"Jemand hat uns gebeten, dir künftig an diese Adresse zu schreiben. Warst du das selbst oder das Programm für dich, dann bestätige es bitte bis {{answer_until}}:\n"
		"{{link}}\n"
		"\n"
		"Weißt du nichts davon, dann tu nichts: Es bleibt alles, wie es ist.\n",
		NULL },
	{ "address-changing", "Deine Adresse soll sich ändern", "Davon weiß ich nichts",
		"Wir sollen dir künftig an eine andere Adresse schreiben: {{address.new}}. Das gilt, sobald es dort bestätigt ist. Links, die wir an diese Adresse geschickt haben, gelten dann nicht mehr.\n"
		"\n"
		"Weißt du nichts davon, dann sag es bitte bis {{answer_until}}. Dann bleibt alles, wie es ist, und die Koordinierenden gehen der Sache nach:\n"
		"{{link}}\n",
		NULL },
	{ "address-changed", "Deine Adresse hat sich geändert", "Davon weiß ich nichts",
		"Von jetzt an schreiben wir dir an eine andere Adresse: {{address.new}}. Das wurde dort bestätigt. Links, die wir an diese Adresse geschickt haben, gelten nicht mehr.\n"
		"\n"
		"Weißt du nichts davon, dann sag es bitte bis {{answer_until}}. Dann verschicken wir nichts mehr, und die Koordinierenden gehen der Sache nach:\n"
		"{{link}}\n",
		NULL },
	{ "fresh-link", "Der Link, um den du gebeten hast", "Eigene Seite öffnen",
		"Du hast um einen Link zu deiner eigenen Seite gebeten. Er gilt bis {{answer_until}}:\n"
		"{{link}}\n"
		"\n"
		"Hast du nicht darum gebeten, dann tu nichts. Sonst hat niemand diesen Link.\n",
		NULL },
	{ "consent-asked", "Bist du einverstanden? Bitte entscheide", "Lesen und entscheiden",
		"Wir bitten um deine Einwilligung: {{consent.purpose}}{{#minor.name}}, für {{minor.name}}{{/minor.name}}. Du kannst frei ablehnen und ein Ja jederzeit zurücknehmen.\n"
		"\n"
		"Bitte entscheide bis {{answer_until}}:\n"
		"{{link}}\n",
		NULL },
	{ "consent-ending", "Deine Einwilligung endet bald", "Lesen und entscheiden",
		"Deine Einwilligung endet bald: {{consent.purpose}}{{#minor.name}}, für {{minor.name}}{{/minor.name}}. Du kannst sie erneuern oder enden lassen.\n"
		"\n"
		"Bitte entscheide bis {{answer_until}}:\n"
		"{{link}}\n",
		NULL },
	{ 0 }
};

const struct message_familiar message_familiar_de = {
	.texts = texts,
	.greeting = "Hallo {{recipient.given_name}}!\n\n",
	.ending = "{{#concern_link}}\n"
		  "Ich muss mit jemandem reden:\n"
		  "{{concern_link}}\n"
		  "\n"
		  "{{/concern_link}}\n"
		  "{{#own_link}}\n"
		  "Was auf dich wartet, und deine eigenen Daten:\n"
		  "{{own_link}}\n"
		  "\n"
		  "{{/own_link}}\n"
		  "{{#program.title}}\n"
		  "{{program.title}}\n"
		  "{{/program.title}}\n"
		  "{{institution}}\n"
		  "{{#unsubscribe_link}}\n"
		  "\n"
		  "Weniger Mails von uns, oder gar keine:\n"
		  "{{unsubscribe_link}}\n"
		  "{{/unsubscribe_link}}\n",
	.ending_html = "{{#concern_link}}\n"
		       "<p><a href=\"{{concern_link}}\">Ich muss mit jemandem reden</a></p>\n"
		       "{{/concern_link}}\n"
		       "{{#own_link}}\n"
		       "<p><a href=\"{{own_link}}\">Was auf dich wartet, und deine eigenen Daten</a></p>\n"
		       "{{/own_link}}\n"
		       "<p>{{#program.title}}{{program.title}}<br>{{/program.title}}{{institution}}</p>\n"
		       "{{#unsubscribe_link}}\n"
		       "<p><a href=\"{{unsubscribe_link}}\">Weniger Mails von uns, oder gar keine</a></p>\n"
		       "{{/unsubscribe_link}}\n",
	.several = "Nachrichten für dich",
};
