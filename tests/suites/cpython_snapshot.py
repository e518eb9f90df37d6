# /// script
# [tool.obelisk]
# module = "test"
# include = ["test"]
# interpreter = true
# snapshot = true
# snapshot-imports = [
#   "unittest", "unittest.mock", "test.support", "test.support.import_helper",
#   "test.support.os_helper", "test.support.script_helper", "test.support.socket_helper",
#   "test.support.threading_helper", "test.support.warnings_helper", "argparse", "ast",
#   "asyncio", "base64", "bisect", "bz2", "calendar", "collections", "concurrent.futures",
#   "configparser", "contextlib", "copy", "csv", "ctypes", "dataclasses", "datetime", "decimal",
#   "difflib", "dis", "email.message", "fractions", "functools", "glob", "gzip", "hashlib",
#   "heapq", "html.parser", "http.client", "importlib.metadata", "inspect", "json", "logging",
#   "lzma", "multiprocessing", "pathlib", "pickle", "platform", "pprint", "queue", "random",
#   "re", "secrets", "shutil", "signal", "socket", "sqlite3", "ssl", "statistics", "string",
#   "struct", "subprocess", "tarfile", "tempfile", "textwrap", "threading", "tokenize",
#   "traceback", "typing", "urllib.request", "uuid", "weakref", "xml.etree.ElementTree",
#   "zipfile", "zlib", "zoneinfo",
# ]
# ///
"""CPython's own test suite as an application that starts from a snapshot; see run.py."""
