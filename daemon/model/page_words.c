/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sentences of pages. A row a sentence, a column a language; a test sees that none is missing.
 */
#include "page_words.h"

#include <string.h>

#include "core/text.h"

enum {
	LANGUAGES = 2
};
const char *const page_languages[LANGUAGES + 1] = { "en", "de", NULL };

static const char *const words[PAGE_WORDS][LANGUAGES] = {
	[OFFER_TITLE] = { "A match for you", "Ein Vorschlag für Sie" },
	[OFFER_TO_MENTEE] = { "%1, we would like %2 to be your mentor in %3.",
		"%1, wir schlagen Ihnen %2 als Mentorin oder Mentor im Programm %3 vor." },
	[OFFER_TO_MENTOR] = { "%1, we would like you to be the mentor of %2 in %3.",
		"%1, wir möchten Sie bitten, %2 im Programm %3 zu begleiten." },
	[OFFER_UNTIL] = { "Please answer until %1.", "Bitte antworten Sie bis %1." },
	[OFFER_PRIVATE] = { "If you decline, only the coordinators learn it. What you write here is read by them alone.",
		"Wenn Sie ablehnen, erfahren das nur die Koordinierenden. Was Sie hier schreiben, lesen nur sie." },
	[OFFER_REASON] = { "Why not? (you need not say)", "Warum nicht? (freiwillig)" },
	[OFFER_ACCEPT] = { "Yes, gladly", "Ja, gern" },
	[OFFER_DECLINE] = { "No, thank you", "Nein, danke" },
	[OFFER_ACCEPTED] = { "Thank you: you said yes", "Danke für Ihre Zusage" },
	[OFFER_ACCEPTED_NEXT] = { "When the other side has said yes too, both of you get an introduction by mail.",
		"Sobald auch die andere Seite zugesagt hat, stellen wir Sie einander per Mail vor." },
	[OFFER_DECLINED] = { "Thank you for saying so", "Danke für Ihre Antwort" },
	[OFFER_DECLINED_NEXT] = { "The coordinators look for somebody else.", "Die Koordinierenden suchen weiter." },
	[CHECK_IN_TITLE] = { "How is it going?", "Wie läuft es?" },
	[CHECK_IN_INTRO] = { "%1, how is it going with %2?", "%1, wie läuft es mit %2?" },
	[CHECK_IN_RATING] = { "How is it going?", "Wie läuft es?" },
	[RATING_1] = { "Badly", "Schlecht" },
	[RATING_2] = { "Not so well", "Nicht so gut" },
	[RATING_3] = { "All right", "Geht so" },
	[RATING_4] = { "Well", "Gut" },
	[RATING_5] = { "Very well", "Sehr gut" },
	[CHECK_IN_FLAGS] = { "What holds?", "Was trifft zu?" },
	[FLAG_MET] = { "We have met since last time", "Wir haben uns seit dem letzten Mal getroffen" },
	[FLAG_NOT_CONTACTED] = { "Nobody has contacted me", "Niemand hat sich bei mir gemeldet" },
	[FLAG_NEED_HELP] = { "I would like help from the coordinators", "Ich hätte gern Hilfe von den Koordinierenden" },
	[CHECK_IN_PRIVATE] = { "The coordinators read this; your partner does not.",
		"Das lesen die Koordinierenden, nicht Ihr Gegenüber." },
	[CHECK_IN_NEXT] = { "Your answer has arrived; nothing more is to be done.", "Ihre Antwort ist angekommen; mehr ist nicht zu tun." },
	[OWN_TITLE] = { "Hello %1", "Hallo %1" },
	[OWN_MATCHES] = { "Whom you work with", "Mit wem Sie arbeiten" },
	[OWN_NONE] = { "Nobody at present.", "Zurzeit mit niemandem." },
	[OWN_OFFER] = { "%1: we wait for your answer; the link is in our mail",
		"%1: wir warten auf Ihre Antwort; der Link steht in unserer Mail" },
	[OWN_OFFER_ANSWERED] = { "%1: you have answered, we wait for the other side",
		"%1: Sie haben geantwortet, wir warten auf die andere Seite" },
	[OWN_ACCEPTED] = { "%1: agreed, about to start", "%1: zugesagt, beginnt bald" },
	[OWN_ACTIVE] = { "%1: under way", "%1: läuft" },
	[OWN_PAUSED] = { "%1: paused", "%1: ruht" },
	[OWN_WAITING] = { "What waits for you", "Was auf Sie wartet" },
	[OWN_NOTHING] = { "Nothing.", "Nichts." },
	[OWN_CHECK_IN] = { "A check-in since %1; the link is in our mail", "Eine Rückfrage seit %1; der Link steht in unserer Mail" },
	[OWN_MAIL] = { "Mail", "Mail" },
	[MAIL_TITLE] = { "Mail from us", "Unsere Mails" },
	[MAIL_ON] = { "You get all our mail: questions, reminders and news.",
		"Sie bekommen alle unsere Mails: Fragen, Erinnerungen und Neues." },
	[MAIL_OFF] = { "You get only mail about safety. What else waits for you stands on your own page.",
		"Sie bekommen nur noch Mails, bei denen es um Sicherheit geht. Was sonst auf Sie wartet, steht auf Ihrer Seite." },
	[MAIL_STOP] = { "No more mail that can be left out", "Keine verzichtbaren Mails mehr" },
	[MAIL_RESUME] = { "All mail again", "Wieder alle Mails" },
	[TALK_TITLE] = { "I need to talk to somebody", "Ich muss mit jemandem reden" },
	[TALK_INTRO] = { "Somebody whose task this is will get in touch with you. You need not write anything. If you are in danger now, call %1.",
		"Jemand, dessen Aufgabe das ist, meldet sich bei dir. Du musst nichts dazu schreiben. Wenn du jetzt in Gefahr bist, ruf %1 an." },
	[TALK_TEXT] = { "What is it about? (you need not say)", "Worum geht es? (freiwillig)" },
	[TALK_PRIVATE] = { "Only the person responsible for safeguarding reads this. When somebody is in danger they must get help, and tell you so.",
		"Das liest nur die Person, die für den Schutz zuständig ist. Ist jemand in Gefahr, muss sie Hilfe holen, und sagt dir das." },
	[TALK_SEND] = { "Ask for a talk", "Um ein Gespräch bitten" },
	[TALK_DONE] = { "Thank you for telling us", "Danke, dass du dich meldest" },
	[TALK_NEXT] = { "Somebody gets in touch with you soon.", "Es meldet sich bald jemand bei dir." },
	[MEETING_TITLE] = { "Meeting with %1", "Treffen mit %1" },
	[MEETING_WHEN] = { "When: %1", "Wann: %1" },
	[MEETING_WHERE] = { "Where: %1", "Wo: %1" },
	[MEETING_ACCEPT] = { "I come", "Ich komme" },
	[MEETING_DECLINE] = { "I cannot come", "Ich kann nicht" },
	[MEETING_SAID_YES] = { "You said that you come.", "Sie haben zugesagt." },
	[MEETING_SAID_NO] = { "You said that you cannot come. Agree on another time with each other, or ask the coordinators.",
		"Sie haben abgesagt. Vereinbaren Sie miteinander einen anderen Termin, oder fragen Sie die Koordination." },
	[CONSENT_TITLE] = { "Do you agree to %1?", "Sind Sie einverstanden: %1?" },
	[CONSENT_TAKE_PART] = { "taking part", "die Teilnahme" },
	[CONSENT_SHARE] = { "passing on the address to the other side", "die Weitergabe der Adresse an die andere Seite" },
	[CONSENT_EVALUATION] = { "use of the answers to evaluate the program", "die Auswertung der Antworten für das Programm" },
	[CONSENT_ACADEMIC] = { "use of academic data", "die Verwendung schulischer Daten" },
	[CONSENT_TESTIMONIAL] = { "publishing a testimonial", "die Veröffentlichung eines Berichts" },
	[CONSENT_PHOTO] = { "photographs", "Fotos" },
	[CONSENT_RECOGNITION] = { "being named in public", "die öffentliche Nennung" },
	[CONSENT_FOR] = { "You are asked as guardian of %1.", "Sie werden als sorgeberechtigte Person von %1 gefragt." },
	[CONSENT_FREE] = { "You are free to say no, and you can take back a yes at any time.",
		"Sie können frei ablehnen und ein Ja jederzeit zurücknehmen." },
	[CONSENT_YES] = { "I agree", "Ich bin einverstanden" },
	[CONSENT_NO] = { "I do not agree", "Ich bin nicht einverstanden" },
	[CONSENT_GIVEN_NEXT] = { "We have noted that you agree.", "Wir haben Ihr Einverständnis vermerkt." },
	[CONSENT_REFUSED_NEXT] = { "We have noted that you do not agree.", "Wir haben vermerkt, dass Sie nicht einverstanden sind." },
	[FORM_CLOSES] = { "Please answer until %1.", "Bitte antworten Sie bis %1." },
	[FORM_NAMED] = { "The people who run the program can see who gave which answer.",
		"Wer das Programm leitet, kann sehen, wer was geantwortet hat." },
	[FORM_PSEUDONYMOUS] = { "Your answers are kept under a number, so that they can be compared with later ones. The people who run the program "
				"see results of all together, never your answers alone.",
		"Ihre Antworten stehen unter einer Nummer, damit sie mit späteren verglichen werden können. Wer das Programm leitet, sieht "
		"Ergebnisse aller zusammen, nie Ihre Antworten allein." },
	[FORM_ANONYMOUS] = { "Nobody can find out which answers are yours, not even the people who run the program. They see results of all together, "
			     "never of a few. So nothing can be kept for later: please answer in one go.",
		"Niemand kann herausfinden, welche Antworten Ihre sind, auch nicht, wer das Programm leitet: Gezeigt werden Ergebnisse aller "
		"zusammen, nie die von wenigen. Darum lässt sich nichts für später aufheben: Bitte antworten Sie in einem Zug." },
	[FORM_ONLY_IF] = { "Only if it applies after what you answered above.", "Nur, wenn es nach Ihren Antworten oben zutrifft." },
	[FORM_KEEP] = { "Keep it and go on later", "Aufheben und später weitermachen" },
	[FORM_KEPT] = { "Kept for later", "Für später aufgehoben" },
	[FORM_KEPT_NEXT] = { "Nothing was sent yet. Go on with the same link until %1.",
		"Abgeschickt ist noch nichts. Machen Sie mit demselben Link weiter, bis %1." },
	[FORM_DONE_NEXT] = { "Your answers have come.", "Ihre Antworten sind da." },
	[OWN_FORM] = { "A form, \"%1\", until %2; the link is in our mail",
		"Ein Fragebogen, \"%1\", bis %2; der Link steht in unserer Mail" },
	[ADDRESS_TITLE] = { "Is this your address?", "Ist das Ihre Adresse?" },
	[ADDRESS_INTRO] = { "From now on we are to write to %1.", "Wir sollen von jetzt an an %1 schreiben." },
	[ADDRESS_NEXT] = { "Links in our earlier mails end then. For three days we ask for nothing that binds, in case this is a mistake.",
		"Links in unseren früheren Mails gelten dann nicht mehr. Drei Tage lang fragen wir nach nichts Verbindlichem, falls es ein Irrtum ist." },
	[ADDRESS_YES] = { "Yes, this is my address", "Ja, das ist meine Adresse" },
	[ADDRESS_NO] = { "No, this is not for me", "Nein, das gilt nicht mir" },
	[ADDRESS_CONFIRMED] = { "From now on we write to %1.", "Wir schreiben von jetzt an an %1." },
	[ADDRESS_REFUSED] = { "Nothing changes, and we do not write here again.",
		"Es bleibt alles, wie es ist, und wir schreiben nicht mehr hierher." },
	[ADDRESS_RESTS] = { "Your address is new. So you can answer this from %1 on; this page then shows how.",
		"Ihre Adresse ist neu. Darum können Sie das erst ab %1 beantworten; dann zeigt diese Seite, wie." },
	[OBJECT_TITLE] = { "A new address", "Eine neue Adresse" },
	[OBJECT_BEFORE] = { "Somebody proposed that we write to %1 and no longer here. It is not confirmed yet.",
		"Jemand hat vorgeschlagen, dass wir an %1 schreiben und nicht mehr hierher. Bestätigt ist es noch nicht." },
	[OBJECT_AFTER] = { "We write to %1 now and no longer here. If you know nothing of it, we stop all mail until it is clear what is right.",
		"Wir schreiben jetzt an %1 und nicht mehr hierher. Wenn Sie davon nichts wissen, verschicken wir nichts mehr, bis geklärt ist, was richtig ist." },
	[OBJECT_DO] = { "I know nothing of this", "Davon weiß ich nichts" },
	[OBJECT_DONE_BEFORE] = { "Nothing changes. The people who run the program look into it.",
		"Es bleibt alles, wie es ist. Die Koordinierenden gehen der Sache nach." },
	[OBJECT_DONE_AFTER] = { "All mail stops until the people who run the program have looked into it. They get in touch with you.",
		"Es geht nichts mehr hinaus, bis die Koordinierenden der Sache nachgegangen sind. Sie melden sich bei Ihnen." },
	[SEND] = { "Send", "Absenden" },
	[THANKS] = { "Thank you", "Danke" },
	[MUST_CHOOSE] = { "Please choose one.", "Bitte eines auswählen." },
	[REFUSED] = { "This could not be done: it is not possible any more as things stand.",
		"Das ging nicht: So, wie es steht, ist es nicht mehr möglich." },
	[SHARED_ALL] = { "What you share: %1.", "Was Sie verbindet: %1." },
	[SHARED_AND] = { " and ", " und " },
	[SHARED_AND_ALSO] = { ", and ", ", und " },
	[SHARED_HELP] = { "one of you can help the other with %1", "eine Seite kann der anderen helfen bei: %1" },
	[SHARED_CARE] = { "you both care for %1", "Sie mögen beide %1" },
	[SHARED_SPEAK] = { "you both speak %1", "Sie sprechen beide %1" },
	[SHARED_SITE] = { "you are both at %1", "Sie sind beide hier: %1" },
	[SHARED_FIELD] = { "your field of study is %1", "Ihr Fach ist %1" },
};

static int column(const char *language)
{
	for (int i = 0; page_languages[i]; i++) {
		size_t length = strlen(page_languages[i]);

		if (language && !strncmp(language, page_languages[i], length) && (!language[length] || strchr("-_", language[length])))
			return i;
	}
	return 0;
}

const char *page_word(const char *language, enum page_word word)
{
	return words[word][column(language)];
}

char *page_fill(struct arena *arena, const char *sentence, const char *const *values)
{
	struct buffer out = { 0 };
	char *text;
	int count = 0;

	while (values[count])
		count++;
	for (const char *at = sentence; *at; at++) {
		if (*at == '%' && at[1] >= '1' && at[1] < '1' + count)
			buffer_text(&out, values[*++at - '1']);
		else
			buffer_char(&out, *at);
	}
	text = arena_copy(arena, buffer_string(&out));
	buffer_free(&out);
	return text;
}
