"""Imports every extension module and puts those with a library behind them to real work."""

# expect: extension modules: all imported
# expect: missing: ['_gdbm', '_tkinter']
# expect: ssl: OpenSSL TLSv1_2
# expect: tls: HANDSHAKE TLSv1.2
# expect: suites: 158
# expect: curves: all
# expect: digests: blake2b blake2s md5 md5-sha1 ripemd160 sha1 sha224 sha256 sha384 sha3_224 sha3_256 sha3_384 sha3_512 sha512 sha512_224 sha512_256 shake_128 shake_256 sm3
# expect: sqlite: 1
# expect: ctypes: [1, 2, 3, 4] True
# expect: zlib, bz2, lzma: round trip
# expect: zstd: round trip
# expect: curses: 256 colours
# expect: readline: line editline
# expect: uuid: 10 True
# expect: decimal: 0.1428571428571428571428571429
# expect: expat: text
# expect: dbm.ndbm: value

import importlib.util
import sys


OTHER_SYSTEMS = {"_overlapped", "_scproxy", "_winapi", "_wmi", "msvcrt", "nt", "winreg", "winsound"}
LEFT_OUT = {"ensurepip", "idlelib", "tkinter", "turtle", "turtledemo"}


def check_imports():
    failed = []
    for name in sorted(sys.builtin_module_names):
        try:
            __import__(name)
        except ImportError as error:
            failed.append(f"{name}: {error}")
    print("extension modules:", "all imported" if not failed else failed)
    absent = [name for name in sys.stdlib_module_names if importlib.util.find_spec(name) is None]
    print("missing:", sorted(set(absent) - OTHER_SYSTEMS - LEFT_OUT))


def check_ssl():
    import socket
    import ssl
    import threading

    context = ssl.create_default_context()
    print("ssl:", ssl.OPENSSL_VERSION.split()[0], context.minimum_version.name)
    # A handshake over a pair of sockets, with no certificate: an anonymous cipher.
    server, client = (ssl.SSLContext(kind) for kind in (ssl.PROTOCOL_TLS_SERVER, ssl.PROTOCOL_TLS_CLIENT))
    for one in (server, client):
        one.maximum_version = ssl.TLSVersion.TLSv1_2
        one.set_ciphers("AECDH-AES256-SHA:@SECLEVEL=0")
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    left, right = socket.socketpair()

    def serve():
        with server.wrap_socket(left, server_side=True) as wrapped:
            wrapped.sendall(wrapped.recv(16).upper())

    thread = threading.Thread(target=serve)
    thread.start()
    with client.wrap_socket(right) as wrapped:
        wrapped.sendall(b"handshake")
        print("tls:", wrapped.recv(16).decode(), wrapped.version())
    thread.join()


def check_offered():
    """What OpenSSL offers: as much as Debian's, whose legacy provider is not loaded either."""
    import hashlib
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    print("suites:", len(context.get_ciphers()))
    for curve in ("prime256v1", "secp521r1", "secp256k1", "sect571r1", "brainpoolP512r1", "X448"):
        context.set_ecdh_curve(curve)
    print("curves: all")
    print("digests:", *sorted(hashlib.algorithms_available))


def check_sqlite():
    import sqlite3

    database = sqlite3.connect(":memory:")
    database.execute("create virtual table t using fts5(text)")
    database.execute("insert into t values ('an obelisk is one stone')")
    print("sqlite:", database.execute("select count(*) from t where t match 'stone'").fetchone()[0])


def check_ctypes():
    import ctypes

    kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
    numbers = (ctypes.c_int * 4)(3, 1, 4, 2)
    library = ctypes.CDLL("ucrtbase" if sys.platform == "win32" else None)
    library.qsort(numbers, 4, 4, kind(lambda a, b: a[0] - b[0]))
    ctypes.pythonapi.Py_GetVersion.restype = ctypes.c_char_p
    print("ctypes:", list(numbers), ctypes.pythonapi.Py_GetVersion().decode().split()[0] == sys.version.split()[0])


def check_compression():
    import bz2
    import lzma
    import zlib

    data = b"stone " * 1000
    for module in (zlib, bz2, lzma):
        assert module.decompress(module.compress(data)) == data
    print("zlib, bz2, lzma: round trip")
    if sys.version_info >= (3, 14):
        from compression import zstd

        assert zstd.decompress(zstd.compress(data)) == data
    print("zstd: round trip")


def check_terminal():
    import curses

    curses.setupterm("xterm-256color", 1)
    print("curses:", curses.tigetnum("colors"), "colours")


def check_line_editing():
    import readline

    readline.parse_and_bind("bind ^I rl_complete")
    readline.add_history("line")
    print("readline:", readline.get_history_item(1), readline.backend)


def check_rest():
    import decimal
    import uuid
    import xml.etree.ElementTree as tree

    print("uuid:", len({str(uuid.uuid1()) for _ in range(10)}), _has_time_safe())
    print("decimal:", decimal.Decimal(1) / 7)
    print("expat:", tree.fromstring("<a><b>text</b></a>").find("b").text)


def check_ndbm():
    import dbm.ndbm
    import os
    import tempfile

    folder = os.environ.get("SCRATCH") or tempfile.mkdtemp()
    with dbm.ndbm.open(folder + "/db", "c") as database:
        database["key"] = "value"
        print("dbm.ndbm:", database["key"].decode())


def _has_time_safe():
    import _uuid

    return bool(_uuid.has_uuid_generate_time_safe)


if __name__ == "__main__":
    check_imports()
    check_ssl()
    check_offered()
    check_sqlite()
    check_ctypes()
    check_compression()
    for check in (check_terminal, check_line_editing, check_rest, check_ndbm):
        try:
            check()
        except ImportError as error:
            print("missing:", error.name)
