/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as the file of a plugin: nothing is read outside of them, a refusal says why, and what is taken has a note that
 * stands in the bytes. A file that is taken is refused when a byte of it is missing at its end, or its note is gone.
 */
#include "fuzz.h"

#include "host/examine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct problem problem = { 0 };
	struct plugin_note note = { 0 };
	unsigned char *bytes = malloc(size + 1); /* of its very size: an overrun is seen */

	check(bytes != NULL, "memory");
	bytes = realloc(bytes, size ? size : 1);
	memcpy(bytes, data, size);
	if (note_read(bytes, size, &note, &problem)) {
		check(*problem.text && problem.code, "a refusal says why");
		check(!note.abi && !note.minor && !note.size && !note.capabilities, "a refused file leaves no note");
	} else {
		check(memmem(bytes, size, &note, sizeof note) != NULL, "the note is in the file");
		check(memmem(bytes, size, "mentorship", 11) != NULL, "its name, too");
		if (note_check(&note, &problem))
			check(*problem.text, "a refusal says why");
		else
			check(note.size == note_size(note.abi, note.minor) && note.capabilities, "only what this host knows is taken");
	}
	free(bytes);
	return 0;
}
