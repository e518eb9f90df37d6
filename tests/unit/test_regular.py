import os
import socket

import pytest

from obelisk.config.recognize import read_request
from obelisk.errors import ConfigError
from obelisk.services.regular import is_folder, is_regular, read_regular, require_copyable


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
    (lambda path: path.mkdir(), "is a directory"),
    (make_huge, "too large: 1099511627776 bytes"),
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


@pytest.mark.parametrize("kind", ["link to nothing", "link to itself", "pipe", "folder in itself"])
def test_a_folder_of_build_packages_holds_only_files(tmp_path, kind):
    (tmp_path / "lib/inner").mkdir(parents=True)
    (tmp_path / "lib/libx.so.1").touch()
    (tmp_path / "lib/libx.so").symlink_to("libx.so.1")
    (tmp_path / "lib/other").symlink_to("inner")
    require_copyable(tmp_path)
    path = tmp_path / "lib/inner/odd"
    match kind:
        case "link to nothing":
            path.symlink_to("nothing")
        case "link to itself":
            path.symlink_to("odd")
        case "pipe":
            os.mkfifo(path)
        case _:
            path.symlink_to(tmp_path)
    with pytest.raises(OSError, match=r"odd") as refused:
        require_copyable(tmp_path)
    assert refused.value.filename == str(path)
