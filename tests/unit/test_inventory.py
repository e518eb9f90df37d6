"""Which components an executable has: of its runtime, its packages, and what wheels bring."""

import io
import json
import struct
import tomllib
import zlib
from dataclasses import replace
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import elf_files
import pytest
from elftools.elf.elffile import ELFFile
from packaging.requirements import Requirement

from obelisk.collect import fallbacks
from obelisk.components import known, pinned
from obelisk.components.bundled import CodeFile, bundle
from obelisk.components.component import Component, Kind, Linkage
from obelisk.components.evidence import evidence_of
from obelisk.components.inventory import Included, Library, take_inventory
from obelisk.components.locks import (
    Archive,
    installed_from,
    locked_archives,
    public_only,
    release_key,
)
from obelisk.components.packages import (
    Described,
    describe,
    describe_copy,
    environment,
    needs_of,
)
from obelisk.model import Package
from obelisk.services.pins import shipped_pins
from obelisk.target import DEFAULT_TARGET, parse_target
from obelisk.toolchain.marks import Mark, mark_library, marks_in

MARKERS = environment(parse_target(DEFAULT_TARGET), "3.14.6")
SITE = "lib/python3.14/site-packages"


@pytest.fixture
def warnings():
    return []


@pytest.fixture
def code(tmp_path):
    """A function that makes a file of machine code, as it would be linked in."""

    def make(path, *, linkage=Linkage.OBJECT, **sections):
        source = tmp_path / path.replace("/", "-")
        named = {f".{name}": data for name, data in sections.items()}
        source.write_bytes(elf_files.with_sections(named))
        return CodeFile(path=f"{SITE}/{path}", source=source, linkage=linkage)

    return make


@pytest.fixture
def installed(tmp_path):
    """A function that writes the metadata of a distribution."""

    def make(name, version="1", *, metadata="", **files):
        info = tmp_path / f"{name}-{version}.dist-info"
        text = f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n{metadata}\n"
        for place, data in {"METADATA": text, **files}.items():
            path = info / place.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(data) if isinstance(data, str) else path.write_bytes(data)
        return Package(name=name, version=version, commands=(), info=info)

    return make


def described(name, *requires, version="1", documents=()):
    return Described(
        package=Package(name=name, version=version, commands=()),
        requires=tuple(map(Requirement, requires)),
        documents=documents,
    )


def brought(package, files, warn=lambda text: None, installed=()):
    return {one.name: one for one in bundle(package, files, installed, warn).components}


# Libraries that wheels bundle


def test_every_library_of_the_table_is_well_formed():
    for library in known.known().values():
        assert library.cpe is None or library.cpe.count(":") == 1, library.name
        for text in library.texts:
            assert len(text.find) > 5, "it would be found in anything"
    for name in shipped_pins().names:
        assert pinned.component_name(name) in known.known(), name


@pytest.mark.parametrize(
    ("text", "name", "version"),
    [
        (b"OpenSSL 3.0.13 30 Jan 2024", "openssl", "3.0.13"),
        (b"OpenSSL 1.1.1w  11 Sep 2023", "openssl", "1.1.1w"),
        (b"OpenBLAS 0.3.27  USE64BITINT DYNAMIC_ARCH", "openblas", "0.3.27"),
        (b" deflate 1.3.1 Copyright 1995-2024 Jean-loup Gailly", "zlib", "1.3.1"),
        (b"x\0libpng version 1.6.43\0", "libpng", "1.6.43"),
        (b"xmlParseElementChildrenContentDecl : %s\n\0\00021206-GITv2\0", "libxml2", "2.12.6"),
        (b"LIBTIFF, Version 4.6.0\nCopyright", "libtiff", "4.6.0"),
        (b"did not find expected <document start>\0", "libyaml", None),
    ],
)
def test_libraries_are_recognized_by_texts(text, name, version):
    assert list(known.found_in(b"before\0" + text + b" after")) == [(known.known()[name], version)]


@pytest.mark.parametrize(
    "text", [b"OpenSSL error", b"needs OpenSSL 3.0.0 or newer", b"deflate 1.3", b"", b"OpenBLAS "]
)
def test_what_only_mentions_a_library_is_none(text):
    assert list(known.found_in(text)) == []


@pytest.mark.parametrize(
    ("file", "name", "version"),
    [
        ("libgcc_s-0cd532bd-c8f934f9.so.1", "libgcc", "1"),
        ("libscipy_openblas64_-58ffbbde.so", "openblas", None),
        ("libssl-cd6b6ac0.so.3", "openssl", "3"),
        ("libstdc++-5d72f927.so.6.0.33", "libstdcxx", "6.0.33"),
        ("liblzma.so.5.8.4", "xz", "5.8.4"),
    ],
)
def test_libraries_are_recognized_by_file_names(file, name, version):
    assert known.of_file(file)[0].name == name
    assert known.version_in_name(file) == version


def test_versions_in_cpe_names_are_upstreams():
    openssl = known.known()["openssl"]
    assert openssl.cpe_of("3.5.7-r0") == "cpe:2.3:a:openssl:openssl:3.5.7:*:*:*:*:*:*:*"
    assert openssl.cpe_of(None) == "cpe:2.3:a:openssl:openssl:*:*:*:*:*:*:*:*"
    ncurses = known.known()["ncurses"]
    assert ncurses.cpe_of("6.5+20250216") == "cpe:2.3:a:gnu:ncurses:6.5:*:*:*:*:*:*:*"


def test_an_unknown_library_keeps_its_name_and_has_no_version(code):
    file = code("app.libs/libstrange-0123abcd.so.7.2")
    found = brought(described("app"), [file])["libstrange"]
    assert (found.version, found.purl, found.license) == (None, "pkg:generic/libstrange", None)
    assert (found.kind, found.linkage, found.files) == (Kind.LIBRARY, Linkage.OBJECT, (file.path,))


def test_libraries_of_the_compiler_have_its_version(code):
    comment = b"GCC: (Alpine 14.2.0) 14.2.0\0"
    found = brought(described("app"), [code("app.libs/libgomp.so.1", comment=comment)])["libgomp"]
    assert (found.version, found.told_by) == ("14.2.0", "text")


def test_a_library_in_an_extension_module_is_static(code):
    file = code("app/fast.so", rodata=b"OpenSSL 3.0.13 30 Jan 2024\0")
    found = bundle(described("app"), [file], (), print)
    assert found.files == (file.path,)
    (openssl,) = found.components
    assert (openssl.linkage, openssl.files) == (Linkage.STATIC, (file.path,))
    assert openssl.cpe == "cpe:2.3:a:openssl:openssl:3.0.13:*:*:*:*:*:*:*"


def document(tmp_path, *components, **fields):
    path = tmp_path / f"{len(list(tmp_path.iterdir()))}.cdx.json"
    path.write_text(json.dumps({"bomFormat": "CycloneDX", "components": components, **fields}))
    return path


def library(name, version=None, kind="apk/alpine", **fields):
    purl = f"pkg:{kind}/{name}@{version}"
    return {"type": "library", "name": name, "version": version, "purl": purl, **fields}


def test_what_a_wheel_declares_and_its_files_are_one_component(tmp_path, code):
    declared = document(
        tmp_path,
        library("libssl3", "3.5.7-r0"),
        library("libcrypto3", "3.5.7-r0"),
        library("libgcc", "14.2.0-r6"),
    )
    files = [
        code("app.libs/libcrypto-b5f139f6.so.3", rodata=b"OpenSSL 3.5.7 9 Jun 2026\0"),
        code("app.libs/libssl-cd6b6ac0.so.3"),
        code("app.libs/libgcc_s-0cd532bd.so.1"),
    ]
    found = brought(described("app", documents=(declared,)), files)
    assert {
        name: [file.rpartition("/")[2] for file in one.files] for name, one in found.items()
    } == {
        "libssl3": ["libssl-cd6b6ac0.so.3"],
        "libcrypto3": ["libcrypto-b5f139f6.so.3"],
        "libgcc": ["libgcc_s-0cd532bd.so.1"],
    }
    assert {one.told_by for one in found.values()} == {"sbom"}
    assert found["libgcc"].license == "GPL-3.0-or-later WITH GCC-exception-3.1"
    assert found["libgcc"].license_from == "table"


def test_the_package_and_its_dependencies_are_not_what_it_brings(tmp_path):
    declared = document(
        tmp_path,
        library("my-app", "1", "pypi"),
        library("My.App", "1", "pypi"),
        library("idna", "3", "pypi"),
        library("click", "8", "pypi"),
        library("vendored", "2", "pypi"),
    )
    package = described("My_App", "idna>2", documents=(declared,))
    found = brought(package, [], installed={"click"})
    assert list(found) == ["vendored"]
    assert (found["vendored"].kind, found["vendored"].linkage) == (Kind.PACKAGE, Linkage.BYTECODE)


def test_what_is_optional_is_there_if_a_file_is_it(tmp_path, code):
    declared = document(
        tmp_path,
        library("libtiff", "4.7", "generic", scope="optional"),
        library("libimagequant", "4", "generic", scope="optional"),
    )
    package = described("app", documents=(declared,))
    assert list(brought(package, [code("app.libs/libtiff-01234567.so.6")])) == ["libtiff"]


def test_package_urls_do_not_name_folders_of_those_who_built(tmp_path):
    row = library("own", "1", "cargo")
    row["purl"] += "?download_url=file:///home/me/src"
    found = brought(described("app", documents=(document(tmp_path, row),)), [])
    assert found["own"].purl == "pkg:cargo/own@1"


@pytest.mark.parametrize(
    "data", [b"not json", b"\xff\xfe", b'{"bomFormat": "CycloneDX", "components": 1}']
)
def test_a_bad_document_is_a_warning_that_names_the_package(tmp_path, warnings, data):
    path = tmp_path / "bad.cdx.json"
    path.write_bytes(data)
    assert brought(described("app", documents=(path,)), [], warnings.append) == {}
    (warning,) = warnings
    assert warning.startswith("`app` has a bill of materials that is not read: bad.cdx.json: ")


def test_crates_are_those_that_are_declared_and_those_in_sections(tmp_path, code):
    rows = [
        {"name": "time", "version": "0.1.44", "source": "crates.io", "dependencies": [1]},
        {"name": "libc", "version": "0.2.1", "source": "crates.io"},
    ]
    section = zlib.compress(json.dumps({"packages": rows}).encode())
    file = code("app/rust.so", **{"dep-v0": section})
    declared = document(tmp_path, library("libc", "0.2.1", "cargo"), library("cc", "1", "cargo"))
    found = bundle(described("app", documents=(declared,)), [file], (), print).components
    assert [(one.name, one.told_by, one.files, one.needs) for one in found] == [
        ("libc", "sbom", (file.path,), ()),
        ("cc", "sbom", (file.path,), ()),
        ("time", "cargo-auditable", (file.path,), ("0",)),
    ]


def test_a_bad_section_of_crates_is_a_warning_that_names_the_package(code, warnings):
    file = code("app/rust.so", **{"dep-v0": b"none"})
    assert brought(described("app"), [file], warnings.append) == {}
    (warning,) = warnings
    assert "app/rust.so` of `app`: malformed section `.dep-v0`" in warning


@pytest.mark.parametrize("size", [0, 3, 16, 64, 100, 200])
def test_a_damaged_file_is_a_warning(tmp_path, code, warnings, size):
    file = code("app/x.so", comment=b"GCC: (A) 1.2.3\0", rodata=b"text")
    file.source.write_bytes(file.source.read_bytes()[:size])
    assert brought(described("app"), [file], warnings.append) == {}
    assert [text.startswith(f"`{file.path}` of `app`: malformed") for text in warnings] == [True]


# Marks


def test_marks_are_read_from_what_the_compiler_wrote(code):
    lines = b"clang 22\0Obelisk component: libxml2 2.9.14\0Obelisk component: ncurses 6.5+2025\0"
    marks = (Mark("libxml2", "2.9.14"), Mark("ncurses", "6.5+2025"))
    assert marks_in(lines) == marks
    assert evidence_of(code("x.so", comment=lines).source).marks == marks


def archive(*members):
    """Return a static library whose index names one symbol of each member."""
    head = b"%-16s%-12d%-6d%-6d%-8o%-10d`\n"
    names = b"".join(b"symbol%d\0" % number for number, _ in enumerate(members))
    place = 8 + 60 + (size := 4 + 4 * len(members) + len(names)) + size % 2
    offsets = []
    body = b""
    for number, content in enumerate(members):
        offsets.append(place + len(body))
        body += head % (b"m%d.o/" % number, 0, 0, 0, 0o644, len(content)) + content
        body += b"\n" * (len(body) % 2)
    index = struct.pack(f">{1 + len(offsets)}I", len(offsets), *offsets) + names
    return b"!<arch>\n" + head % (b"/", 0, 0, 0, 0, size) + index + b"\n" * (size % 2) + body


@pytest.mark.parametrize("comment", [{".comment": b"clang 22\0"}, {}])
def test_static_libraries_are_marked(tmp_path, comment):
    objects = [
        elf_files.with_sections({".text": bytes([number]) * 7, **comment}) for number in range(3)
    ]
    path, other = tmp_path / "libx.a", tmp_path / "cached.a"
    path.write_bytes(archive(objects[0], b"no object", *objects[1:]))
    other.hardlink_to(path)
    before = other.read_bytes()
    mark_library(path, Mark("x", "1.2"))
    assert other.read_bytes() == before
    data = path.read_bytes()
    offsets = struct.unpack_from(">4I", data, 8 + 60 + 4)
    for offset, name in zip(offsets, ("m0.o/", "m1.o/", "m2.o/", "m3.o/"), strict=True):
        assert data[offset : offset + 16].decode().rstrip() == name
        content = data[offset + 60 :][: int(data[offset + 48 : offset + 58])]
        if name == "m1.o/":
            assert content == b"no object"
            continue
        (tmp_path / "member.so").write_bytes(content)
        assert evidence_of(tmp_path / "member.so").marks == (Mark("x", "1.2"),)
        elf = ELFFile(io.BytesIO(content))
        number = ["m0.o/", "m2.o/", "m3.o/"].index(name)
        assert elf.get_section_by_name(".text").data() == bytes([number]) * 7
        assert elf.get_section_by_name(".comment").data().startswith(comment.get(".comment", b"\0"))


def test_an_empty_library_has_nothing_to_mark(tmp_path):
    path = tmp_path / "libm.a"
    path.write_bytes(b"!<arch>\n")
    mark_library(path, Mark("musl", "1"))
    assert path.read_bytes() == b"!<arch>\n"


# Packages


def test_what_metadata_says(installed, warnings):
    package = installed(
        "My.App",
        "1.0",
        metadata="License-Expression: MIT\nLicense-File: LICENSE\nRequires-Dist: idna>2\n"
        "Requires-Dist: not a requirement",
        licenses__LICENSE="Permission",
        sboms__a="{}",
        direct_url=json.dumps({}),
    )
    found = describe(package, None, warnings.append)
    assert found.purl == "pkg:pypi/my-app@1.0"
    assert [name for name, _ in found.license_files] == ["licenses/LICENSE"]
    assert [path.name for path in found.documents] == ["a"]
    assert [one.name for one in found.requires] == ["idna"]
    assert (found.sha256, found.origin) == (None, None)
    (warning,) = warnings
    assert warning.startswith("`My.App` has an invalid `Requires-Dist`")


def test_license_files_of_older_wheels_are_found(installed, warnings):
    package = installed("a", **{"LICENSE.txt": "x", "COPYING": "y", "top_level.txt": "a"})
    found = describe(package, None, warnings.append)
    assert [name for name, _ in found.license_files] == ["COPYING", "LICENSE.txt"]


@pytest.mark.parametrize(
    ("direct", "sha256", "origin"),
    [
        (
            {
                "url": "https://me:secret@host/a.whl",
                "archive_info": {"hash": "sha256=ab", "hashes": {"sha256": "ab"}},
            },
            "ab",
            "https://host/a.whl",
        ),
        ({"url": "file:///home/me/a.whl", "archive_info": {"hash": "sha256=ab"}}, "ab", None),
        ({"url": "file:///home/me/a", "dir_info": {}}, None, None),
        (
            {"url": "ssh://git@host/a.git", "vcs_info": {"vcs": "git", "commit_id": "c0ffee"}},
            None,
            "git+ssh://host/a.git@c0ffee",
        ),
        ([], None, None),
        ({"url": 1, "archive_info": 1}, None, None),
    ],
)
def test_where_a_package_is_from(installed, direct, sha256, origin):
    package = installed("a", **{"direct_url.json": json.dumps(direct)})
    found = describe(package, None, print)
    assert (found.sha256, found.origin) == (sha256, origin)


LOCK = """
[[package]]
name = "My.App"
version = "1.0"
sdist = { url = "https://host/my_app-1.0.tar.gz", hash = "sha256:5d" }
wheels = [
  { url = "https://host/my_app-1.0-py3-none-any.whl", hash = "sha256:aa" },
  { url = "https://u:p@host/my_app-1.0-cp314-cp314-musllinux_1_2_x86_64.whl", hash = "sha256:bb" },
]
[[package]]
name = "local"
source = { directory = "x" }
"""
PYLOCK = """
[[packages]]
name = "my-app"
version = "1.0"
sdist = { name = "my_app-1.0.tar.gz", hashes = { sha256 = "5d" } }
wheels = [{ name = "my_app-1.0-py3-none-any.whl", path = "./x", hashes = { sha256 = "aa" } }]
"""


@pytest.mark.parametrize(
    ("text", "tags", "is_built", "digest", "url"),
    [
        (LOCK, ("py3-none-any",), False, "aa", "https://host/my_app-1.0-py3-none-any.whl"),
        (
            *(LOCK, ("cp314-cp314-musllinux_1_2_x86_64",), False, "bb"),
            "https://host/my_app-1.0-cp314-cp314-musllinux_1_2_x86_64.whl",
        ),
        (LOCK, ("cp314-cp314-linux_x86_64",), False, "5d", "https://host/my_app-1.0.tar.gz"),
        (LOCK, ("py3-none-any",), True, "5d", "https://host/my_app-1.0.tar.gz"),
        (PYLOCK, ("py3-none-any",), False, "aa", None),
    ],
)
def test_a_lock_tells_the_hash_of_what_was_installed(tmp_path, text, tags, is_built, digest, url):
    lock = tmp_path / "lock"
    lock.write_text(text)
    found = locked_archives(lock)[release_key("my-app", "1.0")]
    wheel = "Wheel-Version: 1.0\n" + "".join(f"Tag: {tag}\n" for tag in tags)
    archive = installed_from(found, wheel, is_built=is_built)
    assert (archive.sha256, archive.url) == (digest, url)


def test_a_wheel_that_was_built_twice_is_known_by_its_build_number():
    names = ("a-1.0-py3-none-any.whl", "a-1.0-2-py3-none-any.whl", "a-1.0-10x-py3-none-any.whl")
    archives = [Archive(file=name, sha256=name[6:8], url=None) for name in names]
    for build, archive in zip(("", "Build: 2\n", "Build: 10x\n"), archives, strict=True):
        wheel = f"Wheel-Version: 1.0\n{build}Tag: py3-none-any\n"
        assert installed_from(archives, wheel, is_built=False) is archive
    other = "Build: 3\nTag: py3-none-any\n"
    assert installed_from(archives, other, is_built=False) is None


def test_versions_in_locks_are_compared_by_their_value(tmp_path):
    lock = tmp_path / "lock"
    lock.write_text(LOCK.replace('version = "1.0"', 'version = "01.00"'))
    assert release_key("My_App", "1.00") in locked_archives(lock)
    assert release_key("a", "odd one") == ("a", "odd one")


def test_addresses_that_say_who_asks_or_that_few_have(tmp_path):
    lock = tmp_path / "lock"
    secret = "https://me:secret@host/my_app-1.0-py3-none-any.whl?token=secret#x"
    lock.write_text(LOCK.replace("https://host/my_app-1.0-py3-none-any.whl", secret))
    archives = locked_archives(lock)
    urls = {one.url for one in archives[release_key("my-app", "1.0")]}
    assert "https://host/my_app-1.0-py3-none-any.whl" in urls
    assert "secret" not in "".join(map(str, urls))
    public = "https://files.pythonhosted.org/packages/x/my_app-1.0-py3-none-any.whl"
    known = (Archive(file="x.whl", sha256="ab", url=public),)
    found = public_only({**archives, ("b", "1"): known})
    assert found["b", "1"] == known
    assert {one.url for one in found[release_key("my-app", "1.0")]} == {None}


def test_a_lock_without_the_package_tells_nothing(tmp_path):
    assert locked_archives(None) == {}
    assert locked_archives(tmp_path / "gone") == {}
    assert installed_from([], "Tag: py3-none-any", is_built=False) is None
    odd = Archive(file="not-a-wheel.whl", sha256="ab", url=None)
    assert installed_from([odd], "Tag: py3-none-any", is_built=False) is None


def test_the_fallbacks_are_of_the_wheels_that_are_pinned(tmp_path):
    pyproject = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    pinned = [line.split("==") for line in pyproject["project"]["dependencies"] if "==" in line]
    versions = {name: version for name, version in pinned if name in ("certifi", "tzdata")}
    lock = Path(str(files("obelisk").joinpath("data/fallbacks.toml")))
    assert set(locked_archives(lock)) == {release_key(*one) for one in versions.items()}
    for name in versions:
        package = fallbacks._package(name)
        archive = fallbacks.archive_of(package)
        assert archive.file.startswith(f"{name}-{package.version}-")
        assert fallbacks.archive_of(replace(package, info=tmp_path)) is None
        assert fallbacks.archive_of(replace(package, name="other")) is None


def test_needs_are_those_of_the_target():
    packages = [
        described("app", "click; sys_platform == 'win32'", "idna; python_version >= '3.14'"),
        described("click"),
        described("idna"),
    ]
    # Nothing else needs click: an extra, or the application, asked for it.
    assert needs_of(packages, MARKERS)["app"] == {"idna", "click"}
    assert needs_of([*packages, described("x", "click")], MARKERS)["app"] == {"idna"}


def test_extras_hold_where_something_asks_for_them():
    packages = [
        described("app", "http[two]"),
        described("http", "h2; extra == 'two'", "h3; extra == 'three'"),
        described("h2", "http"),
        described("other", "h3"),
        described("h3"),
    ]
    needs = needs_of(packages, MARKERS)
    assert needs == {
        "app": {"http"},
        "http": {"h2"},
        "h2": {"http"},
        "other": {"h3"},
        "h3": set(),
    }


# All of them


def runtime(name, version="1", **fields):
    purl = pinned.generic(name, version)
    fields = {"reference": purl, "kind": Kind.LIBRARY, "purl": purl, **fields}
    component = Component(name=name, version=version, linkage=Linkage.STATIC, **fields)
    return Library(component=component, texts={})


def included(packages=(), code=None, **fields):
    return Included(
        runtime=fields.pop("runtime", [runtime("openssl", "3.5.7"), runtime("musl")]),
        packages=packages,
        code=code or {},
        has_modules=frozenset(),
        included=fields.pop("included", {}),
        markers=MARKERS,
        built=lambda mark: runtime(mark.name, mark.version),
        **fields,
    )


def inventory(*arguments, **fields):
    found = take_inventory(included(*arguments, **fields), print)
    references = {one.reference for one in found.components}
    assert len(references) == len(found.components)
    for one in found.components:
        assert references.issuperset({*one.needs, *filter(None, [one.part_of])}), one
    return {one.reference: one for one in found.components}


def test_two_packages_that_bring_the_same_have_two_components(code):
    packages = [described("numpy"), described("scipy", "numpy")]
    files = {
        name: [code(f"{name}.libs/libgcc_s.so.1", comment=b"GCC: (A 1) 14.2.0\0")]
        for name in ("numpy", "scipy")
    }
    found = inventory(packages, files)
    one, other = (f"pkg:generic/libgcc@14.2.0{more}" for more in ("", "#scipy"))
    assert found[one].part_of == "pkg:pypi/numpy@1"
    assert found[other].part_of == "pkg:pypi/scipy@1"
    assert found["pkg:pypi/numpy@1"].needs == (one,)
    assert found["pkg:pypi/scipy@1"].needs == (other, "pkg:pypi/numpy@1")


def test_what_was_built_with_our_libraries_needs_them(code):
    """One that the runtime has as well is the same component."""
    lines = b"Obelisk component: openssl 3.5.7\0Obelisk component: libxml2 2.9.14\0"
    file = code("app/x.so", comment=lines, rodata=b"OpenSSL 3.5.7 9 Jun 2026\0")
    found = inventory([described("app")], {"app": [file]})
    own, xml = "pkg:generic/openssl@3.5.7", "pkg:generic/libxml2@2.9.14"
    assert found["pkg:pypi/app@1"].needs == (xml, own)
    assert found[own].files == found[xml].files == (file.path,)
    assert sorted(found) == sorted([own, xml, "pkg:pypi/app@1", "pkg:generic/musl@1"])


def test_libraries_of_no_package(code):
    own = code("message.so")
    known_one = code("libpng16.so.16", rodata=b"libpng version 1.6.43\0")
    found = inventory((), {None: [own, known_one]})
    assert found["pkg:generic/message"].kind == Kind.FILE
    assert found["pkg:generic/libpng@1.6.43"].kind == Kind.LIBRARY
    assert found["pkg:generic/libpng@1.6.43"].files == (known_one.path,)


def test_license_texts_are_where_the_package_has_them_or_are_added(installed):
    packages = [
        describe(installed(name, licenses__LICENSE=f"of {name}"), None, print)
        for name in ("a", "b")
    ]
    there = packages[0].license_files[0][1]
    path = f"{SITE}/a-1.dist-info/licenses/LICENSE"
    made = take_inventory(included(packages, included={there: path}), print)
    texts = {one.name: one.license_texts for one in made.components}
    assert texts["a"] == (path,)
    assert texts["b"] == (".obelisk/licenses/b/LICENSE",)
    assert [file.path for file in made.licenses] == list(texts["b"])
    assert made.licenses[0].source.read_text() == "of b"


def test_copies_of_distributions_are_part_of_what_carries_them(installed):
    """As in `setuptools/_vendor`: also where the same is installed by itself."""
    inner = installed("b", "2", metadata="License-Expression: MIT").info
    carrying = replace(described("a"), copies=(describe_copy(inner, print),))
    found = inventory([carrying, described("b", version="2")])
    copy = found["pkg:pypi/b@2#a"]
    assert (copy.kind, copy.license, copy.part_of) == (Kind.PACKAGE, "MIT", "pkg:pypi/a@1")
    assert found["pkg:pypi/a@1"].needs == (copy.reference,)
    assert found["pkg:pypi/b@2"].part_of is None


@pytest.mark.parametrize("metadata", ["", "Name: a\n", "Version: 1\n"])
def test_metadata_without_a_name_and_version_is_no_distribution(tmp_path, metadata):
    (tmp_path / "METADATA").write_text(metadata)
    assert describe_copy(tmp_path, print) is None


def test_programs_of_packages_are_data(code):
    program = code("bin/ruff", linkage=Linkage.DATA)
    found = inventory([described("ruff")], {"ruff": [program]})
    assert found["pkg:pypi/ruff@1"].linkage == Linkage.DATA
    assert found["pkg:pypi/ruff@1"].files == (program.path,)


def test_a_pin_says_all_that_is_known_of_it():
    found = pinned.of_pin(shipped_pins()["openssl"], ("openssl/01-x.patch",), Linkage.STATIC)
    assert found.purl == f"pkg:generic/openssl@{found.version}"
    assert len(found.sha256) == len(sha256().hexdigest())
    assert found.origin.startswith("https://")
    assert (found.license, found.license_from) == ("Apache-2.0", "pin")
    mimalloc = pinned.of_pin(shipped_pins()["mimalloc"], (), Linkage.STATIC)
    assert mimalloc.origin.startswith("debian:pool/main/m/mimalloc/")
    python = pinned.of_pin(shipped_pins()["cpython-3.14"], (), Linkage.STATIC)
    assert (python.name, python.kind) == ("cpython", Kind.INTERPRETER)


def test_what_comes_with_the_toolchain():
    assert pinned.cxx("libcxx").version.count(".") == 2
    for path in pinned.toolchain_licenses().values():
        assert "icense" in path.read_text()
    assert pinned.own_license().read_text().lstrip().startswith("Apache License")
