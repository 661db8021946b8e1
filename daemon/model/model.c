/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All entities, in the order in which their tables are made (links point backwards where they can), and the small rules
 * that several of them share.
 */
#include "model.h"
#include "page_words.h"

#include <inttypes.h>
#include <string.h>

#include "core/date.h"
#include "core/settings.h"
#include "core/zone.h"

const struct entity *const entities[] = { &person_entity, &login_entity, &program_entity, &duty_entity, &closed_days_entity,
	&participant_entity, &trait_entity, &availability_entity, &wish_entity, &objection_entity, &group_membership_entity, &recipe_entity,
	&recipe_line_entity, &match_run_entity, &run_pair_entity, &run_circle_entity, &run_seat_entity, &unplaced_entity, &match_entity,
	&match_member_entity, &check_in_entity, &meeting_series_entity, &meeting_entity, &meeting_note_entity, &message_entity, &job_entity,
	&audit_record_entity, &disclosure_entity, &import_entity, &plugin_entity, &invitation_entity, &template_entity, &concern_entity,
	&guardianship_entity, &consent_entity, &address_change_entity, &instrument_entity, &item_entity, &item_text_entity, &scale_entity,
	&wave_entity, &wave_member_entity, &response_entity, &wave_result_entity, NULL };

char *reason_given(struct call *call)
{
	return call->options.reason && *call->options.reason ? arena_copy(call->arena, call->options.reason) : NULL;
}

int tell(struct call *call, const char *template_name, int64_t person, int64_t program, int64_t match, const struct entity *about,
	int64_t about_id, int64_t extra)
{
	struct notice notice = { template_name, person, program, match, about, about_id, NULL, false, NONE, false };

	notice.occasion = extra == NONE ? arena_print(call->arena, "%s/%" PRId64, about->name, about_id)
					: arena_print(call->arena, "%s/%" PRId64 "/%" PRId64, about->name, about_id, extra);
	return notify(call, &notice);
}

int tell_staff(struct call *call, const char *template_name, int64_t program, int64_t match, const struct entity *about, int64_t about_id,
	int64_t extra)
{
	struct notice notice = { template_name, NONE, program, match, about, about_id, NULL, false, NONE, false };

	notice.occasion = extra == NONE ? arena_print(call->arena, "%s/%" PRId64, about->name, about_id)
					: arena_print(call->arena, "%s/%" PRId64 "/%" PRId64, about->name, about_id, extra);
	return notify_staff(call, &notice, NONE);
}

struct calling {
	const struct entity *entity;
	const char *verb;
};

static int perform_one(struct call *call, void *record, void *data)
{
	const struct calling *calling = data;

	return perform_also(call, calling->entity, *(int64_t *)record, calling->verb, NULL, 0);
}

int perform_each(struct call *call, const struct entity *e, const char *verb, const char *where, const int64_t *values, int count)
{
	return each(call, e, perform_one, &(struct calling){ e, verb }, where, values, count);
}

int zone_for(struct call *call, int64_t person, const struct program *program, const char **ret)
{
	struct person *record;
	int r = load(call, &person_entity, person, (void **)&record);

	if (r)
		return r;
	*ret = record->zone ? record->zone : program && program->zone ? program->zone : settings_of(call)->institution.zone;
	if (record->zone)
		zone_known(call, record->zone, &person_entity, person);
	else if (program && program->zone)
		zone_known(call, program->zone, &program_entity, program->id);
	return 0;
}

const char *language_of(const struct call *call, const struct person *person)
{
	return person->language ? person->language : settings_of(call)->institution.language;
}

int language_for(struct call *call, const struct person *person, const char **ret)
{
	const char *familiar;
	int64_t grown = 0;
	int r = 0;

	*ret = language_of(call, person);
	familiar = person->minor ? language_familiar(*ret) : NULL;
	if (familiar)
		r = ask(call,
			"SELECT EXISTS (SELECT 1 FROM \"guardianship\" WHERE \"guardian\" = ?1) OR EXISTS (SELECT 1 FROM \"duty\" WHERE \"person\" = "
			"?1)",
			VALUES(person->id), &grown);
	if (familiar && !grown)
		*ret = familiar;
	return r;
}

struct ranges {
	struct day_range list[400];
	size_t count;
};
struct closed_days {
	int64_t id, version, program, from, to;
};

static int add_range(struct call *call, void *record, void *data)
{
	const struct closed_days *days = record;
	struct ranges *ranges = data;

	(void)call;
	if (ranges->count < sizeof ranges->list / sizeof *ranges->list)
		ranges->list[ranges->count++] = (struct day_range){ days->from, days->to };
	return 0;
}

int open_day(struct call *call, int64_t program, int64_t day, enum pausing what, int64_t *ret)
{
	struct ranges *ranges = arena_new(call->arena, sizeof *ranges);
	int r = each(call, &closed_days_entity, add_range, ranges,
		"(\"program\" = ?1 OR \"program\" IS NULL) AND \"to\" >= ?2 AND "
		"\"from\" <= ?2 + 400 AND \"pauses\" IS NOT CASE ?3 WHEN 0 THEN 'meetings' ELSE 'check-ins' END",
		VALUES(program, day, what));

	if (r)
		return r;
	ranges->count = closed_sort(ranges->list, ranges->count);
	*ret = closed_move(ranges->list, ranges->count, day);
	return 0;
}

int open_instant(struct call *call, int64_t program, int64_t day, int64_t hour, const char *zone, int64_t *ret)
{
	int r = open_day(call, program, day, PAUSED_CHECK_INS, &day);

	if (!r)
		zone_instant(zone_of(call, zone), day * DAY + hour * HOUR, ret);
	return r;
}
