#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Make config/suffixes.txt of Debian's package `publicsuffix': contrib/suffixes.py VERSION <public_suffix_list.dat

VERSION is the package's, which the first lines of the result name. Rules keep their `*.' and `!'; names are written as the
DNS has them (xn--); lines are sorted by their bytes, as config/endpoint_suffixes.c searches the text itself.
"""

import sys

HEAD = """\
# SPDX-License-Identifier: MPL-2.0
# This Source Code Form is subject to the terms of the Mozilla Public License, v. 2.0. If a copy of the MPL was not
# distributed with this file, You can obtain one at https://mozilla.org/MPL/2.0/.
# The Public Suffix List (https://publicsuffix.org/list/), both sections, as Debian's package publicsuffix {version} has
# it; made by contrib/suffixes.py: comments are left out, names are in ASCII, lines are sorted.
"""


def ascii_label(label):
    if label.isascii():
        return label.lower()
    return "xn--" + label.encode("punycode").decode("ascii")


def ascii_rule(rule):
    mark = "!" if rule.startswith("!") else ""
    return mark + ".".join(ascii_label(label) for label in rule[len(mark):].split("."))


def main():
    text = sys.stdin.buffer.read().decode("utf-8")
    rules = set()
    for line in text.splitlines():
        words = line.split()
        if words and not words[0].startswith("//"):
            rules.add(ascii_rule(words[0]))
    if len(rules) < 5000:
        sys.exit(f"{len(rules)} rules are too few: is the input public_suffix_list.dat?")
    for rule in rules:
        if "*" in rule[1:] or (rule.startswith("*") and not rule.startswith("*.")):
            sys.exit(f"`{rule}': config/endpoint_suffixes.c knows `*' in front only")
    sys.stdout.write(HEAD.format(version=sys.argv[1]))
    sys.stdout.write("".join(rule + "\n" for rule in sorted(rules)))


main()
