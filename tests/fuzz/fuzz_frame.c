/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as what a worker says: no stream of frames, or frames that are the same however the bytes arrive, and that read back
 * as they were when they are written again.
 */
#include "fuzz.h"

#include "core/frame.h"

/* Reads frames from pieces of `step` bytes into one text; returns the last answer. */
static int read_all(const uint8_t *data, size_t size, size_t step, struct buffer *seen, struct buffer *written)
{
	struct frame_reader reader = { 0 };
	static struct frame frame;
	int answer = 0;

	for (size_t at = 0; at < size && answer >= 0; at += step) {
		frame_feed(&reader, (const char *)data + at, size - at < step ? size - at : step);
		while ((answer = frame_next(&reader, &frame)) > 0) {
			int64_t number;

			check(frame.count <= FRAME_CELLS, "no more cells than there is room for");
			for (size_t i = 0; i < frame.count; i++) {
				char text[24];

				if (frame.cells[i] && frame_number(frame.cells[i], &number)) {
					snprintf(text, sizeof text, "%lld", (long long)number);
					check(strlen(text) <= strlen(frame.cells[i]), "a number is one");
				}
				buffer_print(seen, "%s|", frame.cells[i] ? frame.cells[i] : "<none>");
			}
			buffer_char(seen, '\n');
			check(!frame_add(written, (const char *const *)frame.cells, frame.count), "what was read can be written");
		}
	}
	frame_reader_free(&reader);
	return answer;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer whole = { 0 }, bits = { 0 }, again = { 0 }, written = { 0 }, more = { 0 };
	int answer = read_all(data, size, size ? size : 1, &whole, &written);

	check(answer == read_all(data, size, 3, &bits, &more), "the same answer from small pieces");
	check(!strcmp(buffer_string(&whole), buffer_string(&bits)), "the same frames from small pieces");
	check(written.length <= size && !memcmp(buffer_string(&written), data, written.length), "written frames are what was read");
	buffer_clear(&more);
	if (written.length)
		check(read_all((const uint8_t *)written.data, written.length, written.length, &again, &more) == 0,
			"written frames are frames");
	check(!strcmp(buffer_string(&whole), buffer_string(&again)), "written frames read as they were");
	buffer_free(&whole);
	buffer_free(&bits);
	buffer_free(&again);
	buffer_free(&written);
	buffer_free(&more);
	return 0;
}
