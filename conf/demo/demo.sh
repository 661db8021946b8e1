#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# demo.sh [--school PATH | --mentors FILE --mentees FILE] [--config FILE] [--stay]
#         [--build DIRECTORY] [--into DIRECTORY]
#
# One mentorship program from a school's files to twelve weeks of check-ins, on a private bus, with the real daemon under a
# uid of its own and a simulated clock. Called by `./run demo` after the build; needs no rights. Everything that it makes lies
# in demo-run (--into); whatever is not as it should be ends it with a sentence and status 1.
#
# Outside, this script looks at the arguments and copies the files; then it calls itself inside the namespace of
# tests/fakes/accounts.sh, where the demo's users are real uids. The steps are in steps.sh, what they stand on in house.sh.
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2154
set -u
export LC_ALL=C.UTF-8
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
tree=$(dirname "$(dirname "$here")")

die() { printf 'demo: %s\n' "$*" >&2; exit 2; }

# ---- outside ----

# A file as its owner named it: seen from where ./run was called, else from here.
found()
{
	local name
	for name in "${OLDPWD:-$PWD}/$1" "$PWD/$1"; do
		[[ $1 = /* ]] && name=$1
		[ -e "$name" ] && { readlink -f "$name"; return; }
	done
	die "there is no $1"
}

options_read()
{
	local value
	school='' mentors='' mentees='' config='' stay='' build=$tree/build shown=$tree/demo-run
	while [ $# -gt 0 ]; do
		case $1 in
		--stay) stay=1; shift; continue;;
		--school|--mentors|--mentees|--config|--build|--into) [ $# -gt 1 ] || die "$1 wants a path";;
		*) die "there is no option $1; see ./run demo --help";;
		esac
		case $1 in
		--build) build=$(readlink -m "$2");;
		--into) shown=$(readlink -m "$2");;
		*) value=$(found "$2") || exit 2
		   printf -v "${1#--}" %s "$value";;
		esac
		shift 2
	done
	[ -z "$school" ] || [ -z "$mentors$mentees" ] || die "say either --school, or --mentors and --mentees"
	[ -z "$mentors$mentees" ] || { [ -n "$mentors" ] && [ -n "$mentees" ]; } || die "--mentors and --mentees belong together"
	[ -x "$build/mentorshipd" ] || die "$build/mentorshipd is not built; ./run demo builds it"
}

# What is there was made by a demo of somebody else: as root, say, or under other uids.
not_ours()
{
	die "what an earlier demo left in $shown belongs to $(stat -c %U "$shown" 2>/dev/null || echo somebody else), and cannot be removed by you;" \
		"remove it as they or as root (rm -rf $shown), or choose another directory with --into"
}

# The directory is the demo's own or is not touched. What a demo that was killed left there is removed inside.
directory_take()
{
	[ ! -e "$shown" ] || [ -e "$shown/.mentorship-demo" ] || [ -z "$(ls -A "$shown")" ] ||
		die "$shown was not made by a demo; choose another with --into, or remove it"
	mkdir -p "$shown" || die "$shown cannot be made"
	{ chmod 711 "$shown" && : >>"$shown/.mentorship-demo"; } 2>/dev/null || not_ours
	exec 9>>"$shown/.mentorship-demo"
	flock -n 9 || die "another demo is using $shown"
}

# Copies of the files, so that the demo's users can read them wherever they lie, beside the mappings if there are any.
input_copy()
{
	local from=$place/input
	mkdir "$from" || exit 2
	if [ "$school" ]; then
		if [ -d "$school" ]; then
			mkdir "$from/school"
			cp -- "$school"/*.csv "$from/school/" 2>/dev/null || die "$school holds no CSV files; of ZIP files name one itself"
		else
			cp -- "$school" "$from/school.zip" || die "$school cannot be read"
		fi
		[ ! -f "$school.mapping" ] || cp -- "$school.mapping" "$from/school.mapping"
		return
	fi
	[ "$mentors" ] || mentors=$tree/conf/sample/mentors.csv mentees=$tree/conf/sample/mentees.csv
	mkdir "$from/forms"
	for side in mentors mentees; do
		cp -- "${!side}" "$from/forms/$side.csv" || die "${!side} cannot be read"
		[ ! -f "${!side%.*}.mapping" ] || sed "s/^file \".*\"/file \"$side.csv\"/" "${!side%.*}.mapping" >"$from/$side.mapping"
	done
}

outside()
{
	local status
	options_read "$@"
	directory_take
	umask 077
	place=$(mktemp -d /tmp/mentorship-demo.XXXXXX) || die "no directory can be made in /tmp"
	chmod 755 "$place"
	trap 'rm -rf "$place"' EXIT
	[ "$school$mentors" ] || sample=1
	input_copy
	[ -z "$config" ] || cp -- "$config" "$place/input/own.conf" || die "$config cannot be read"
	export place shown build stay school sample="${sample:-}"
	"$tree/tests/fakes/accounts.sh" "$place" "$here/accounts" "$here/demo.sh" --inside | tee "$shown/report.txt"
	status=${PIPESTATUS[0]}
	if [ -f "$shown/annex.txt" ]; then cat "$shown/annex.txt" >>"$shown/report.txt" && rm "$shown/annex.txt"; fi
	exit "$status"
}

# ---- inside ----

inside()
{
	local name
	run=$place/run
	. "$here/house.sh"
	. "$here/post.sh"
	. "$here/steps.sh"
	sanitizers=()
	for name in ASAN_OPTIONS UBSAN_OPTIONS LSAN_OPTIONS; do
		[ -z "${!name:-}" ] || sanitizers+=("$name=${!name}")
	done
	mkdir "$run"
	mount --bind "$shown" "$run" || die "$shown cannot be bound to $run"
	find "$run" -mindepth 1 -maxdepth 1 ! -name report.txt ! -name .mentorship-demo -exec rm -rf {} + 2>/dev/null ||
		not_ours
	trap house_end EXIT
	trap 'exit 130' INT TERM HUP
	SECONDS=0
	umask 022
	steps
}

if [ "${1:-}" = --inside ]; then inside; else outside "$@"; fi
