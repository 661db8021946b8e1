/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as what the far side of `mentorctl -H` sends: frames or none, and whatever they hold, nothing but colours, line ends
 * and tabs moves this side's terminal, in one piece or in many.
 */
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "cli/wire.h"
#include "core/text.h"

static void filtered(const char *data, size_t size, size_t step, struct buffer *out)
{
	struct screen screen = { 0 };

	for (size_t at = 0; at < size; at += step)
		screen_filter(&screen, data + at, size - at < step ? size - at : step, out);
	screen_end(&screen, out);
}

/* ESC only as the beginning of a colour or of clearing the line. */
static void clean(const char *text)
{
	for (const char *c = text; *c; c++) {
		if (*c == '\x1b') {
			check(c[1] == '[', "an escape begins a colour");
			for (c += 2; (*c >= '0' && *c <= '9') || *c == ';';)
				c++;
			check(*c == 'm' || *c == 'K', "an escape is a colour, or clears the line");
		} else
			check((unsigned char)*c >= 32 || strchr("\n\r\t", *c), "no control character");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("wire", MFD_CLOEXEC), answer;
	struct buffer whole = { 0 }, bits = { 0 };
	struct wire_frame frame;

	check(fd >= 0 && write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0, "a file");
	while ((answer = wire_read(fd, &frame)) > 0) {
		check(frame.length <= WIRE_MOST && !frame.data[frame.length], "a frame ends in a NUL");
		free(frame.data);
	}
	check(answer == 0 || answer == -1, "an end or no frames");
	close(fd);
	filtered((const char *)data, size, size ? size : 1, &whole);
	filtered((const char *)data, size, 1, &bits);
	clean(buffer_string(&whole));
	check(!strcmp(buffer_string(&whole), buffer_string(&bits)), "the same from small pieces");
	buffer_free(&whole);
	buffer_free(&bits);
	return 0;
}
