from pathlib import Path

print("there is a file" if Path(__file__).exists() else "no such file")
