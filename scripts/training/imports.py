"""Import what applications import: modules are found, unmarshalled and run."""

import importlib

MODULES = """
argparse ast asyncio concurrent.futures configparser contextlib csv dataclasses datetime
decimal difflib doctest email.message enum fnmatch functools getpass glob hashlib html.parser
http.client http.server importlib.metadata inspect json logging multiprocessing pathlib pdb
pickle platform pprint random re selectors shutil socket socketserver sqlite3 ssl statistics
string subprocess tempfile textwrap tomllib traceback typing unittest urllib.request uuid
xml.etree.ElementTree zipfile zoneinfo
"""

for name in MODULES.split():
    importlib.import_module(name)
