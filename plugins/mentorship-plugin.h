/* SPDX-License-Identifier: MIT */
/*
 * mentorship-plugin.h - all that a plugin of mentorshipd needs.
 *
 * A plugin is a shared object with one symbol, made by MENTORSHIP_PLUGIN below. It is loaded by mentorship-plugin-host, a process
 * of its own for each plugin; the daemon loads nothing. The host speaks with the daemon; the plugin never does.
 *
 *      load -> configure -> ready -> { deliver | event }* -> unload
 *                 |            |
 *                 +-- refused -+-> unload            (a callback that refuses ends the plugin, with its reason shown)
 *
 * THREADS. Every callback, and every function that a callback gave away to be called later, runs on the host's one thread. The
 * functions of struct mentorship_host may be called from that thread only. A plugin that needs other threads hands their results to
 * this one through the loop.
 *
 * TIME. No callback may block: load, configure and ready have 5 seconds each, deliver and event 1 second, unload 2 seconds, and what
 * the loop runs for the plugin 5 seconds. Past that the host ends itself, and the daemon starts it again, later each time. Slow work
 * belongs on the loop: host->loop gives the libevent 2.1 base on which the host itself runs.
 *
 * MEMORY. A host that holds 224 MB (seven eighths of MemoryMax of its unit) ends itself, says so, and is started again like after a crash.
 *
 * OWNERSHIP. What a callback is given belongs to the host and is valid until the callback returns; copy what is needed longer. What a
 * plugin passes to the host may be freed when the call returns. Texts are UTF-8 and end with a zero byte; the host refuses others.
 *
 * VERSIONS. MENTORSHIP_PLUGIN_ABI changes when a plugin must be built anew; MENTORSHIP_PLUGIN_MINOR grows when members are added at the
 * end of a struct. A plugin built against an older minor version loads. One that wants to use what a later minor version added to a
 * struct that it is given looks at the struct's size first. All of it is read from a note of the file before any code of the plugin runs.
 *
 * The header compiles alone as C99 and C++11.
 */
#ifndef MENTORSHIP_PLUGIN_H
#define MENTORSHIP_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#define MENTORSHIP_PLUGIN_ABI 1
#define MENTORSHIP_PLUGIN_MINOR 1

#ifdef __cplusplus
extern "C" {
#endif

/* What a plugin may be; one bit each. The daemon refuses every call that the capabilities do not name. */
enum mentorship_capability {
	MENTORSHIP_NOTIFIER = 1,       /* gets messages one by one, reports what became of them */
	MENTORSHIP_SURVEY_CHANNEL = 2, /* shows pages to who presents a link, hands in answers */
	MENTORSHIP_DIRECTORY = 4,      /* reserved: entries of a directory */
	MENTORSHIP_EVENT_SINK = 8      /* is told what happened, by ids, without values */
};

/* ---- settings: a table in the plugin; the values stand in root's configuration, PLUGIN.conf ---- */

enum mentorship_kind {
	MENTORSHIP_TEXT,      /* min and max: length in characters */
	MENTORSHIP_NUMBER,    /* min and max: range */
	MENTORSHIP_YESNO,     /* 0 or 1 */
	MENTORSHIP_CHOICE,    /* one of `choices`, which are separated by spaces */
	MENTORSHIP_PATH,      /* a whole path */
	MENTORSHIP_CREDENTIAL /* the name of a credential; host->credential gives what it holds */
};

enum mentorship_setting_flags {
	MENTORSHIP_REQUIRED = 1 /* the plugin is not loaded without it; `initial` is not used */
};

struct mentorship_setting {
	const char *name;    /* a small letter, then small letters, digits, '_' */
	int32_t kind;        /* enum mentorship_kind */
	uint32_t flags;      /* enum mentorship_setting_flags */
	const char *initial; /* as the file would write it, without quotation marks; NULL: "" or 0 */
	int64_t min, max;
	const char *choices; /* MENTORSHIP_CHOICE; else NULL */
	const char *unit;    /* "seconds"; NULL if none */
	const char *help;    /* one sentence */
};                           /* a table ends with a row whose name is NULL */

/* ---- notifier ---- */

/* A meeting that goes with a message: the plugin makes the calendar part of it. Times are instants, seconds UTC. */
struct mentorship_calendar {
	uint32_t size;
	uint32_t cancels; /* 0: an invitation or its change, 1: the meeting is off */
	const char *uid;  /* the same over all changes of one meeting */
	int64_t sequence; /* grows with each change */
	int64_t stamp;    /* when this state of it came about */
	int64_t start, end;
	const char *zone;                               /* IANA name in which the series keeps its local time */
	const char *rule;                               /* RRULE without the name, NULL: once */
	const char *summary, *description, *place;      /* description and place may be NULL */
	const char *organizer_name, *organizer_address; /* the address may be "": then it is the one that mail comes from */
};

/* One message to one recipient. */
struct mentorship_message {
	uint32_t size;
	uint32_t test;                              /* 1: an administrator tries the plugin */
	int64_t id;                                 /* for host->report; the same at every attempt */
	const char *address;                        /* checked: one address, no display name, no blanks, no line breaks */
	const char *name;                           /* of the recipient; may be "" */
	const char *language;                       /* "de", "pt-BR" */
	const char *subject;                        /* one line */
	const char *text;                           /* plain text, lines end with \n */
	const char *html;                           /* a whole document, or NULL */
	const char *message_id;                     /* without < >: the same at every attempt */
	const char *reply_to;                       /* an address, or NULL */
	const char *list_id;                        /* of the program: "program-12.mentorship.example.org", or NULL */
	const char *list_name;                      /* what the program is called, or NULL */
	const char *unsubscribe;                    /* URL that takes a POST (RFC 8058), or NULL: cannot be unsubscribed from */
	const struct mentorship_calendar *calendar; /* or NULL */
	int64_t attempt;                            /* 1 at the first */
	int64_t expires;                            /* instant after which it must not be sent any more */
	const char *sender_name;                    /* what the institution is called */
};

enum mentorship_outcome {
	MENTORSHIP_SENT = 0,    /* taken over by the next station */
	MENTORSHIP_LATER = 1,   /* not taken this time; the daemon tries again */
	MENTORSHIP_REFUSED = 2, /* never will be: the address is refused */
	MENTORSHIP_UNKNOWN = 3, /* the connection ended after the text: perhaps taken; tried once more under the same message_id */
	MENTORSHIP_BROKEN =
		4 /* not sent, and the address is not to blame (a setting, a rejected sender): the plugin waits for its administrator */
};

/* A mail that came back after it was sent, as a delivery status notification says (RFC 3464). From minor version 1 on. */
struct mentorship_bounce {
	uint32_t size;
	uint32_t reserved;
	const char *message_id; /* of the mail, without < >; NULL: the notification does not have it */
	int64_t id;             /* of the message, where the address that the notification came to says it; 0: it does not */
	const char *status;     /* RFC 3463: "5.1.1"; 5 counts against the address, 4 does not */
	const char *detail;     /* as in report; no address */
};

enum mentorship_bounce_answer {
	MENTORSHIP_BOUNCE_TAKEN = 0,   /* written down */
	MENTORSHIP_BOUNCE_UNKNOWN = 1, /* no such mail of this plugin is waited for, or it is written down already */
	MENTORSHIP_BOUNCE_AGAIN = 2    /* not now: keep the notification and tell it again */
};

/* Called exactly once for each bounce that host->bounced took, unless unload comes first. */
typedef void (*mentorship_bounce_function)(void *data, int answer);

/* ---- survey channel ---- */

enum mentorship_page_status {
	MENTORSHIP_PAGE_SHOWN = 0,   /* the page as it is now */
	MENTORSHIP_PAGE_NO_LINK = 1, /* unknown, used, expired and revoked links get this one answer */
	MENTORSHIP_PAGE_CHANGED = 2, /* what was answered is not what stands there now: shown anew, nothing was done */
	MENTORSHIP_PAGE_INVALID = 3, /* parts carry errors, values are kept; nothing was done */
	MENTORSHIP_PAGE_DONE = 4,    /* it was done (or had been done by the same answer before); the page says what */
	MENTORSHIP_PAGE_BUSY = 5     /* not now: the daemon restarts, or too much was asked; try again */
};

enum mentorship_part_kind {
	MENTORSHIP_HEADING = 0,   /* text */
	MENTORSHIP_PARAGRAPH = 1, /* text; line feeds are kept */
	MENTORSHIP_ITEM = 2,      /* text of a list's item; name: what it is called, or "" */
	MENTORSHIP_NOTE = 3,      /* text to be noticed (who may read what is typed here) */
	MENTORSHIP_LINE = 4,      /* a field of one line: name, text is its label, value */
	MENTORSHIP_LINES = 5,     /* a field of several lines */
	MENTORSHIP_SINGLE = 6,    /* one of the choices */
	MENTORSHIP_MULTIPLE = 7,  /* any of the choices; value: the chosen ones, separated by spaces */
	MENTORSHIP_DAY = 8,       /* a date, ISO 8601 */
	MENTORSHIP_COUNT = 9,     /* a whole number or one with a point, from min to max */
	MENTORSHIP_BUTTON = 10,   /* sends the page: name is "do", value the word, text what stands on it */
	MENTORSHIP_HIDDEN = 11,   /* name and value go back as they are */
	MENTORSHIP_LINK = 12,     /* text, value: another token of the same person, shown as a link of this site */
	MENTORSHIP_GROUP = 13,    /* begins a fieldset with the legend `text`; the next GROUP or BUTTON ends it */
	MENTORSHIP_INSTANT = 14   /* local date and time, ISO 8601 without a zone: 2026-11-24T15:30; text names the zone */
};

enum mentorship_part_flags {
	MENTORSHIP_PART_REQUIRED = 1,
	MENTORSHIP_PART_DANGER = 2,  /* a button that ends something */
	MENTORSHIP_PART_PRIMARY = 4, /* the button that Enter presses */
	MENTORSHIP_PART_QUIET = 8,   /* a button of little weight (keep a draft) */
	MENTORSHIP_PART_HELP = 16    /* 'I need to talk to somebody': stands apart */
};

struct mentorship_choice {
	const char *value, *text;
};

struct mentorship_part {
	uint32_t size;
	uint32_t kind;
	uint32_t flags;
	uint32_t choice_count;
	const char *name, *text, *value, *error, *hint; /* none is NULL */
	int64_t min, max;                               /* LINE, LINES: characters; COUNT: range; INT64_MIN: no limit */
	const struct mentorship_choice *choices;
	const char *
		shown_if; /* "NAME=VALUE": asked only where that field has that value; "" always. A page without script shows it, and says so */
};

struct mentorship_page {
	uint32_t size;
	uint32_t status;                                      /* enum mentorship_page_status */
	const char *language, *title, *institution, *program; /* program may be "" */
	const char *hash;                                     /* goes back with the answer */
	const struct mentorship_part *parts;
	size_t part_count;
};

struct mentorship_field {
	const char *name, *value; /* a field with several values comes several times */
};

/* Called exactly once for each question, on the host's thread; the page is valid until it returns. */
typedef void (*mentorship_page_function)(void *data, const struct mentorship_page *page);

/* ---- event sink ---- */

struct mentorship_event {
	uint32_t size;
	uint32_t reserved;
	int64_t sequence; /* grows; for host->event_done */
	const char *kind; /* "match.accept": the entity and the verb */
	const char *path; /* "/org/mentorship1/matches/12" */
	int64_t version;  /* of the object, 0: removed */
	int64_t at;       /* instant */
	int64_t test;     /* 1: an administrator tries the plugin, which calls host->tested as well. From minor version 1 on */
};

/* ---- what the host offers ---- */

struct event_base; /* of libevent 2.1 */

enum mentorship_level {
	MENTORSHIP_ERROR = 3,
	MENTORSHIP_WARNING = 4,
	MENTORSHIP_INFO = 6
};

struct mentorship_host {
	uint32_t size;
	uint32_t minor; /* of the host */
	void *own;

	/* The base on which the host runs; plugins add events of their own and free them in unload. */
	struct event_base *(*loop)(const struct mentorship_host *);
	/* Values of settings by the names in the plugin's table; checked against it before configure. Never NULL; 0 for an unknown name. */
	const char *(*text)(const struct mentorship_host *, const char *name);
	int64_t (*number)(const struct mentorship_host *, const char *name); /* MENTORSHIP_CHOICE: the index of the word */
	/* What the credential that the setting names holds, without a line feed at its end; NULL if it is not there. Valid until unload. */
	const char *(*credential)(const struct mentorship_host *, const char *setting);
	/* A directory of the plugin's own in which it may keep files. */
	const char *(*directory)(const struct mentorship_host *);
	/* One line into the journal. No values of people, no addresses, no tokens. */
	void (*log)(const struct mentorship_host *, int level, const char *text);
	/* Says why a callback is about to return -1: one sentence that says what is wrong and how to mend it. */
	int (*refuse)(const struct mentorship_host *, const char *format, ...); /* returns -1 */

	/* NOTIFIER: what became of a message that deliver was given. `detail` is shown to coordinators: a reply code and status such as
	 * "550 5.1.1", no address. Returns 0, or -1 for an id that the plugin does not hold. */
	int (*report)(const struct mentorship_host *, int64_t id, int outcome, const char *detail);

	/* SURVEY_CHANNEL: the page of a token, and an answer to it. `client` is what wrong tokens are counted by (a keyed hash of a network
	 * address), at most 64 bytes. 0, or -1 if it cannot be asked now; then `done` is not called. */
	int (*open)(const struct mentorship_host *, const char *token, const char *client, mentorship_page_function done, void *data);
	int (*answer)(const struct mentorship_host *, const char *token, const char *client, const char *hash,
		const struct mentorship_field *fields, size_t count, mentorship_page_function done, void *data);

	/* EVENT_SINK: this event and all before it are done with; after a restart the next one comes. */
	int (*event_done)(const struct mentorship_host *, int64_t sequence);

	/* ---- from minor version 1 on ---- */

	/* 1: the clock of the daemon is simulated. Then nothing may go to another machine. Known before the first deliver or event. */
	uint32_t simulated;
	uint32_t reserved;
	/* NOTIFIER: a mail came back that had been reported as SENT. The daemon looks whether it was this plugin's, and counts it once. 0, or
	 * -1 if it cannot be told now; then `done` is not called. */
	int (*bounced)(const struct mentorship_host *, const struct mentorship_bounce *, mentorship_bounce_function done, void *data);
	/* EVENT_SINK: what became of an event whose `test` is 1, as in report; before event_done. */
	int (*tested)(const struct mentorship_host *, int64_t sequence, int outcome, const char *detail);
};

/* ---- the plugin ---- */

struct mentorship_plugin {
	uint32_t abi, minor, size, reserved; /* by MENTORSHIP_STAMP */
	uint64_t capabilities;               /* by MENTORSHIP_STAMP */
	const char *name;                    /* a small letter, then small letters, digits, '-'; at most 32; the file is NAME.so */
	const char *version;                 /* of the plugin */
	const char *licence;                 /* SPDX expression */
	const char *summary;                 /* one sentence */
	const struct mentorship_setting *settings;

	/* Each returns 0, or -1 after host->refuse. `self` is what load gave. Mandatory are load, ready, unload, and deliver for a notifier, event
	 * for an event sink; configure may be NULL. */
	int (*load)(const struct mentorship_host *host, void **self);
	int (*configure)(void *self);
	int (*ready)(void *self);
	/* Takes one message over; host->report says later, or from inside, what became of it. -1: it was not taken (reported as LATER). */
	int (*deliver)(void *self, const struct mentorship_message *message);
	/* Takes one event over; host->event_done says when it needs no more repeating. */
	int (*event)(void *self, const struct mentorship_event *event);
	void (*unload)(void *self);
};

#if defined(__GNUC__)
#define MENTORSHIP_PUBLIC __attribute__((visibility("default")))
#else
#error "a compiler that writes ELF notes is needed: gcc or clang"
#endif

extern MENTORSHIP_PUBLIC const struct mentorship_plugin mentorship_plugin;

/* The note that is read before any code runs: an ELF note in the section .note.mentorship.plugin. */
#define MENTORSHIP_NOTE_NAME "mentorship"
#define MENTORSHIP_NOTE_TYPE 1
struct mentorship_note {
	uint32_t name_size, value_size, type;
	char name[12];
	uint32_t abi, minor, size, capabilities;
};

#define MENTORSHIP_STAMP(capabilities) \
	MENTORSHIP_PLUGIN_ABI, MENTORSHIP_PLUGIN_MINOR, (uint32_t)sizeof(struct mentorship_plugin), 0, (capabilities)

/* Makes the plugin:
 *
 *	MENTORSHIP_PLUGIN(MENTORSHIP_NOTIFIER) = { MENTORSHIP_STAMP(MENTORSHIP_NOTIFIER), "pigeon", "1.0", "MIT",
 *		"Sends messages by pigeon.", settings, load, configure, ready, deliver, NULL, unload };
 */
#define MENTORSHIP_PLUGIN(bits) \
	__attribute__((section(".note.mentorship.plugin"), used, \
		aligned(4))) static const struct mentorship_note mentorship_plugin_note = { sizeof MENTORSHIP_NOTE_NAME, \
		4 * sizeof(uint32_t), MENTORSHIP_NOTE_TYPE, MENTORSHIP_NOTE_NAME, MENTORSHIP_PLUGIN_ABI, MENTORSHIP_PLUGIN_MINOR, \
		(uint32_t)sizeof(struct mentorship_plugin), (bits) }; \
	const struct mentorship_plugin mentorship_plugin

#ifdef __cplusplus
}
#endif

#endif
