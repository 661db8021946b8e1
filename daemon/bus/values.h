/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Values between the wire and the daemon.
 *
 * In: a variant becomes a struct value by its D-Bus type alone; which field it is for, and whether it fits, is decided in
 * core/field.c. Texts point into the message, which the request holds until its reply is sent.
 * Out: a column or a value is appended straight to the reply. libdbus ends the process when it is given text that is no UTF-8, so
 * every text goes through put_text, which looks.
 */
#ifndef MENTORSHIP_BUS_VALUES_H
#define MENTORSHIP_BUS_VALUES_H

#include <stdlib.h>

#include "inner.h"

/* Appending fails only for want of memory. */
static inline void must(dbus_bool_t done)
{
	if (!done)
		abort();
}

/* ---- in. Errors are E_INVALID naming the key. ---- */
enum {
	ARGS_MAX = 256
};
/* What stands at the iterator, a variant or a plain value. */
int read_value(DBusMessageIter *, struct arena *, const char *name, struct value *ret, struct problem *);
/* An a{sv}; a key given twice is refused. Keys in `apart` ("filter paths", NULL: none) are left to dict_find. */
int read_dict(DBusMessageIter *, struct arena *, const char *apart, struct arg **ret, size_t *ret_count, struct problem *);
/* Points `ret` at the value of a key that has the signature; 0, 1 if the key is absent, E_INVALID if the type is another. */
int dict_find(DBusMessageIter *, const char *key, const char *signature, DBusMessageIter *ret, struct problem *);
/* The options of a verb: key, version, dry_run, reason, for. Moves the iterator past them. */
int read_options(DBusMessageIter *, struct arena *, const struct names *, struct options *ret, struct problem *);
/* One named argument; NULL if it is absent. */
const struct arg *arg_named(const struct arg *, size_t count, const char *name);
/* Refuses what is not in the list "a b c". */
int args_known(const struct arg *, size_t count, const char *known, struct problem *);
/* Typed look-ups: absent leaves *ret as it is. */
int arg_int(const struct arg *, size_t count, const char *name, int64_t *ret, struct problem *);
int arg_text(const struct arg *, size_t count, const char *name, const char **ret, struct problem *);
int arg_bool(const struct arg *, size_t count, const char *name, bool *ret, struct problem *);
/* An a(ssv) of filters. */
int read_filters(DBusMessageIter *, struct arena *, struct filter **ret, size_t *ret_count, struct problem *);
/* An array of strings; *ret in the arena. */
size_t read_strings(DBusMessageIter *, struct arena *, const char *const **ret);

/* ---- out ---- */
enum {
	PATH_TEXT = 96
};
const char *path_print(char out[static PATH_TEXT], const char *collection_path, size_t length, int64_t id);
void put_text(DBusMessageIter *, const char *); /* NULL: "" */
void put_words(DBusMessageIter *, const char *joined_by_line_feeds);
/* A column of a statement as the field's kind has it, without a variant; returns about how many bytes. */
size_t put_column(DBusMessageIter *, const struct names *, const struct shape *, int field, struct stmt *, int column);
/* The same as a variant. */
size_t put_column_variant(DBusMessageIter *, const struct names *, const struct shape *, int field, struct stmt *, int column);

void dict_open(DBusMessageIter *at, DBusMessageIter *dict); /* a{sv} */
void dict_close(DBusMessageIter *at, DBusMessageIter *dict);
void entry_open(DBusMessageIter *dict, const char *key, const char *signature, DBusMessageIter *entry, DBusMessageIter *variant);
void entry_close(DBusMessageIter *dict, DBusMessageIter *entry, DBusMessageIter *variant);
void entry_text(DBusMessageIter *dict, const char *key, const char *);
/* A sentence that may repeat what came in: its control characters are written out. */
void entry_said(DBusMessageIter *dict, const char *key, const char *);
void entry_int(DBusMessageIter *dict, const char *key, int64_t); /* x */
void entry_uint(DBusMessageIter *dict, const char *key, uint32_t);
void entry_bool(DBusMessageIter *dict, const char *key, bool);
void entry_real(DBusMessageIter *dict, const char *key, double);
void entry_path(DBusMessageIter *dict, const char *key, const char *path);
/* The object path of a record; '/' for id NONE or 0. */
void entry_object(DBusMessageIter *dict, const char *key, const struct names *, const struct entity *, int64_t id);
void entry_words(DBusMessageIter *dict, const char *key, const char *joined_by_line_feeds);
void entry_word_list(DBusMessageIter *dict, const char *key, const char *const *words); /* ended by NULL; NULL: empty */
void entry_value(DBusMessageIter *dict, const char *key, struct value);

#endif
