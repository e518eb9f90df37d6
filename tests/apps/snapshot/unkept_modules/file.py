FILE = open("/proc/self/cmdline")
