#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# A resolver that lies: what it answers is the first label of the name it is asked for. usage: dns-hostile.py ADDRESS LOG
# Each question is logged as one line of hex, as it came.
import select
import socket
import struct
import sys

GOOD = bytes([192, 0, 2, 1])
EVIL = bytes([198, 51, 100, 66])


def name(text):
    return b"".join(bytes([len(x)]) + x.encode() for x in text.split(".") if x) + b"\0"


def rr(owner, kind, data, ttl=60):
    return owner + struct.pack(">HHIH", kind, 1, ttl, len(data)) + data


def message(ident, question, records, flags=0x8180):
    return struct.pack(">HHHHHH", ident, flags, 1, len(records), 0, 0) + question + b"".join(records)


def parse(data):
    at, labels = 12, []
    while data[at]:
        labels.append(data[at + 1:at + 1 + data[at]].decode("latin-1"))
        at += 1 + data[at]
    return struct.unpack(">H", data[:2])[0], labels, struct.unpack(">H", data[at + 1:at + 3])[0], data[12:at + 5]


HTTPS = (b"\0\1\0" + b"\0\0\0\4\0\1\0\5" + b"\0\1\0\3\2h2" + b"\0\4\0\4" + EVIL +
         b"\0\5\0\10ECHCONFI" + b"\0\6\0\20" + bytes(16))


# What is sent for one question, in order; the last is the truth, where there is one.
def answers(data, stream):
    ident, labels, kind, question = parse(data)
    here, what = b"\xc0\x0c", labels[0]
    good = message(ident, question, [rr(here, 1, GOOD)])
    other = name("other.test") + struct.pack(">HH", kind, 1)
    table = {
        "wrongid": [message(ident ^ 1, question, [rr(here, 1, EVIL)]), good],
        "wrongquestion": [message(ident, other, [rr(here, 1, EVIL)]), good],
        "query": [message(ident, question, [rr(here, 1, EVIL)], 0x0100), good],
        "huge": [good + bytes(60000), good],
        "trailing": [good + b"trailing bytes"],
        "silent": [],
        "garbage": [b"\xff" * 5, ident.to_bytes(2, "big") + b"\x81\x80" + b"\xff" * 30],
        "selfpointer": [message(ident, question, [rr(struct.pack(">H", 0xC000 | (12 + len(question))), 1, EVIL)])],
        "short": [good[:-2]],
        "counts": [good[:6] + b"\xff\xff" + good[8:]],
        "loop": [message(ident, question, [rr(here, 5, name("b.z.example")), rr(name("b.z.example"), 5, here)])],
        "stranger": [message(ident, question, [rr(name("stranger.test"), 1, EVIL), rr(here, 1, GOOD)])],
        "meta": [message(ident, question, [rr(here, 1, bytes([169, 254, 169, 254]))])],
        "local": [message(ident, question, [rr(here, 1, bytes([127, 0, 0, 1]))])],
        "private": [message(ident, question, [rr(here, 1, bytes([10, 0, 0, 1])), rr(here, 1, GOOD)])],
        "mapped": [message(ident, question, [rr(here, 28, bytes(10) + b"\xff\xff\x0a\0\0\1")])],
        "https": [message(ident, question, [rr(here, 65, HTTPS)])],
        "noedns": [message(ident, question, [], 0x8181) if data[11] else good],
        "servfail": [message(ident, question, [], 0x8182)],
        "cut": [good if stream else message(ident, question, [], 0x8380)],
        "big": [message(ident, question, [rr(here, 1, bytes([192, 0, 2, i])) for i in range(60)])
                if stream else message(ident, question, [], 0x8380)],
        "foreign": [message(ident, question, [rr(here, 1, EVIL)])],
    }
    return table.get(what, [good])


def main():
    address, log = sys.argv[1], open(sys.argv[2], "a", buffering=1)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    udp.bind((address, 53))
    tcp.bind((address, 53))
    tcp.listen(8)
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    print("ready", file=log)
    while True:
        ready, _, _ = select.select([udp, tcp], [], [])
        if udp in ready:
            data, client = udp.recvfrom(65535)
            print("udp", client[1], data.hex(), file=log)
            sender = stranger if parse(data)[1][0] == "foreign" else udp
            for answer in answers(data, False):
                sender.sendto(answer, client)
        if tcp in ready:
            conn, _ = tcp.accept()
            data = conn.recv(4096)
            print("tcp", data.hex(), file=log)
            for answer in answers(data[2:], True):
                conn.sendall(struct.pack(">H", len(answer)) + answer)
            conn.close()


main()
