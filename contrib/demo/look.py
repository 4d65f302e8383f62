#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Say which of the demonstration's credentials a program in this container can use, a line each.

Runs inside. Nothing is printed of a value but whether it is the one that was planted, which has FAKE in it.
The last line is `N of 6 credentials can be used'; the status is 0 whatever N is.
"""

import errno
import os
import socket

HOME = os.path.expanduser("~")


def file(path):
    with open(path, encoding="utf-8") as f:
        if "FAKE" not in f.read():
            raise OSError(errno.ENODATA, "empty")


def connect(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)


def variable(name):
    if "FAKE" not in os.environ.get(name, ""):
        raise OSError(errno.ENOENT, "unset")


WAYS = (
    ("~/.aws/credentials", file, HOME + "/.aws/credentials"),
    ("~/.ssh/id_ed25519", file, HOME + "/.ssh/id_ed25519"),
    ("docker.sock", connect, "/run/docker.sock"),
    ("$GITHUB_TOKEN", variable, "GITHUB_TOKEN"),
    ("$DATABASE_URL", variable, "DATABASE_URL"),
    ("$ANTHROPIC_API_KEY", variable, "ANTHROPIC_API_KEY"),
)

usable = 0
for title, way, argument in WAYS:
    try:
        way(argument)
        result = "USABLE"
        usable += 1
    except OSError as e:
        result = {"empty": "empty", "unset": "unset"}.get(e.strerror, errno.errorcode[e.errno])
    print(f"  {title:<20}{result}")
print(f"  {usable} of {len(WAYS)} credentials can be used")
