from pathlib import Path

NAME = (Path(__file__).parent / "name.txt").read_text().strip()
