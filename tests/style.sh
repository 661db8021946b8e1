#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# style.sh [--tree DIR] [CHECK...]
#
# The rules of the tree that a program can hold. Without CHECK all of them: layers names words
# licence columns format shell tidy. Prints FILE:LINE: SENTENCE for each breach; status 1 if any.
# tests/scenario/test_style.py runs them, and shows that each can fail.
set -u
export LC_ALL=C.UTF-8
cd "$(dirname "$(readlink -f "$0")")/.." || exit 2
here=$PWD
if [ "${1:-}" = --tree ]; then cd "$2" || exit 2; shift 2; fi

breaches=0
report() { while IFS= read -r line; do printf '%s\n' "$line"; breaches=$((breaches + 1)); done; }

# Files of the tree whose names match one of the patterns; what a build made is no part of it.
files()
{
	local name pattern=()
	for name in "$@"; do pattern+=(-o -name "$name"); done
	find . \( -path ./.git -o -path './build*' -o -name __pycache__ -o -path './demo-run' \) -prune -o \
		-type f \( "${pattern[@]:1}" \) -print | sed 's|^\./||' | sort
}

sources() { files '*.c' '*.h' | grep -E '^(daemon|clients|plugins|tests)/'; }

# Comments go, lines stay; code_of also empties the strings.
comments_off() { perl -0pe 's{("(?:\\.|[^"\\\n])*")|(/\*.*?\*/|//[^\n]*)}{defined $1 ? $1 : $2 =~ s/[^\n]//gr}gse' "$1"; }
code_of() { comments_off "$1" | perl -pe 's{"(?:\\.|[^"\\\n])*"}{""}g'; }

# Includes go one way: core <- model <- store <- {bus, schedule, plugin} <- main; questionnaire, arrays alone, is below model.
check_layers()
{
	local file room line target allowed
	declare -A below=(
		[core]="core"
		[match]="core match" [questionnaire]="core questionnaire" [evaluate]="core evaluate"
		[model]="core questionnaire model"
		[store]="core model store"
		[schedule]="core model store schedule" [wire]="core wire" [host]="core wire host"
		[plugin]="core questionnaire model store wire plugin" [bus]="core model store wire bus"
		[matcher]="core match matcher"
		[worker]="core match questionnaire evaluate worker"
	)
	while IFS= read -r file; do
		room=$(cut -d/ -f2 <<<"$file")
		allowed=" ${below[$room]:-} "
		[ "$allowed" = "  " ] && { echo "$file:1: the room $room is not in the table of tests/style.sh" | report; continue; }
		while IFS=: read -r line target; do
			case $room:$target in
			worker:store/engine.h) ;;       # reads the database for itself, and needs no more of the store
			*/*) [[ $allowed == *" ${target%%/*} "* ]] || echo "$file:$line: $room must not include $target";;
			*) [ -e "$(dirname "$file")/$target" ] || echo "$file:$line: $target is not in $room; name its room";;
			esac
		done < <(grep -n '^#include "' "$file" | sed 's/^\([0-9]*\):#include "\([^"]*\)".*/\1:\2/')
	done < <(sources | grep '^daemon/[a-z_]*/') > "$scratch"
	report <"$scratch"
	# One room holds each library.
	sources | grep '^daemon/' | grep -vE '^daemon/(store|worker)/' | xargs -r grep -nH '#include <sqlite3.h>' |
		sed 's/\(:[0-9]*\):.*/\1: only the store speaks to SQLite/' >"$scratch"
	report <"$scratch"
	sources | grep '^daemon/' | grep -vE '^daemon/(bus|wire|host|plugin|worker)/|^daemon/main.c' | xargs -r grep -nH '#include <dbus/' |
		sed 's/\(:[0-9]*\):.*/\1: only the bus and the links speak to libdbus/' >"$scratch"
	report <"$scratch"
}

# Generic rooms never name an entity: a special case is a hook in its row (daemon/model).
# tests/style-names.txt lists the few places that may, each with its reason.
check_names()
{
	local names file line found name
	names=$(cat daemon/model/*.c 2>/dev/null | grep -oP '^const struct entity \K\w+(?=_entity\b)' |
		grep -vxE 'program|match|person|plugin' | paste -sd '|')
	[ -n "$names" ] || return
	files '*.c' '*.h' | grep -E '^daemon/(core|store|bus)/' | while IFS= read -r file; do
		comments_off "$file" | grep -noP '(\\?")('"$names"')\1|\b(FROM|JOIN|INTO|UPDATE) ('"$names"')\b' |
		while IFS=: read -r line found; do
			name=$(tr -dc 'a-z_' <<<"${found##* }")
			grep -qE "^$file +$name( |\$)" "$here/tests/style-names.txt" ||
				echo "$file:$line: a generic room names the entity $name; make it a hook in the entity's row"
		done
	done >"$scratch"
	report <"$scratch"
}

# Words that have no place: unbounded writes, processes by a shell, weak chance, locale, blocking look-ups.
check_words()
{
	local file
	sources | grep -v '^tests/' | while IFS= read -r file; do
		code_of "$file" | grep -nP '(?<![\w.>])(strcpy|stpcpy|sprintf|vsprintf|gets|tmpnam|mktemp|rand|srand|random|system|popen|setlocale|strtok|alloca)\s*\(' |
			sed -E "s|^([0-9]+):.*[^a-z_]?\b(strcpy\|stpcpy\|sprintf\|vsprintf\|gets\|tmpnam\|mktemp\|rand\|srand\|random\|system\|popen\|setlocale\|strtok\|alloca)[ \t]*\(.*|$file:\1: \2() is not used here|"
	done | grep -v '^clients/.* setlocale()' >"$scratch"           # people's own terminals have a locale
	report <"$scratch"
}

check_licence()
{
	local file
	{ files '*.c' '*.h' '*.py' '*.sh' '*.in' '*.conf' '*.policy' '*.rules' '*.service' '*.catalog' '*.[1578]' CMakeLists.txt \
		packages.txt run .clang-format .clang-tidy; } |
		while IFS= read -r file; do
			head -n 4 "$file" | grep -q 'SPDX-License-Identifier: ' || echo "$file:1: has no SPDX line"
		done >"$scratch"
	report <"$scratch"
}

# 160 columns at most, most lines under 140; a tab is eight. What stands in quotes (SQL, texts) does not count.
check_columns()
{
	local file
	sources | while IFS= read -r file; do
		expand -t8 "$file" | sed -E 's/"([^"\\]|\\.)*"/""/g' | grep -nP "^.{161,}" | grep -vP "^\d+:\s*\.name = " | cut -d: -f1 | sed "s|.*|$file:&: is longer than 160 columns|"
		grep -nP '[ \t]+$' "$file" | cut -d: -f1 | sed "s|.*|$file:&: ends with blanks|"
	done >"$scratch"
	report <"$scratch"
}

check_format()
{
	sources | xargs -r clang-format --style="file:$here/.clang-format" --dry-run -Werror 2>&1 |
		sed -n 's/^\([^ ]*:[0-9]*\):[0-9]*: error: .*/\1: not in the style of .clang-format: .\/run format/p' >"$scratch"
	report <"$scratch"
}

check_shell()
{
	{ files '*.sh'; grep -rlE '^#!/bin/(ba)?sh' run .ci 2>/dev/null; } | sort -u |
		xargs -r shellcheck -S warning -f gcc 2>&1 | sed -E 's/:([0-9]+):[0-9]+: /:\1: /' >"$scratch"
	report <"$scratch"
}

check_tidy()
{
	local flags=(-std=gnu11 -D_GNU_SOURCE '-DMENTORSHIP_VERSION=""' '-DMENTORSHIP_PLUGINDIR=""' -Idaemon -Iclients -Iplugins)
	# shellcheck disable=SC2207
	flags+=($(pkg-config --cflags dbus-1 libevent libconfig smartcols jansson libzip libxml-2.0))
	sources | grep -E '^(daemon|clients|plugins)/.*\.c$' |
		xargs -r -P "$(nproc)" -n 8 sh -c 'config=$1; shift; n=$1; shift; flags=
			while [ "$n" -gt 0 ]; do flags="$flags $1"; shift; n=$((n - 1)); done
			clang-tidy --quiet --config-file="$config" "$@" -- $flags 2>/dev/null' sh "$here/.clang-tidy" "${#flags[@]}" "${flags[@]}" |
		grep -E ': (error|warning): ' | sed -E "s,^$PWD/,,; s/:([0-9]+):[0-9]+: (error|warning): /:\1: /" | sort -u >"$scratch"
	report <"$scratch"
}

scratch=$(mktemp)
trap 'rm -f "$scratch"' EXIT
[ $# -gt 0 ] || set -- layers names words licence columns format shell tidy
for check; do
	[ "$(type -t "check_$check")" = function ] || { echo "style.sh: no check is called $check" >&2; exit 2; }
	"check_$check"
done
[ "$breaches" = 0 ] || { echo "$breaches breaches of the style" >&2; exit 1; }
