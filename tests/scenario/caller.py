# SPDX-License-Identifier: GPL-3.0-or-later
"""A bus client that lives under one uid: the child's side of harness.Caller.

The parent starts it with `python3 -c` under that uid (the tree may lie where the uid
cannot look) and names the descriptor of a socket. Both sides speak length-prefixed pickles;
passed descriptors ride on the length. Every call is asynchronous here, so that a test
can have many outstanding; signals go to the parent as they come.
"""
import os
import pickle
import socket
import struct
import sys

from dasbus.connection import AddressedMessageBus
from dasbus.error import DBusError
from gi.repository import Gio, GLib

link = socket.socket(fileno=int(sys.argv[1]))
loop = GLib.MainLoop()
state = {"bus": None}


def send(kind, number, value):
    data = pickle.dumps((kind, number, value))
    link.sendall(struct.pack("=Q", len(data)) + data)


def exactly(size):
    data = bytearray()
    while len(data) < size:
        part = link.recv(min(size - len(data), 1 << 20))
        if not part:
            os._exit(0)
        data += part
    return bytes(data)


def guess(value):
    """The variant of a plain Python value; a pair (signature, value) says it exactly."""
    if isinstance(value, tuple):
        return build(*value)
    if isinstance(value, bool):
        return GLib.Variant("b", value)
    if isinstance(value, int):
        return GLib.Variant("x", value)
    if isinstance(value, float):
        return GLib.Variant("d", value)
    if isinstance(value, str):
        path = value == "/" or value.startswith("/org/mentorship1/")
        return GLib.Variant("o" if path else "s", value)
    if isinstance(value, dict):
        return build("a{sv}", value)
    if isinstance(value, list):
        return GLib.Variant("as", value)
    raise TypeError(f"no bus type for {value!r}")


def fill(signature, value):
    """`value` with a GLib.Variant wherever the one type `signature` has a v."""
    if signature == "v":
        return guess(value)
    if "v" not in signature:
        return value
    if signature.startswith("a{"):
        return {key: fill(signature[3:-1], item) for key, item in value.items()}
    if signature.startswith("a"):
        return [fill(signature[1:], item) for item in value]
    return tuple(fill(part, item) for part, item in zip(GLib.Variant.split_signature(signature), value))


def build(signature, value):
    return GLib.Variant(signature, fill(signature, value))


def failure(error):
    if isinstance(error, DBusError):
        return (getattr(error, "dbus_name", "local"), str(error))
    name = Gio.DBusError.get_remote_error(error) if isinstance(error, GLib.Error) else None
    if not name:
        return ("local", f"{type(error).__name__}: {error}")
    Gio.DBusError.strip_remote_error(error)
    return (name, error.message)


def leave():
    if state["bus"]:
        bus, state["bus"] = state["bus"], None
        if not bus.connection.is_closed():
            bus.connection.close_sync(None)
        bus.disconnect()


def connect(number, fds, address):
    leave()
    state["bus"] = AddressedMessageBus(address)
    send("reply", number, state["bus"].connection.get_unique_name())


def call(number, fds, destination, path, interface, member, signature, args, timeout, interactive):
    def done(connection, result):
        try:
            reply, out = connection.call_with_unix_fd_list_finish(result)
            send("reply", number, reply.unpack())
        except GLib.Error as error:
            send("error", number, failure(error))

    flags = Gio.DBusCallFlags.NO_AUTO_START
    if interactive:
        flags |= Gio.DBusCallFlags.ALLOW_INTERACTIVE_AUTHORIZATION
    passed = Gio.UnixFDList.new_from_array(fds) if fds else None
    state["bus"].connection.call_with_unix_fd_list(
        destination, path, interface, member, build(f"({signature})", args), None,
        flags, int(timeout * 1000), passed, None, done)


def proxy(number, fds, destination, path, interface, member, args):
    """The way most scripts go: introspection, then a method or property by its name."""
    made = state["bus"].get_proxy(destination, path, interface_name=interface)
    found = getattr(made, member)
    value = found(*[guess(arg) if isinstance(arg, (tuple, dict)) else arg for arg in args]) if callable(found) else found
    send("reply", number, value.unpack() if isinstance(value, GLib.Variant) else value)


def watch(number, fds, sender, interface, member, path, match):
    flags = Gio.DBusSignalFlags.NONE if match else Gio.DBusSignalFlags.NO_MATCH_RULE

    def seen(connection, sender, path, interface, member, args):
        send("signal", 0, (path, interface, member, args.unpack()))

    state["bus"].connection.signal_subscribe(sender, interface, member, path, None, flags, seen)
    state["bus"].connection.call_sync(                    # once it answers the match is in force
        "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetId",
        None, None, Gio.DBusCallFlags.NONE, -1, None)
    send("reply", number, None)


def close(number, fds):
    leave()
    send("reply", number, None)


def request(source, condition):
    head, fds, _, _ = socket.recv_fds(link, 8, 16)
    if not head:
        loop.quit()
        return False
    size, = struct.unpack("=Q", head + exactly(8 - len(head)))
    number, verb, args = pickle.loads(exactly(size))
    try:
        {"connect": connect, "call": call, "proxy": proxy, "watch": watch, "close": close}[verb](number, fds, *args)
    except Exception as error:                            # goes to the test that asked
        send("error", number, failure(error))
    finally:
        if verb != "call" or not state["bus"]:
            for fd in fds:
                os.close(fd)
    return True


GLib.io_add_watch(link.fileno(), GLib.PRIORITY_DEFAULT, GLib.IOCondition.IN | GLib.IOCondition.HUP, request)
loop.run()
