# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds tests/unit/time_peer.c from the sources and talks to it: what our calendar says, for others to be compared with."""
import os
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ["tests/unit/time_peer.c", "daemon/core/rrule.c", "daemon/core/rrule_text.c"] + [
    f"daemon/core/{name}.c" for name in ("date", "zone", "tzif", "error", "arena")]
EPOCH_DAY = 719163  # date(1970, 1, 1).toordinal()

_built = None


def program():
    global _built
    if not _built:
        folder = tempfile.mkdtemp(prefix="time-peer-")
        _built = os.path.join(folder, "time_peer")
        subprocess.run([os.environ.get("CC", "cc"), "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-g", "-fsanitize=address,undefined",
                        "-fno-sanitize-recover=undefined", "-I", "daemon", "-o", _built, *SOURCES], cwd=ROOT, check=True)
    return _built


def ask(lines, *arguments):
    """One answer line or more for the lines asked."""
    done = subprocess.run([program(), *map(str, arguments)], input="\n".join(lines) + "\n", text=True, capture_output=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()
