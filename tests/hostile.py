"""Values that people and packages should not write, but do."""

import json
import os
import socket

TEXTS = (
    *("", " ", ".", "..", "/", "//", "-", "--", "-x", "--dry-run", "--index-url=https://x.invalid"),
    *("-r", "-e .", "-r other.txt", "--config-file", "../../outside", "/etc/passwd", "~", "~root"),
    *(
        "a\0b",
        "a\nb",
        "a\rb",
        "a\tb",
        "a\x1b[31mb",
        "a\u2028b",
        "a\u202eb",
        "\ufeff",
        "\x7f",
        "\x85",
    ),
    *("\udcff", "caf\udce9", "\ud800", "é" * 200, "a" * 300, "a" * 5000, "a." * 3000, "a/" * 3000),
    *(
        "[/x]out",
        "[bold]",
        "[red",
        ":smile:",
        "{0}",
        "{x!r}",
        "%s",
        "%(x)s",
        "${HOME}",
        "$(id)",
        "`id`",
    ),
    *("*", "**", "a/**b", "**/*", "[", "[!", "[]", "?", "a[", "\\", "a\\b", "'", '"', "'''", '"""'),
    *("\uff41pp", "\u0430pp", "app\u200b", "\ufb01nd", "I\u0307", "\u0661", "²", "x\u0301"),
    *(".obelisk", ".obelisk/interpreter", ".env", ".git/config", "CON", "bin", "lib", "__main__"),
    *(
        "app",
        "app:main",
        "app:main [extra]",
        "app.cli:App.run",
        "class:def",
        "app:",
        ":",
        "app:main:x",
    ),
    *(
        "six",
        "six>=1",
        "six; python_version < '3'",
        "six[a,b]",
        "six @ file:///x",
        "six @ ./x",
        "six==*",
    ),
    *(
        "six @ git+https://x.invalid/y",
        "https://x.invalid/six.whl",
        "./six",
        "six --hash=sha256:00",
    ),
    *("six ; python_version > '3\n--dry-run'", "(" * 2000, "six;" + "(" * 3000, "six" + "[a" * 500),
    *(
        "3.14",
        "3",
        "3.14.6",
        ">=3.11",
        ">=3,<2",
        "===x",
        "9" * 5000,
        "0",
        "-1",
        "1e999",
        "nan",
        "cgroup",
    ),
    *("x86_64-unknown-linux-musl", "true", "zstd", ":all:", ":none:", "module:function", "MIT"),
)

KEYS = (
    *(
        "project",
        "tool",
        "name",
        "version",
        "scripts",
        "dynamic",
        "dependencies",
        "requires-python",
    ),
    *("obelisk", "uv", "sources", "workspace", "members", "index", "gui-scripts", "optional"),
    *("target", "python", "script", "entry", "module", "include", "exclude", "pure", "no-binary"),
    *("build-packages", "native-libraries", "data", "requirements", "optimize", "compression"),
    *("source-text", "profile", "stdlib"),
    *("unbuffered", "smoke-test", "debug", "multicall", "bundle-certificates", "interpreter"),
    *("python-option", "children", "module-search-paths", "allocator", "hash-seed", "cpu-count"),
    *("x-options", "warnings", "int-max-str-digits", "tracemalloc", "stdio-encoding", "SHORTHAND"),
)


def text(random):
    """A text: one of the above, a mixture of two, or random characters."""
    choice = random.random()
    if choice < 0.75:
        return random.choice(TEXTS)
    if choice < 0.9:
        return random.choice(TEXTS) + random.choice(TEXTS)
    return "".join(
        chr(random.choice((32, 45, 47, 58, 91, 0x3B, random.randrange(1, 0x2FF))))
        for _ in range(12)
    )


def name(random):
    """The name of a file, as a path component that can be made."""
    found = os.fsencode(encodable(text(random))).replace(b"/", b"_").replace(b"\0", b"_")[:200]
    return os.fsdecode(found) if found not in (b"", b".", b"..") else "x"


def encodable(value):
    """The text as a file system or an argument can have it."""
    return "".join(char for char in value if not 0xD800 <= ord(char) < 0xDC80).replace("\0", "")


def value(random, depth=0):
    """A value of TOML, as the text that stands for it."""
    kinds = [_string, _number, _odd] + ([_list, _table] if depth < 3 else [])
    return random.choice(kinds)(random, depth)


def like(random, default):
    """A value of TOML of the type of a default."""
    if isinstance(default, bool):
        return random.choice(["true", "false"])
    if isinstance(default, int):
        return _number(random, 0)
    if isinstance(default, tuple):
        return "[" + ", ".join(_string(random, 0) for _ in range(random.randrange(1, 3))) + "]"
    return _string(random, 0)


def _string(random, _):
    return quoted(text(random))


def quoted(raw):
    """A TOML string; lone surrogates, which TOML cannot have, are left out."""
    clean = "".join(char for char in raw if not 0xD800 <= ord(char) < 0xE000)
    return json.dumps(clean, ensure_ascii=False).replace("\x7f", "\\u007f")


def _number(random, _):
    return random.choice(
        ["0", "1", "-1", "2", "3", "70000", "9" * 25, "9" * 10_000, "0x" + "f" * 10_000, "1.5"]
    )


_ODD = (
    *("true", "false", "nan", "-inf", "1e9999", "2026-11-25", "07:32:00", "1979-05-27T07:32:00Z"),
    *("[" * 3000 + "]" * 3000, "{a=" * 1500 + "1" + "}" * 1500, "", "=", "[1", "[[]]"),
)


def _odd(random, _):
    return random.choice(_ODD)


def _list(random, depth):
    return "[" + ", ".join(value(random, depth + 1) for _ in range(random.randrange(3))) + "]"


def _table(random, depth):
    rows = [f"{key(random)} = {value(random, depth + 1)}" for _ in range(random.randrange(3))]
    return "{" + ", ".join(rows) + "}"


def key(random):
    """A key of TOML: known, odd, or dotted."""
    choice = random.random()
    if choice < 0.8:
        return random.choice(KEYS)
    if choice < 0.9:
        return quoted(text(random))
    return random.choice(
        ["a.b", "interpreter.allocator", ".".join("a" * 3000), "x" * 5000, "obelisk.x"]
    )


def lines(random, count=4):
    """Lines of TOML."""
    return "".join(f"{key(random)} = {value(random)}\n" for _ in range(random.randrange(count)))


def encoded(random, content):
    """A text as bytes: most often UTF-8, with a BOM, other line ends, another encoding, damage."""
    data = content.encode(errors="replace")
    choice = random.random()
    if choice < 0.7:
        return data
    if choice < 0.8:
        return b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n")
    if choice < 0.85:
        return content.encode("utf-16", errors="replace")
    damaged = bytearray(data or b"x")
    for _ in range(3):
        damaged[random.randrange(len(damaged))] = random.randrange(256)
    return bytes(damaged[: random.randrange(len(damaged)) + 1])


def file(random, path, content):
    """Make a file of this content, or in its place something that is no file."""
    choice = random.random()
    if choice < 0.9:
        path.write_bytes(content)
    else:
        random.choice([_fifo, _socket, _loop, _dangling, _device, _folder])(path)


def _fifo(path):
    os.mkfifo(path)


def _socket(path):
    with socket.socket(socket.AF_UNIX) as made:
        try:
            made.bind(str(path))
        except OSError:  # longer than an address may be
            os.mkfifo(path)


def _loop(path):
    path.symlink_to(path.name)


def _dangling(path):
    path.symlink_to("nowhere")


def _device(path):
    path.symlink_to("/dev/zero")


def _folder(path):
    path.mkdir()
