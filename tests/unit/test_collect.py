import os
import socket
import tempfile
from base64 import urlsafe_b64encode
from dataclasses import replace
from hashlib import sha256
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelisk.collect.collect import _native_libraries, _own_files
from obelisk.collect.commands import commands
from obelisk.collect.entry import defines
from obelisk.collect.fallbacks import fallbacks
from obelisk.collect.installed import Prefix, read_installed, record_text
from obelisk.collect.intact import differing
from obelisk.collect.matching import matching
from obelisk.collect.provide import Provided
from obelisk.collect.pth import files_with_code, pth_files, search_path, with_aliases
from obelisk.collect.read import module_name, read_tree
from obelisk.collect.select import Filter
from obelisk.collect.shared_objects import is_native, native_files
from obelisk.config.recognize import read_request
from obelisk.config.settings import Settings
from obelisk.errors import CollectError, ConfigError
from obelisk.model import DataFile, Module, ScriptFile, SharedObjectFile
from obelisk.plan import make_plans
from obelisk.target import parse_target


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("app/__init__.py", "app"),
        ("app/cli.py", "app.cli"),
        ("single.py", "single"),
        ("_sysconfigdata__x86-64.py", "_sysconfigdata__x86-64"),
        ("app/data.txt", None),
        ("app-1.0.dist-info/x.py", None),
        ("__init__.py", None),
    ],
)
def test_names_of_modules(path, name):
    assert module_name(PurePosixPath(path)) == name


def test_a_tree_is_sorted_into_modules_and_data(tmp_path):
    names = ["app/__init__.py", "app/x.txt", "app/__pycache__/x.pyc", "bin/__init__.py"]
    names += ["app/b.py", "app/.lock", ".lock", "app/v-1.dist-info/RECORD", "v-1.dist-info/RECORD"]
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    modules, files = read_tree(tmp_path)
    assert [module.name for module in modules] == ["app", "app.b", "bin"]
    modules, _ = read_tree(tmp_path, base="lib/site")
    assert [(one.name, one.path, one.relative) for one in modules[:2]] == [
        ("app", "lib/site/app/__init__.py", "app/__init__.py"),
        ("app.b", "lib/site/app/b.py", "app/b.py"),
    ]
    found = [file.path for file in files]
    assert found == [".lock", "app/.lock", "app/v-1.dist-info/RECORD", "app/x.txt"]


def make_fifo(path):
    os.mkfifo(path)


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def make_dangling(path):
    path.symlink_to("nowhere")


def make_loop(path):
    path.symlink_to(path.name)


def make_link_out(path):
    path.symlink_to("/etc/passwd")


def make_linked_folder(path):
    path.symlink_to("/etc")


@pytest.mark.parametrize(
    "make",
    [make_fifo, make_socket, make_dangling, make_loop, make_link_out, make_linked_folder],
)
def test_what_is_not_a_file_is_refused_without_opening_it(tmp_path, make):
    (tmp_path / "app").mkdir()
    make(tmp_path / "app/odd.so")
    with pytest.raises(CollectError, match=r"odd\.so"):
        read_tree(tmp_path)
    with pytest.raises((CollectError, ConfigError), match=r"odd\.so|only directories in"):
        list(matching(tmp_path, "data", ["app/*"]))


def test_a_link_to_a_file_in_the_same_tree_is_followed(tmp_path):
    (tmp_path / "libx.so.1").write_text("x")
    (tmp_path / "libx.so").symlink_to("libx.so.1")
    assert [file.path for file in read_tree(tmp_path)[1]] == ["libx.so", "libx.so.1"]


@pytest.mark.parametrize("name", [".obelisk/interpreter", ".obelisk", ".obelisk/lib/x.so"])
def test_the_name_that_is_reserved(tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text("")
    with pytest.raises(CollectError, match=rf"{name}.*reserved"):
        read_tree(tmp_path)


def test_a_name_that_is_not_utf8(tmp_path):
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_text("")
    with pytest.raises(CollectError, match="not valid UTF-8"):
        read_tree(tmp_path)


@pytest.fixture
def prefix(tmp_path):
    site = tmp_path / "prefix/lib/python3.14/site-packages"
    site.mkdir(parents=True)
    return Prefix(root=tmp_path / "prefix", site=site)


def add(prefix, name, *, record=(), files=None, **info):
    """Install a distribution of version 1 by hand: with these files, and lines of its RECORD."""
    folder = prefix.site / f"{name}-1.dist-info"
    folder.mkdir()
    metadata = info.pop("METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    texts = {"METADATA": metadata, "RECORD": "".join(f"{line}\n" for line in record), **info}
    for path, text in texts.items():
        data = text if isinstance(text, bytes) else text.encode()
        (folder / path.replace("_txt", ".txt")).write_bytes(data)
    for path, text in (files or {}).items():
        place = prefix.site / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)


def test_packages_are_described(prefix):
    add(
        prefix,
        "my_app",
        METADATA="Metadata-Version: 2.4\nName: My.App\nVersion: 1.0\nLicense-Expression: MIT\n",
        entry_points_txt="[console_scripts]\nmy = my_app.cli:main [extra]\n",
    )
    (package,) = (one.package for one in read_installed(prefix))
    assert (package.name, package.version, package.info.name) == (
        *("My.App", "1.0"),
        "my_app-1.dist-info",
    )
    assert package.commands == (("my", "my_app.cli:main"),)


def test_record_keeps_only_what_goes_in(prefix):
    record = ["a/__init__.py,sha256=x,1", "../../../bin/a,sha256=y,2", "/etc/passwd,,"]
    record += ["a-1.dist-info/direct_url.json,,", "a-1.dist-info/METADATA,,"]
    record += ["a/__pycache__/a.pyc,,", "../../../share/a,,", '"a/b, c.txt",,', "../../../../a,,"]
    record += ["bin/__init__.py,,"]
    add(prefix, "a", record=record)
    (installed,) = read_installed(prefix)
    digest = urlsafe_b64encode(sha256(b"new").digest()).rstrip(b"=").decode()
    assert record_text(prefix, installed, {"bin/a": b"new"}).splitlines() == [
        f"../../../bin/a,sha256={digest},3",
        "../../../share/a,,",
        "a-1.dist-info/METADATA,,",
        "a-1.dist-info/RECORD,,",
        "a/__init__.py,sha256=x,1",
        '"a/b, c.txt",,',
        "bin/__init__.py,,",
    ]


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("METADATA", b"Name: a\n", "METADATA has no `Version`"),
        ("METADATA", b"\xff\xfe", "METADATA has no `Name`"),
        ("METADATA", b"Version: 1\n", "METADATA has no `Name`"),
        ("RECORD", b"a\xff.py,,\n", "RECORD is not UTF-8"),
        ("RECORD", b'"a' + b"b" * 200_000 + b'",,\n', "malformed a-1.dist-info/RECORD"),
        ("entry_points_txt", b"\xff", "entry_points.txt is not UTF-8"),
        ("entry_points_txt", b"a = b:c\n", "malformed line in a-1.dist-info/entry_points.txt"),
        (
            "entry_points_txt",
            b"[console_scripts]\na\n",
            "malformed line in a-1.dist-info/entry_points.txt",
        ),
    ],
)
def test_broken_metadata_names_the_package(prefix, file, text, said):
    add(prefix, "a", **{file: text})
    with pytest.raises(CollectError, match=said) as caught:
        read_installed(prefix)
    assert "a-1.dist-info" in str(caught.value)


def test_metadata_whose_text_is_not_utf8_is_read_all_the_same(prefix):
    text = b"Metadata-Version: 2.1\nName: a\nVersion: 1\nAuthor: Andr\xe9\n\nr\xe9sum\xe9\n"
    add(prefix, "a", METADATA=text)
    assert [one.package.name for one in read_installed(prefix)] == ["a"]


def test_one_package_twice(prefix):
    add(prefix, "a.b")
    add(prefix, "A_b")
    with pytest.raises(CollectError, match=r"installed twice: A_b-1\.dist-info and a\.b-1"):
        read_installed(prefix)


def module(name, *, from_stdlib=False, alias=None):
    path = f"lib/{name.replace('.', '/')}.py"
    return Module(
        name=name, path=path, base="lib", source=Path(), from_stdlib=from_stdlib, alias=alias
    )


def test_modules_are_left_out_with_all_below_them():
    chosen = Filter(include=("app.tests.keep",), exclude=("app.tests", "other/*.py"))
    assert chosen.keeps_module(module("app"))
    assert chosen.keeps_module(module("app.tests2"))
    assert not chosen.keeps_module(module("app.tests"))
    assert not chosen.keeps_module(module("app.tests.deep.er"))
    assert chosen.keeps_module(module("app.tests.keep"))
    assert not chosen.keeps_module(module("other.x"))
    assert not Filter(include=(), exclude=("lib/other/*",)).keeps_module(module("other.x"))
    assert not chosen.keeps_module(module("win32.app.tests", alias="app.tests"))


def test_parts_of_the_standard_library_are_left_out_by_default():
    plain = Filter(include=(), exclude=())
    assert not plain.keeps_module(module("idlelib.run", from_stdlib=True))
    assert plain.keeps_module(module("test.mine"))
    assert Filter(include=("idlelib",), exclude=()).keeps_module(
        module("idlelib.run", from_stdlib=True)
    )


def test_patterns_that_name_nothing_are_told():
    patterns = ("app.gone", "docs/*", "*.pdf", "app.tests", "fast.so", "idlelib", "other.deep")
    chosen = Filter(include=patterns[:3], exclude=patterns[3:])
    modules = [module("app"), module("app.tests.x"), module("other", alias="deep")]
    files = [
        DataFile(path=f"lib/{path}", base="lib", source=Path())
        for path in ("docs/a.txt", "other/deep/x.txt")
    ]
    assert chosen.unused(modules, files) == ["*.pdf", "app.gone", "fast.so"]
    assert Filter(include=(), exclude=()).unused(modules, files) == []


def test_files_belong_to_the_modules_of_their_folder():
    chosen = Filter(include=(), exclude=("app.tests", "*.so", "docs/*"))
    keeps = [
        chosen.keeps_file(DataFile(path=f"lib/{path}", base="lib", source=Path()))
        for path in ("app/data.txt", "app/tests/x.txt", "app/fast.so", "docs/a/b.md")
    ]
    assert keeps == [True, False, False, False]


@pytest.mark.parametrize(
    ("path", "content", "native"),
    [
        ("a.so", b"\x7fELF...", True),
        ("lib/libx.so.1.2", b"\x7fELF...", True),
        ("a.so", b"GROUP ( libc.so.6 )", False),
        ("a.so", b"", False),
        ("a.pyd", b"MZ", False),
        ("tool", b"\x7fELF...", False),
    ],
)
def test_what_is_a_shared_object(tmp_path, path, content, native):
    source = tmp_path / "file"
    source.write_bytes(content)
    file = DataFile(path=path, source=source)
    assert is_native(file, parse_target("x86_64-unknown-linux-musl")) is native


@pytest.mark.parametrize(
    ("path", "content", "native"),
    [
        ("a.pyd", b"MZ...", True),
        ("a.cp314-win_amd64.pyd", b"MZ...", True),
        ("libs/OpenBLAS.DLL", b"MZ...", True),
        ("a.pyd", b"text", False),
        ("tool.exe", b"MZ...", False),
        ("a.so", b"\x7fELF...", False),
    ],
)
def test_what_is_a_shared_object_on_windows(tmp_path, path, content, native):
    source = tmp_path / "file"
    source.write_bytes(content)
    file = DataFile(path=path, source=source)
    assert is_native(file, parse_target("x86_64-pc-windows-gnu")) is native


def native_package(prefix):
    metadata = "Metadata-Version: 2.1\nName: Fast_Json\nVersion: 1.0\n"
    add(prefix, "Fast_Json", METADATA=metadata, record=["fast.so,,"])
    for name in ("fast.so", "stray.so"):
        (prefix.site / name).write_bytes(b"\x7fELF")
    files = [
        DataFile(path=f"{prefix.base}/{name}", base=prefix.base, source=prefix.site / name)
        for name in ("fast.so", "stray.so")
    ]
    return prefix, read_installed(prefix), files


def test_shared_objects_know_their_package(prefix):
    found = native_files(*native_package(prefix), pure=())
    assert [(one.relative, one.package) for one in found] == [
        ("fast.so", "Fast_Json"),
        ("stray.so", None),
    ]


def test_shared_objects_of_pure_packages_are_left_out(prefix):
    found = native_files(*native_package(prefix), pure=("fast-json",))
    assert [one.relative for one in found] == ["stray.so"]


def test_a_package_that_cannot_be_made_pure(prefix):
    with pytest.raises(ConfigError, match="`fast-jsn`") as caught:
        native_files(*native_package(prefix), pure=("fast-jsn",))
    assert "did you mean `fast-json`?" in caught.value.hint


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("a/b.cpython-314-x86_64-linux-musl.so", "a.b"),
        ("a/b.abi3.so", "a.b"),
        ("b.so", "b"),
        ("a/__init__.abi3.so", "a"),
        ("6ec5__mypyc.cpython-314-x86_64-linux-musl.so", "6ec5__mypyc"),
        ("numpy.libs/libx-1.so", None),
        (".obelisk/lib/libx.so", None),
        ("a/libx.so.1", None),
    ],
)
def test_which_shared_objects_can_be_imported(path, module):
    assert SharedObjectFile(path=path, source=Path(), package=None).module == module


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("def main(): pass", True),
        ("from x import main", True),
        ("from x import *", True),
        ("main = 1", True),
        ("import main.sub", True),
        ("def __getattr__(name): ...", True),
        ("syntax error here", True),
        ("def other(): pass", False),
        ("", False),
    ],
)
def test_whether_a_module_defines_a_name(text, found):
    assert defines(text.encode(), "main") is found


@given(st.binary(max_size=200))
def test_any_bytes_can_be_asked_for_a_name(source):
    assert defines(source, "main") in (True, False)


def test_two_native_libraries_of_one_name(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "libx.so").write_bytes(b"\x7fELF")
    (tmp_path / "tool.py").write_text("")
    request = read_request(str(tmp_path / "tool.py"))
    chosen = replace(request.settings, native_libraries=("*/libx.so", "a/*.so"))
    (plan,) = make_plans(replace(request, settings=chosen))
    with pytest.raises(ConfigError, match=r"two files named `libx\.so`"):
        _native_libraries(plan)


BAD_PATTERNS = ["/etc/*", "../*", "none/*", "", ".", "./", "a/**b", "**", "a/../../x", "x" * 300]


@pytest.mark.parametrize("pattern", [*BAD_PATTERNS, "*"])
def test_data_that_is_not_beside_the_script(tmp_path, pattern):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/tool.py").write_text("")
    (tmp_path / "folder/.env").write_text("SECRET=1")
    request = read_request(str(tmp_path / "folder/tool.py"))
    (plan,) = make_plans(replace(request, settings=replace(request.settings, data=(pattern,))))
    if pattern == "*":
        assert [file.path for file in _own_files(plan)] == ["tool.py"]
    else:
        with pytest.raises(ConfigError, match=r"`data`"):
            _own_files(plan)


def test_data_with_the_name_that_is_reserved(tmp_path):
    (tmp_path / "tool.py").write_text("")
    (tmp_path / ".obelisk").mkdir()
    (tmp_path / ".obelisk/interpreter").write_text("")
    request = read_request(str(tmp_path / "tool.py"))
    (plan,) = make_plans(replace(request, settings=replace(request.settings, data=(".obelisk/*",))))
    with pytest.raises(CollectError, match="is reserved"):
        _own_files(plan)


def test_data_does_not_leave_by_a_link_to_a_folder(tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_text("")
    (tmp_path / "own/kept").mkdir(parents=True)
    (tmp_path / "own/kept/x").write_text("")
    (tmp_path / "own/out").symlink_to("../outside")
    (tmp_path / "own/same").symlink_to("kept")
    own = tmp_path / "own"
    assert list(matching(own, "data", ["same/*"])) == [own / "same/x"]
    assert list(matching(own, "data", ["**/x"])) == [own / "kept/x"]
    for pattern in ("out/*", "*/secret", "out/secret"):
        with pytest.raises(CollectError, match="a directory in its path is a symbolic link"):
            list(matching(own, "data", [pattern]))
    with pytest.raises(ConfigError, match="matches only directories in"):
        list(matching(own, "data", ["kept"]))


def test_data_that_may_not_be_read():
    with tempfile.TemporaryDirectory(dir="/tmp") as made:
        folder = Path(made)
        folder.chmod(0o755)
        (folder / "secret.txt").write_text("")
        (folder / "secret.txt").chmod(0)
        was = os.geteuid()
        if was == 0:  # who may read everything
            os.seteuid(65534)
        try:
            with pytest.raises(CollectError, match=r"cannot read .*secret\.txt: Permission denied"):
                list(matching(folder, "data", ["*.txt"]))
        finally:
            os.seteuid(was)


def test_hidden_files_go_in_only_when_they_are_named(tmp_path):
    for name in (".env", ".git/config", "a/.env", "a/b.txt", ".well-known/x", ".well-known/.y"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")

    def found(*patterns):
        paths = matching(tmp_path, "data", patterns)
        return [path.relative_to(tmp_path).as_posix() for path in paths]

    assert found("**/*") == ["a/b.txt"]
    assert found(".env") == [".env"]
    assert found(".well-known/*") == [".well-known/x"]
    assert found("**/.env") == [".env", "a/.env"]


def linked(prefix):
    """The folders that `.pth` files add, the files that have code, and what is said."""
    said = []
    files = pth_files(prefix, read_installed(prefix), said.append)
    kept = [DataFile(path=file.path, source=Path()) for file in files]
    folders = [folder.removeprefix(f"{prefix.base}/") for folder in search_path(kept, files)]
    assert (search_path([], files), files_with_code([], files)) == ((), ())
    return folders, files_with_code(kept, files), said


def test_folders_that_pth_files_name(prefix):
    """A folder of its own is searched in its place; lines of code are run when it starts."""
    pth = "# a comment\nwin32/lib\n\n.\n"
    files = {"one.pth": pth, "win32/lib/con.py": "", "win32/lib/con.txt": "", "win32/x.py": ""}
    files |= {"0.pth": "import os; os.x = 1\nwin32/lib\n", ".hidden.pth": "import os\nwin32\n"}
    add(prefix, "one", record=[f"{path},," for path in files], files=files)
    assert linked(prefix) == (["win32/lib"], ("0.pth",), [])
    modules, _ = read_tree(prefix.site, base=prefix.base)
    named = with_aliases(modules, pth_files(prefix, read_installed(prefix), pytest.fail))
    assert [one.names for one in named] == [("win32.lib.con", "con"), ("win32.x",)]


@pytest.mark.parametrize(
    "folder", ["/", "..", "../../..", "/etc", "other", "own/../other", "own.py"]
)
def test_a_pth_that_names_what_its_package_did_not_install(prefix, folder):
    add(prefix, "other", record=["other/secret.py,,"], files={"other/secret.py": ""})
    files = {"one.pth": f"{folder}\n", "own.py": ""}
    add(prefix, "one", record=[f"{path},," for path in files], files=files)
    folders, code, said = linked(prefix)
    assert (folders, code) == ([], ())
    assert len(said) == 1
    assert said[0].endswith(" in one.pth: `one` did not install that directory")


def test_long_files_of_a_wheel_take_no_longer_than_their_length(prefix):
    """Not as the square of it, which would be hours."""
    add(
        prefix,
        "one",
        record=["one.pth,,", *(f"own/x{number}.txt,," for number in range(5_000))],
        entry_points_txt="[console_scripts]\n" + "a" + " " * 1_000_000 + "= b:c\n",
    )
    (prefix.site / "one.pth").write_text("".join(f"gone{number}\n" for number in range(5_000)))
    folders, code, said = linked(prefix)
    assert (folders, code, len(said)) == ([], (), 5_000)


def test_a_pth_that_is_not_text(prefix):
    add(prefix, "one", record=["one.pth,,"])
    (prefix.site / "one.pth").write_bytes(b"\xff\xfe/\0x\n")
    assert linked(prefix)[:2] == ([], ())


def test_what_goes_in_for_machines_that_lack_it():
    site = "lib/python3.14/site-packages"
    certificates, zones = fallbacks(Settings(), {"ssl", "zoneinfo"}, site)
    assert [file.path for file in certificates.files] == [".obelisk/cacert.pem"]
    assert b"BEGIN CERTIFICATE" in certificates.files[0].source.read_bytes()
    (package,) = certificates.packages
    assert package.name == "certifi"
    assert (package.info / "licenses/LICENSE").is_file()
    assert f"{site}/tzdata/zoneinfo/Europe/Berlin" in [file.path for file in zones.files]
    assert "tzdata.zoneinfo" in [module.name for module in zones.modules]
    assert fallbacks(Settings(), {"ssl", "zoneinfo", "certifi", "tzdata"}, site) == []
    assert fallbacks(Settings(), set(), site) == []
    without = Settings(bundle_certificates=False, bundle_time_zones=False)
    assert fallbacks(without, {"ssl", "zoneinfo"}, site) == []


def test_scripts_of_a_wheel_that_are_no_entry_points(prefix):
    (prefix.root / "bin").mkdir()
    names = {
        "made": "#!python",
        "own": "#!/usr/bin/python3\n",
        "shell": "#!/bin/sh\n",
        "elf": "\x7fELF",
    }
    for name, text in names.items():
        (prefix.root / "bin" / name).write_text(text)
    record = [f"../../../bin/{name},," for name in (*names, "gone")]
    add(prefix, "app", record=record, entry_points_txt="[console_scripts]\nmade = app:main\n")
    (installed,) = read_installed(prefix)
    assert installed.package.scripts == (ScriptFile(name="own", source=prefix.root / "bin/own"),)
    assert installed.package.programs == ("shell", "elf")


LONG = b"#!/bin/sh\n'''exec' \"/a/long path/bin/python\" \"$0\" \"$@\"\n' '''\nprint()\n"


def test_commands_name_no_machine(prefix, tmp_path):
    texts = {
        "plain": b"#!/root/.venv/bin/python3\nprint()\n",
        "long": LONG,
        "shell": b"#!/bin/sh\necho python\n",
        "elf": b"\x7fELF#!/usr/bin/python\n",
        "only": b"#!/usr/bin/env python",
    }
    for name, text in texts.items():
        path = prefix.root / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text)
        path.chmod(0o755)
    files, rewritten = commands(prefix, tmp_path)
    assert {file.path: file.source.read_bytes() for file in files} == {
        "bin/plain": b"#!python\nprint()\n",
        "bin/long": b"#!python\nprint()\n",
        "bin/shell": texts["shell"],
        "bin/elf": texts["elf"],
        "bin/only": b"#!python\n",
    }
    assert set(rewritten) == {"bin/plain", "bin/long", "bin/only"}
    assert all(file.source.stat().st_mode & 0o111 for file in files)
    assert all(file.base == "" for file in files)


def test_installed_files_are_compared_with_their_record(prefix):
    digest = urlsafe_b64encode(sha256(b"whole").digest()).rstrip(b"=").decode()
    for name in ("whole.py", "changed.py", "unknown.py"):
        (prefix.site / name).write_text(name.removesuffix(".py"))
    rows = ["whole.py", "changed.py", "gone.py", "../../../bin/command"]
    record = [f"{name},sha256={digest},5" for name in rows]
    add(prefix, "app", record=[*record, "unknown.py,,", "unknown.py,md5=x,"])
    installed = read_installed(prefix)
    folder = prefix.site.relative_to(prefix.root).as_posix()
    assert differing(prefix, installed) == {
        "app": [f"{folder}/changed.py", f"{folder}/gone.py", "bin/command"],
    }


def test_only_digests_that_were_compared_say_what_a_module_is(prefix):
    """Another algorithm's may be wrong, and two wheels may have the same wrong one."""
    record = ("one.py,sha256=right,1", "two.py,md5=wrong,1", "three.py,,")
    add(prefix, "p", record=record, files=dict.fromkeys(("one.py", "two.py", "three.py"), ""))
    modules, _ = read_tree(prefix.site, base=prefix.base)
    installed = read_installed(prefix)
    for intact, expected in ((True, ["sha256=right", None, None]), (False, [None] * 3)):
        provided = Provided(prefix=prefix, installed=installed, intact=intact)
        by_name = {one.name: one.digest for one in provided.recorded(modules)}
        assert [by_name[name] for name in ("one", "two", "three")] == expected
