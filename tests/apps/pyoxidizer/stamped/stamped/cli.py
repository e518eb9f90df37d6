import sys

from stamped import main


def run(version):
    main()
    print("command", version)
    sys.exit(3)
