/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * webforms_words.c - the few sentences that are the plugin's own, in each language. All else on a page comes from the host, in the
 * language of its reader. $1 and $2 are put in by who uses a sentence. A new language is a column; what it lacks is said in English.
 */
#include <stdlib.h>
#include <string.h>
#include "webforms.h"

static const char *const languages[] = { "en", "de", "fr", "es" };
enum {
	LANGUAGES = sizeof languages / sizeof *languages
};

static const char *const words[WEB_WORDS][LANGUAGES] = {
	[WEB_NO_LINK_TITLE] = { "This link cannot be used", "Dieser Link ist nicht gültig", "Ce lien ne peut pas être utilisé",
		"Este enlace no se puede usar" },
	[WEB_NO_LINK] = { "It may have been used already, have expired, or been replaced by a newer one. Look for a newer mail from us, or "
			  "reply to the mail in which you found this link.",
		"Vielleicht wurde er schon benutzt, ist abgelaufen oder durch einen neueren ersetzt. Sehen Sie nach, ob Sie eine neuere "
		"E-Mail von uns haben, oder antworten Sie auf die E-Mail, in der dieser Link stand.",
		"Il a peut-être déjà servi, expiré ou été remplacé par un lien plus récent. Cherchez un courriel plus récent de notre part, ou "
		"répondez au courriel qui contenait ce lien.",
		"Quizá ya se usó, caducó o fue sustituido por uno más reciente. Busque un correo nuestro más reciente o responda al correo en el "
		"que encontró este enlace." },
	[WEB_BUSY_TITLE] = { "Please try again in a moment", "Bitte versuchen Sie es gleich noch einmal",
		"Veuillez réessayer dans un instant", "Inténtelo de nuevo en un momento" },
	[WEB_BUSY] = { "We could not answer just now. Nothing was lost: your link still works. Reload this page in half a minute.",
		"Im Moment konnten wir nicht antworten. Es ging nichts verloren: Ihr Link gilt weiter. Laden Sie die Seite in einer halben Minute "
		"neu.",
		"Nous n'avons pas pu répondre à l'instant. Rien n'est perdu : votre lien reste valable. Rechargez la page dans une demi-minute.",
		"No hemos podido responder ahora. No se ha perdido nada: su enlace sigue siendo válido. Recargue la página en medio minuto." },
	[WEB_REFUSED_TITLE] = { "This could not be read", "Das ließ sich nicht lesen", "Cela n'a pas pu être lu", "No se ha podido leer" },
	[WEB_REFUSED] = { "What your browser sent was no answer to this page. Nothing was saved. Go back and try again.",
		"Was Ihr Browser gesendet hat, war keine Antwort auf diese Seite. Es wurde nichts gespeichert. Gehen Sie zurück und versuchen Sie es "
		"noch einmal.",
		"Ce que votre navigateur a envoyé n'est pas une réponse à cette page. Rien n'a été enregistré. Revenez en arrière et réessayez.",
		"Lo que envió su navegador no es una respuesta a esta página. No se ha guardado nada. Vuelva atrás e inténtelo de nuevo." },
	[WEB_LONG_TITLE] = { "This is too long", "Das ist zu lang", "C'est trop long", "Es demasiado largo" },
	[WEB_LONG] = { "What you wrote is longer than can be sent at once. Nothing was saved. Go back, shorten it and try again.",
		"Was Sie geschrieben haben, ist länger, als auf einmal gesendet werden kann. Es wurde nichts gespeichert. Gehen Sie zurück, kürzen "
		"Sie es und versuchen Sie es noch einmal.",
		"Votre texte est plus long que ce qui peut être envoyé en une fois. Rien n'a été enregistré. Revenez en arrière, raccourcissez-le "
		"et réessayez.",
		"Lo que ha escrito es más largo de lo que se puede enviar de una vez. No se ha guardado nada. Vuelva atrás, acórtelo e inténtelo "
		"de nuevo." },
	[WEB_CHANGED] = { "Something on this page has changed since you opened it. Nothing was saved yet. Please look again, then answer.",
		"Auf dieser Seite hat sich inzwischen etwas geändert. Es wurde noch nichts gespeichert. Bitte noch einmal lesen und dann antworten.",
		"Cette page a changé depuis que vous l'avez ouverte. Rien n'a encore été enregistré. Veuillez la relire, puis répondre.",
		"Esta página ha cambiado desde que la abrió. Todavía no se ha guardado nada. Léala de nuevo y después responda." },
	[WEB_DONE] = { "Thank you. This has reached us.", "Danke. Das ist bei uns angekommen.", "Merci. Nous l'avons bien reçu.",
		"Gracias. Lo hemos recibido." },
	[WEB_ERROR] = { "Error: ", "Fehler: ", "Erreur : ", "Error: " },
	[WEB_ERRORS] = { "Please check these answers", "Bitte diese Angaben noch einmal ansehen", "Veuillez vérifier ces réponses",
		"Revise estas respuestas" },
	[WEB_REQUIRED] = { "(required)", "(Pflichtangabe)", "(obligatoire)", "(obligatorio)" },
	[WEB_ONLY_IF] = { "Only if you answered “$2” to “$1”.", "Nur bei der Antwort „$2“ auf „$1“.",
		"Seulement si vous avez répondu « $2 » à « $1 ».", "Solo si respondió «$2» a «$1»." },
	[WEB_RANGE] = { "A number from $1 to $2.", "Eine Zahl von $1 bis $2.", "Un nombre de $1 à $2.", "Un número de $1 a $2." },
	[WEB_LEAST] = { "A number, at least $1.", "Eine Zahl, mindestens $1.", "Un nombre, au moins $1.", "Un número, como mínimo $1." },
	[WEB_MOST] = { "A number, at most $1.", "Eine Zahl, höchstens $1.", "Un nombre, au plus $1.", "Un número, como máximo $1." },
	[WEB_LENGTH] = { "At most $1 characters.", "Höchstens $1 Zeichen.", "$1 caractères au plus.", "Como máximo $1 caracteres." },
	[WEB_CHOOSE] = { "Please choose", "Bitte wählen", "Veuillez choisir", "Elija una opción" },
};

/* The column of a language tag: "de-AT" is "de". -1 if there is none. */
static int column(const char *tag)
{
	for (int i = 0; i < LANGUAGES; i++)
		if (strncasecmp(tag, languages[i], 2) == 0 && strchr("-_,; \t", tag[2]))
			return i;
	return -1;
}

/* q=0.8 is 800; without one it is 1000. */
static int weight(const char *entry, size_t length)
{
	const char *q = memmem(entry, length, "q=", 2);
	int weight = 1000;

	if (!q || (q[2] != '0' && q[2] != '1'))
		return weight;
	weight = (q[2] - '0') * 1000;
	if (q[3] == '.')
		for (int i = 4, place = 100; place > 0 && q[i] >= '0' && q[i] <= '9'; i++, place /= 10)
			weight += (q[i] - '0') * place;
	return weight;
}

const char *web_language(const char *accepted)
{
	int best = 0, best_weight = 0;

	for (const char *at = accepted; *at; at += *at == ',') {
		size_t length;

		at += strspn(at, " \t");
		length = strcspn(at, ",");
		if (length >= 2 && column(at) >= 0 && weight(at, length) > best_weight) {
			best = column(at);
			best_weight = weight(at, length);
		}
		at += length;
	}
	return languages[best];
}

const char *web_word(const char *language, enum web_word word)
{
	int at = strlen(language) >= 2 ? column(language) : 0;

	return words[word][at < 0 ? 0 : at];
}
