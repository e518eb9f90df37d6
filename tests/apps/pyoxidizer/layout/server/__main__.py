import pathlib
import sys

folder = pathlib.Path(sys.executable).parent
names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
print("layout", *names)
print((folder / "etc/server.conf").read_text().strip())
