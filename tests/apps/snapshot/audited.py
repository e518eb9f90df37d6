"""Has audit hooks of its own, which call functions that no training run calls."""

import sys

import audited_hook

if __name__ == "__main__":
    before = len(audited_hook.seen)
    for argument in sys.argv[1:]:
        sys.audit("audited.ask", argument)
    print(audited_hook.seen[before:], audited_hook.answers)
