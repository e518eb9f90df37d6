from importlib.metadata import version

import member


def main():
    print("whole of", member.NAME, version("click"))
