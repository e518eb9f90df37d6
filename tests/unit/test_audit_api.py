"""OSV's API, as a server on the loopback speaks it: batches, pages, the cache, and what fails."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from audited import advisory, events, library, manifest_of, package, write_executable

from obelisk import cli
from obelisk.audit import api
from obelisk.audit.api import Api
from obelisk.audit.database import Database
from obelisk.audit.names import identify
from obelisk.errors import ConfigError, SourceError

ZERO = ("introduced", "0")
ROWS = [
    advisory("GHSA-1", "PyPI", "urllib3", events(ZERO, ("fixed", "2.5.0"))),
    advisory("GHSA-2", "PyPI", "urllib3", events(ZERO, ("fixed", "2.6.0"))),
    advisory("CVE-1", "GIT", "https://github.com/openssl/openssl", versions=["openssl-3.5.1"]),
]


class Server(ThreadingHTTPServer):
    """Answers as OSV's API does, by the names of packages; two advisories to a page."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.advisories = {row["id"]: row for row in ROWS}
        self.asked = []
        self.broken = {}
        """Of a path, what is answered instead: (status, bytes), once for each item."""
        self.page = 2

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"

    def listed(self, query):
        wanted = query["package"]
        found = [
            {"id": row["id"], "modified": row["modified"]}
            for row in self.advisories.values()
            if row["affected"][0]["package"] == wanted
        ]
        start = int(query.get("page_token", 0))
        answer = {"vulns": found[start : start + self.page]} if found[start:] else {}
        more = start + self.page < len(found)
        return answer | ({"next_page_token": str(start + self.page)} if more else {})


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, len(body["queries"])))
        self.answer({"results": [self.server.listed(one) for one in body["queries"]]})

    def do_GET(self):
        self.server.asked.append((self.path, 0))
        self.answer(self.server.advisories.get(self.path.rpartition("/")[2]))

    def answer(self, value):
        waiting = self.server.broken.get(self.path, [])
        status, data = waiting.pop(0) if waiting else (200, json.dumps(value).encode())
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@contextmanager
def serving():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def server():
    with serving() as server:
        yield server


COMPONENTS = [package("urllib3", "2.4.0"), package("clean", "1.0"), library("openssl", "3.5.1")]
BATCH = "/v1/querybatch"


def fetched(server, cache, *, now=0.0, components=COMPONENTS):
    database = Database()
    waits = []
    one = Api(server.address, cache, now=now, sleep=waits.append)
    one.fetch(map(identify, components), database)
    found = {name for rows in database.advisories.values() for name in rows}
    return sorted(found), waits, database


def test_packages_and_libraries_are_asked_for_in_one_request(server, cache):
    assert fetched(server, cache)[0] == ["CVE-1", "GHSA-1", "GHSA-2"]
    paths = [path for path, _ in server.asked]
    assert paths.count(BATCH) == 1
    assert sorted(paths[1:]) == ["/v1/vulns/CVE-1", "/v1/vulns/GHSA-1", "/v1/vulns/GHSA-2"]


def test_repositories_are_asked_for_as_they_are_written(server, cache):
    """The API does not take github.com/openmathlib for github.com/OpenMathLib."""
    row = advisory("X-1", "GIT", "https://github.com/OpenMathLib/OpenBLAS", versions=["v0.3.20"])
    server.advisories = {"X-1": row}
    assert fetched(server, cache, components=[library("openblas", "0.3.20")])[0] == ["X-1"]


def test_pages_are_followed(server, cache):
    server.page = 1
    assert fetched(server, cache)[0] == ["CVE-1", "GHSA-1", "GHSA-2"]
    assert [count for path, count in server.asked if path == BATCH][1:] == [1]


def test_long_lists_are_asked_for_in_parts(server, cache):
    many = [package(f"p{number}", "1") for number in range(2001)]
    assert fetched(server, cache, components=[*many, *COMPONENTS])[0][0] == "CVE-1"
    counts = [count for path, count in server.asked if path == BATCH]
    assert counts[:2] == [1000, 1000]
    assert len(counts) == 3


def test_endless_pages_are_an_error(server, cache, monkeypatch):
    monkeypatch.setattr(server, "listed", lambda query: {"vulns": [], "next_page_token": "again"})
    with pytest.raises(SourceError, match="more than 100 pages"):
        fetched(server, cache)


def test_answers_are_kept_for_an_hour_and_advisories_until_they_change(server, cache):
    fetched(server, cache)
    server.asked.clear()
    assert fetched(server, cache, now=3599)[0] == ["CVE-1", "GHSA-1", "GHSA-2"]
    assert server.asked == []
    changed = server.advisories["GHSA-1"] | {"modified": "2027-01-01T00:00:00Z", "summary": "new"}
    server.advisories["GHSA-1"] = changed
    _, _, database = fetched(server, cache, now=3600)
    assert [path for path, _ in server.asked] == [BATCH, "/v1/vulns/GHSA-1"]
    (first, *_) = database.about(["PyPI:urllib3"])
    assert (first.id, first.summary) == ("GHSA-1", "new")


def test_servers_have_caches_of_their_own(server, cache):
    fetched(server, cache)
    with serving() as other:
        other.advisories = {}
        assert fetched(other, cache)[0] == []


def test_a_cache_that_is_read_only_is_not_needed(server, cache, monkeypatch):
    fetched(server, cache)
    monkeypatch.setattr("obelisk.services.cache.root.is_writable", lambda _: False)
    assert fetched(server, cache, now=3600)[0] == ["CVE-1", "GHSA-1", "GHSA-2"]
    assert [path for path, _ in server.asked].count(BATCH) == 2


def test_a_busy_server_is_asked_again(server, cache):
    server.broken = {BATCH: [(503, b""), (429, b"")], "/v1/vulns/CVE-1": [(502, b"")]}
    found, waits, _ = fetched(server, cache)
    assert found == ["CVE-1", "GHSA-1", "GHSA-2"]
    assert waits == [1.0, 4.0, 1.0]


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ([(503, b"")] * 3, "HTTP 503"),
        ([(400, b"")], "HTTP 400 Bad Request"),
        ([(200, b"<html>")], "its answer is not JSON"),
        ([(200, b"[" * 100_000)], "its answer is not JSON"),
        ([(200, b"[]")], "its answer is not an object"),
        ([(200, b"{}")], "for other packages"),
        ([(200, b'{"results": [{}]}')], "for other packages"),
        ([(200, json.dumps({"results": [{"vulns": [{}]}] * 5}).encode())], "without an ID"),
    ],
)
def test_a_server_that_fails_is_an_error_with_a_way_out(server, cache, answers, message):
    server.broken = {BATCH: answers}
    with pytest.raises(SourceError, match=message) as caught:
        fetched(server, cache)
    assert server.address in str(caught.value)
    assert "--database" in caught.value.hint


def test_a_failed_audit_leaves_no_answer_in_the_cache(server, cache):
    server.broken = {"/v1/vulns/CVE-1": [(404, b"")]}
    with pytest.raises(SourceError, match="HTTP 404"):
        fetched(server, cache)
    assert fetched(server, cache)[0] == ["CVE-1", "GHSA-1", "GHSA-2"]


def test_malformed_advisories_are_named(server, cache):
    server.broken = {"/v1/vulns/GHSA-1": [(200, b"[]")]}
    found, _, database = fetched(server, cache)
    assert found == ["CVE-1", "GHSA-2"]
    (text,) = database.malformed
    assert text == f"{server.address}: GHSA-1: the document is not an object"


def test_names_cannot_lead_elsewhere(server, cache):
    row = advisory("../../x?y#z", "PyPI", "urllib3", events(ZERO))
    server.advisories = {"..%2F..%2Fx%3Fy%23z": row}
    assert fetched(server, cache)[0] == ["../../x?y#z"]
    assert server.asked[-1][0] == "/v1/vulns/..%2F..%2Fx%3Fy%23z"


def test_nobody_listens(cache):
    with serving() as server:
        pass
    with pytest.raises(SourceError, match="Connection refused"):
        fetched(server, cache)


def test_a_server_that_says_nothing(cache, monkeypatch):
    monkeypatch.setattr(api, "_TIMEOUT", 0.05)
    with serving() as server:
        monkeypatch.setattr(Handler, "do_POST", lambda self: threading.Event().wait(0.5))
        with pytest.raises(SourceError, match=r"no answer within 0\.05 seconds|closed|timed out"):
            fetched(server, cache)


@pytest.mark.parametrize("address", ["file:///etc/passwd", "api.osv.dev", "ftp://x"])
def test_addresses_are_of_http(cache, address):
    with pytest.raises(ConfigError, match="invalid address"):
        Api(address, cache)


def test_the_command_line(server, tmp_path, tiny_runtime, monkeypatch, capsys):
    monkeypatch.setenv("OBELISK_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    write_executable(tmp_path / "app", tiny_runtime, manifest_of(COMPONENTS))
    for options, status, requests in (((), 10, 4), (("--offline",), 10, 0)):
        server.asked.clear()
        argv = ["audit", "app", *(options or ("--api", server.address)), "--json"]
        with pytest.raises(SystemExit) as caught:
            cli.main(argv)
        rows = json.loads(capsys.readouterr().out)["findings"]
        found = {row["id"] for row in rows}
        assert caught.value.code == status
        assert len(server.asked) == requests
        assert ("GHSA-2" in found) is (not options)
        assert "CVE-2025-9230" in found  # of OpenSSL 3.5.1, and comes with Obelisk
