import os

USER = os.getuid()
