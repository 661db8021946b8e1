/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Quantiles for intervals, from the regularised incomplete beta function.
 *
 * The function is the continued fraction of Abramowitz and Stegun, Handbook of Mathematical Functions, 26.5.8, evaluated by the modified
 * method of Lentz; where x is beyond the mean it converges slowly, and 26.5.2, I(x; a, b) = 1 - I(1 - x; b, a), is used. Quantiles are
 * found by halving: the functions are monotone, and sixty halvings are as fine as a double is.
 */
#include <math.h>

#include "questionnaire.h"

static const double TINY = 1e-300;

static double away_from_zero(double x)
{
	return fabs(x) < TINY ? TINY : x;
}

static double continued_fraction(double a, double b, double x)
{
	double c = 1, d = 1 / away_from_zero(1 - (a + b) * x / (a + 1)), h = d;

	for (int m = 1; m <= 10000; m++) {
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)), step;

		d = 1 / away_from_zero(1 + even * d);
		c = away_from_zero(1 + even / c);
		h *= d * c;
		d = 1 / away_from_zero(1 + odd * d);
		c = away_from_zero(1 + odd / c);
		step = d * c;
		h *= step;
		if (fabs(step - 1) < 1e-15)
			break;
	}
	return h;
}

double incomplete_beta(double x, double a, double b)
{
	double front;

	if (!(x > 0))
		return 0;
	if (x >= 1)
		return 1;
	front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
	return x < (a + 1) / (a + b + 2) ? front * continued_fraction(a, b, x) / a : 1 - front * continued_fraction(b, a, 1 - x) / b;
}

/* With x = d1 F / (d1 F + d2), F has the distribution function I(x; d1/2, d2/2) (26.6.2). */
double f_quantile(double p, double d1, double d2)
{
	double low = 0, high = 1;

	for (int i = 0; i < 60; i++) {
		double middle = (low + high) / 2;

		if (incomplete_beta(middle, d1 / 2, d2 / 2) < p)
			low = middle;
		else
			high = middle;
	}
	return d2 * low / (d1 * (1 - low));
}

/* t squared has the distribution of F with 1 and n degrees of freedom (26.7.1, 26.6.1). */
double t_quantile(double p, double degrees)
{
	return p < .5 ? -t_quantile(1 - p, degrees) : sqrt(f_quantile(2 * p - 1, 1, degrees));
}
