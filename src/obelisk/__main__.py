"""`python -m obelisk`."""

from obelisk.cli import main

main()
