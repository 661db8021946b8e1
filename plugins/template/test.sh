#!/bin/sh
# SPDX-License-Identifier: MIT
# test.sh HOST PLUGIN: the plugin takes a message, and refuses a setting that is wrong.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

cat >"$place/plugin.conf" <<'END'
file = "kept.txt";
END
cat >"$place/message.conf" <<'END'
address = "sam@example.org";
subject = "Hello";
text = "First line\nsecond line";
END
"$1" --try "$2" --settings "$place/plugin.conf" --message "$place/message.conf" --state "$place"
grep -q '^Subject: Hello$' "$place/kept.txt"

echo 'file = "../kept.txt";' >"$place/plugin.conf"
! "$1" --try "$2" --settings "$place/plugin.conf" --state "$place" || exit 1
