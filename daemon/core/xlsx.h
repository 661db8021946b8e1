/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writing tables as an Office Open XML workbook (.xlsx): sheets of texts, each with a first row that stays in sight.
 *
 * The file is a ZIP whose parts are stored as they are, so nothing but a sum is needed for it, and the same tables give the same bytes.
 * Every cell is a text: nothing in it is ever a formula. Reading such files is another matter (worker/xlsx.c).
 */
#ifndef MENTORSHIP_XLSX_H
#define MENTORSHIP_XLSX_H

#include "text.h"

struct xlsx_writer {
	struct buffer zip, central;           /* parts so far, and the list of them */
	struct buffer list, relations, types; /* what names the sheets */
	struct buffer sheet;                  /* the open one */
	int sheets, parts, rows;
}; /* { 0 } is an empty workbook */

/* Begins a sheet; the one before it ends. */
void xlsx_sheet(struct xlsx_writer *, const char *name);
/* A row; NULL and "" are cells without a text. */
void xlsx_row(struct xlsx_writer *, const char *const *cells, size_t count);
/* Ends the workbook: its bytes are added to `out`, the writer is empty again. */
void xlsx_end(struct xlsx_writer *, struct buffer *out);

#endif
