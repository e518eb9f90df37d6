import sys
from pathlib import Path

import numpy
import requests
from cryptography.hazmat.primitives import hashes
from lxml import etree
from psycopg import pq

from materials import parse


def main():
    print(parse.version())
    print(numpy.ones((2, 2)).sum(), hashes.SHA256().digest_size, requests.codes.ok)
    print(etree.fromstring("<a><b/></a>")[0].tag, pq.__impl__)
    text = Path(sys.executable, ".obelisk/licenses/LICENSE.openssl.txt").read_text()
    print(text.split("\n")[1].strip())
