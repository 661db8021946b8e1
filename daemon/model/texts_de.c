/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * German texts, with Sie. Minors have those of texts_de_du.c; who else is called du in a program has texts of the program's own.
 */
#include "texts.h"

static const char *const months[] = { "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
	"November", "Dezember" };
static const char *const weekdays[] = { "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag" };

static const char *const words[][2] = { { "take part", "Teilnahme am Programm" }, { "share contact", "Weitergabe der Kontaktdaten" },
	{ "evaluation", "Auswertung der Antworten" }, { "academic data", "Verwendung von Leistungsdaten" },
	{ "testimonial", "Veröffentlichung der eigenen Worte" }, { "photo", "Verwendung von Fotos" },
	{ "recognition", "öffentliche Nennung" }, { NULL, NULL } };

static const struct shipped_text texts[] = {
	{ "match-offered", "Ein Vorschlag für Sie: {{match.partner}}", "Vorschlag ansehen und antworten",
		"Wir möchten Sie mit {{match.partner}} zusammenbringen.{{#match.as_mentor}} Sie wären dabei die Mentorin oder der Mentor.{{/match.as_mentor}}{{#match.as_mentee}} {{match.partner}} würde Sie als Mentorin oder Mentor begleiten.{{/match.as_mentee}}\n"
		"{{#match.shared}}\n"
		"\n"
		"{{match.shared}}\n"
		"{{/match.shared}}\n"
		"\n"
		"Bitte sagen Sie zu oder ab bis {{answer_until}}:\n"
		"{{link}}\n"
		"\n"
		"Ein Nein ist in Ordnung. Wir suchen dann weiter, und die andere Seite erfährt Ihre Gründe nicht.\n",
		NULL },
	{ "match-started", "Sie und {{match.partner}}: Es kann losgehen", NULL,
		"Sie sind nun ein Tandem: Sie und {{match.partner}}.{{#match.as_mentor}} Sie sind dabei die Mentorin oder der Mentor.{{/match.as_mentor}}{{#match.as_mentee}} {{match.partner}} begleitet Sie als Mentorin oder Mentor.{{/match.as_mentee}}\n"
		"{{#match.shared}}\n"
		"\n"
		"{{match.shared}}\n"
		"{{/match.shared}}\n"
		"{{#match.address}}\n"
		"\n"
		"So erreichen Sie einander: {{match.partner}} hat die Adresse {{match.address}} und kennt auch Ihre.\n"
		"{{/match.address}}\n"
		"{{#match.through_program}}\n"
		"\n"
		"So erreichen Sie einander: Antworten Sie auf diese Nachricht, wir leiten sie weiter.\n"
		"{{/match.through_program}}\n"
		"{{#match.on_site}}\n"
		"\n"
		"Sie erreichen einander vor Ort. Es werden keine Adressen weitergegeben.\n"
		"{{/match.on_site}}\n"
		"\n"
		"Für das erste Treffen genügt eine halbe Stunde:\n"
		"- Erzählen Sie einander, wer Sie sind und was Sie gern tun.\n"
		"- Vereinbaren Sie, wie oft und wo Sie sich treffen.\n"
		"- Wählen Sie eine Sache, mit der Sie anfangen.\n"
		"{{#meeting.start}}\n"
		"\n"
		"Wir schlagen dafür vor: {{meeting.start}}; für Ihren Kalender liegt der Termin dieser Mail bei. Passt er nicht, dann vereinbaren Sie einen anderen.\n"
		"{{/meeting.start}}\n"
		"{{#match.as_mentor}}\n"
		"\n"
		"Bitte machen Sie innerhalb einer Woche den ersten Schritt.\n"
		"{{/match.as_mentor}}\n"
		"{{#match.as_mentee}}\n"
		"\n"
		"Den ersten Schritt macht die andere Seite. Hören Sie eine Woche lang nichts, dann melden Sie sich selbst, oder antworten Sie auf diese Nachricht.\n"
		"{{/match.as_mentee}}\n"
		"{{#match.until}}\n"
		"\n"
		"Sie arbeiten zusammen bis {{match.until}}.\n"
		"{{/match.until}}\n"
		"{{#objection_link}}\n"
		"\n"
		"Möchten Sie nicht mit {{match.partner}} arbeiten, jetzt oder später, dann sagen Sie es hier. Es macht dann sofort Pause, und Sie müssen nicht sagen, warum:\n"
		"{{objection_link}}\n"
		"{{/objection_link}}\n",
		NULL },
	{ "match-address", "So erreichen Sie {{match.partner}}", NULL,
		"{{match.partner}} ist einverstanden, dass Sie diese Adresse haben, damit Sie einander schreiben können: {{match.address}}\n"
		"\n"
		"Bitte nutzen Sie sie nur für Ihre gemeinsame Arbeit.\n",
		NULL },
	{ "match-paused", "Pause für Sie und {{match.partner}}", NULL,
		"Ihre Zusammenarbeit mit {{match.partner}} macht Pause. Es wird nichts fällig, und niemand erinnert Sie an etwas.\n"
		"\n"
		"Sie erhalten eine Nachricht, wenn es weitergeht.\n",
		NULL },
	{ "match-resumed", "Für Sie und {{match.partner}} geht es weiter", NULL,
		"Die Pause ist vorbei: Für Sie und {{match.partner}} geht es weiter.{{#match.until}} Sie arbeiten zusammen bis {{match.until}}.{{/match.until}}\n"
		"\n"
		"Bitte vereinbaren Sie Ihr nächstes Treffen.\n",
		NULL },
	{ "match-ended", "Ihre Zeit mit {{match.partner}} ist zu Ende", NULL,
		"Ihre Zusammenarbeit mit {{match.partner}} ist zu Ende. Danke für die Zeit, die Sie sich genommen haben.\n"
		"{{#match.as_mentee}}\n"
		"\n"
		"Wenn Sie eine neue Mentorin oder einen neuen Mentor möchten, antworten Sie auf diese Nachricht.\n"
		"{{/match.as_mentee}}\n",
		NULL },
	{ "match-withdrawn", "Unser Vorschlag gilt nicht mehr", NULL,
		"Unser Vorschlag{{#match.partner}}, Sie mit {{match.partner}} zusammenzubringen,{{/match.partner}} gilt nicht mehr. Sie brauchen nichts zu tun.\n"
		"\n"
		"Wir suchen weiter und melden uns, wenn es einen neuen gibt.\n",
		NULL },
	{ "check-in-due", "Wie läuft es mit {{match.partner}}?", "Sagen, wie es läuft",
		"Wie läuft es mit {{match.partner}}? Die Antwort dauert zwei Minuten.\n"
		"\n"
		"Bitte antworten Sie bis {{answer_until}}:\n"
		"{{link}}\n"
		"\n"
		"{{match.partner}} sieht Ihre Antwort nicht.\n",
		NULL },
	{ "check-in-reminder", "Noch offen: Wie läuft es mit {{match.partner}}?", "Sagen, wie es läuft",
		"Wir haben gefragt, wie es mit {{match.partner}} läuft, und noch keine Antwort. Sie dauert zwei Minuten.\n"
		"\n"
		"Bitte antworten Sie bis {{answer_until}}:\n"
		"{{link}}\n"
		"\n"
		"Wenn etwas schwierig ist, schreiben Sie es dort. Dafür sind die Fragen da.\n",
		NULL },
	{ "meeting-invited", "Einladung: Treffen mit {{match.partner}}", "Zusagen oder absagen",
		"Sie sind zu einem Treffen mit {{match.partner}} eingeladen{{#meeting.title}}: {{meeting.title}}{{/meeting.title}}.\n"
		"\n"
		"Wann: {{meeting.start}}\n"
		"{{#meeting.place}}\n"
		"Wo: {{meeting.place}}\n"
		"{{/meeting.place}}\n"
		"\n"
		"Bitte sagen Sie zu oder ab bis {{answer_until}}:\n"
		"{{link}}\n"
		"{{#meeting.repeats}}\n"
		"\n"
		"Es ist eines Ihrer regelmäßigen Treffen. Zu jedem kommt etwa zwei Wochen vorher eine Einladung.\n"
		"{{/meeting.repeats}}\n",
		NULL },
	{ "meeting-changed", "Geändert: Treffen mit {{match.partner}}", "Zusagen oder absagen",
		"Ihr Treffen mit {{match.partner}} hat sich geändert{{#meeting.title}}: {{meeting.title}}{{/meeting.title}}.\n"
		"\n"
		"Wann: {{meeting.start}}\n"
		"{{#meeting.place}}\n"
		"Wo: {{meeting.place}}\n"
		"{{/meeting.place}}\n"
		"\n"
		"Bitte sagen Sie bis {{answer_until}}, ob es Ihnen so passt:\n"
		"{{link}}\n",
		NULL },
	{ "meeting-cancelled", "Fällt aus: Treffen mit {{match.partner}}", NULL,
		"Ihr Treffen mit {{match.partner}} am {{meeting.start}} fällt aus.{{#meeting.title}} Thema war: {{meeting.title}}.{{/meeting.title}}\n",
		NULL },
	{ "meeting-reminder", "Bald: Treffen mit {{match.partner}}", NULL,
		"Sie treffen bald {{match.partner}}{{#meeting.title}}: {{meeting.title}}{{/meeting.title}}.\n"
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
		"Ihr Treffen: {{#meeting.absent}}{{meeting.absent}} hat abgesagt{{/meeting.absent}}{{^meeting.absent}}{{#meeting.present}}{{meeting.present}} kommt{{/meeting.present}}{{/meeting.absent}}",
		NULL,
		"Es geht um das Treffen von {{match.names}} am {{meeting.start}}{{#meeting.title}}: {{meeting.title}}{{/meeting.title}}.\n"
		"{{#meeting.absent}}\n"
		"\n"
		"{{meeting.absent}} kann nicht kommen. Bitte vereinbaren Sie einen anderen Termin, oder sagen Sie das Treffen ab.\n"
		"{{/meeting.absent}}\n"
		"{{#meeting.present}}\n"
		"\n"
		"{{meeting.present}} hat zugesagt.\n"
		"{{/meeting.present}}\n",
		NULL },
	{ "meeting-passed", "Haben Sie {{match.partner}} getroffen?", "Sagen, wie es war",
		"Sie wollten {{match.partner}} treffen: {{meeting.start}}{{#meeting.title}}, {{meeting.title}}{{/meeting.title}}.\n"
		"\n"
		"Fand das Treffen statt? Ein Klick genügt, bis {{answer_until}}:\n"
		"{{link}}\n",
		NULL },
	{ "wave-open", "Einige Fragen an Sie: {{form.title}}", "Fragen beantworten",
		"Wir haben einige Fragen an Sie: \"{{form.title}}\".{{#form.anonymous}} Niemand erfährt, was gerade Sie geantwortet haben.{{/form.anonymous}}\n"
		"\n"
		"Bitte antworten Sie bis {{answer_until}}:\n"
		"{{link}}\n",
		NULL },
	{ "wave-reminder", "Noch offen: {{form.title}}", "Fragen beantworten",
		"Es warten noch Fragen auf Sie: \"{{form.title}}\".{{#form.anonymous}} Niemand erfährt, was gerade Sie geantwortet haben.{{/form.anonymous}}\n"
		"\n"
		"Bitte antworten Sie bis {{answer_until}}:\n"
		"{{link}}\n"
		"\n"
		"Wenn Sie nicht antworten möchten, brauchen Sie nichts zu tun.\n",
		NULL },
	{ "address-change", "Ist das Ihre Adresse?", "Ja, das ist meine Adresse",
		"Jemand hat uns gebeten, Ihnen künftig an diese Adresse zu schreiben. Waren Sie das selbst oder das Programm für Sie, dann bestätigen Sie es bitte bis {{answer_until}}:\n"
		"{{link}}\n"
		"\n"
		"Wissen Sie nichts davon, dann tun Sie nichts: Es bleibt alles, wie es ist.\n",
		NULL },
	{ "address-changing", "Ihre Adresse soll sich ändern", "Davon weiß ich nichts",
		"Wir sollen Ihnen künftig an eine andere Adresse schreiben: {{address.new}}. Sie gilt, sobald sie dort bestätigt ist. Links, die wir an diese Adresse geschickt haben, gelten dann nicht mehr.\n"
		"\n"
		"Wissen Sie nichts davon, dann sagen Sie es bitte bis {{answer_until}}. Dann bleibt alles, wie es ist, und die Koordinierenden gehen der Sache nach:\n"
		"{{link}}\n",
		NULL },
	{ "address-changed", "Ihre Adresse hat sich geändert", "Davon weiß ich nichts",
		"Von jetzt an schreiben wir Ihnen an eine andere Adresse: {{address.new}}. Sie wurde dort bestätigt. Links, die wir an diese Adresse geschickt haben, gelten nicht mehr.\n"
		"\n"
		"Wissen Sie nichts davon, dann sagen Sie es bitte bis {{answer_until}}. Dann verschicken wir nichts mehr, und die Koordinierenden gehen der Sache nach:\n"
		"{{link}}\n",
		NULL },
	{ "fresh-link", "Der Link, um den Sie gebeten haben", "Eigene Seite öffnen",
		"Sie haben um einen Link zu Ihrer eigenen Seite gebeten. Er gilt bis {{answer_until}}:\n"
		"{{link}}\n"
		"\n"
		"Haben Sie nicht darum gebeten, dann tun Sie nichts. Sonst hat niemand diesen Link.\n",
		NULL },
	{ "consent-asked", "Sind Sie einverstanden? Bitte entscheiden Sie", "Lesen und entscheiden",
		"Wir bitten um Ihre Einwilligung: {{consent.purpose}}{{#minor.name}}, für {{minor.name}}{{/minor.name}}. Sie können frei ablehnen und ein Ja jederzeit zurücknehmen.\n"
		"\n"
		"Bitte entscheiden Sie bis {{answer_until}}:\n"
		"{{link}}\n",
		NULL },
	{ "consent-ending", "Ihre Einwilligung endet bald", "Lesen und entscheiden",
		"Ihre Einwilligung endet bald: {{consent.purpose}}{{#minor.name}}, für {{minor.name}}{{/minor.name}}. Sie können sie erneuern oder enden lassen.\n"
		"\n"
		"Bitte entscheiden Sie bis {{answer_until}}:\n"
		"{{link}}\n",
		NULL },
	{ "guardian-told", "Sie sind als sorgeberechtigt für {{minor.name}} eingetragen", NULL,
		"{{minor.name}} nimmt an unserem Mentoring teil, und Sie sind bei uns als sorgeberechtigt eingetragen. Wir fragen Sie, wo Ihre Einwilligung nötig ist, und sagen Ihnen, was wichtig ist.\n"
		"\n"
		"Stimmt das nicht, dann antworten Sie bitte auf diese Nachricht.\n",
		NULL },
	{ "guardian-introduced", "{{minor.name}} hat ein Gegenüber", NULL,
		"{{minor.name}} arbeitet von jetzt an in unserem Mentoring, als eine von diesen beiden Personen: {{match.names}}.\n"
		"\n"
		"Die beiden treffen sich nur vor Ort, und niemandes Adresse wird weitergegeben.{{#match.until}} Sie arbeiten bis {{match.until}} zusammen.{{/match.until}}\n"
		"\n"
		"Sie können jederzeit widersprechen und müssen nicht sagen, warum. Die beiden machen dann sofort Pause, und jemand meldet sich bei Ihnen:\n"
		"{{objection_link}}\n"
		"\n"
		"Sie können auch Ihr Einverständnis auf Ihrer eigenen Seite zurücknehmen, die unten steht.\n",
		NULL },
	{ "plugin-test", "Ein Test von {{plugin.name}}", NULL,
		"Das ist der Test, um den Sie gebeten haben. Das Plugin {{plugin.name}} arbeitet: Es hat diese Nachricht zugestellt.\n",
		NULL },
	{ "match-accepted", "Beide haben zugesagt: {{match.names}}", NULL,
		"Beide Seiten haben zugesagt: {{match.names}}. Das Tandem kann beginnen:\n"
		"\n"
		"mentorctl match start {{about_id}}\n",
		NULL },
	{ "match-declined", "Abgelehnt: {{match.names}}", NULL,
		"Eine Seite hat abgelehnt: {{match.names}}. Beide sind frei für einen anderen Vorschlag.\n"
		"\n"
		"mentorctl match show {{about_id}}\n",
		NULL },
	{ "offer-unanswered", "Ohne Antwort: {{match.names}}", NULL,
		"Auf einen Vorschlag kam rechtzeitig keine Antwort, er gilt nicht mehr: {{match.names}}. Beide sind frei für einen anderen.\n"
		"\n"
		"mentorctl match show {{about_id}}\n",
		NULL },
	{ "check-in-escalated", "Lange keine Antwort: {{match.names}}", NULL,
		"Auf eine Frage{{#due}} vom {{due}}{{/due}}, wie es läuft, kam trotz Erinnerungen keine Antwort: {{match.names}}. Bitte fragen Sie nach; oft hilft ein Anruf.\n"
		"\n"
		"mentorctl check-in show {{about_id}}\n",
		NULL },
	{ "program-closes",
		"{{#program.title}}{{program.title}}{{/program.title}}{{^program.title}}Ein Programm{{/program.title}} wird abgeschlossen",
		NULL,
		"Das Programm wird abgeschlossen. Laufende Tandems können nun gut zu Ende gehen; neue werden nicht mehr gebildet.\n"
		"\n"
		"mentorctl program show {{about_id}}\n",
		NULL },
	{ "program-cannot-open",
		"{{#program.title}}{{program.title}}{{/program.title}}{{^program.title}}Ein Programm{{/program.title}} kann nicht öffnen",
		NULL,
		"Das Programm sollte heute öffnen und kann nicht: Der erste oder der letzte Tag fehlt. Tragen Sie beide ein, dann öffnen Sie es.\n"
		"\n"
		"mentorctl program show {{about_id}}\n",
		NULL },
	{ "held-batch", "Viele Nachrichten warten auf Ihre Durchsicht", NULL,
		"Sehr viele Nachrichten{{#count}} ({{count}}){{/count}} sind auf einmal entstanden. Deshalb geht keine hinaus, bevor jemand sie angesehen hat. Sehen Sie nach, was wartet, und geben Sie es frei (oder ziehen Sie es zurück, mit withdraw statt release):\n"
		"\n"
		"mentorctl message list state=held\n"
		"mentorctl message release --where state=held\n",
		NULL },
	{ "address-bounces", "Mails an {{person.name}} kommen zurück", NULL,
		"Mails an {{person.name}} kamen immer wieder zurück. Dorthin wird nichts mehr geschickt. Bitte finden Sie die richtige Adresse heraus.\n"
		"\n"
		"mentorctl person show {{about_id}}\n",
		NULL },
	{ "consent-withdrawn", "Ein Einverständnis wurde zurückgenommen", NULL,
		"Ein Einverständnis wurde zurückgenommen: {{consent.purpose}}{{#minor.name}}, für {{minor.name}}{{/minor.name}}. Was darauf beruht, darf nicht weitergehen; bitte kümmern Sie sich heute darum. Paare von Minderjährigen, die nicht mehr teilnehmen dürfen, pausieren von selbst:\n"
		"\n"
		"mentorctl consent show {{about_id}}\n",
		NULL },
	{ "consent-expired", "Ein Einverständnis ist abgelaufen", NULL,
		"Ein Einverständnis galt für eine Zeit, die vorbei ist: {{consent.purpose}}{{#minor.name}}, für {{minor.name}}{{/minor.name}}. Erneuert wurde es nicht. Was darauf beruht, darf nicht weitergehen; Sie können erneut darum bitten. Paare von Minderjährigen, die nicht mehr teilnehmen dürfen, pausieren von selbst:\n"
		"\n"
		"mentorctl consent show {{about_id}}\n",
		NULL },
	{ "change-asked", "Jemand anderes gewünscht: {{match.names}}", NULL,
		"Eine der beiden Seiten möchte mit jemand anderem arbeiten: {{match.names}}. Die andere Seite weiß davon nichts. Bitte sprechen Sie mit beiden; danach kann das Paar neu zusammengestellt werden, enden oder weitermachen:\n"
		"\n"
		"mentorctl match show {{about_id}}\n",
		NULL },
	{ "match-objected", "Einspruch, darum Pause: {{match.names}}", NULL,
		"Eine minderjährige Person aus diesem Tandem, oder wer für sie sorgeberechtigt ist, widerspricht ihm: {{match.names}}. Die beiden machen Pause und können erst weitermachen, wenn die Schutzperson das geklärt hat. Was gesagt wurde, liest nur sie; bitte überlassen Sie ihr die Gespräche mit den Beteiligten, und sorgen Sie dafür, dass die beiden sich bis dahin nicht treffen:\n"
		"\n"
		"mentorctl match show {{about_id}}\n",
		NULL },
	{ "export-asked", "Jemand bittet um die eigenen Daten", NULL,
		"Jemand bittet um alles, was über die eigene Person gespeichert ist. Sie geben es heraus, innerhalb eines Monats:\n"
		"\n"
		"mentorctl person export {{about_id}}\n",
		NULL },
	{ "address-objected", "Einspruch gegen die neue Adresse von {{person.name}}", NULL,
		"Unter der alten Adresse von {{person.name}} weiß jemand nichts von der neuen. Galt sie schon, dann geht an keine der beiden mehr etwas hinaus, bis Sie entschieden haben. Bitte fragen Sie am Telefon oder vor Ort nach; sagen Sie dann, welche Adresse gilt:\n"
		"\n"
		"mentorctl address-change show {{about_id}}\n",
		NULL },
	{ "erasure-asked", "Jemand bittet um Löschung", NULL,
		"Jemand bittet darum, die eigenen Daten zu löschen. Sie entscheiden darüber, innerhalb eines Monats.\n"
		"\n"
		"mentorctl person show {{about_id}}\n",
		NULL },
	{ "concern-opened", "Es gibt ein Anliegen", NULL,
		"Es gibt ein neues Anliegen, oder eines wartet schon zu lange. Hier steht nichts darüber; bitte sehen Sie heute nach.\n"
		"\n"
		"mentorctl today\n",
		NULL },
	{ "concern-unheard", "Jemand bittet um Hilfe, und niemand ist für den Schutz zuständig", NULL,
		"Jemand{{#program.title}} aus {{program.title}}{{/program.title}} hat ein Anliegen gemeldet, und niemand hat die Aufgabe, sich darum zu kümmern, oder nur jemand, um den "
		"es geht. Bitte lassen Sie noch heute eine Schutzperson bestimmen; nur sie kann es lesen.\n"
		"\n"
		"mentorctl duty create person=NAME 'duty=safeguarding lead'\n",
		NULL },
	{ "plugin-failed", "Das Plugin {{plugin.name}} arbeitet nicht", NULL,
		"Das Plugin {{plugin.name}} arbeitet nicht mehr. Was es tun sollte, wartet.\n"
		"{{#plugin.error}}\n"
		"\n"
		"Der Grund: {{plugin.error}}\n"
		"{{/plugin.error}}\n"
		"\n"
		"mentorctl plugin show {{plugin.name}}\n",
		NULL },
	{ 0 }
};

const struct message_language message_language_de = {
	.code = "de",
	.familiar = &message_familiar_de,
	.texts = texts,
	.greeting = "Guten Tag {{recipient.name}}!\n\n",
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
		  "Weniger Mails von uns, oder gar keine:\n"
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
		       "<p><a href=\"{{unsubscribe_link}}\">Weniger Mails von uns, oder gar keine</a></p>\n"
		       "{{/unsubscribe_link}}\n",
	.several = "Nachrichten für Sie",
	.page = "Seite öffnen",
	.months = months,
	.weekdays = weekdays,
	.words = words,
	.day = "%1, %2. %3 %4",
	.instant = "%1, %2. %3 %4, %5:%6 Uhr (%7)",
};
