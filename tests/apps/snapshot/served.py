"""A service: some of its answers need functions that no training run called."""

import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import served_modules.late
import served_modules.used

try:
    from _snapshot import deferred
except ImportError:

    def deferred():
        return 0, 0


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        name = urlsplit(self.path).path[1:]
        text = " ".join(map(str, deferred())) if name == "deferred" else answers[name]()
        data = text.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


answers = {"used": served_modules.used.answer, "late": served_modules.late.answer}


def main():
    address = ("127.0.0.1", int(os.environ["SERVED_PORT"]))
    with ThreadingHTTPServer(address, Handler) as server:
        print("serving", flush=True)
        if sys.argv[1:] == ["--check"]:
            return
        server.serve_forever()


if __name__ == "__main__":
    main()
