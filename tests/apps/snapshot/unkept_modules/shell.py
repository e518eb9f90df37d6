import os
import pwd

SHELL = pwd.getpwuid(os.getuid()).pw_shell
