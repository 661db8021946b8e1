#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mail server that keeps what it gets:  smtp_sink.py PLACE [--tls starttls|tls --cert FILE --key FILE] [--login USER PASSWORD]

Prints its port, then serves until it is told to end. PLACE/0001.eml is a mail as it came, PLACE/0001.json its envelope. PLACE/faults is
read at each command; a line is STEP TEXT REPLY: at the step MAIL, RCPT, DATA or AUTH, if the address (or sender) holds TEXT ("*": any),
the server says REPLY. The reply "drop" ends the connection; "once:" in front of a reply lets it happen a single time.
"""
import argparse
import json
import pathlib
import signal
import socket
import ssl

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

options = argparse.ArgumentParser()
options.add_argument("place", type=pathlib.Path)
options.add_argument("--tls", choices=["starttls", "tls"])
options.add_argument("--cert")
options.add_argument("--key")
options.add_argument("--login", nargs=2)
options.add_argument("--no-keep", action="store_true")
options = options.parse_args()
spent, count = set(), 0


def fault(server, step, about):
    path = options.place / "faults"
    for line in path.read_text().splitlines() if path.exists() else []:
        at, text, reply = line.split(" ", 2)
        if at != step or (text != "*" and text not in about) or line in spent:
            continue
        if reply.startswith("once:"):
            spent.add(line)
            reply = reply.removeprefix("once:")
        if reply == "drop":
            server.transport.abort()
        return "421 4.3.2 gone" if reply == "drop" else reply
    return None


class Keeper:
    async def handle_MAIL(self, server, session, envelope, address, words):
        reply = fault(server, "MAIL", address)
        if not reply:
            envelope.mail_from = address
            envelope.mail_options.extend(words)
        return reply or "250 2.1.0 fine"

    async def handle_RCPT(self, server, session, envelope, address, words):
        reply = fault(server, "RCPT", address)
        if not reply:
            envelope.rcpt_tos.append(address)
        return reply or "250 2.1.5 fine"

    async def handle_DATA(self, server, session, envelope):
        global count
        count += 1
        if not options.no_keep:
            (options.place / f"{count:04}.eml").write_bytes(envelope.original_content)
            (options.place / f"{count:04}.json").write_text(json.dumps({
                "from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": session.ssl is not None or options.tls == "tls",
                "login": bool(session.authenticated), "port": session.peer[1], "hello": session.host_name}))
        return fault(server, "DATA", envelope.rcpt_tos[0]) or f"250 2.0.0 kept as {count}"


def authenticate(server, session, envelope, mechanism, data):
    reply = fault(server, "AUTH", "")
    good = not reply and (data.login.decode(), data.password.decode()) == tuple(options.login)
    return AuthResult(success=good, handled=False, message=reply)


class Server(Controller):
    def factory(self):
        words = {}
        if options.tls == "starttls":
            words |= {"tls_context": context, "require_starttls": True}
        if options.login:
            words |= {"authenticator": authenticate, "auth_required": True, "auth_require_tls": options.tls == "starttls"}
        return SMTP(self.handler, hostname="sink.test", data_size_limit=None, **words)


if options.tls:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(options.cert, options.key)
with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
# before there are threads, or one of them gets the signal
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
server = Server(Keeper(), hostname="127.0.0.1", port=port, ssl_context=context if options.tls == "tls" else None)
server.start()
print(port, flush=True)
signal.sigwait({signal.SIGTERM, signal.SIGINT})
server.stop()
