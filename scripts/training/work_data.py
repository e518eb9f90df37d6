"""Data that is written and read: pickles, numbers, dates, hashes, XML."""

import datetime
import decimal
import fractions
import hashlib
import io
import math
import pickle
import pprint
import statistics
import struct
import uuid
import xml.etree.ElementTree as ET
import zlib

from things import Row
from vocabulary import WORDS, R


def do_data():
    """Pickles, structures, numbers, dates."""
    d = {
        "a": [1, 2.5, "x", b"y", None, True, (1, 2), {3}],
        "p": [Row(i) for i in range(30)],
        "w": WORDS[:200],
        "n": list(range(300)),
        "dt": datetime.datetime(2020, 1, 1),
    }
    for pr in (2, 4, 5):
        pickle.loads(pickle.dumps(d, pr))
    pickle._loads(pickle._dumps(WORDS[:20]))
    for i in range(120):
        struct.pack("<IhBf", i, 3, 4, 1.5)
        struct.unpack(">Q", b"12345678")
    struct.iter_unpack("<HH", bytes(400))
    D = decimal.Decimal
    x = D("1.1")
    for i in range(100):
        x = x * D("1.01") + D(i) / 7 - D(".3")
    str(x)
    x.quantize(D(".01"))
    fractions.Fraction(3, 7) + fractions.Fraction(1, 3)
    n = datetime.datetime(2024, 2, 28, 3, 4)
    for i in range(80):
        n += datetime.timedelta(hours=i)
        n.isoformat()
        n.strftime("%Y-%m-%d")
        datetime.datetime.fromisoformat("2024-01-02T03:04:05")
        n.replace(day=1) < n
        n.date()
    datetime.datetime.strptime("2024-01-02", "%Y-%m-%d")
    hashlib.sha256(b"x" * 3000).hexdigest()
    hashlib.md5(b"x" * 300).hexdigest()
    hashlib.blake2b(b"q" * 999).digest()
    zlib.decompress(zlib.compress(" ".join(WORDS[:600]).encode()))
    uuid.UUID(int=5)
    str(uuid.uuid4())
    statistics.mean([1, 2, 3.5])
    math.sin(1) + math.log(3) + math.floor(2.5)
    [R.randint(1, 99) for _ in range(200)]
    R.shuffle(list(range(99)))
    R.choice(WORDS)
    R.sample(range(99), 5)
    R.gauss(0, 1)
    pprint.pformat({"a": WORDS[:30], "b": {"c": list(range(50))}})
    pprint.pformat(d["n"])


def do_documents():
    """Documents: built, written, parsed."""
    root = ET.Element("r")
    for i in range(150):
        e = ET.SubElement(root, "item", id=str(i))
        ET.SubElement(e, "n").text = WORDS[i]
        e.tail = "\n"
    s = ET.tostring(root)
    r = ET.fromstring(s)
    r.findall(".//n")
    [e.get("id") for e in r.iter("item")]
    list(ET.iterparse(io.BytesIO(s)))
    r.find('item[@id="3"]/n').text
    ET.tostring(r, encoding="unicode")
