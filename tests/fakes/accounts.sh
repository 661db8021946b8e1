#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# accounts.sh DIRECTORY ACCOUNTS COMMAND...
#
# Runs COMMAND where the users and groups of the file ACCOUNTS are real uids of the kernel
# and nothing else on the machine has changed: in a mount namespace with copies of passwd
# and group (in DIRECTORY) bound over those in /etc. Root needs no more; anybody else also
# gets a user namespace with a range of uids of their own (/etc/subuid, package uidmap).
# Where polkit is installed, its directories of actions and rules show DIRECTORY/polkit.
#
# ACCOUNTS: lines 'NAME UID [GROUP...]' and 'group NAME GID'; # starts a comment.
set -eu

if [ "${1:-}" != --inside ]; then
	namespace=(--mount --propagation private)
	if [ "$(id -u)" != 0 ]; then
		namespace=(--map-root-user --map-auto "${namespace[@]}")
		if ! error=$(unshare "${namespace[@]}" true 2>&1); then
			printf '%s\n' "accounts.sh: no user namespace with several users: ${error##*unshare: }" \
				"Needed: package uidmap, a line for $(id -un) in /etc/subuid and /etc/subgid" \
				"(usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $(id -un))," \
				"and a kernel that allows user namespaces. Or run this as root." >&2
			exit 1
		fi
	fi
	exec unshare "${namespace[@]}" -- "$0" --inside "$@"
fi
shift
dir=$1 accounts=$2
shift 2

# The copies leave out what the machine already knows by one of these names.
awk -v dir="$dir" '
function left(file, copy,    line, part) {
	while ((getline line < file) > 0) {
		split(line, part, ":")
		if (!(part[1] in known))
			print line > copy
	}
}
{ sub(/#.*/, "") }
$1 == "group" { gid[$2] = $3; known[$2]; next }
NF { uid[$1] = $2; known[$1]; for (i = 3; i <= NF; i++) members[$i] = members[$i] (members[$i] ? "," : "") $1 }
END {
	left("/etc/passwd", dir "/passwd")
	left("/etc/group", dir "/group")
	for (name in uid) {
		printf "%s:x:%d:%d::/nonexistent:/bin/sh\n", name, uid[name], uid[name] > (dir "/passwd")
		printf "%s:x:%d:\n", name, uid[name] > (dir "/group")
	}
	for (name in gid)
		printf "%s:x:%d:%s\n", name, gid[name], members[name] > (dir "/group")
}' "$accounts"
chmod 644 "$dir/passwd" "$dir/group"
mount --bind "$dir/passwd" /etc/passwd
mount --bind "$dir/group" /etc/group

mkdir -p "$dir/polkit/actions" "$dir/polkit/rules" "$dir/polkit/none"
chmod 755 "$dir/polkit" "$dir/polkit"/*
# Each where it exists: without polkitd other packages still bring a directory of actions.
show() { [ ! -d "$2" ] || mount --bind "$dir/polkit/$1" "$2"; }
show actions /usr/share/polkit-1/actions
show none /usr/share/polkit-1/rules.d
show rules /etc/polkit-1/rules.d
exec "$@"
