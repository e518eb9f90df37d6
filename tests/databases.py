"""A PostgreSQL server: the fixture `postgres`."""

import os
import pwd
import shutil
import socket
import subprocess
from pathlib import Path

import pytest


@pytest.fixture
def postgres(tmp_path):
    """Connection string of a PostgreSQL server on loopback."""
    found = [shutil.which("initdb"), *sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))]
    programs = [Path(path).parent for path in found if path]
    if not programs:
        pytest.skip("no PostgreSQL server is installed: there is no initdb")
    folder = programs[-1]
    # It refuses to run as root.
    names = {one.pw_name: one for one in pwd.getpwall()}
    user = names.get("postgres") or names["nobody"]
    as_user = {"user": user.pw_uid, "group": user.pw_gid} if os.geteuid() == 0 else {}
    place = tmp_path / "postgres"
    place.mkdir(mode=0o777)
    place.chmod(0o777)
    for parent in place.parents:
        if parent.stat().st_uid == os.geteuid() and parent.is_relative_to("/tmp"):
            parent.chmod(parent.stat().st_mode | 0o055)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = place / "data"
    options = f"-p {port} -k {place} -h 127.0.0.1"
    subprocess.run(
        [folder / "initdb", "-D", data, "-A", "trust", "-U", "stone"],
        check=True,
        capture_output=True,
        cwd=place,
        **as_user,
    )
    control = [folder / "pg_ctl", "-D", data, "-l", place / "log", "-w", "-o", options]
    subprocess.run([*control, "start"], check=True, stdout=subprocess.DEVNULL, cwd=place, **as_user)
    yield f"host=127.0.0.1 port={port} user=stone dbname=postgres"
    stop = [*control, "-m", "fast", "stop"]
    subprocess.run(stop, check=True, capture_output=True, cwd=place, **as_user)
