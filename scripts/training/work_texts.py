"""Texts and bytes: methods, formats, codecs, patterns, JSON."""

import base64
import datetime
import fnmatch
import html
import io
import json
import re
import shlex
import string
import textwrap
import unicodedata
import urllib.parse
import zlib

from vocabulary import WORDS


def do_strings():
    """Methods of texts and bytes."""
    s = " ".join(WORDS)
    w = s.split()
    s.upper().lower().title().replace("a", "bb").find("zzzq")
    s.split("e")
    s.count("a")
    s.encode().decode()
    s.partition(" ")
    s.splitlines()
    for x in w[:800]:
        x.startswith("ab")
        x.endswith("c")
        x.strip("xyz")
        x + "q"
        x[1:-1]
        x[::-1]
        x in s[:200]
        f"{x:>12}|{len(x):04d}|{x!r}"
        "%s-%d" % (x, 3)
        "{}:{:.2f}".format(x, 1.5)
        x.isalpha()
        x.isdigit()
        x.zfill(9)
        x.center(15)
        ord(x[0])
        chr(65)
        x < "m"
        x == "abc"
        hash(x + "!")
        x.encode("utf-8")
        x.translate({97: "b"})
        x.join(("a", "b"))
        x.rsplit("a", 1)
    u = "häß→€𝄞" * 40
    u.encode("utf-8").decode("utf-8")
    u.encode("utf-16").decode("utf-16")
    u.casefold()
    unicodedata.normalize("NFD", u[:60])
    u.encode("ascii", "replace")
    u.encode("latin-1", "ignore").decode("latin-1")
    b = s.encode()
    b.split(b" ")
    b.replace(b"a", b"q")
    b.find(b"zzq")
    bytearray(b).extend(b[:99])
    memoryview(b)[3:99].tobytes()
    base64.b64encode(b[:2000])
    base64.b64decode(base64.b64encode(b[:2000]))
    b[:300].hex()
    bytes.fromhex(b[:300].hex())
    zlib.crc32(b)
    bytes(range(200))
    textwrap.fill(s[:1500], 60)
    textwrap.dedent("  a\n   b\n")
    string.Template("$a b").substitute(a=1)
    shlex.split('a "b c" d')
    html.escape(s[:400])
    urllib.parse.urlparse("http://u:p@h:80/p;a?q=1&r=2#f")
    urllib.parse.parse_qs("a=1&b=2&a=3")
    urllib.parse.quote(u[:50])
    fnmatch.fnmatch("abc.py", "*.py")
    [int(x) for x in "1 22 333 -4".split() * 30]
    [float(x) for x in "1.5 2e10 -3.25".split() * 30]
    [str(x) for x in (1, -22, 3.5, 1e100, True, None)] * 2
    [repr(i / 7) for i in range(60)]
    format(12345.678, ",.2f")
    round(2.567, 2)
    out = io.StringIO()
    for x in w[:300]:
        out.write(x)
        out.write("\n")
        print(x, len(x), file=out)
    out.getvalue()


def do_patterns():
    """Patterns: compiled, searched, replaced."""
    text = " ".join(
        f'{w}@{v}.com 2024-0{i % 9 + 1}-1{i % 9} +{i * 37} <a href="x{i}">'
        for i, (w, v) in enumerate(zip(WORDS[:500], WORDS[500:]))
    )
    for p in (
        r"[\w.]+@[\w.]+",
        r"(\d{4})-(\d\d)-(\d\d)",
        r"\b[aeiou]\w*\b",
        r'<a\s+href="([^"]*)">',
        r"(?i)foo|bar|b[a-z]z",
        r"(?P<k>\w+)@(?P<v>\w+)",
        r"\s+",
        r"(a|e)+?x",
        r"[^\W\d_]+",
    ):
        c = re.compile(p)
        c.findall(text)
        c.sub("-", text[:5000])
        [m.group() for m in c.finditer(text[:5000])]
        c.split(text[:3000])
    re.purge()
    for i in range(6):
        re.compile(r'^(?:(\d+)|([a-z_]+\[%d\])|"(?:[^"\\]|\\.)*")(?=\s|$)' % i)


def do_json_texts():
    """JSON, small values and larger ones."""
    d = [
        {
            "id": i,
            "name": WORDS[i % 4000],
            "tags": WORDS[i : i + 5],
            "ok": i % 3 == 0,
            "n": None,
            "x": i / 7,
            "u": 'é\u20ac "q" \n' * (i % 3),
            "sub": {"a": {"b": [1, 2, [3]]}},
        }
        for i in range(400)
    ]
    s = json.dumps(d)
    json.loads(s)
    json.loads(json.dumps(d, indent=2, sort_keys=True))
    json.loads(json.dumps(d, ensure_ascii=False).encode())

    class E(json.JSONEncoder):
        def default(self, o):
            return str(o)

    json.dumps([datetime.date(2020, 1, 1)] * 20, cls=E)
