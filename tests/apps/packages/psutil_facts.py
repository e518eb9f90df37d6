# /// script
# dependencies = ["psutil"]
# ///
"""What psutil asks the kernel by system calls; and without /proc it says what it misses."""

# expect: True True
# expect: True
# expect: missing /proc/stat

import os

import psutil
from psutil import _psutil_linux

addresses = [one.address for one in psutil.net_if_addrs()["lo"]]
print("127.0.0.1" in addresses, psutil.disk_usage("/").total > 0)
print(_psutil_linux.proc_cpu_affinity_get(os.getpid()) == sorted(os.sched_getaffinity(0)))
try:
    psutil.cpu_times()
except FileNotFoundError as error:
    print("missing", error.filename)
