# /// script
# [tool.obelisk]
# data = ["large.bin"]
# ///
"""A program with one very large file beside it: open it, read its ends."""

from pathlib import Path


def main():
    with (Path(__file__).parent / "large.bin").open("rb") as file:
        begin = file.read(4096)
        file.seek(-4096, 2)
        print(sum(begin) + sum(file.read()))


if __name__ == "__main__":
    main()
