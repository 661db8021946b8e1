#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The demo's mail: a real mail server, the SMTP plugin and the web page, and what people do with the links in their mails.
# Sourced by demo.sh, stands on house.sh.
# shellcheck disable=SC2154,SC2034

SMTP_PID=''

post() { (cd "$run/work" && /usr/bin/python3 -B "$here/post.py" "$@"); }

# A port of loopback that nobody uses.
free_port() { /usr/bin/python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# Server, plugins and their settings; before the daemon starts.
post_prepare()
{
	local name dir=$run/config/etc/mentorship port
	mkdir -p "$run/mail" "$run/plugins" "$dir/plugins.d"
	install -m 755 "$build/mentorship-plugin-host" "$run/bin/mentorship-plugin-host" || fail "mentorship-plugin-host was not built"
	for name in smtp webforms; do
		install -m 644 "$build/plugins/$name.so" "$run/plugins/$name.so" || fail "the plugin $name was not built"
	done
	/usr/bin/python3 -B "$here/post.py" serve "$run/mail" >"$run/work/smtp-port" 2>"$run/smtp.log" &
	SMTP_PID=$!
	for ((n = 0; n < 500; n++)); do [ -s "$run/work/smtp-port" ] && break; sleep 0.02; done
	port=$(cat "$run/work/smtp-port") || fail "the mail server did not start"
	web_port=$(free_port)
	cat >"$dir/mentorship.conf.d/05-mail.conf" <<-END
	plugins: { load = "smtp webforms"; required = "smtp webforms"; host = "$run/bin/mentorship-plugin-host"; directory = "$run/plugins"; };
	mail: { base_url = "http://127.0.0.1:$web_port"; domain = "mentoring.example.edu"; reply_to = "carla@example.edu"; per_minute = 100000; per_hour = 1000000; };
	END
	cat >"$dir/plugins.d/smtp.conf" <<-END
	server = "127.0.0.1";
	port = $port;
	tls = "none";
	sender = "mentoring@example.edu";
	connections = 4;
	END
	cat >"$dir/plugins.d/webforms.conf" <<-END
	base_url = "http://127.0.0.1:$web_port";
	port = $web_port;
	END
	chmod -R a+rX "$run/config" "$run/plugins"
}

messages_read() { ask carla messages.json message list -f id,person,match,template_name,state,occasion; }
matches_read() { ask carla matches.json match list "program=$program" -f id,state; }

# The clock goes on by some minutes, in which messages settle and leave.
minutes_pass()
{
	local now
	now=$(as root mentorctl --json=short status | look_value now)
	as root mentorctl --quiet advance-clock "$(date -u -d "$now + ${1:-2} minutes" +%Y-%m-%dT%H:%M:%SZ)" || fail "the clock could not be moved"
	messages_read
}

# What is held is shown, and let go by one command.
release()
{
	local held
	messages_read
	held=$(look count-of messages.json state held)
	if [ "$held" = 0 ]; then
		say "No more than fifty messages at once, so none is held."
	else
		say "$held messages of one kind at once: they are held until somebody has looked at them."
		show carla mentorctl message list state=held -f person,template_name,queued_at -n 4
		check "nothing of it has left" same "$(post count ../mail messages.json "$1")" 0
		show carla mentorctl program release-mail "$program"
	fi
	minutes_pass
	printf '   %s mails came to the mail server\n' "$(post count ../mail messages.json "$1")"
}

forwarded()
{
	say "One mail was forwarded to somebody else; its link is revoked, and a new one goes out with the next mail."
	ask carla links.json invitation list "person=$person" purpose=match-offer state=sent -f id
	show carla mentorctl invitation revoke "$(look value links.json object | sed 's/.*\///')"
	check "the forwarded link opens nothing" same "$(post status "$link")" 404
}

# Offers go out, and half of the pairs answer by the links in their mails.
post_offers()
{
	local before mail link person
	release match-offered
	reached=$(look count-of messages.json state sent)
	if [ "$reached" = 0 ]; then
		say "Nobody of them has a mail address: $(look count-of messages.json state suppressed) messages are kept as suppressed, and answers" \
			"come on paper."
		return
	fi
	check "everybody who is asked got one mail" same "$(post once ../mail messages.json match-offered)" "$reached"
	say "Such a mail, as its reader sees it (links are shortened here):"
	post show ../mail messages.json match-offered | sed 's/^/   | /'
	matches_read
	ask otto audit.json audit-record list -f id
	before=$(look rows audit.json)
	post fetch-often ../mail messages.json choice.json matches.json >"$run/work/fetched" || fail "a link could not be fetched: $(cat "$run/work/fetched")"
	ask otto audit.json audit-record list -f id
	check "a link that was fetched a hundred times changed nothing" same "$(look rows audit.json)" "$before"
	mail=$(post person-of-offer ../mail messages.json choice.json matches.json) || fail "$mail"
	read -r person link <<<"$mail"
	[ "$person" = 0 ] || forwarded
	check "a link that never was opens nothing" same "$(post status "http://127.0.0.1:$web_port/l/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")" 404
	say "Half of the pairs answer by the links in their mails. In the middle of it the daemon is killed:"
	: >"$run/work/linked"
	post offers ../mail messages.json choice.json matches.json linked >"$run/work/linking" 2>&1 &
	local answering=$!
	for ((n = 0; n < 2000; n++)); do [ "$(wc -l <"$run/work/linked")" -gt 8 ] && break; kill -0 $answering 2>/dev/null || break; sleep 0.005; done
	prompt root kill -KILL "$DAEMON_PID"
	daemon_kill
	printf '   %s answers had been thanked for when it died\n' "$(wc -l <"$run/work/linked")"
	daemon_start
	wait $answering || fail "an answer by link was refused: $(cat "$run/work/linking")"
	printf '   by the first side: %s\n' "$(cat "$run/work/linking")"
	minutes_pass
	matches_read
	post offers ../mail messages.json choice.json matches.json linked >"$run/work/linking" 2>&1 || fail "$(cat "$run/work/linking")"
	printf '   then the others:   %s\n' "$(cat "$run/work/linking")"
	ask carla members.json match-member list "program=$program" -f id,match,side,participant,person,answer
	check "each answer that was thanked for is there" look linked members.json linked
}

# Of the two with accounts one agreed that the other sees the address.
addresses()
{
	local of_tim of_mona
	ask carla tim.json person list "id=$(look value choice.json tim)" -f id,email
	ask carla mona.json person list "id=$(look value choice.json mona)" -f id,email
	of_tim=$(look value tim.json email) of_mona=$(look value mona.json email)
	[ "$of_mona" ] || return 0
	check "mona is told tim's address, who agreed to that" \
		same "$(post saying ../mail messages.json match-started "$(look value choice.json mona)" "$of_tim")" 1
	check "tim is not told mona's, who did not" \
		same "$(post saying ../mail messages.json match-started "$(look value choice.json tim)" "$of_mona")" 0
}

# Introductions: one for each, though the daemon is killed while they leave; and whether somebody agreed that the address is shown.
post_introductions()
{
	local wanted came without
	messages_read
	wanted=$(look count-of messages.json template_name match-started)
	[ "$wanted" -gt 0 ] || return
	say "Each side of a pair is to get one introduction. They are released, and while they leave the daemon is killed (the plugin's" \
		"host is not):"
	[ "$(look count-of messages.json state held)" = 0 ] || show carla mentorctl program release-mail "$program"
	{ minutes_pass >/dev/null 2>&1; } &
	local passing=$!
	for ((n = 0; n < 3000; n++)); do
		came=$(find "$run/mail" -name '*.eml' -newer "$run/work/linked" | wc -l)
		[ "$came" -gt $((wanted / 4)) ] && break
		kill -0 $passing 2>/dev/null || break
		sleep 0.002
	done
	prompt root kill -KILL "$DAEMON_PID"
	daemon_kill
	wait $passing 2>/dev/null
	printf '   %s mails had come when it died\n' "$came"
	daemon_start
	minutes_pass 10
	without=$(look count-of messages.json template_name match-started state suppressed)
	[ "$without" = 0 ] || say "$without of them are for people without a mail address; they are told on paper."
	wanted=$((wanted - without))
	check "each of the $wanted introductions came, and none twice" same "$(post once ../mail messages.json match-started)" "$wanted"
	wanted_before=$wanted
	[ "$wanted" = 0 ] || say "One of them:"
	[ "$wanted" = 0 ] || { post invitations ../mail messages.json >"$run/work/invitations" || fail "$(cat "$run/work/invitations")"; }
	[ "$wanted" = 0 ] || post show ../mail messages.json match-started | sed 's/^/   | /'
	[ "$wanted" = 0 ] || { say "With it, for the calendar:"; sed 's/^/   | /' "$run/work/invitations"; }
	[ "$wanted" = 0 ] || good "each introduction carries an invitation to the same first meeting, which names its reader alone"
	[ -z "$1" ] || addresses
}

# Where nobody answered, the offer has lapsed, and a second run looks for somebody else. Who was declined is in it, too.
post_second_round()
{
	local round lapsed joined placed
	[ "${reached:-0}" != 0 ] && [ "$sample" ] || return
	ask carla lapsed.json match list "program=$program" "close-reason=no answer" -f id,name,close_reason,state_since
	lapsed=$(look rows lapsed.json)
	check "an offer that somebody never answered has lapsed by itself" above "$lapsed" 0
	show carla mentorctl match list "program=$program" "close-reason=no answer" -f id,name,state_since
	say "The offer moves on: a second run matches who is left with the places that are left."
	show carla mentorctl match-run create "program=$program" seed=8
	ask carla run-2.json match-run list "program=$program" state=proposed -f id,state,placed,total,bound
	round=$(look value run-2.json object) placed=$(look value run-2.json placed)
	ask carla unplaced-2.json unplaced list "run=$round" -f id,participant,stopped,help,mentor
	show carla mentorctl match-run commit "${round##*/}"
	minutes_pass 5
	check "some of them have a second chance" above "$placed" 0
	show carla mentorctl match offer --where "program=$program" --where state=proposed --yes
	minutes_pass 5
	for joined in first second; do
		matches_read
		post offers ../mail messages.json choice.json matches.json linked all >"$run/work/linking" 2>&1 || fail "$(cat "$run/work/linking")"
		printf '   by their links, %s: %s\n' "$joined" "$(cat "$run/work/linking")"
		minutes_pass
	done
	show carla mentorctl match start --where "program=$program" --where state=accepted --yes
	minutes_pass 5
	check "each new pair got its introductions, and nobody two" above "$(post once ../mail messages.json match-started)" "$wanted_before"
}

# Check-ins are answered through the links in the mails; who has no mail with a link any more answers on paper.
post_check_ins()
{
	local answer by_link=0 rest=0
	messages_read
	answer=$(post check-ins ../mail messages.json "$@") || fail "a check-in was not answered: $answer"
	read -r by_link rest <<<"$answer"
	linked_check_ins=$((${linked_check_ins:-0} + by_link))
	[ "$rest" = 0 ] || as carla mentorctl --json=short call-many - <"$run/work/rest.json" >"$run/work/answered.json" ||
		fail "a check-in was not answered: $(head -c 400 "$run/work/answered.json")"
}

# A mentee needs to talk to somebody.
post_talk()
{
	[ "${linked_check_ins:-0}" -gt 0 ] || return
	local said
	messages_read
	said=$(post talk ../mail messages.json) || fail "$said"
	say "One mentee presses 'I need to talk to somebody' on a page. It says: '$said'."
	minutes_pass
	as carla mentorctl --json=short concern list -f id >"$run/work/concerns.txt" 2>&1 </dev/null || true
	check "no coordinator can list concerns" grep -q NotAllowed "$run/work/concerns.txt"
	show otto mentorctl concern list -f id,severity,raised_at,state
	check "the safeguarding lead does, and was told by mail at once" \
		test "$(post addressed ../mail messages.json otto@example.edu)" -gt 0
}
