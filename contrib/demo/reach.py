#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Say which of the demonstration's servers answer a program in this container, a line each.

`reach.py serve` is the other side: it answers on each of the addresses. The last line is `N of 4 answer'.
"""

import errno
import select
import socket
import sys

PLACES = (
    ("203.0.113.7:443, the service", socket.SOCK_STREAM, ("203.0.113.7", 443)),
    ("198.51.100.9:443, elsewhere", socket.SOCK_STREAM, ("198.51.100.9", 443)),
    ("198.51.100.9:53, a datagram", socket.SOCK_DGRAM, ("198.51.100.9", 53)),
    ("169.254.169.254:80, metadata", socket.SOCK_STREAM, ("169.254.169.254", 80)),
)


def serve():
    servers = []
    for _, kind, place in PLACES:
        s = socket.socket(socket.AF_INET, kind)
        s.bind(place)
        if kind == socket.SOCK_STREAM:
            s.listen()
        servers.append(s)
    print("serving", flush=True)
    while True:
        for s in select.select(servers, [], [])[0]:
            if s.type == socket.SOCK_DGRAM:
                s.sendto(*s.recvfrom(16))
                continue
            with s.accept()[0] as c:
                c.sendall(b"hello")


def ask(kind, place):
    with socket.socket(socket.AF_INET, kind) as s:
        s.settimeout(5)
        if kind == socket.SOCK_DGRAM:
            s.sendto(b"hello", place)
        else:
            s.connect(place)
        return s.recv(16)


def main():
    answers = 0
    for title, kind, place in PLACES:
        try:
            ask(kind, place)
            result = "answers"
            answers += 1
        except OSError as e:
            result = errno.errorcode.get(e.errno, "silence")
        print(f"  {title:<32}{result}")
    print(f"  {answers} of {len(PLACES)} answer")


if __name__ == "__main__":
    serve() if sys.argv[1:] == ["serve"] else main()
