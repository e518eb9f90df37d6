"""Looks at where, when and by whom it is run, as programs do."""

import argparse
import dataclasses
import datetime
import json
import logging
import os
import random
import re
import socket
import tempfile
import time
import uuid
from pathlib import Path


@dataclasses.dataclass
class Place:
    folder: str
    home: str
    host: str


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=3)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    logging.info("at %s, %s", datetime.datetime.now(), time.tzname)
    place = Place(os.getcwd(), os.path.expanduser("~"), socket.gethostname())
    print(json.dumps(dataclasses.asdict(place)), re.sub("[aeiou]", "", place.folder))
    print(sorted(os.environ), {name: len(name) for name in set(os.environ)})
    print([random.random() for _ in range(given.times)], uuid.uuid4(), os.getpid())
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "file").write_text(f"{time.time()}")


if __name__ == "__main__":
    main()
