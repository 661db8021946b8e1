/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Between D-Bus and JSON. Appending follows the signature, and refuses a value that does not fit it before libdbus would end
 * the process over it (texts that are no UTF-8, paths that are none); reading follows the message, whose form libdbus has checked.
 */
#include "bus_value.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bus.h"

#define TYPED "bus:signature"

static int append(DBusMessageIter *, DBusSignatureIter *, const json_t *, struct failure *);

json_t *bus_typed(const char *signature, json_t *value)
{
	return json_pack("{s:s, s:o}", TYPED, signature, "value", value);
}

static int unfit(struct failure *failure, int type)
{
	return failed(failure, ERROR_INVALID, "a value does not fit its type '%c'", type);
}

static int append_text(DBusMessageIter *iter, int type, const json_t *value, struct failure *failure)
{
	const char *text = json_string_value(value);

	if (!text || strlen(text) != json_string_length(value) || !dbus_validate_utf8(text, NULL))
		return unfit(failure, type);
	if ((type == DBUS_TYPE_OBJECT_PATH && !dbus_validate_path(text, NULL)) ||
		(type == DBUS_TYPE_SIGNATURE && !dbus_signature_validate(text, NULL)))
		return failed(failure, ERROR_INVALID, "'%s' is no object path", text);
	if (!dbus_message_iter_append_basic(iter, type, &text))
		abort();
	return 0;
}

static int append_number(DBusMessageIter *iter, int type, const json_t *value, struct failure *failure)
{
	json_int_t number = json_integer_value(value);
	DBusBasicValue basic;

	if (type == DBUS_TYPE_BOOLEAN) {
		if (!json_is_boolean(value))
			return unfit(failure, type);
		basic.bool_val = json_is_true(value);
	} else if (type == DBUS_TYPE_DOUBLE) {
		if (!json_is_number(value) && !json_is_null(value))
			return unfit(failure, type);
		basic.dbl = json_is_null(value) ? NAN : json_number_value(value);
	} else if (!json_is_integer(value)) {
		return unfit(failure, type);
	} else if (type == DBUS_TYPE_UINT32 || type == DBUS_TYPE_INT32) {
		if (number < (type == DBUS_TYPE_INT32 ? INT32_MIN : 0) || number > (type == DBUS_TYPE_INT32 ? INT32_MAX : UINT32_MAX))
			return unfit(failure, type);
		basic.u32 = (dbus_uint32_t)number;
	} else if (type == DBUS_TYPE_UNIX_FD) {
		basic.fd = (int)number;
	} else if (type == DBUS_TYPE_UINT64 && number < 0) {
		return unfit(failure, type);
	} else {
		basic.i64 = number;
	}
	if (!dbus_message_iter_append_basic(iter, type, &basic))
		abort();
	return 0;
}

/* The type that a value has by itself, in a variant. */
static const char *own_signature(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_STRING: return "s";
	case JSON_INTEGER: return "x";
	case JSON_REAL: return "d";
	case JSON_TRUE:
	case JSON_FALSE: return "b";
	case JSON_ARRAY: return "as";
	case JSON_OBJECT: return "a{sv}";
	case JSON_NULL: break;
	}
	return "d"; /* null: NaN; whoever means another kind of nothing says so */
}

static int append_variant(DBusMessageIter *iter, const json_t *value, struct failure *failure)
{
	const char *signature = json_string_value(json_object_get(value, TYPED));
	DBusMessageIter inner;
	DBusSignatureIter type;
	int r;

	if (signature)
		value = json_object_get(value, "value");
	else
		signature = own_signature(value);
	dbus_signature_iter_init(&type, signature);
	if (!dbus_message_iter_open_container(iter, DBUS_TYPE_VARIANT, signature, &inner))
		abort();
	r = append(&inner, &type, value, failure);
	if (r)
		dbus_message_iter_abandon_container(iter, &inner);
	else if (!dbus_message_iter_close_container(iter, &inner))
		abort();
	return r;
}

static int append_entries(DBusMessageIter *array, DBusSignatureIter *entry, const json_t *object, struct failure *failure)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)object, key, value) {
		DBusMessageIter inner;
		DBusSignatureIter type;
		int r;

		dbus_signature_iter_recurse(entry, &type);
		dbus_signature_iter_next(&type);
		if (!dbus_message_iter_open_container(array, DBUS_TYPE_DICT_ENTRY, NULL, &inner) ||
			!dbus_message_iter_append_basic(&inner, DBUS_TYPE_STRING, &key))
			abort();
		r = append(&inner, &type, value, failure);
		if (r) {
			dbus_message_iter_abandon_container(array, &inner);
			return r;
		}
		if (!dbus_message_iter_close_container(array, &inner))
			abort();
	}
	return 0;
}

static int append_elements(DBusMessageIter *iter, DBusSignatureIter *type, const json_t *array, bool one_type, struct failure *failure)
{
	const json_t *value;
	size_t i;
	int r;

	json_array_foreach (array, i, value) {
		r = append(iter, type, value, failure);
		if (r)
			return r;
		if (!one_type && dbus_signature_iter_next(type) != (i + 1 < json_array_size(array)))
			return unfit(failure, '(');
	}
	return 0;
}

static int append_array(DBusMessageIter *iter, DBusSignatureIter *type, const json_t *value, struct failure *failure)
{
	DBusSignatureIter element;
	DBusMessageIter inner;
	char *signature;
	bool dictionary;
	int r;

	dbus_signature_iter_recurse(type, &element);
	dictionary = dbus_signature_iter_get_current_type(&element) == DBUS_TYPE_DICT_ENTRY;
	if (dictionary ? !json_is_object(value) : !json_is_array(value))
		return unfit(failure, 'a');
	signature = dbus_signature_iter_get_signature(&element);
	if (!signature || !dbus_message_iter_open_container(iter, DBUS_TYPE_ARRAY, signature, &inner))
		abort();
	dbus_free(signature);
	r = dictionary ? append_entries(&inner, &element, value, failure) : append_elements(&inner, &element, value, true, failure);
	if (r)
		dbus_message_iter_abandon_container(iter, &inner);
	else if (!dbus_message_iter_close_container(iter, &inner))
		abort();
	return r;
}

static int append_struct(DBusMessageIter *iter, DBusSignatureIter *type, const json_t *value, struct failure *failure)
{
	DBusSignatureIter member;
	DBusMessageIter inner;
	int r;

	if (!json_is_array(value))
		return unfit(failure, '(');
	dbus_signature_iter_recurse(type, &member);
	if (!dbus_message_iter_open_container(iter, DBUS_TYPE_STRUCT, NULL, &inner))
		abort();
	r = append_elements(&inner, &member, value, false, failure);
	if (r)
		dbus_message_iter_abandon_container(iter, &inner);
	else if (!dbus_message_iter_close_container(iter, &inner))
		abort();
	return r;
}

static int append(DBusMessageIter *iter, DBusSignatureIter *type, const json_t *value, struct failure *failure)
{
	int code = dbus_signature_iter_get_current_type(type);

	switch (code) {
	case DBUS_TYPE_STRING:
	case DBUS_TYPE_OBJECT_PATH:
	case DBUS_TYPE_SIGNATURE: return append_text(iter, code, value, failure);
	case DBUS_TYPE_VARIANT: return append_variant(iter, value, failure);
	case DBUS_TYPE_ARRAY: return append_array(iter, type, value, failure);
	case DBUS_TYPE_STRUCT: return append_struct(iter, type, value, failure);
	case DBUS_TYPE_BOOLEAN:
	case DBUS_TYPE_DOUBLE:
	case DBUS_TYPE_INT32:
	case DBUS_TYPE_UINT32:
	case DBUS_TYPE_INT64:
	case DBUS_TYPE_UINT64:
	case DBUS_TYPE_UNIX_FD: return append_number(iter, code, value, failure);
	default: return unfit(failure, code);
	}
}

int value_append(DBusMessage *message, const char *signature, const json_t *arguments, struct failure *failure)
{
	DBusSignatureIter type;
	DBusMessageIter iter;

	if (!*signature)
		return 0;
	dbus_signature_iter_init(&type, signature);
	dbus_message_iter_init_append(message, &iter);
	return append_elements(&iter, &type, arguments, false, failure);
}

/* ---- reading ---- */

static json_t *read_value(DBusMessageIter *);

static json_t *read_number(int type, const DBusBasicValue *v)
{
	switch (type) {
	case DBUS_TYPE_BYTE: return json_integer(v->byt);
	case DBUS_TYPE_INT16: return json_integer(v->i16);
	case DBUS_TYPE_UINT16: return json_integer(v->u16);
	case DBUS_TYPE_INT32: return json_integer(v->i32);
	case DBUS_TYPE_UINT32: return json_integer(v->u32);
	case DBUS_TYPE_INT64: return v->i64 == INT64_MIN ? json_null() : json_integer(v->i64);
	case DBUS_TYPE_UINT64: return v->u64 > INT64_MAX ? json_integer(INT64_MAX) : json_integer((json_int_t)v->u64);
	case DBUS_TYPE_UNIX_FD: return json_integer(v->fd);
	case DBUS_TYPE_BOOLEAN: return json_boolean(v->bool_val);
	case DBUS_TYPE_DOUBLE: return isfinite(v->dbl) ? json_real(v->dbl) : json_null();
	default: return json_null();
	}
}

static json_t *read_array(DBusMessageIter *iter)
{
	bool dictionary = dbus_message_iter_get_element_type(iter) == DBUS_TYPE_DICT_ENTRY;
	json_t *array = dictionary ? json_object() : json_array();
	DBusMessageIter element, entry;

	dbus_message_iter_recurse(iter, &element);
	for (; dbus_message_iter_get_arg_type(&element) != DBUS_TYPE_INVALID; dbus_message_iter_next(&element)) {
		const char *key;

		if (!dictionary) {
			json_array_append_new(array, read_value(&element));
			continue;
		}
		dbus_message_iter_recurse(&element, &entry);
		if (dbus_message_iter_get_arg_type(&entry) != DBUS_TYPE_STRING &&
			dbus_message_iter_get_arg_type(&entry) != DBUS_TYPE_OBJECT_PATH)
			continue; /* the interfaces know no other keys */
		dbus_message_iter_get_basic(&entry, &key);
		dbus_message_iter_next(&entry);
		json_object_set_new(array, key, read_value(&entry));
	}
	return array;
}

static json_t *read_members(DBusMessageIter *iter)
{
	json_t *array = json_array();

	for (; dbus_message_iter_get_arg_type(iter) != DBUS_TYPE_INVALID; dbus_message_iter_next(iter))
		json_array_append_new(array, read_value(iter));
	return array;
}

static json_t *read_value(DBusMessageIter *iter)
{
	int type = dbus_message_iter_get_arg_type(iter);
	DBusMessageIter inner;
	DBusBasicValue basic;

	switch (type) {
	case DBUS_TYPE_STRING:
	case DBUS_TYPE_OBJECT_PATH:
	case DBUS_TYPE_SIGNATURE:
		dbus_message_iter_get_basic(iter, &basic);
		return json_string_nocheck(basic.str); /* libdbus has checked it */
	case DBUS_TYPE_VARIANT: dbus_message_iter_recurse(iter, &inner); return read_value(&inner);
	case DBUS_TYPE_ARRAY: return read_array(iter);
	case DBUS_TYPE_STRUCT: dbus_message_iter_recurse(iter, &inner); return read_members(&inner);
	default: dbus_message_iter_get_basic(iter, &basic); return read_number(type, &basic);
	}
}

json_t *value_read(DBusMessage *message)
{
	DBusMessageIter iter;

	if (!dbus_message_iter_init(message, &iter))
		return json_array();
	return read_members(&iter);
}
