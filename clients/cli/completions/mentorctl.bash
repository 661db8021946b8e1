# SPDX-License-Identifier: GPL-3.0-or-later
# Completion of mentorctl for bash: the words come from mentorctl itself.

_mentorctl()
{
	local IFS=$'\n' line word shown i joined=() current before

	# bash splits words at '=' and ':'; put them together again
	for ((i = 1; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ ${#joined[@]} -gt 0 && ( $word == [=:]* || ${COMP_WORDS[i-1]} == *[=:] ) && $i -gt 1 ]]; then
			joined[-1]+=$word
		else
			joined+=("$word")
		fi
	done
	current=${joined[-1]}
	before=
	[[ $current == *[=:]* ]] && before=${current%"${current##*[=:]}"}
	# quotes and backslashes that the reader has typed are no part of the word
	joined[-1]=${current//[\"\'\\]/}
	COMPREPLY=()
	while read -r line; do
		word=${line%%$'\t'*}
		shown=${word#"$before"}
		if [[ $current == [\"\']* ]]; then
			COMPREPLY+=("$shown")
		else
			shown=$(printf '%q' "$shown")
			COMPREPLY+=("${shown//\\,/,}")
		fi
	done < <(mentorctl complete -- "${joined[@]}" 2>/dev/null)
	[[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
	[[ ${#COMPREPLY[@]} -eq 0 ]] && compopt -o default
	return 0
}

complete -F _mentorctl mentorctl
