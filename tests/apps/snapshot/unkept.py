"""Modules that hold, read or do what cannot be kept in a snapshot: each is left out of it."""

import json

import unkept_modules.argv
import unkept_modules.child
import unkept_modules.clock
import unkept_modules.configured
import unkept_modules.descriptors
import unkept_modules.directory
import unkept_modules.drawn
import unkept_modules.environment
import unkept_modules.executable
import unkept_modules.file
import unkept_modules.home
import unkept_modules.host
import unkept_modules.key
import unkept_modules.language
import unkept_modules.limits
import unkept_modules.locale
import unkept_modules.loop
import unkept_modules.mapping
import unkept_modules.mask
import unkept_modules.memory
import unkept_modules.pipe
import unkept_modules.pool
import unkept_modules.printed
import unkept_modules.program
import unkept_modules.secret
import unkept_modules.shared
import unkept_modules.shell
import unkept_modules.socket
import unkept_modules.suspended
import unkept_modules.swallowed
import unkept_modules.terminal
import unkept_modules.thread
import unkept_modules.timer
import unkept_modules.title
import unkept_modules.umask
import unkept_modules.user
import unkept_modules.variables
import unkept_modules.where
import unkept_modules.written
import unkept_modules.exception  # isort: skip - nothing is imported behind it

if __name__ == "__main__":
    print(json.dumps(sorted(vars(unkept_modules))[:1]))
