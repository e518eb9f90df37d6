"""What shows pages: copies stdin to stdout, as `mandoc` or a pager would do where there is neither."""

import shutil
import sys

if __name__ == "__main__":
    shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer)
