/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Text at the edges: what may come in, and how it goes out.
 *
 * Text from outside is checked once, where it enters: UTF-8, no control
 * characters, no bidirectional controls (they make a line read other than it is),
 * a length in characters. From then on it is trusted to be that and no more, so
 * each place it reaches has one encoder here. An encoder takes any bytes: what
 * is no UTF-8 comes out as U+FFFD (on a terminal as \xff), never as itself.
 *
 * Nothing here depends on the locale. Base64, hex and keys are libsodium's.
 */
#ifndef MENTORSHIP_TEXT_H
#define MENTORSHIP_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* ---- a growing string; { 0 } is an empty one, data ends in a NUL once anything was added ---- */
struct buffer {
	char *data; /* owned; NULL while empty: read it with buffer_string */
	size_t length, size;
};

void buffer_add(struct buffer *, const void *data, size_t length);
void buffer_text(struct buffer *, const char *text); /* NULL adds nothing */
void buffer_char(struct buffer *, char c);
void buffer_print(struct buffer *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What was gathered, or "". Valid until the next change. */
const char *buffer_string(const struct buffer *);
/* Forgets the contents, keeps the memory. */
void buffer_clear(struct buffer *);
void buffer_free(struct buffer *);

/* ---- UTF-8 ---- */
/* Bytes of the well-formed sequence at `text` (1-4) and its code point; 0 if there is none (also when left is 0).
 * Overlong forms, surrogates and what lies beyond U+10FFFF are no sequences. */
int text_decode(const char *text, size_t left, uint32_t *ret_point);
void text_encode(struct buffer *, uint32_t point);
/* Position of the first byte that is not UTF-8; `length` if all of it is. */
size_t text_bad(const char *text, size_t length);
/* Code points in well-formed text; each bad byte counts as one. */
size_t text_points(const char *text, size_t length);

enum {
	TEXT_LINES = 1
}; /* line feeds and tabs are welcome (fields of several lines) */

/* May this text come in? E_INVALID with a sentence that gives the position (in bytes, from 1) of what is wrong; the
 * problem's field is left empty for the caller to fill. Refused: bad UTF-8, NUL, control characters, separators of
 * lines and paragraphs, bidirectional controls, byte-order marks, non-characters. */
int text_check(const char *text, size_t length, unsigned flags, struct problem *);

/* True for code points that text_check refuses without TEXT_LINES. */
bool text_refused(uint32_t point);

/* ---- searching ---- */
/* Lower case for comparing and searching: one code point to one, for ASCII, Latin-1, Latin Extended-A, Greek and
 * Cyrillic. It is no more than that: accents stay, sharp s stays, dotted capital I becomes i, other scripts stay as they
 * are. Both sides of a comparison go through it. */
void text_fold(struct buffer *, const char *text, size_t length);
/* Does the text begin with the prefix, both folded? */
bool text_starts(const char *text, const char *prefix);

/* Lines of more than `columns` characters are broken at blanks; what has no blank, such as a link, stays whole. Lines of a list ("- ") go
 * on behind its dash. */
void text_wrap(struct buffer *, const char *text, size_t columns);

/* ---- encoders: one for each place that text reaches. NULL is empty text. ---- */
void encode_xml_text(struct buffer *, const char *text);
void encode_xml_attribute(struct buffer *, const char *text); /* without the quotes around it */
/* One cell of RFC 4180. A cell that a spreadsheet would take for a formula gets an apostrophe in front unless it is a
 * plain number; `raw` leaves that out, for programs that read the file. */
void encode_csv(struct buffer *, const char *text, bool raw);
void encode_json(struct buffer *, const char *text); /* with the quotes around it */
/* Nothing that moves a cursor or turns a line: control and bidirectional characters come out as \x1b or \u202e. */
void encode_terminal(struct buffer *, const char *text);
/* The same, with line feeds and tabs as they are. */
void encode_terminal_lines(struct buffer *, const char *text);
/* One line for systemd's STATUS=: each control character becomes a space. */
void encode_status(struct buffer *, const char *text);

#endif
