/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mentorship-match: reads an instance, runs an algorithm, writes the result; or verifies a result. It is a command for people: no daemon, no
 * bus, no database; what it reads and writes are the files that its user names.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "matcher/matcher.h"

struct options {
	const char *algorithm, *output, *check;
	uint64_t seed;
	bool help, version;
};

static void say(const char *text)
{
	fprintf(stderr, "mentorship-match: %s\n", text);
}

static int usage(void)
{
	fputs("Try 'mentorship-match --help'.\n", stderr);
	return MATCHER_USAGE;
}

static int help(void)
{
	puts("mentorship-match [--algorithm NAME] [--seed NUMBER] [--output FILE] [INSTANCE]\n"
	     "mentorship-match --check RESULT [INSTANCE]\n"
	     "\n"
	     "Computes a matching of an instance file (standard input if none is named) and writes it as JSON,\n"
	     "with its objective, a bound, and what proves them; or verifies such a result without solving.\n"
	     "\n"
	     "  -a, --algorithm NAME   one of these (optimal):");
	for (const struct algorithm *a = matcher_algorithms; a->name; a++)
		printf("        %-16s %s\n", a->name, a->label);
	puts("  -s, --seed NUMBER      where the search for circles begins (0)\n"
	     "  -o, --output FILE      writes there instead of to standard output\n"
	     "  -c, --check RESULT     verifies this result of the instance\n"
	     "  -h, --help; -V, --version\n"
	     "\n"
	     "Status: 0 done, or the result holds; 1 it does not hold; 2 wrong command line; 3 a file cannot be\n"
	     "read or is wrong; 4 no matching meets locks and least numbers. The format: mentorship-match(1).");
	return MATCHER_DONE;
}

static int read_seed(const char *text, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || *ret > INT64_MAX) {
		say("a seed is a whole number from 0 to 9223372036854775807");
		return E_INVALID;
	}
	return 0;
}

static int read_options(int argc, char **argv, struct options *o)
{
	static const struct option known[] = { { "algorithm", required_argument, NULL, 'a' }, { "seed", required_argument, NULL, 's' },
		{ "output", required_argument, NULL, 'o' }, { "check", required_argument, NULL, 'c' }, { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' }, { 0 } };
	int letter;

	while ((letter = getopt_long(argc, argv, "a:s:o:c:hV", known, NULL)) != -1)
		switch (letter) {
		case 'a': o->algorithm = optarg; break;
		case 'o': o->output = optarg; break;
		case 'c': o->check = optarg; break;
		case 'h': o->help = true; break;
		case 'V': o->version = true; break;
		case 's':
			if (read_seed(optarg, &o->seed) < 0)
				return E_INVALID;
			break;
		default: return E_INVALID;
		}
	if (argc - optind > 1) {
		say("one instance at a time");
		return E_INVALID;
	}
	if (o->check && (o->algorithm || o->output)) {
		say("--check takes the algorithm from the result, and writes nothing");
		return E_INVALID;
	}
	return 0;
}

/* A whole file, or standard input for NULL and "-". */
static int read_file(const char *name, char **ret, size_t *ret_size)
{
	FILE *file = !name || !strcmp(name, "-") ? stdin : fopen(name, "re");
	size_t room = 65536, size = 0, got;
	char *data = malloc(room);
	int failed = 0;

	if (!data)
		abort();
	while (file && (got = fread(data + size, 1, room - size, file)) > 0) {
		size += got;
		if (size > MATCH_INSTANCE_MAX)
			break;
		if (size < room)
			continue;
		room *= 2;
		data = realloc(data, room);
		if (!data)
			abort();
	}
	if (!file || ferror(file))
		failed = errno;
	if (file && file != stdin)
		fclose(file);
	if (failed) {
		fprintf(stderr, "mentorship-match: %s: %s\n", name ? name : "standard input", strerror(failed));
		free(data);
		return E_INVALID;
	}
	*ret = data;
	*ret_size = size;
	return 0;
}

static int write_result(const json_t *result, const char *name)
{
	FILE *file = name ? fopen(name, "we") : stdout;
	int r = 0;

	if (!file || json_dumpf(result, file, JSON_INDENT(1) | JSON_ENSURE_ASCII) < 0 || fputc('\n', file) == EOF)
		r = -1;
	if (file && (file == stdout ? fflush(file) : fclose(file)))
		r = -1;
	if (r == 0)
		return MATCHER_DONE;
	fprintf(stderr, "mentorship-match: %s: %s\n", name ? name : "standard output", strerror(errno));
	return MATCHER_FAILS;
}

static int solve(const struct options *o, const struct algorithm *a, const struct match_instance *in)
{
	struct problem problem = { 0 };
	json_t *result = NULL;
	bool no_way;
	int r = matcher_run(a, in, o->seed, &result, &no_way, &problem), status;

	if (r < 0) {
		say(problem.text);
		return no_way ? MATCHER_NO_WAY : r == E_INVALID ? MATCHER_INPUT : MATCHER_FAILS;
	}
	status = write_result(result, o->output);
	json_decref(result);
	return status;
}

static int check(const struct options *o, const struct match_instance *in)
{
	struct problem problem = { 0 };
	json_error_t error;
	char *data;
	size_t size;
	json_t *result;
	int r;

	if (read_file(o->check, &data, &size) < 0)
		return MATCHER_INPUT;
	result = json_loadb(data, size, JSON_REJECT_DUPLICATES, &error);
	free(data);
	if (!json_is_object(result)) {
		fprintf(stderr, "mentorship-match: %s, line %d: %s\n", o->check, error.line, result ? "no object" : error.text);
		json_decref(result);
		return MATCHER_INPUT;
	}
	r = matcher_check(result, in, &problem);
	json_decref(result);
	if (r < 0)
		say(problem.text);
	else
		puts("holds");
	return r < 0 ? MATCHER_FAILS : MATCHER_DONE;
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	const struct algorithm *a;
	struct match_instance in;
	struct problem problem = { 0 };
	char *data;
	size_t size;
	int r, status;

	if (read_options(argc, argv, &o) < 0)
		return usage();
	if (o.help)
		return help();
	if (o.version)
		return puts("mentorship-match " MENTORSHIP_VERSION) == EOF;
	a = matcher_algorithm(o.algorithm ? o.algorithm : "optimal");
	if (!a) {
		fprintf(stderr, "mentorship-match: there is no algorithm '%s'.\n", o.algorithm);
		return usage();
	}
	if (o.check && !strcmp(o.check, "-") && (!argv[optind] || !strcmp(argv[optind], "-"))) {
		say("result and instance cannot both be standard input");
		return usage();
	}
	if (read_file(argv[optind], &data, &size) < 0)
		return MATCHER_INPUT;
	r = match_instance_read(data, size, &in, &problem);
	free(data);
	if (r < 0) {
		say(problem.text);
		return MATCHER_INPUT;
	}
	status = o.check ? check(&o, &in) : solve(&o, a, &in);
	match_instance_free(&in);
	return status;
}
