/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An invitation as calendars take it.
 *
 * libical writes, quotes and folds; the instants become local times by the zone of the system. TZID is the plain IANA name, because
 * calendars know that one even where they read no VTIMEZONE; the one that libical makes carries a name of its own, which is replaced.
 * One attendee: what the others are called and where mail reaches them is not this reader's business.
 */
#include "ical.h"

#include <libical/ical.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PRODUCT "-//mentorshipd//smtp//EN"

enum {
	ALWAYS = 99999999
};

static bool clean(const char *text, const char *also)
{
	for (; text && *text; text++)
		if (((unsigned char)*text < ' ' && !strchr(also, *text)) || *text == 0x7f)
			return false;
	return true;
}

static const char *wrong(const struct mentorship_calendar *calendar)
{
	if (!clean(calendar->uid, "") || !*calendar->uid)
		return "the meeting has no uid";
	if (!clean(calendar->summary, "") || !clean(calendar->place, "") || !clean(calendar->description, "\n\t"))
		return "a text of the meeting holds a control character";
	if (!clean(calendar->organizer_name, "") || !clean(calendar->organizer_address, ""))
		return "the organizer of the meeting holds a control character";
	if (calendar->end < calendar->start)
		return "the meeting ends before it starts";
	return NULL;
}

/* The last time, by year, month and day, at which these hours of the zone begin; 9999 if there is always a next. */
static int last_begin(icalcomponent *hours)
{
	icalproperty *rule = icalcomponent_get_first_property(hours, ICAL_RRULE_PROPERTY), *more;
	struct icaltimetype at = icalcomponent_get_dtstart(hours);
	int last = (at.year * 100 + at.month) * 100 + at.day;

	if (rule) {
		at = icalproperty_get_rrule(rule).until;
		return icaltime_is_null_time(at) ? ALWAYS : (at.year * 100 + at.month) * 100 + at.day;
	}
	for (more = icalcomponent_get_first_property(hours, ICAL_RDATE_PROPERTY); more;
		more = icalcomponent_get_next_property(hours, ICAL_RDATE_PROPERTY)) {
		at = icalproperty_get_rdate(more).time;
		if ((at.year * 100 + at.month) * 100 + at.day > last)
			last = (at.year * 100 + at.month) * 100 + at.day;
	}
	return last;
}

/* Takes out the hours of the past but the latest of them: libical gives a zone with all that it ever was. */
static void forget(icalcomponent *zone, int before)
{
	icalcomponent *next, *latest = NULL;

	for (icalcomponent *hours = icalcomponent_get_first_component(zone, ICAL_ANY_COMPONENT); hours; hours = next) {
		icalcomponent *drop = hours;

		next = icalcomponent_get_next_component(zone, ICAL_ANY_COMPONENT);
		if (last_begin(hours) >= before)
			continue;
		if (!latest || last_begin(hours) >= last_begin(latest)) {
			drop = latest;
			latest = hours;
		}
		if (drop) {
			icalcomponent_remove_component(zone, drop);
			icalcomponent_free(drop);
		}
	}
}

static icalcomponent *zone_component(icaltimezone *zone, const char *name, int year)
{
	icalcomponent *copy = icalcomponent_new_clone(icaltimezone_get_component(zone));
	icalproperty *id;

	if (!copy)
		abort();
	id = icalcomponent_get_first_property(copy, ICAL_TZID_PROPERTY);
	if (id)
		icalproperty_set_tzid(id, name);
	else
		icalcomponent_add_property(copy, icalproperty_new_tzid(name));
	id = icalcomponent_get_first_property(copy, ICAL_X_PROPERTY);
	if (id) {
		icalcomponent_remove_property(copy, id);
		icalproperty_free(id);
	}
	forget(copy, (year - 2) * 10000);
	return copy;
}

static char *text_of(icalcomponent *component)
{
	char *text = icalcomponent_as_ical_string_r(component), *copy = text ? strdup(text) : NULL;

	if (!copy)
		abort();
	icalmemory_free_buffer(text);
	icalcomponent_free(component);
	return copy;
}

/* Kept, because it is most of the work, and mails about meetings come in crowds of one zone and year. */
static const char *zone_text(icaltimezone *zone, const struct mentorship_calendar *calendar)
{
	static char *kept, *kept_name;
	static int kept_year;
	int year = icaltime_from_timet_with_zone((time_t)calendar->start, 0, NULL).year;

	if (kept && year == kept_year && strcmp(kept_name, calendar->zone) == 0)
		return kept;
	free(kept);
	free(kept_name);
	kept_name = strdup(calendar->zone);
	if (!kept_name)
		abort();
	kept_year = year;
	kept = text_of(zone_component(zone, calendar->zone, year));
	return kept;
}

/* The zone stands before the event that names it. */
static char *with_zone(char *text, const char *zone)
{
	const char *event = strstr(text, "BEGIN:VEVENT\r\n");
	size_t before = event ? (size_t)(event - text) : 0, added = strlen(zone), behind = event ? strlen(event) + 1 : 0;
	char *whole = event ? malloc(before + added + behind) : NULL;

	if (!whole)
		abort();
	memcpy(mempcpy(mempcpy(whole, text, before), zone, added), event, behind);
	free(text);
	return whole;
}

/* In a quoted parameter no quotation mark may stand. */
static void add_name(icalproperty *property, const char *name)
{
	char *copy;

	if (!name || !*name)
		return;
	copy = strdup(name);
	if (!copy)
		abort();
	for (char *at = copy; *at; at++)
		if (*at == '"')
			*at = '\'';
	icalproperty_add_parameter(property, icalparameter_new_cn(copy));
	free(copy);
}

static icalproperty *person(icalproperty *(*make)(const char *), const char *name, const char *address)
{
	size_t size = strlen(address) + sizeof "mailto:";
	char *uri = malloc(size);
	icalproperty *property;

	if (!uri)
		abort();
	snprintf(uri, size, "mailto:%s", address);
	property = make(uri);
	free(uri);
	add_name(property, name);
	return property;
}

static icalproperty *attendee(const char *name, const char *address, bool cancels)
{
	icalproperty *property = person(icalproperty_new_attendee, name, address);

	icalproperty_add_parameter(property, icalparameter_new_role(ICAL_ROLE_REQPARTICIPANT));
	if (!cancels) {
		icalproperty_add_parameter(property, icalparameter_new_partstat(ICAL_PARTSTAT_NEEDSACTION));
		icalproperty_add_parameter(property, icalparameter_new_rsvp(ICAL_RSVP_TRUE));
	}
	return property;
}

static icalproperty *local(icalproperty *(*make)(struct icaltimetype), int64_t instant, icaltimezone *zone, const char *name)
{
	struct icaltimetype at = icaltime_from_timet_with_zone((time_t)instant, 0, zone);
	icalproperty *property;

	if (icaltimezone_get_utc_timezone() == zone)
		return make(at);
	at.zone = NULL;
	property = make(at);
	icalproperty_add_parameter(property, icalparameter_new_tzid(name));
	return property;
}

static icalcomponent *event(
	const struct mentorship_calendar *calendar, icaltimezone *zone, const char *sender, const char *name, const char *address)
{
	const char *organizer = calendar->organizer_address && *calendar->organizer_address ? calendar->organizer_address : sender;
	icalcomponent *event = icalcomponent_new_vevent();
	struct icaltimetype stamp = icaltime_from_timet_with_zone((time_t)calendar->stamp, 0, icaltimezone_get_utc_timezone());

	icalcomponent_add_property(event, icalproperty_new_uid(calendar->uid));
	icalcomponent_add_property(event, icalproperty_new_sequence((int)calendar->sequence));
	icalcomponent_add_property(event, icalproperty_new_dtstamp(stamp));
	icalcomponent_add_property(event, local(icalproperty_new_dtstart, calendar->start, zone, calendar->zone));
	icalcomponent_add_property(event, local(icalproperty_new_dtend, calendar->end, zone, calendar->zone));
	icalcomponent_add_property(event, icalproperty_new_summary(calendar->summary));
	if (calendar->description && *calendar->description)
		icalcomponent_add_property(event, icalproperty_new_description(calendar->description));
	if (calendar->place && *calendar->place)
		icalcomponent_add_property(event, icalproperty_new_location(calendar->place));
	icalcomponent_add_property(event, icalproperty_new_status(calendar->cancels ? ICAL_STATUS_CANCELLED : ICAL_STATUS_CONFIRMED));
	icalcomponent_add_property(event, person(icalproperty_new_organizer, calendar->organizer_name, organizer));
	icalcomponent_add_property(event, attendee(name, address, calendar->cancels));
	return event;
}

/* libical reads a rule leniently: it may stop at what it does not know. What it writes again must be all of what was given. */
static bool add_rule(icalcomponent *to, const char *text)
{
	struct icalrecurrencetype rule;

	if (!text || !*text)
		return true;
	rule = icalrecurrencetype_from_string(text);
	if (rule.freq == ICAL_NO_RECURRENCE)
		return false;
	icalcomponent_add_property(to, icalproperty_new_rrule(rule));
	return true;
}

char *ical_text(const struct mentorship_calendar *calendar, const char *sender, const char *name, const char *address, const char **ret_why)
{
	icaltimezone *zone;
	bool utc;
	icalcomponent *whole, *meeting;
	char *text;

	icalerror_set_errors_are_fatal(0);
	*ret_why = wrong(calendar);
	if (*ret_why)
		return NULL;
	zone = icaltimezone_get_builtin_timezone(calendar->zone);
	utc = zone == icaltimezone_get_utc_timezone();
	if (!zone || (!utc && !icaltimezone_get_component(zone))) {
		*ret_why = "the time zone of the meeting is not known here";
		return NULL;
	}
	meeting = event(calendar, zone, sender, name, address);
	if (!add_rule(meeting, calendar->rule)) {
		icalcomponent_free(meeting);
		*ret_why = "the rule of the meeting is not one";
		return NULL;
	}
	whole = icalcomponent_new_vcalendar();
	icalcomponent_add_property(whole, icalproperty_new_prodid(PRODUCT));
	icalcomponent_add_property(whole, icalproperty_new_version("2.0"));
	icalcomponent_add_property(whole, icalproperty_new_method(calendar->cancels ? ICAL_METHOD_CANCEL : ICAL_METHOD_REQUEST));
	icalcomponent_add_component(whole, meeting);
	text = text_of(whole);
	return utc ? text : with_zone(text, zone_text(zone, calendar));
}
