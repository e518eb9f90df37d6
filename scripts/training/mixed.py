"""The mixed work of a training run, for as many seconds of CPU time as it is told.

    python mixed.py SECONDS

It stands for what programs do most, and shares no code with any benchmark: a profile of those
would measure itself. What reads files or starts threads is done less often than the rest.
"""

import sys
import time

import work_containers
import work_data
import work_language
import work_programs
import work_texts

OFTEN = (work_language, work_containers, work_texts, work_data)
SELDOM = (work_programs,)


def parts(modules):
    return [
        value
        for module in modules
        for name, value in sorted(vars(module).items())
        if name.startswith("do_")
    ]


def main(limit):
    count = 0
    while time.process_time() < limit:
        for part in parts(OFTEN):
            part()
            part()
        if count % 3 == 0:
            for part in parts(SELDOM):
                part()
        count += 1
    print("rounds:", count)


main(float(sys.argv[1]))
