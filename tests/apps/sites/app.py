# /// script
# dependencies = ["flask", "starlette", "httpx"]
# [tool.obelisk]
# data = ["static/*"]
# ///
"""Two sites with a static file, asked as a browser with a cache would: `app.py [ANSWERS]`.

ANSWERS are what an earlier build answered, as JSON; what it knows is asked for again.
"""

import json
import sys
from pathlib import Path

from flask import Flask
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient

STATIC = Path(__file__).parent / "static"
FLASK = Flask(__name__, static_folder=STATIC).test_client()
STARLETTE = TestClient(Starlette(routes=[Mount("/static", StaticFiles(directory=STATIC))]))
VALIDATORS = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}


def ask(client, headers):
    """Return the status, the body and the validators of the answer."""
    answer = client.get("/static/app.js", headers=headers)
    return answer.status_code, answer.text, {name: answer.headers.get(name) for name in VALIDATORS}


def main():
    known = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}
    answers = {}
    for name, client in {"flask": FLASK, "starlette": STARLETTE}.items():
        validators = known.get(name, {}).get("validators", {})
        again = {
            header: ask(client, {header: validators[field]})[:2]
            for field, header in VALIDATORS.items()
            if validators
        }
        _, body, validators = ask(client, {})
        answers[name] = {"body": body, "validators": validators, "again": again}
    print(json.dumps(answers))


main()
