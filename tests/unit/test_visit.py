"""Services that are trained: asked until they answered, and stopped as ctrl-C does."""

import signal
import socket
import sys

import pytest
import trustme

from obelisk.errors import VerifyError
from obelisk.pack import first_use
from obelisk.services import process, visit
from obelisk.services.visit import Address

SERVICE = """
import http.server, os, signal, socket, sys, time

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open("asked", "a") as file:
            print(self.path, file=file)
        status = int(self.path[1:4])
        self.send_response(status)
        self.send_header("Location", f"http://127.0.0.1:{PORT}/500")
        self.end_headers()
        while self.path.endswith("endless"):
            self.wfile.write(b"more\\n")
            time.sleep(0.01)
        self.wfile.write(b"told by the service")

class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6 if ":" in HOST else socket.AF_INET
    daemon_threads = True

print("starting", flush=True)
BEFORE
server = Server((HOST, PORT), Handler)
try:
    server.serve_forever()
except KeyboardInterrupt:
    AFTER
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(visit, "_SETTLING", 0.05)
    for module in (visit, process):
        monkeypatch.setattr(module, "STOPPING", 2.0)


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def trained(tmp_path, port):
    """A function that trains the service, asked for paths, and returns those that it was."""

    def train(*paths, runs=((),), scheme="http", host="127.0.0.1", **parts):
        program = tmp_path / "program"
        text = SERVICE.replace("BEFORE", parts.get("before", "pass"))
        text = text.replace("AFTER", parts.get("after", "sys.exit()"))
        text = text.replace("HOST", repr(host)).replace("PORT", str(port))
        program.write_text(f"#!{sys.executable}\n{text}")
        program.chmod(0o755)
        shown = f"[{host}]" if ":" in host else host
        asked = [Address.parse(f"{scheme}://{shown}:{port}{path}") for path in paths]
        log = tmp_path / "log"
        first_use.train(program, runs, requests=asked, folder=tmp_path, log=log)
        return (tmp_path / "asked").read_text().split()

    return train


@pytest.mark.parametrize(
    "after",
    [
        "pass",
        "sys.exit(130)",
        "raise",
        "signal.signal(signal.SIGINT, signal.SIG_DFL); os.kill(0, signal.SIGINT)",
    ],
)
def test_each_run_is_asked_in_order_and_ends_as_by_ctrl_c(trained, after):
    found = trained("/200/a?b=c", "/404", after=after, runs=((), ("x",)))
    assert found == ["/200/a?b=c", "/404"] * 2


def test_redirects_are_answers_and_proxies_are_not_asked(trained, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert trained("/302", "/204") == ["/302", "/204"]


def test_a_service_has_time_to_start(trained):
    assert trained("/200", before="time.sleep(1)") == ["/200"]


def test_a_service_hears_ctrl_c_where_the_builder_does_not(trained):
    """As in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert trained("/200") == ["/200"]
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_answer_need_not_end(trained, monkeypatch):
    monkeypatch.setattr(visit, "_TIMEOUT", 0.5)
    assert trained("/200/endless") == ["/200/endless"]


def test_addresses_of_ipv6(trained):
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6 here")
    assert trained("/200", host="::1") == ["/200"]


def test_certificates_of_services_are_not_checked(trained, tmp_path, port):
    trustme.CA().issue_cert("elsewhere.example").private_key_and_cert_chain_pem.write_to_path(
        tmp_path / "certificate.pem"
    )
    before = (
        "import ssl\n"
        "context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n"
        "context.load_cert_chain('certificate.pem')\n"
        "class Server(Server):\n"
        "    def server_bind(self):\n"
        "        self.socket = context.wrap_socket(self.socket, server_side=True)\n"
        "        super().server_bind()\n"
    )
    assert trained("/200", before=before, scheme="https") == ["/200"]


def test_an_answer_that_is_a_failure_is_shown(trained, port):
    with pytest.raises(VerifyError) as caught:
        trained("/200", "/503")
    first, second, *rest = str(caught.value).splitlines()
    url = f"http://127.0.0.1:{port}/503"
    assert first == f"training run `program` answered {url} with status 503 Service Unavailable"
    assert second == "told by the service"
    assert rest[0] == "starting"
    assert "status below 500" in caught.value.hint


def test_a_service_that_does_not_answer_is_an_error_that_says_why(trained, port, monkeypatch):
    monkeypatch.setattr(first_use, "_SECONDS", 0.5)
    url = f"http://127.0.0.1:{port}/200"
    expected = f"`program` did not answer {url} within 0 seconds: Connection refused\nstarting"
    with pytest.raises(VerifyError, match=expected):
        trained("/200", before="time.sleep(100)")


def test_what_speaks_something_else_does_not_answer(trained, monkeypatch):
    monkeypatch.setattr(first_use, "_SECONDS", 0.5)
    before = (
        "listening = socket.create_server((HOST, PORT))\n"
        "while True: listening.accept()[0].send(b'220 welcome\\n')"
    )
    with pytest.raises(VerifyError, match=r"did not answer .*: it is no answer of HTTP"):
        trained("/200", before=before)


def test_a_service_that_does_not_end_is_an_error(trained):
    with pytest.raises(VerifyError, match="`program` was still running 2 seconds after SIGINT"):
        trained("/200", after="time.sleep(100)")


def test_a_service_that_ends_badly_is_an_error(trained):
    expected = "exited with status 3 when it was stopped by SIGINT\nstarting"
    with pytest.raises(VerifyError, match=expected):
        trained("/200", after="sys.exit(3)")


def test_a_service_that_cannot_start_says_why(trained):
    with pytest.raises(VerifyError, match="exited with status 1\nstarting\nno database"):
        trained("/200", before="sys.exit('no database')")


def test_a_port_that_another_program_has_is_not_asked(trained, port, tmp_path):
    with socket.create_server(("127.0.0.1", port)):
        expected = f"`program` cannot be asked: another program listens on 127.0.0.1 port {port}"
        with pytest.raises(VerifyError, match=expected):
            trained("/200")
    assert not (tmp_path / "output.txt").exists()


def test_runs_may_end_by_themselves_but_one_answers(trained, port):
    before = "if sys.argv[1:]: sys.exit()"
    assert trained("/200", before=before, runs=(["--help"], [])) == ["/200"]
    expected = rf"no training run of `program` answered http://127.0.0.1:{port}/200: all ended"
    with pytest.raises(VerifyError, match=expected):
        trained("/200", before=before, runs=(["--help"],))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost", ("localhost", 80, "/")),
        ("https://127.0.0.1/a%20b?c=d&e#f", ("127.0.0.1", 443, "/a%20b?c=d&e")),
        ("http://[::1]:8000?x", ("::1", 8000, "/?x")),
    ],
)
def test_what_of_a_url_is_asked(url, expected):
    found = Address.parse(url)
    assert (found.host, found.port, found.target) == expected


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "it is empty"),
        ("127.0.0.1:8000/", "its scheme is neither"),
        ("ftp://127.0.0.1/", "its scheme is neither"),
        ("http+unix://%2Ftmp%2Fsocket/", "its scheme is neither"),
        ("http:///items", "it has no host"),
        ("http://me:secret@127.0.0.1/", "it has a user name"),
        ("http://127.0.0.1:0/", "port 0"),
        ("http://127.0.0.1:99999/", "[Pp]ort"),
        ("http://127.0.0.1:x/", "[Pp]ort"),
        ("http://[::1/", "IPv6"),
        ("http://127.0.0.1/a b", "percent-encoded"),
        ("http://127.0.0.1/\r\nX: y", "percent-encoded"),
        ("http://127.0.0.1/ä", "percent-encoded"),
    ],
)
def test_what_cannot_be_asked_is_refused(url, reason):
    with pytest.raises(ValueError, match=reason):
        Address.parse(url)
