/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All tables hold folded words between bars, so that one search finds a whole word and nothing inside another one.
 * Where two languages use one word for different things (Dutch and French 'ma') it is left out: unknown is better.
 */
#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/text.h"

struct language {
	const char *code, *name, *also;
};

static const struct language languages[] = {
	{ "am", "Amharic", "|amharisch|amharique|አማርኛ|" },
	{ "ar", "Arabic", "|arabisch|arabe|árabe|arabo|العربية|عربي|" },
	{ "az", "Azerbaijani", "|azeri|aserbaidschanisch|azərbaycan|" },
	{ "be", "Belarusian", "|weißrussisch|belarussisch|беларуская|" },
	{ "bg", "Bulgarian", "|bulgarisch|bulgare|български|" },
	{ "bn", "Bengali", "|bangla|bengalisch|bengali (bangla)|বাংলা|" },
	{ "bs", "Bosnian", "|bosnisch|bosanski|" },
	{ "ca", "Catalan", "|katalanisch|català|catalán|" },
	{ "cs", "Czech", "|tschechisch|čeština|česky|tchèque|" },
	{ "cy", "Welsh", "|walisisch|cymraeg|" },
	{ "da", "Danish", "|dänisch|dansk|danois|" },
	{ "de", "German", "|deutsch|allemand|alemán|tedesco|alemão|duits|niemiecki|deu|ger|" },
	{ "el", "Greek", "|griechisch|grec|ελληνικά|" },
	{ "en", "English", "|englisch|anglais|inglés|inglese|inglês|engels|angielski|eng|" },
	{ "es", "Spanish", "|spanisch|español|castellano|espagnol|spagnolo|espanhol|spaans|spa|" },
	{ "et", "Estonian", "|estnisch|eesti|" },
	{ "eu", "Basque", "|baskisch|euskara|" },
	{ "fa", "Persian", "|farsi|persisch|dari|فارسی|" },
	{ "fi", "Finnish", "|finnisch|suomi|" },
	{ "fr", "French", "|französisch|français|francés|francese|francês|frans|francuski|fra|fre|" },
	{ "ga", "Irish", "|irisch|gaeilge|" },
	{ "gu", "Gujarati", "|ગુજરાતી|" },
	{ "ha", "Hausa", "|" },
	{ "he", "Hebrew", "|hebräisch|hébreu|עברית|" },
	{ "hi", "Hindi", "|हिन्दी|हिंदी|" },
	{ "hr", "Croatian", "|kroatisch|hrvatski|" },
	{ "hu", "Hungarian", "|ungarisch|magyar|" },
	{ "hy", "Armenian", "|armenisch|հայերեն|" },
	{ "id", "Indonesian", "|indonesisch|bahasa indonesia|" },
	{ "ig", "Igbo", "|" },
	{ "is", "Icelandic", "|isländisch|íslenska|" },
	{ "it", "Italian", "|italienisch|italiano|italien|italiaans|ita|" },
	{ "iu", "Inuktitut", "|inuit|ᐃᓄᒃᑎᑐᑦ|" },
	{ "ja", "Japanese", "|japanisch|japonais|japonés|日本語|" },
	{ "ka", "Georgian", "|georgisch|ქართული|" },
	{ "kk", "Kazakh", "|kasachisch|қазақ|" },
	{ "km", "Khmer", "|ខ្មែរ|" },
	{ "kn", "Kannada", "|ಕನ್ನಡ|" },
	{ "ko", "Korean", "|koreanisch|coréen|coreano|한국어|" },
	{ "ku", "Kurdish", "|kurdisch|kurdî|kurmanji|" },
	{ "lt", "Lithuanian", "|litauisch|lietuvių|" },
	{ "lv", "Latvian", "|lettisch|latviešu|" },
	{ "mk", "Macedonian", "|mazedonisch|македонски|" },
	{ "ml", "Malayalam", "|മലയാളം|" },
	{ "mr", "Marathi", "|मराठी|" },
	{ "ms", "Malay", "|malaiisch|bahasa melayu|" },
	{ "mt", "Maltese", "|maltesisch|malti|" },
	{ "nl", "Dutch", "|niederländisch|nederlands|holländisch|néerlandais|neerlandés|nld|" },
	{ "no", "Norwegian", "|norwegisch|norsk|bokmål|nynorsk|norvégien|nb|nn|" },
	{ "pa", "Punjabi", "|panjabi|ਪੰਜਾਬੀ|" },
	{ "pl", "Polish", "|polnisch|polski|polonais|polaco|" },
	{ "ps", "Pashto", "|paschtu|پښتو|" },
	{ "pt", "Portuguese", "|portugiesisch|português|portugais|portugués|portoghese|por|" },
	{ "qu", "Quechua", "|quichua|runasimi|" },
	{ "ro", "Romanian", "|rumänisch|română|roumain|" },
	{ "ru", "Russian", "|russisch|русский|russe|ruso|russo|rosyjski|rus|" },
	{ "sk", "Slovak", "|slowakisch|slovenčina|" },
	{ "sl", "Slovene", "|slovenian|slowenisch|slovenščina|" },
	{ "so", "Somali", "|soomaali|" },
	{ "sq", "Albanian", "|albanisch|shqip|" },
	{ "sr", "Serbian", "|serbisch|srpski|српски|" },
	{ "sv", "Swedish", "|schwedisch|svenska|suédois|" },
	{ "sw", "Swahili", "|kiswahili|suaheli|" },
	{ "ta", "Tamil", "|tamilisch|தமிழ்|" },
	{ "te", "Telugu", "|తెలుగు|" },
	{ "th", "Thai", "|thailändisch|ไทย|" },
	{ "ti", "Tigrinya", "|ትግርኛ|" },
	{ "tl", "Tagalog", "|filipino|fil|" },
	{ "tr", "Turkish", "|türkisch|türkçe|turc|turco|" },
	{ "uk", "Ukrainian", "|ukrainisch|українська|ukrainien|" },
	{ "ur", "Urdu", "|اردو|" },
	{ "uz", "Uzbek", "|usbekisch|oʻzbek|" },
	{ "vi", "Vietnamese", "|vietnamesisch|tiếng việt|" },
	{ "xh", "Xhosa", "|isixhosa|" },
	{ "yo", "Yoruba", "|yorùbá|" },
	{ "zh", "Chinese", "|mandarin|mandarin chinese|chinese (mandarin)|chinesisch|chinois|chino|cinese|中文|普通话|zho|" },
	{ "zu", "Zulu", "|isizulu|" },
};

/* Is the word one of those between the bars? */
static bool among(const char *bars, const char *word, size_t length)
{
	const char *at = bars;

	while (length && (at = strchr(at, '|')) && at[1]) {
		at++;
		if (!strncmp(at, word, length) && at[length] == '|')
			return true;
	}
	return false;
}

static bool among_all(const char *bars, const char *word)
{
	return among(bars, word, strlen(word));
}

static size_t space_at(const char *text, size_t left)
{
	if (left && strchr(" \t\r\n", *text))
		return 1;
	if (left >= 2 && !memcmp(text, "\xc2\xa0", 2))
		return 2;
	return left >= 3 && (!memcmp(text, "\xe2\x80\xaf", 3) || !memcmp(text, "\xe2\x80\x89", 3)) ? 3 : 0;
}

char *words_tidy(struct arena *arena, const char *text, size_t length)
{
	char *out = arena_new(arena, length + 1), *to = out;
	size_t i = 0, space;

	while (i < length) {
		space = space_at(text + i, length - i);
		if (!space) {
			*to++ = text[i++];
			continue;
		}
		i += space;
		if (to > out && to[-1] != ' ')
			*to++ = ' ';
	}
	if (to > out && to[-1] == ' ')
		to--;
	*to = 0;
	return out;
}

char *words_fold(struct arena *arena, const char *text, size_t length)
{
	struct buffer folded = { 0 };
	char *result;

	text_fold(&folded, text, length);
	result = words_tidy(arena, buffer_string(&folded), folded.length);
	buffer_free(&folded);
	return result;
}

/* "de-AT" and "de_at" are "de"; the names of languages are no codes. */
static bool is_code(const char *folded, const char *code)
{
	size_t length = strlen(code);

	return !strncmp(folded, code, length) &&
		(!folded[length] || ((folded[length] == '-' || folded[length] == '_') && strlen(folded) <= length + 5));
}

/* Names in the table are plain ASCII. */
static bool is_name(const struct language *language, const char *folded)
{
	return !strcasecmp(language->name, folded) || among_all(language->also, folded);
}

const char *words_language_code(const char *folded)
{
	for (size_t i = 0; i < sizeof languages / sizeof *languages; i++)
		if (is_code(folded, languages[i].code) || is_name(&languages[i], folded))
			return languages[i].code;
	return NULL;
}

const char *words_language_name(const char *code)
{
	for (size_t i = 0; i < sizeof languages / sizeof *languages; i++)
		if (!strcmp(languages[i].code, code))
			return languages[i].name;
	return NULL;
}

int words_level(const char *folded)
{
	static const char *const words[] = {
		"|0|none|keine|aucun|ninguno|",
		"|1|a1|beginner|basic|basics|novice|a little|anfänger|grundkenntnisse|débutant|principiante|básico|",
		"|2|a2|b1|intermediate|some|fair|mittel|fortgeschritten|intermédiaire|intermedio|",
		"|3|b2|c1|advanced|good|very good|sehr gut|gut|avancé|avanzado|",
		"|4|c2|expert|fluent|native|native speaker|mother tongue|muttersprache|experte|langue maternelle|nativo|",
	};

	for (int i = 0; i < 5; i++)
		if (among_all(words[i], folded))
			return i;
	return -1;
}

int words_yes(const char *folded)
{
	if (among_all("|yes|y|x|1|true|checked|selected|ja|j|oui|o|sí|si|sim|sì|✓|✔|", folded))
		return 1;
	return !*folded || among_all("|no|n|0|false|unchecked|not selected|nein|non|não|nee|-|", folded) ? 0 : -1;
}

bool words_nobody(const char *folded)
{
	return among_all("|none|no|nobody|no one|n/a|na|-|--|nein|niemand|keine|keiner|non|aucun|aucune|personne|ninguno|nadie|"
			 "nessuno|ninguém|geen|nobody in particular|",
		folded);
}

unsigned words_days(const char *folded, size_t length)
{
	static const struct {
		unsigned days;
		const char *words;
	} table[] = {
		{ 1 << 0,
			"|monday|mondays|mon|montag|montags|mo|lundi|lundis|lun|lunes|lunedì|segunda|segunda-feira|seg|maandag|"
			"poniedziałek|" },
		{ 1 << 1,
			"|tuesday|tuesdays|tues|tue|tu|dienstag|dienstags|di|mardi|mardis|mar|martes|martedì|terça|terça-feira|"
			"ter|dinsdag|wtorek|" },
		{ 1 << 2,
			"|wednesday|wednesdays|weds|wed|mittwoch|mittwochs|mi|mercredi|mercredis|mer|miércoles|mié|mercoledì|"
			"quarta|quarta-feira|qua|woensdag|wo|środa|" },
		{ 1 << 3,
			"|thursday|thursdays|thurs|thur|thu|th|donnerstag|donnerstags|do|jeudi|jeudis|jeu|jueves|jue|giovedì|"
			"gio|quinta|quinta-feira|qui|donderdag|czwartek|" },
		{ 1 << 4,
			"|friday|fridays|fri|fr|freitag|freitags|vendredi|vendredis|ven|viernes|vie|venerdì|sexta|sexta-feira|"
			"sex|vrijdag|vr|piątek|" },
		{ 1 << 5,
			"|saturday|saturdays|sat|samstag|samstags|sonnabend|sa|samedi|samedis|sam|sábado|sáb|sabato|sab|"
			"zaterdag|za|sobota|" },
		{ 1 << 6,
			"|sunday|sundays|sun|sonntag|sonntags|so|dimanche|dimanches|dim|domingo|dom|domenica|zondag|zo|"
			"niedziela|" },
		{ 0x1f, "|weekday|weekdays|workdays|werktags|wochentags|en semaine|" },
		{ 0x60, "|weekend|weekends|wochenende|" },
		{ 0x7f, "|daily|everyday|täglich|quotidien|" },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (among(table[i].words, folded, length))
			return table[i].days;
	return 0;
}

const char *words_weekday(int day)
{
	static const char *const names[] = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday" };

	return names[day];
}

bool words_secret(const char *folded)
{
	static const char *const signs[] = { "password", "passwd", "passphrase", "passwort", "kennwort", "mot de passe", "contraseña",
		"senha", "wachtwoord", "parola d'ordine", "hasło" };

	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
		if (strstr(folded, signs[i]))
			return true;
	return !strcmp(folded, "pwd") || !strcmp(folded, "pin");
}

bool words_mail(const char *text)
{
	const char *at = strchr(text, '@');
	size_t length = strlen(text);

	return at && at > text && at[1] && !strchr(at + 1, '@') && length <= 254 && !strpbrk(text, " \t\n,;<>()\"") && at[1] != '.' &&
		text[length - 1] != '.';
}

static int number(const char *text, int digits)
{
	int value = 0;

	while (digits-- > 0) {
		if (*text < '0' || *text > '9')
			return -1;
		value = value * 10 + (*text++ - '0');
	}
	return value;
}

bool words_date(const char *text)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year, month, day, leap;

	if (strlen(text) != 10 || text[4] != '-' || text[7] != '-')
		return false;
	year = number(text, 4);
	month = number(text + 5, 2);
	day = number(text + 8, 2);
	if (year < 1850 || month < 1 || month > 12 || day < 1)
		return false;
	leap = (year % 4 == 0 && year % 100) || year % 400 == 0;
	return day <= days[month - 1] + (month == 2 && leap);
}
