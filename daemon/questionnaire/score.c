/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Scores of scales. An answer counts by its value; turned round it counts from the other end of the item's own range, so that
 * 1 of 5 becomes 5, and 0 of 3 becomes 3. A score stands on at least four fifths of its items; an item that did not apply is
 * missing like one that was left out.
 */
#include <math.h>

#include "questionnaire.h"

void item_range(const struct form_item *item, double *low, double *high)
{
	*low = item->min;
	*high = item->max;
	for (size_t i = 0; i < item->choice_count; i++) {
		double number;

		if (!number_read(item->choices[i].value, &number))
			continue;
		if (isnan(*low) || number < *low)
			*low = number;
		if (isnan(*high) || number > *high)
			*high = number;
	}
}

double item_value(const struct form_item *item, const char *answer, bool turned)
{
	double value, low, high;

	if (!answer || !number_read(answer, &value))
		return (double)NAN;
	if (!turned)
		return value;
	item_range(item, &low, &high);
	return low + high - value;
}

double scale_score(const struct form *form, const struct form_scale *scale, const char *const *answers)
{
	size_t missing = 0;
	double sum = 0, mean;

	for (size_t i = 0; i < scale->item_count; i++) {
		double value = item_value(&form->items[scale->at[i]], answers[scale->at[i]], scale->turned[i]);

		if (isnan(value))
			missing++;
		else
			sum += value;
	}
	if (!scale->item_count || missing * 5 > scale->item_count)
		return (double)NAN;
	mean = sum / (double)(scale->item_count - missing);
	return scale->sum ? mean * (double)scale->item_count : mean;
}
