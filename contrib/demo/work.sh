#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The work an agent is there for, in the workspace: run the tests, mend the code, commit.
set -eu
python3 -m unittest -q 2>/dev/null && echo '  python3: tests pass' || echo '  python3: a test fails'
sed -i 's/return a - b/return a + b/' calc.py
python3 -m unittest -q 2>/dev/null && echo '  python3: tests pass after a change'
git -c user.name=agent -c user.email=agent@example.org commit -qam 'calc: add, not subtract'
echo "  git: $(git log --oneline | wc -l) commits, the last is \"$(git log -1 --format=%s)\""
# writing outside of the workspace is not part of it
if (echo x >/etc/motd) 2>/dev/null; then echo '  write /etc/motd: written'; else echo '  write /etc/motd: refused'; fi
