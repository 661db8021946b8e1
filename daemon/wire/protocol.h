/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What goes over the link between the daemon and a plugin's host: D-Bus messages over a socket of its own, no bus between.
 *
 * The daemon listens on RUNTIME/plugins/NAME/link (one directory a plugin, 0710), the host connects. EXTERNAL alone, one connection
 * a plugin, messages up to 1 MiB, no descriptors. Object path LINK_PATH, interface LINK_INTERFACE, in both directions. What a host may
 * call follows from its capabilities (the table in plugin/link.c); anything else, and any message of another shape, ends the link.
 *
 *   host -> daemon                         reply
 *   Hello(suuus) name, abi, minor, capabilities, version
 *                                          (a(ss)) what the daemon knows beside root's file: ("simulated", "yes")
 *                                          where its clock is simulated and nothing may go to another machine
 *   Holding(ax)  ids that it was given and has no outcome of (notifier; once, after Hello and the outcomes kept)
 *                                          ()
 *   Ready()                                (x) event sink: the last sequence that was done; else 0
 *   Refused(s)   a callback refused, with its reason; the link ends       ()
 *                (so does a host that did not load its plugin at all: after a Hello without capabilities and version)
 *   Report(a(xus)) id, outcome, detail; at most REPORT_MOST               (ax) those that are written down now: they may be forgotten
 *   Open(ay)     for each of at most OPENS_MOST: token, client, each ended by a zero byte     as many pages (PAGE_SIGNATURE), in that
 *                order; those for which there was no room are of status PAGE_AGAIN and without parts, the first never is
 *   Answer(sssa(ss)) token, client, hash, fields (at most FIELDS_MOST)    one page
 *   Bounced(xsss) id or 0, message_id or "", status, detail               (u) enum mentorship_bounce_answer
 *   EventDone(x) sequence                  ()
 *   Tested(xus)  sequence, outcome, detail: of an event that is a test     ()
 *   Leaving(s)   the host ends: "", it was asked to, by whomever; or why it cannot go on. No reply is waited for
 *   Ping()                                 ()
 *
 *   daemon -> host, no reply
 *   Deliver(a{sv})   id x, address, name, language, subject, text, html, message_id, reply_to, list_id, list_name, unsubscribe,
 *                    sender_name s ("" for none), attempt x, expires x, test b; calendar a{sv} (absent: none): uid, zone, rule, summary,
 *                    description, place, organizer_name, organizer_address s, sequence x, stamp x, start x, end x, cancels b
 *   Event(xssxxb)    sequence, kind, path, version, at, test
 *   Stop()           unload, and end
 *   Ping() has a reply
 *
 * A host that has not said Ready LINK_READY_SECONDS after it connected, or answers no Ping for LINK_PING_SECONDS, is ended.
 */
#ifndef MENTORSHIP_WIRE_PROTOCOL_H
#define MENTORSHIP_WIRE_PROTOCOL_H

#define LINK_PATH "/org/mentorship1/link"
#define LINK_INTERFACE "org.mentorship1.Link"
/*
 * Pages go in two blocks, which cost libdbus two checks where a structure for each part costs it hundreds. Numbers: status, how many
 * parts, then for each of them kind, flags, min, max, how many choices. Texts, each ended by a zero byte: language, title, institution,
 * program, hash, then for each part name, text, value, error, hint, shown_if, and of its choices value and text. The next page follows.
 */
#define PAGE_SIGNATURE "axay"

enum {
	LINK_BYTES = 1 << 20,
	LINK_READY_SECONDS = 20,
	LINK_PING_SECONDS = 10,
	LINK_HOLDS = 256, /* messages that a notifier is given before the first of them has an outcome */
	REPORT_MOST = 64,
	FIELDS_MOST = 2000,
	OPENS_MOST = 16,   /* few enough that the host writes pages while the daemon makes the next */
	PAGE_AGAIN = 100,  /* in place of an enum mentorship_page_status: to be asked for once more */
	TOKEN_LENGTH = 43, /* base64url of 32 bytes */
	PAGE_NUMBERS = 2,  /* before those of the parts */
	PART_NUMBERS = 5
};

#endif
