import os
import socket

import pytest

from obelisk.config.request import read_request
from obelisk.errors import ConfigError
from obelisk.regular import is_folder, is_regular, read_regular


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def make_huge(path):
    path.touch()
    os.truncate(path, 1 << 40)


CASES = [
    (os.mkfifo, "it is a named pipe"),
    (make_socket, "it is a socket"),
    (lambda path: path.symlink_to("/dev/zero"), "it is a device"),
    (lambda path: path.symlink_to(path.name), "Too many levels"),
    (lambda path: path.symlink_to("nowhere"), "No such file"),
    (lambda path: path.mkdir(), "it is a folder"),
    (make_huge, "it has 1099511627776 bytes"),
    # It is a regular file by its word, and reading it fails.
    (lambda path: path.symlink_to("/proc/self/mem"), "Input/output error"),
]


@pytest.mark.parametrize(("make", "said"), CASES)
def test_only_regular_files_are_read(tmp_path, make, said):
    make(tmp_path / "x.py")
    with pytest.raises(OSError, match=said):
        read_regular(tmp_path / "x.py")
    # A folder is taken for a project without a pyproject.toml.
    with pytest.raises(ConfigError, match=rf"cannot read the script .*{said}|no pyproject\.toml"):
        read_request(str(tmp_path / "x.py"))


@pytest.mark.parametrize("path", ["x" * 300, "x/" * 3000, "a\0b", "\udcff", ""])
def test_what_cannot_be_a_path_is_none(tmp_path, path):
    assert not is_regular(tmp_path / path)
    assert not is_folder(tmp_path / path / "x")
    with pytest.raises(OSError, match=r"."):
        read_regular(tmp_path / path / "x")


def test_a_project_that_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pyproject.toml")
    with pytest.raises(ConfigError, match=r"cannot read .*pyproject\.toml: it is a named pipe"):
        read_request(str(tmp_path))
