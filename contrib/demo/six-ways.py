#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Try to read a secret that is mounted beside the workspace, in six ways, and say what came of each.

Runs inside a container, in the workspace. Each way reads the secret when nothing stands in its way; two more are shown
because they are the next things an attacker tries, although a kernel refuses them to every container.
usage: six-ways.py SECRET ALIAS     (two mounts of one directory: the same secret by two names)
The last line is `N of 6 ways read the secret'; the status is 0 whatever N is.
"""

import ctypes
import errno
import os
import subprocess
import sys

MARK = "FAKE-SECRET"
CLOUD = "/srv/cloud/credentials"


def read_all(fd):
    with os.fdopen(fd, "rb") as f:
        return f.read().decode()


def by_cat(secret, _alias):
    done = subprocess.run(["cat", secret, CLOUD], capture_output=True, text=True, check=False)
    if MARK in done.stdout or done.returncode == 0:
        return done.stdout
    name = "EACCES" if "ermission denied" in done.stderr else "ENOENT"
    raise OSError(getattr(errno, name), done.stderr)


def by_symlink(secret, _alias):
    link = "notes.txt"
    os.symlink(secret, link)
    try:
        return read_all(os.open(link, os.O_RDONLY))
    finally:
        os.unlink(link)


def by_proc_root(secret, _alias):
    return read_all(os.open("/proc/self/root" + secret, os.O_RDONLY))


def by_directory_fd(secret, _alias):
    folder = os.open(os.path.dirname(secret), os.O_PATH | os.O_DIRECTORY)
    try:
        return read_all(os.open(os.path.basename(secret), os.O_RDONLY, dir_fd=folder))
    finally:
        os.close(folder)


def by_path_fd(secret, _alias):
    """An O_PATH descriptor needs no right to read; opening it again by /proc might forget to ask."""
    fd = os.open(secret, os.O_PATH)
    try:
        return read_all(os.open(f"/proc/self/fd/{fd}", os.O_RDONLY))
    finally:
        os.close(fd)


def by_alias(_secret, alias):
    return read_all(os.open(alias, os.O_RDONLY))


def by_hard_link(secret, _alias):
    os.link(secret, "todo.txt")
    try:
        return read_all(os.open("todo.txt", os.O_RDONLY))
    finally:
        os.unlink("todo.txt")


def by_file_handle(secret, _alias):
    """A file handle names an inode without any path, so it walks around whatever is mounted over one."""

    class Handle(ctypes.Structure):
        _fields_ = [("bytes", ctypes.c_uint), ("type", ctypes.c_int), ("handle", ctypes.c_ubyte * 128)]

    libc = ctypes.CDLL(None, use_errno=True)
    handle = Handle(bytes=128)
    mount = ctypes.c_int()
    # name_to_handle_at(AT_FDCWD, secret), then open_by_handle_at(a descriptor on the workspace)
    if libc.name_to_handle_at(-100, secret.encode(), ctypes.byref(handle), ctypes.byref(mount), 0):
        raise OSError(ctypes.get_errno(), "name_to_handle_at")
    work = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        fd = libc.open_by_handle_at(work, ctypes.byref(handle), os.O_RDONLY)
        if fd < 0:
            raise OSError(ctypes.get_errno(), "open_by_handle_at")
        return read_all(fd)
    finally:
        os.close(work)


WAYS = [
    ("cat, of key and cloud credentials", by_cat),
    ("a symlink in the workspace", by_symlink),
    ("/proc/self/root", by_proc_root),
    ("openat below a directory fd", by_directory_fd),
    ("an O_PATH fd, opened again", by_path_fd),
    ("the same secret's other mount", by_alias),
]
ALSO = [("a hard link into the workspace", by_hard_link), ("a file handle", by_file_handle)]


def attempt(way, secret, alias):
    try:
        return "READ" if MARK in way(secret, alias) else "nothing in it"
    except OSError as e:
        return errno.errorcode.get(e.errno, str(e.errno))


def main():
    secret, alias = sys.argv[1:3]
    count = 0
    for name, way in WAYS:
        result = attempt(way, secret, alias)
        count += result == "READ"
        print(f"  {name:<36}{result}")
    for name, way in ALSO:
        result = attempt(way, secret, alias)
        count += 10 * (result == "READ")  # never expected: make it show in the count
        print(f"  {name:<36}{result}")
    print(f"  {count} of {len(WAYS)} ways read the secret", flush=True)


main()
