#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The demo's house: the private bus, the daemon, the users, and how a step is shown and checked.
#
# Sourced by demo.sh inside the namespace of tests/fakes/accounts.sh. $place is a directory that every user can look into,
# $run the demo-run directory bound inside it. Who calls is decided by the uid of a process and by nothing else: `as NAME`
# changes the uid and gives the new process a small environment of its own.
# shellcheck disable=SC2154           # demo.sh sets the variables

BUS_PID='' DAEMON_PID=''

# ---- what is printed ----

title() { printf '\n\n== %s ==\n' "$*"; }
say() { printf '\n%s\n' "$*" | fold -s -w 100; }
good() { printf '   checked: %s\n' "$*"; }
fail()
{
	printf '\nThe demo failed: %s\n' "$*"
	printf 'What the daemon said is in %s.\n' "$shown/daemon.log"
	exit 1
}

# check SENTENCE COMMAND...: the sentence is true when the command succeeds, and the demo ends here when it does not.
check()
{
	local sentence=$1
	shift
	"$@" || fail "this does not hold: $sentence"
	good "$sentence"
}

same() { [ "$1" = "$2" ] || { printf '   expected %s, found %s\n' "$2" "$1"; return 1; }; }
above() { [ "$1" -gt "$2" ] || { printf '   expected more than %s, found %s\n' "$2" "$1"; return 1; }; }

# The beginning of what a command said; all of it stays in a file of the report.
first() { awk -v most="$1" 'NR <= most { print } END { if (NR > most) printf "... and %d lines more\n", NR - most }'; }

# ---- users ----

zone_of() { [ -r "$run/work/zone-$1" ] && cat "$run/work/zone-$1" || echo Europe/Berlin; }

# Puts into $line what runs a command as NAME.
line_of()
{
	local user=$1 switch=()
	[ "$user" = root ] || switch=(--reuid="$user" --regid="$user" --init-groups)
	line=(env -i PATH="$run/bin:/usr/bin:/bin" LC_ALL=C.UTF-8 HOME=/nonexistent TZ="$(zone_of "$user")" COLUMNS=110
		DBUS_SYSTEM_BUS_ADDRESS="unix:path=$place/bus" CREDENTIALS_DIRECTORY="$run/credentials" "${sanitizers[@]}"
		setpriv "${switch[@]}" --pdeathsig KILL --)
}

# as NAME COMMAND...
as()
{
	local line
	line_of "$1"
	shift
	"${line[@]}" "$@"
}

# show NAME COMMAND...: as somebody would type it, with its real output; the demo fails when the command does.
show()
{
	local user=$1 status=0
	shift
	prompt "$user" "$@"
	as "$user" "$@" || status=$?
	[ $status = 0 ] || fail "'$*' ended with status $status"
}

prompt()
{
	local user=$1 word line=''
	shift
	for word; do
		case $word in *[\ \'\"\;\<\>\&\(\)]*) word="'$word'";; esac
		line+=" $word"
	done
	if [ "$user" = root ]; then printf '\nroot#%s\n' "$line"; else printf '\n%s$%s\n' "$user" "$line"; fi
}

# ask NAME FILE WORD...: an answer in JSON for the demo itself, into a file.
ask()
{
	local user=$1 file=$2
	shift 2
	as "$user" mentorctl --json=short "$@" >"$run/work/$file" </dev/null || fail "'mentorctl $*' as $user gave no answer"
}

# tell NAME WORD...: done, not shown.
tell()
{
	local user=$1
	shift
	as "$user" mentorctl --quiet --yes "$@" </dev/null || fail "'mentorctl $*' as $user was refused"
}

look() { (cd "$run/work" && /usr/bin/python3 -B "$here/look.py" "$@"); }

# refused STATUS NAME WORD...: shown; the refusal is what the demo wants.
refused()
{
	local wanted=$1 user=$2 status=0
	shift 2
	prompt "$user" "$@"
	as "$user" "$@" >"$run/work/refusal" 2>&1 </dev/null || status=$?
	cat "$run/work/refusal"
	[ "$status" = "$wanted" ] || fail "'$*' ended with status $status where $wanted was expected"
}

# ---- bus ----

bus_start()
{
	local n
	mkdir -p "$run/policy"
	"$run/bin/mentorshipd" --print policy >"$run/policy/org.mentorship1.conf" || fail "mentorshipd --print policy printed nothing"
	cat >"$place/bus.conf" <<-END
	<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
	 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
	<busconfig>
	  <type>system</type>
	  <listen>unix:path=$place/bus</listen>
	  <auth>EXTERNAL</auth>
	  <policy context="default">
	    <allow user="*"/>
	    <deny own="*"/>
	    <deny send_type="method_call"/>
	    <allow send_type="signal"/>
	    <allow send_requested_reply="true" send_type="method_return"/>
	    <allow send_requested_reply="true" send_type="error"/>
	    <allow receive_type="method_call"/>
	    <allow receive_type="method_return"/>
	    <allow receive_type="error"/>
	    <allow receive_type="signal"/>
	    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
	    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Introspectable"/>
	    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Properties"/>
	  </policy>
	  <includedir>$run/policy</includedir>
	</busconfig>
	END
	setpriv --pdeathsig KILL -- dbus-daemon --config-file="$place/bus.conf" --nofork --nopidfile --nosyslog \
		>>"$run/bus.log" 2>&1 </dev/null &
	BUS_PID=$!
	for ((n = 0; n < 200; n++)); do
		[ -S "$place/bus" ] && return
		kill -0 "$BUS_PID" 2>/dev/null || break
		sleep 0.02
	done
	fail "the private bus did not start: $(cat "$run/bus.log")"
}

# ---- daemon ----

daemon_line=()

# Starts it in the background and waits until it answers.
daemon_start()
{
	local n line
	line_of mentorship
	"${line[@]}" mentorshipd "${daemon_line[@]}" "$@" >>"$run/daemon.log" 2>&1 </dev/null &
	DAEMON_PID=$!
	for ((n = 0; n < 300; n++)); do
		as root mentorctl --quiet status >/dev/null 2>&1 && return
		kill -0 "$DAEMON_PID" 2>/dev/null || break
		sleep 0.02
	done
	tail -n 5 "$run/daemon.log"
	fail "the daemon did not start"
}

daemon_stop()
{
	local status=0
	kill -TERM "$DAEMON_PID"
	wait "$DAEMON_PID" || status=$?
	DAEMON_PID=''
	[ $status = 0 ] || fail "the daemon ended with status $status instead of 0"
}

daemon_kill()
{
	local status=0
	kill -KILL "$DAEMON_PID" || fail "the daemon was gone already when it was to be killed"
	wait "$DAEMON_PID" 2>/dev/null || status=$?
	DAEMON_PID=''
	same $status 137 || fail "the daemon did not die of SIGKILL"
}

# At the end, however it comes: no process stays, and what the demo made belongs to the one who ran it.
house_end()
{
	local pid
	for pid in $DAEMON_PID $BUS_PID $SMTP_PID; do
		kill -TERM "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	chown -R 0:0 "$run/state" "$run/credentials" "$place/input" 2>/dev/null
	return 0
}
