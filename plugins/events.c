/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A list of copies, and the matching of kinds.
 */
#include "events.h"

#include <stdlib.h>
#include <string.h>

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

bool events_words_valid(const char *words)
{
	size_t length;

	for (; *(words += strspn(words, " ")); words += length) {
		size_t star = strcspn(words, "* ");

		length = strcspn(words, " ");
		if (star + (words[star] == '*') != length || strspn(words, "abcdefghijklmnopqrstuvwxyz0123456789_.") != star)
			return false;
	}
	return true;
}

bool events_wanted(const char *words, const char *kind)
{
	size_t length;

	for (; *(words += strspn(words, " ")); words += length) {
		length = strcspn(words, " ");
		if (words[length - 1] == '*' ? strncmp(words, kind, length - 1) == 0
					     : strlen(kind) == length && memcmp(words, kind, length) == 0)
			return true;
	}
	return false;
}

void events_keep(struct event_queue *queue, const struct mentorship_event *event)
{
	struct kept_event *kept = must(calloc(1, sizeof *kept));

	kept->sequence = event->sequence;
	kept->version = event->version;
	kept->at = event->at;
	kept->test = event->size >= sizeof *event && event->test;
	kept->kind = must(strdup(event->kind));
	kept->path = must(strdup(event->path));
	if (queue->last)
		queue->last->next = kept;
	else
		queue->first = kept;
	queue->last = kept;
	queue->count++;
}

void events_drop(struct event_queue *queue)
{
	struct kept_event *kept = queue->first;

	if (!kept)
		return;
	queue->first = kept->next;
	if (!queue->first)
		queue->last = NULL;
	queue->count--;
	free(kept->kind);
	free(kept->path);
	free(kept);
}

void events_free(struct event_queue *queue)
{
	while (queue->first)
		events_drop(queue);
}
