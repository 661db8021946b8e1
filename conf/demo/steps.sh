#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The demo's story, a function a step; each checks what it did. Sourced by demo.sh, stands on house.sh.
# shellcheck disable=SC2154

ROOT=/org/mentorship1
BEGIN=2026-10-05T07:00:00Z          # a Monday; twelve weeks from here cross the end of summer time in Europe and America
CLOSED_FROM=2026-11-16 CLOSED_TO=2026-11-22
HOUR=9 WEEKDAY=wednesday

steps()
{
	step_start
	step_import
	step_match
	step_answers
	step_weeks
	step_backup
	step_report
}

# An instant, so many hours after the beginning.
later() { date -u -d "@$(($(date -u -d "$BEGIN" +%s) + $1 * 3600))" +%Y-%m-%dT%H:%M:%SZ; }

# ---- 1: bus, daemon, the first people ----

step_start()
{
	local name
	title "1  A private bus, the daemon, and who is who"
	mkdir "$run/bin" "$run/work" "$run/state" "$run/credentials" || fail "$shown cannot be written"
	chmod 700 "$run/work" "$run/state" "$run/credentials"
	for name in mentorshipd mentorship-worker mentorctl; do
		install -m 755 "$build/$name" "$run/bin/$name" || fail "$name was not built"
	done
	head -c 32 /dev/urandom >"$run/credentials/sealing-key"
	head -c 32 /dev/urandom >"$run/credentials/link-key"
	chmod 400 "$run/credentials/"*
	chown -R mentorship:mentorship "$run/state" "$run/credentials" || fail "the user 'mentorship' is no uid here"
	settings
	post_prepare
	daemon_line=(--config-dir "$run/config" --state-dir "$run/state" --worker "$run/bin/mentorship-worker"
		--bus "unix:path=$place/bus" --simulated-clock "$BEGIN" --development)
	say "Users are real uids, known in a namespace of this demo only: mentorship runs the daemon, carla coordinates, otto reads" \
		"the audit records, mona and tim will be a mentor and a mentee. root is the administrator. Nothing but the uid of a" \
		"process says who calls."
	bus_start
	daemon_start
	say "The database lies in $shown/state (here: $run/state), the policy of the bus was printed by the daemon from its tables."
	stat -c '   %A %U %G %n' "$run/state" "$run/state/mentorship.db"
	check "the state directory is its owner's alone" same "$(stat -c '%U %a' "$run/state")" "mentorship 700"
	check "so is the database" same "$(stat -c '%U %a' "$run/state/mentorship.db")" "mentorship 600"
	show root mentorctl status
	check "the clock is simulated" same "$(as root mentorctl --json=short status | look_value simulated)" True
	appoint
}

look_value() { cat >"$run/work/value.json"; look value value.json "$1"; }

settings()
{
	local dir=$run/config/etc/mentorship
	mkdir -p "$dir/mentorship.conf.d"
	cp "$here/mentorship.conf" "$dir/mentorship.conf"
	if [ "$sample" ]; then cp "$here/adults.conf" "$dir/mentorship.conf.d/10-adults.conf"; fi
	if [ -f "$place/input/own.conf" ]; then cp "$place/input/own.conf" "$dir/mentorship.conf.d/20-own.conf"; fi
	chmod -R a+rX "$run/config"
	"$run/bin/mentorshipd" --config-dir "$run/config" --config check || fail "the configuration is not valid"
}

# The administrator begins: people, their logins and duties.
appoint()
{
	show root mentorctl person create given-name=Carla family-name=Winter email=carla@example.edu zone=Europe/Berlin \
		birth-date=1980-02-29
	show root mentorctl login create 'person=Carla Winter' user-name=carla
	show root mentorctl duty create 'person=Carla Winter' duty=coordinator
	tell root person create given-name=Otto family-name=Sommer email=otto@example.edu birth-date=1975-06-01
	tell root login create 'person=Otto Sommer' user-name=otto
	tell root duty create 'person=Otto Sommer' duty=auditor
	tell root duty create 'person=Otto Sommer' 'duty=safeguarding lead'
	show carla mentorctl whoami
	ask carla whoami.json whoami
	check "carla is a coordinator because of her uid" same "$(look value whoami.json roles)" "['self', 'coordinator']"
	say "tim has an account on this machine, and no part in anything yet."
	refused 4 tim mentorctl person list
}

# ---- 2: a program and its people ----

step_import()
{
	title "2  A program from a starter, and a school's own files"
	chown -R carla:carla "$place/input"
	chmod -R u=rwX,go= "$place/input"
	cd "$place/input" || fail "the files are gone"
	if [ "$school" ]; then starter=peer-school program=peers; else starter=first-year-university program=first-year; fi
	show carla mentorctl program create "key=$program" 'title=First year together' "starter=$starter" starts=2026-10-05 \
		ends=2027-06-30 zone=Europe/Berlin "check-in-weekday=$WEEKDAY" "check-in-hour=$HOUR"
	show carla mentorctl closed-days create "program=$program" "from=$CLOSED_FROM" "to=$CLOSED_TO" 'name=Study week'
	if [ "$school" ]; then mapping_school; else mapping_forms; fi
	import_preview
	import_take
	import_minors
}

mapping_school()
{
	import_file=school mapping=school.mapping import_format=oneroster
	[ -d school ] || import_file=school.zip
	say "A OneRoster set (bulk CSV). The mapping says who of it joins, and as what; columns with passwords are never read."
	if [ ! -f school.mapping ]; then
		install -o carla -g carla -m 600 "$tree/conf/mapping/oneroster.conf" school.mapping
		say "None lies beside it (PATH.mapping), so the one that ships with mentorshipd is used, conf/mapping/oneroster.conf:"
	fi
	grep -vE '^[[:space:]]*(#|$)' school.mapping | sed 's/^/   /'
}

# Each form has a mapping beside it, or one is proposed from its headers; both together map the directory of both files.
mapping_forms()
{
	local side
	import_file=forms mapping=forms.mapping import_format=form
	for side in mentors mentees; do
		if [ -f "$side.mapping" ]; then
			say "The mapping of $side.csv was found beside it. It names each column:"
		else
			say "Nothing lies beside $side.csv that says what its columns mean, so a mapping is proposed from its headers:"
			show carla mentorctl import "forms/$side.csv" --format form --role "${side%s}" \
				--program "$program" --propose "$side.mapping"
		fi
		grep -vE '^[[:space:]]*(#|$)' "$side.mapping" | first 12 | sed 's/^/   /'
	done
	cat mentors.mapping mentees.mapping >forms.mapping
	chown carla:carla forms.mapping
	cp mentors.mapping mentees.mapping "$run/"
	say "Both stay in $shown; edited and put beside the files, they are used the next time."
}

import_preview()
{
	local before
	ask carla before.json person list -f id
	before=$(look rows before.json)
	say "First a preview, which changes nothing:"
	prompt carla mentorctl import "$import_file" --format "$import_format" --mapping "$mapping" --program "$program"
	as carla mentorctl import "$import_file" --format "$import_format" --mapping "$mapping" --program "$program" \
		>"$run/work/preview.txt" 2>&1 </dev/null || { shortened "$run/work/preview.txt"; preview_refused; }
	shortened "$run/work/preview.txt"
	ask carla after.json person list -f id
	check "the preview added nobody" same "$(look rows after.json)" "$before"
}

# The first lines of a file and the last.
shortened()
{
	if [ "$(wc -l <"$1")" -le 24 ]; then
		cat "$1"
	else
		first 12 <"$1"
		tail -n 7 "$1"
	fi
}

preview_refused()
{
	grep -q 'nothing is taken while there is one' "$run/work/preview.txt" || fail "the import did not work"
	fail "the files have problems (above); mend them or their mapping, and try again. Nothing was taken."
}

import_take()
{
	say "Then the same again, taken whole:"
	prompt carla mentorctl import "$import_file" --format "$import_format" --mapping "$mapping" --program "$program" --take
	as carla mentorctl import "$import_file" --format "$import_format" --mapping "$mapping" --program "$program" --take \
		>"$run/work/taken.txt" </dev/null || { cat "$run/work/taken.txt"; fail "the import was not taken"; }
	tail -n 4 "$run/work/taken.txt"
	ask carla people.json person list -f id,name,zone,minor
	ask carla participants.json participant list "program=$program" -f id,name,role,person,capacity,taken,state
	people=$(look rows people.json)
	joined=$(look rows participants.json)
	printf '\n   %s people, %s of them take part:\n' "$people" "$joined"
	look counts participants.json role
	check "somebody takes part" above "$joined" 0
	[ -z "$sample" ] || check "the sample has at least 240 people" above "$joined" 239
}

# Until consent and guardianship are records, no minor is eligible.
import_minors()
{
	local young mentors_left mentees_left answer
	answer=$(look minors people.json participants.json "$run/annex.txt") || fail "the people could not be counted"
	read -r young mentors_left mentees_left <<<"$answer"
	if [ "$young" = 0 ]; then
		say "Nobody among them counts as a minor."
		return
	fi
	say "$young people count as minors: they are under age, or their birth date is not known (the setting people.minors is on)." \
		"Before a match each needs their own consent to take part, and that of a guardian who was verified; until both are" \
		"recorded they are left out. Their names are in the annex of $shown/report.txt. Where all are of age, give their birth" \
		"dates, or run the demo with --config FILE and the line 'people: { minors = false; };' in that file."
	if [ "$mentors_left" = 0 ] || [ "$mentees_left" = 0 ]; then
		say "Without them $mentors_left mentors and $mentees_left mentees are left, so nobody can be matched now. The demo ends here:" \
			"the people are imported, and their consents come next."
		farewell
		exit 0
	fi
	say "The demo goes on with $mentors_left mentors and $mentees_left mentees."
}

# ---- 3: matching ----

# What mentees are asked from week to week.
form_of_check_ins()
{
	say "Check-ins ask a form. This one ships, in English and German; its items 'rating', 'met', 'why_not' and 'help' say how it" \
		"is going and whether somebody has to look, whatever else an institution asks."
	show carla mentorctl instrument create "program=$program" starter=check-in
	show carla mentorctl instrument ready check-in
	show carla mentorctl program update "$program" check-in-form=check-in
	check "the form cannot be taken away from the program now" refused_word carla instrument rework check-in
}

# Quietly: it is refused because of a state.
refused_word()
{
	! as "$1" mentorctl "${@:2}" >"$run/work/refused.txt" 2>&1 </dev/null && grep -q WrongState "$run/work/refused.txt"
}

step_match()
{
	title "3  Open, accept, match"
	form_of_check_ins
	show carla mentorctl program open "$program"
	show carla mentorctl participant accept --where "program=$program" --where state=applied --yes
	ask carla ready.json participant list "program=$program" state=ready -f id
	check "all who applied are ready" same "$(look rows ready.json)" "$joined"
	say "The matching runs in a process of its own, without the bus, the network and the keys:"
	show carla mentorctl match-run create "program=$program" seed=7
	ask carla run.json match-run list "program=$program" \
		-f id,state,mentees,mentors,pairs,placed,total,bound,recipe_name,statistics
	match_run=$(look value run.json object)
	match_run=${match_run##*/}
	check "the run ended with a proposal" same "$(look value run.json state)" proposed
	show carla mentorctl match-run show "$match_run"
	check "it is proven to be the best (the total reaches the bound)" same "$(look value run.json total)" "$(look value run.json bound)"
	proposal
	commit
}

proposal()
{
	ask carla pairs.json run-pair list "run=$match_run" -f id,mentor,mentee,score,reasons,alternatives,instead,sentence
	ask carla unplaced.json unplaced list "run=$match_run" -f id,participant,stopped,help,mentor
	placed=$(look rows pairs.json) left_out=$(look rows unplaced.json)
	check "there is a row for each pair" same "$placed" "$(look value run.json placed)"
	look proposal pairs.json unplaced.json participants.json "$run/annex.txt" 4 || fail "the proposal does not explain itself"
	say "All of them, with their reasons, are in the annex of $shown/report.txt."
	[ "$placed" -gt 0 ] && return
	say "Nobody could be placed, and the lines above say why. The demo ends here."
	farewell
	exit 0
}

commit()
{
	say "The coordinator commits the proposal; a job of the schedule makes the matches in slices:"
	show carla mentorctl match-run commit "$match_run"
	show root mentorctl advance-clock "$(later 0)"
	ask carla run.json match-run list "id=$match_run" -f id,state
	check "the run is committed" same "$(look value run.json state)" committed
	ask carla matches.json match list "program=$program" -f id,state
	check "each proposed pair is a match" same "$(look rows matches.json)" "$placed"
}

# ---- 4: offers, answers, a last place, a crash ----

step_answers()
{
	title "4  Offers and answers, a last place, and a crash in the middle"
	ask carla program.json program list "key=$program" -f id,offer_order
	last=mentor                   # whose answer comes last
	[ "$(look value program.json offer_order)" != "mentor first" ] || last=mentee
	choose
	show carla mentorctl match offer --where "program=$program" --where state=proposed --yes
	post_offers
	by_themselves
	crash
	[ -z "$second" ] || race
	started
}

# Who shall want the last place of which mentor, and who answers with an account of their own.
choose()
{
	local mentee
	ask carla members.json match-member list "program=$program" -f id,match,side,participant,person,answer
	look last-place members.json matches.json participants.json unplaced.json people.json || fail "no mentor could be chosen"
	mentor=$(look value choice.json mentor) mentee=$(look value choice.json mentee)
	match=$(look value choice.json match) second=''
	accounts
	if [ "$mentee" = 0 ]; then
		say "There is only one match, so nobody else can want its mentor's place: that part is left out."
		look_second 0
		return
	fi
	if [ "$(look value choice.json withdraw)" != 0 ]; then
		say "Everybody was placed; to have somebody who wants the same mentor, one proposal is withdrawn:"
		show carla mentorctl match withdraw "$(look value choice.json withdraw)"
	fi
	if [ "$(look value choice.json capacity)" != "$(look value choice.json taken)" ]; then
		say "No mentor is fully booked; for one of them the places are set to what the proposal uses:"
		show carla mentorctl participant update "$mentor" "capacity=$(look value choice.json taken)"
	fi
	say "A second match of one mentor, made by hand: now two want the mentor's last place."
	show carla mentorctl match create "program=$program" "mentor=$mentor" "mentee=$mentee"
	ask carla hand.json match list "program=$program" 'origin=by hand' -f id
	second=$(look value hand.json object)
	second=${second##*/}
	check "the match by hand is there" test -n "$second"
	look_second "$second"
}

look_second()
{
	sed -i "s/}\$/, \"second\": $1}/" "$run/work/choice.json"
}

# mona and tim get a login each: a mentor and a mentee of one match.
accounts()
{
	local user zone
	own=$(look value choice.json own)
	[ "$own" != 0 ] || return
	for user in mona tim; do
		zone=$(look value choice.json "zone-$user")
		[ -z "$zone" ] || printf '%s' "$zone" >"$run/work/zone-$user"
		tell root login create "person=$(look value choice.json $user)" "user-name=$user"
	done
}

by_themselves()
{
	[ "$own" != 0 ] || return
	say "Two of the people have accounts here. What waits for tim, and what he may see of the program:"
	show tim mentorctl whoami
	show tim mentorctl today
	show tim mentorctl match list -f state,sentence
	ask tim own.json match list -f id
	check "he sees his own match and no other" same "$(look column own.json object)" "$ROOT/matches/$own"
	refused 3 tim mentorctl match show "$match"
	refused 4 tim mentorctl match list -f id,score
	say "Both answer for themselves:"
	if [ "$last" = mentor ]; then
		show tim mentorctl match accept "$own"
		show mona mentorctl match accept "$own"
	else
		show mona mentorctl match accept "$own"
		show tim mentorctl match accept "$own"
	fi
	ask carla own.json match list "id=$own" -f id,state
	check "both sides accepted" same "$(look value own.json state)" accepted
	agrees
}

# Whoever accepts is asked whether the other may see their address, where the program shows any and they have one.
agrees()
{
	local consent
	agreed=''
	ask tim consents.json consent list 'purpose=share contact' state=asked -f id
	[ "$(look rows consents.json)" != 0 ] || return 0
	say "Accepting asked both whether the other may see their address. tim agrees; mona does not answer:"
	consent=$(look value consents.json object)
	show tim mentorctl consent give "${consent##*/}"
	agreed=tim
}

# All other answers are entered by the coordinator, and the daemon is killed while they come in.
crash()
{
	local answers count
	ask carla matches.json match list "program=$program" -f id,state
	ask carla members.json match-member list "program=$program" -f id,match,side,participant,person,answer
	answers=$(look batches members.json matches.json choice.json "$last") || fail "the answers could not be made"
	read -r count answers <<<"$answers"
	say "The others answered on paper. carla enters their $answers answers, in $count calls of CallMany, each answer for" \
		"somebody and under a key of its own. In the middle of it the daemon is killed:"
	prompt carla mentorctl call-many batch-000.json
	enter_all "$count" &
	local entering=$! before
	while [ ! -e "$run/work/answer-$(printf %03d $((count / 3))).json" ] && kill -0 $entering 2>/dev/null; do sleep 0.005; done
	[ "$count" -lt 9 ] || sleep "0.0$((RANDOM % 4))$((RANDOM % 10))"       # anywhere in the life of a call
	prompt root kill -KILL "$DAEMON_PID"
	daemon_kill
	before=$(cd "$run/work" && look acknowledged answer-*.json)
	printf '   %s of %s answers were acknowledged when it died\n' "$before" "$answers"
	daemon_start
	printf '   the daemon runs again; what was under way is asked again under the same keys\n'
	wait $entering || fail "an answer could not be entered: $(cat "$run/work/entering.txt")"
	[ "$count" -lt 2 ] || check "it died in the middle" test "$before" -lt "$answers"
	compare "$count" "$answers"
	again
}

# A whole batch once more, under its keys: the answers are those of the first time, and nothing happens. One with a decline,
# if there is any: who declined has no part in the match any more.
again()
{
	local name records
	name=$(cd "$run/work" && grep -l Decline batch-*.json | head -n 1)
	name=${name:-batch-000.json}
	as carla mentorctl --json=short call-many - <"$run/work/$name" >"$run/work/again.json" || cat "$run/work/again.json"
	check "a batch that is entered again under its keys gets the same replies" cmp "$run/work/again.json" "$run/work/${name/batch/answer}"
	records=$(look rows audit.json)
	ask otto audit.json audit-record list entity=match_member -f id,verb,record,for_person,person
	check "and nothing was done again" same "$(look rows audit.json)" "$records"
}

# A call that found no daemon (status 5) is made again, under the same keys; any other failure ends it.
enter_all()
{
	local i name status
	for ((i = 0; i < $1; i++)); do
		printf -v name '%03d.json' "$i"
		while :; do
			status=0
			as carla mentorctl --json=short call-many - <"$run/work/batch-$name" >"$run/work/new.json" 2>"$run/work/entering.txt" ||
				status=$?
			[ $status = 5 ] || break
			sleep 0.1
		done
		[ $status = 0 ] || { cat "$run/work/new.json" >>"$run/work/entering.txt"; return 1; }
		mv "$run/work/new.json" "$run/work/answer-$name"
	done
}

compare()
{
	ask carla members.json match-member list "program=$program" -f id,match,side,participant,person,answer
	ask otto audit.json audit-record list entity=match_member -f id,verb,record,for_person,person
	check "nothing acknowledged is lost, nothing was done twice ($2 answers against the records)" \
		look nothing-lost members.json audit.json "$1"
	say "What the auditor sees: who entered the answer, and for whom."
	show otto mentorctl audit-record list entity=match_member verb=Accept 'for_person>0' -f time,uid,person,verb,record,for_person -n 4
	show otto mentorctl verify-audit
}

# One answer is there for both matches; now the last ones come at the same time.
race()
{
	local person status=() pids=() i
	say "One mentor, one place left, two mentees. The last answer of each match, the $last's, is entered at the same time:"
	for i in "$match" "$second"; do
		person=$(look who members.json "$i" "$last")
		prompt carla mentorctl match accept "$i" --for "$person"
		as carla mentorctl match accept "$i" --for "$person" >"$run/work/race-$i" 2>&1 </dev/null &
		pids+=($!)
	done
	for i in 0 1; do
		wait "${pids[i]}"
		status+=($?)
	done
	printf '\n'
	cat "$run/work/race-$match" "$run/work/race-$second"
	check "one was done, the other refused as a conflict (0 and 6)" same "$(printf '%s\n' "${status[@]}" | sort -n | xargs)" "0 6"
	check "the refusal says why" grep -q "last place was taken" "$run/work/race-$match" "$run/work/race-$second"
	ask carla matches.json match list "program=$program" -f id,state
	ask carla participants.json participant list "program=$program" -f id,name,role,person,capacity,taken,state
	check "exactly one match is accepted, and nobody has more than their places" \
		look one-won "$match" "$second" "$mentor" matches.json participants.json
	if [ "${status[0]}" = 0 ]; then i=$second; else i=$match; fi
	say "The one that lost is withdrawn; that mentee comes first in the next run."
	show carla mentorctl match withdraw "$i"
}

started()
{
	say "The pairs that both sides accepted are started:"
	show carla mentorctl match start --where "program=$program" --where state=accepted --yes
	ask carla matches.json match list "program=$program" -f id,state
	look counts matches.json state
	ask carla active.json match list "program=$program" state=active -f id
	active=$(look rows active.json)
	check "some matches are active" above "$active" 0
	post_introductions "${agreed:-}"
}

# ---- 5: twelve weeks ----

step_weeks()
{
	local week
	title "5  Twelve weeks"
	tim=$(look value choice.json tim)
	today 0
	say "The clock of this database is simulated; the administrator moves it. Each week most mentees answer their check-in" \
		"at once, some late, some never."
	for week in 1 2 3 4 5 6 7 8 9 10 11 12; do
		printf '\nWeek %2s: ' "$week"
		as root mentorctl advance-clock "$(later $((week * 168 - 107)))" || fail "the clock could not be moved"
		answer early
		as root mentorctl --quiet advance-clock "$(later $((week * 168)))" || fail "the clock could not be moved"
		answer late
		[ $week != 2 ] || { tim_answers; today 2; post_second_round; }
	done
	today 12
	look_back
	printf '   %s check-ins were answered by the links in mails\n' "${linked_check_ins:-0}"
	[ "${reached:-0}" = 0 ] || check "check-ins were answered by link" above "${linked_check_ins:-0}" 0
	post_talk
	outbox
}

today()
{
	local user
	say "Week $1, who waits for what:"
	ask carla agenda.json today
	printf '   For carla:\n'
	look agenda agenda.json | sed 's/^/   /'
	prompt carla mentorctl today
	as carla mentorctl today | first 8
	[ "$own" != 0 ] || return
	for user in tim mona; do show "$user" mentorctl today; done
}

answer()
{
	local parts i
	ask carla waiting.json check-in list "program=$program" state=due,overdue,escalated -f id,participant,person,state
	parts=$(look check-in-answers waiting.json "$1" "$tim") || fail "the check-ins could not be read"
	local names=()
	for ((i = 0; i < parts; i++)); do names+=("check-in-$i.json"); done
	[ "$parts" = 0 ] || post_check_ins "${names[@]}"
}

# tim answers what he has waited with, in his own name.
tim_answers()
{
	local check_in
	[ "$own" != 0 ] || return
	ask tim waiting.json check-in list state=due,overdue,escalated -f id,state
	say "tim has let his check-ins wait; he answers one of them himself."
	check "a check-in waits for him" above "$(look rows waiting.json)" 0
	check_in=$(look value waiting.json object)
	show tim mentorctl check-in answer "${check_in##*/}" answers=rating=4,met=yes,times=2
}

look_back()
{
	ask carla check-ins.json check-in list "program=$program" -f id,due,participant,person,rating,flags,state
	ask carla responses.json response list "program=$program" state=submitted -f id,check_in
	ask carla escalated.json check-in list "program=$program" state=escalated -f id,due,participant,state
	ask carla agenda.json today
	say "All check-ins of the twelve weeks:"
	look counts check-ins.json state
	check "check-ins were asked" above "$(look rows check-ins.json)" "$active"
	if [ "$sample" ]; then
		check "those who never answered were escalated" above "$(look rows escalated.json)" 0
		check "a change of the clocks and a holiday were crossed" look moved-and-changed check-ins.json people.json "$CLOSED_TO"
	fi
	check "each answered check-in has its response, its rating, and the flags that its answers raise" \
		look responses responses.json check-ins.json
	check "the coordinator's agenda has each escalated check-in" \
		same "$(look agenda agenda.json | sed -n 's/ *\([0-9]*\)  check-in escalated.*/\1/p')" "$(look rows escalated.json | grep -vx 0)"
	say "When they fell due: at the program's hour in each mentee's own zone, before and after the clocks changed."
	check "each fell due at its local hour and on an open day" \
		look local-hours check-ins.json people.json "$HOUR" 2 "$CLOSED_FROM" "$CLOSED_TO"
	[ "$own" = 0 ] || show tim mentorctl check-in list -f due,state
}

outbox()
{
	ask carla messages.json message list "program=$program" -f id,person,template_name,occasion,state
	ask carla all-messages.json message list -f id,template_name,state
	ask otto escalations.json audit-record list entity=check_in verb=Escalate -f id,verb
	say "The outbox: who is to be told what, once for each occasion. No text is kept."
	check "no occasion has two messages; each check-in was asked once, each escalation told once to carla" \
		look outbox messages.json all-messages.json check-ins.json escalations.json
}

# ---- 6: backup and restore ----

step_backup()
{
	local name before messages sum
	title "6  A backup, a database full of garbage, a restore"
	prompt root mentorctl backup
	name=$(as root mentorctl backup) || fail "no backup was made"
	printf '%s\n' "$name"
	check "the backup lies in the state directory, its owner's alone" \
		same "$(stat -c '%U %a' "$run/state/backup/$name")" "mentorship 600"
	ask carla before.json match list "program=$program" -f id,state
	before=$(look counts before.json state)
	ask carla messages.json message list -f id,state
	messages=$(look counts messages.json state)
	daemon_stop
	say "The daemon is stopped, and somebody overwrites the database with garbage."
	printf '\nroot# head -c 262144 /dev/urandom > %s\n' "$run/state/mentorship.db"
	head -c 262144 /dev/urandom >"$run/state/mentorship.db"
	sum=$(sha256sum <"$run/state/mentorship.db")
	refused 1 mentorship mentorshipd "${daemon_line[@]}"
	check "it names the command that restores" grep -q 'mentorshipd --restore' "$run/work/refusal"
	check "the damaged file was left as it is" same "$(sha256sum <"$run/state/mentorship.db")" "$sum"
	show mentorship mentorshipd --config-dir "$run/config" --state-dir "$run/state" --restore "$name"
	daemon_start
	check "after the restore the daemon holds mail and jobs" same "$(as root mentorctl --json=short status | look_value held)" True
	show root mentorctl resume --dry-run
	ask carla queued.json message list state=queued -f id
	check "that is every message that waits in the outbox" \
		same "$(as root mentorctl --json=short resume --dry-run | look_value messages)" "$(look rows queued.json)"
	show root mentorctl resume --yes
	check "it holds nothing any more" same "$(as root mentorctl --json=short status | look_value held)" False
	ask carla after.json match list "program=$program" -f id,state
	check "every match is there, in its state" same "$(look counts after.json state)" "$before"
	ask carla messages.json message list -f id,state
	check "so is every message" same "$(look counts messages.json state)" "$messages"
	show otto mentorctl verify-audit
}

# ---- 7: the report ----

step_report()
{
	title "7  Report"
	ask otto audit.json audit-record list -f id
	printf '\n'
	row() { printf '   %-44s %s\n' "$1" "$2"; }
	row "people in the database" "$people"
	row "who took part" "$joined"
	row "pairs proposed, people without a place" "$placed, $left_out"
	row "matches active after twelve weeks" "$(as carla mentorctl --json=short match list "program=$program" state=active -f id | rows_of)"
	row "check-ins asked, of these escalated" "$(look rows check-ins.json), $(look rows escalated.json)"
	row "messages in the outbox" "$(look rows all-messages.json)"
	row "audit records" "$(look rows audit.json)"
	row "seconds that all of it took" "$SECONDS"
	[ "$SECONDS" -lt 180 ] || say "That is more than the two to three minutes that it takes where nothing else runs."
	report_write
	farewell
	printf '\nThe demo is done; everything that it checked was as it should be.\n'
	if [ "$stay" ]; then stay; fi
}

# One page that opens without a network, and the same in lines.
report_write()
{
	local now
	ask carla program-now.json program list "key=$program" -f id,title
	ask carla matches-now.json match list "program=$program" -f id,name,state,score,explanation,sentence
	ask carla members-now.json match-member list "program=$program" -f id,match,side,participant,answer
	ask carla participants.json participant list "program=$program" -f id,name,role,person,capacity,taken,state
	ask carla agenda.json today
	now=$(as carla mentorctl status | sed -n 's/ *now: //p')
	say "The coordinator's report, in short:"
	(cd "$run" && /usr/bin/python3 -B "$here/report.py" work mail report.html "$now") || fail "the report could not be written"
	chmod 600 "$run/report.html"
	check "the report needs nothing from a network" not grep -qE '(src|href)="?https?:|url\(|@import|<script' "$run/report.html"
	check "and no link in it can be used" not grep -qE '/[lu]/[A-Za-z0-9_-]{43}' "$run/report.html"
}

not() { ! "$@"; }

rows_of() { cat >"$run/work/rows.json"; look rows rows.json; }

farewell()
{
	cat <<-END

	The coordinator's report, for a browser:    $shown/report.html
	All of it, with every pair and its reasons: $shown/report.txt
	The database as it is now:                  $shown/state
	The daemon's log:                           $shown/daemon.log

	Try next:
	   ./run demo --stay                                    the same, then a shell as carla: mentorctl today, mentorctl help
	   ./run demo --mentors FILE.csv --mentees FILE.csv     with the exports of your own forms
	   ./run demo --school PATH                             with your school's OneRoster files, a directory or a ZIP

	To install it for good (as root):
	   ./run install && systemctl enable --now mentorshipd
	   then person create, login create and duty create as above, for yourself; man 7 mentorship goes on from there

	To remove everything:
	   rm -rf $shown $build
	   ./run uninstall                                      as root, after ./run install; data and keys stay
	   rm -rf /var/lib/mentorship /etc/mentorship /etc/credstore/mentorship-*        as root; now they are gone, too
	   (packages that ./run had installed are named in /var/log/apt/history.log)
	END
}

# A shell as carla on the demo's own database; when it ends, so do daemon and bus.
stay()
{
	say "You are carla now. mentorctl today shows what waits; exit ends the daemon and the bus. The clock stands still."
	as carla env PS1='carla$ ' bash --norc -i </dev/tty >/dev/tty 2>&1
	return 0
}
