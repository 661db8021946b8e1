# SPDX-License-Identifier: GPL-3.0-or-later
# Completion of mentorctl for fish: the words come from mentorctl itself.

function __mentorctl_words
    set -l before (commandline -opc)[2..-1]
    set -l current (commandline -ct | string unescape 2>/dev/null)
    mentorctl complete -- $before "$current" 2>/dev/null
end

complete -c mentorctl -f -a '(__mentorctl_words)'
complete -c mentorctl -n '__fish_seen_subcommand_from import call-many' -F
