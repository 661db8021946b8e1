/* SPDX-License-Identifier: MIT */
/*
 * Every type of the contract, each reached from a symbol of its own, for the comparison of what a plugin was built against with what
 * it meets (test_plugin_abi.py).
 */
#include <mentorship-plugin.h>

__attribute__((visibility("default"))) extern const struct contract {
	const struct mentorship_plugin *plugin;
	const struct mentorship_host *host;
	const struct mentorship_setting *setting;
	const struct mentorship_message *message;
	const struct mentorship_calendar *calendar;
	const struct mentorship_page *page;
	const struct mentorship_part *part;
	const struct mentorship_choice *choice;
	const struct mentorship_field *field;
	const struct mentorship_event *event;
	const struct mentorship_note *note;
	mentorship_page_function function;
	enum mentorship_capability capability;
	enum mentorship_kind kind;
	enum mentorship_setting_flags setting_flags;
	enum mentorship_outcome outcome;
	enum mentorship_page_status page_status;
	enum mentorship_part_kind part_kind;
	enum mentorship_part_flags part_flags;
	enum mentorship_level level;
} contract;

const struct contract contract = { 0 };

/* What a later minor version added stands in a struct of its own: the one above is compared with what older ones had. */
__attribute__((visibility("default"))) extern const struct contract_1 {
	const struct mentorship_bounce *bounce;
	mentorship_bounce_function function;
	enum mentorship_bounce_answer answer;
} contract_1;

const struct contract_1 contract_1 = { 0 };
