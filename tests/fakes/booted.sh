#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The guest's side of test_booted.py: runs once in a booted Debian, as root, from the tree in /srv/tree, and writes
# a line NAME=VALUE for each thing that it saw; a line END comes last. The power is off afterwards.
exec 3>/seen >/transcript 2>&1
set -x
say() { printf '%s=%s\n' "$1" "${*:2}" >&3; }
as_ada() { runuser -u ada -- "$@"; }
state() { systemctl show -P "$1" mentorshipd; }
titles() { as_ada mentorctl program list -f title --json | sed -n 's/.*"title": *"\([^"]*\)".*/\1/p'; }
wait_for() { for _ in $(seq 600); do "$@" && return; sleep 0.1; done; }
restarted() { [ "$(state NRestarts)" -gt "$1" ] && [ "$(state ActiveState)" = active ]; }

systemctl is-system-running --wait
say bus "$(systemctl show -P Id dbus.service)"
useradd -m ada
useradd -m ben
groupadd -f mentorship-admins
usermod -aG mentorship-admins ben

# the demo, without rights, on this machine's own account
cp -r /srv/tree /home/ada/tree && chown -R ada: /home/ada/tree
as_ada /home/ada/tree/run demo >/home/ada/demo 2>&1
say demo $?
say demo_seconds "$(sed -n 's/^ *seconds that all of it took *//p' /home/ada/demo)"

cd /srv/tree || exit
./run install >/install 2>&1
say install $?
systemctl enable --now mentorshipd
say enabled $?
say active "$(state ActiveState) $(state User) $(state Type)"
say status "$(state StatusText)"
say pss "$(sed -n 's/^Pss: *//p' "/proc/$(state MainPID)/smaps_rollup")"
say seccomp "$(sed -n 's/^Seccomp:\t//p' "/proc/$(state MainPID)/status") $(sed -n 's/^CapBnd:\t//p' "/proc/$(state MainPID)/status")"
say exposure "$(systemd-analyze security --no-pager mentorshipd.service | sed -n 's/.*Overall exposure level[^:]*: \([0-9.]*\).*/\1/p')"

mentorctl person create given-name=Ada family-name=Admin zone=Europe/Berlin birth-date=1980-02-03
mentorctl login create person=1 user-name=ada
mentorctl duty create person=1 duty=coordinator
as_ada mentorctl program create key=first title=First starter=first-year-university starts=2027-01-10 ends=2027-12-20
say program "$(titles)"
say sealed "$(runuser -u mentorship -- sh -c 'grep -c 1980-02-03 /var/lib/mentorship/mentorship.db*' | tr '\n' ' ')"
# workers, under the sandbox of the unit
mkdir /home/ada/forms
cp /usr/share/mentorship/sample/*.csv /home/ada/forms/
cat /usr/share/mentorship/sample/*.mapping >/home/ada/forms.mapping
as_ada mentorctl import /home/ada/forms --format form --mapping /home/ada/forms.mapping --program first --take
say import "$? $(as_ada mentorctl participant list -f id -n 1000 --json | grep -o '"id"' | wc -l)"
as_ada mentorctl program open first
as_ada mentorctl participant accept --where program=first --where state=applied --yes
as_ada mentorctl match-run create program=first
say match_run "$? $(as_ada mentorctl match-run list -f state --json | sed -n 's/.*"state": *"\([^"]*\)".*/\1/p')"
as_ada mentorctl backup
say ada_is_no_admin $?
cp /usr/share/doc/mentorshipd/examples/50-mentorship-admins.rules /etc/polkit-1/rules.d/
sleep 2
runuser -u ben -- mentorctl person create given-name=Ben family-name=Boss
say ben_is_admin $?

printf 'limits: { calls_per_second = "x"; };\n' >/etc/mentorship/mentorship.conf.d/bad.conf
systemctl reload mentorshipd
say reload_bad $?
say reload_said "$(journalctl -o cat --no-pager -u mentorshipd | grep -c 'calls_per_second: must be a whole number')"
rm /etc/mentorship/mentorship.conf.d/bad.conf
systemctl reload mentorshipd
say reload $?
say message_ids "$(journalctl -o verbose --no-pager -u mentorshipd | grep -c MESSAGE_ID=)"
say catalogue "$(journalctl -x --no-pager -u mentorshipd | grep -c 'Defined-By: mentorshipd')"

before=$(state NRestarts)
kill -KILL "$(state MainPID)"
wait_for restarted "$before"
say after_kill "$(titles)"
before=$(state NRestarts)
kill -STOP "$(state MainPID)"
wait_for restarted "$before"
say after_hang "$(titles)"
systemctl stop mentorshipd
say activated "$(systemctl is-active mentorshipd) $(titles) $(systemctl is-active mentorshipd)"

# the manual's commands
backup=$(mentorctl backup)
systemctl stop mentorshipd
head -c 65536 /dev/urandom >/var/lib/mentorship/mentorship.db
systemctl start mentorshipd
say garbage $?
say garbage_said "$(journalctl -o cat --no-pager -u mentorshipd | grep -c -- '--restore NAME')"
systemctl stop mentorshipd
runuser -u mentorship -- mentorshipd --restore "$backup"
say restore $?
systemctl reset-failed mentorshipd
systemctl start mentorshipd
say held "$(mentorctl status | sed -n 's/^ *held: //p')"
mentorctl resume --yes
say resumed "$(titles) $(mentorctl verify-audit | sed -n 's/^ *whole: //p')"

./run uninstall
say uninstall $?
say left "$(find /etc /usr /var/lib /run -xdev -not -path '/var/lib/mentorship/*' -name '*mentorship*' 2>/dev/null | sort | tr '\n' ' ')"
./run install >/install 2>&1
systemctl enable --now mentorshipd
say again "$(titles)"
say errors "$(journalctl --no-pager -p err -o cat -t mentorshipd | sort | uniq -c | tr -s ' ' | tr '\n' ';')"
echo END >&3
systemctl poweroff --no-block
