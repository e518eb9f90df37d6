"""Programs that people use, at work where there is nothing but them: no /proc, /etc or shell."""

import re
import shutil
import ssl
import subprocess
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import trustme
from support import APPS, expected, in_root

pytestmark = [pytest.mark.compile, pytest.mark.network]

PROGRAMS = APPS / "programs"


def install(executable, root, name="app"):
    (root / "tmp").mkdir(exist_ok=True, parents=True)
    place = root / name
    place.parent.mkdir(exist_ok=True, parents=True)
    shutil.copy(executable, place)


def run(root, *arguments, timeout=120, **env):
    argv = in_root(root, "/app", *arguments)
    return subprocess.run(
        argv, env=env, capture_output=True, text=True, timeout=timeout, check=False
    )


@contextmanager
def serving(root):
    """Start a server that prints its port; give its address."""
    process = subprocess.Popen(in_root(root, "/app"), env={}, stdout=subprocess.PIPE, text=True)
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


def get(address):
    with urllib.request.urlopen(address, timeout=60) as answer:
        return answer.read().decode()


def ask_under_load(address, style):
    def ask(number):
        assert f"<title>stone {number}</title>" in get(f"{address}/stone/{number}")
        assert get(f"{address}/static/site.css") == style

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(200)))


@pytest.mark.parametrize("name", ["flask_site", "fastapi_site"])
def test_a_site_with_templates_and_static_files_under_load(executables, tmp_path, name):
    install(executables(f"programs/{name}/app.py"), tmp_path)
    style = (PROGRAMS / name / "static/site.css").read_text()
    with serving(tmp_path) as address:
        for _ in range(100):  # the processes behind the socket may still be starting
            try:
                get(f"{address}/stone/1")
                break
            except OSError:
                time.sleep(0.1)
        ask_under_load(address, style)
        if name == "fastapi_site":
            body = b'{"name": "granite", "weight": 2.5}'
            headers = {"Content-Type": "application/json"}
            request = urllib.request.Request(f"{address}/weigh", body, headers)
            assert '"name":"granite","double":5.0' in get(request)


def test_a_django_project_with_migrations(executables, tmp_path):
    install(executables("programs/django_site"), tmp_path)
    env = {"SHELF_FOLDER": "/tmp"}
    migrated = run(tmp_path, "migrate", "--no-color", **env)
    assert (migrated.returncode, migrated.stderr) == (0, "")
    assert "Applying shelf.0002_book_pages... OK" in migrated.stdout
    assert "No changes detected" in run(tmp_path, "makemigrations", "--check", **env).stdout
    visited = run(tmp_path, "visit", **env)
    assert visited.stdout.splitlines() == ["<li>Gravel 3</li>", "200 True"]
    collected = run(tmp_path, "collectstatic", "--no-input", **env)
    assert re.search(r"[1-9]\d\d static files copied", collected.stdout), collected.stderr
    assert (tmp_path / "tmp/static/admin/css/base.css").stat().st_size > 1000


def test_awscli_with_a_help_page(executables, tmp_path):
    install(executables("awscli", "--script", "aws", what="awscli==1.46.3"), tmp_path)
    assert run(tmp_path, "--version").stdout.startswith("aws-cli/1.46.3 Python/3.")
    # It shows its pages by other programs.
    for name in ("mandoc", "less"):
        install(executables("programs/pager.py"), tmp_path, f"bin/{name}")
    page = run(tmp_path, "s3api", "put-object", "help", PATH="/bin", PAGER="/bin/less")
    assert page.returncode == 0, page.stderr
    assert ".SH DESCRIPTION" in page.stdout
    assert "\\-\\-server\\-side\\-encryption" in page.stdout


def test_a_book_by_sphinx(executables, tmp_path):
    install(executables("sphinx", "--script", "sphinx-build", what="sphinx==9.0.4"), tmp_path)
    book = tmp_path / "tmp/book"
    book.mkdir()
    (book / "conf.py").write_text(
        "project = 'Stones'\nextensions = ['sphinx.ext.autodoc', 'sphinx.ext.viewcode']\n"
    )
    chapters = [f"chapter{number}" for number in range(12)]
    (book / "index.rst").write_text(
        "Stones\n======\n\n.. toctree::\n\n" + "".join(f"   {one}\n" for one in chapters)
    )
    for one in chapters:
        (book / f"{one}.rst").write_text(
            f"{one}\n{'=' * len(one)}\n\n.. code-block:: python\n\n   print('{one}')\n\n"
            ".. autofunction:: textwrap.dedent\n   :no-index:\n\nSee :doc:`index`.\n"
        )
    done = run(tmp_path, "-b", "html", "-j", "2", "/tmp/book", "/tmp/out")
    assert (done.returncode, done.stderr) == (0, "")
    page = (tmp_path / "tmp/out/chapter7.html").read_text()
    assert '<span class="nb">print</span>' in page
    assert "Remove any common leading whitespace" in page
    assert (tmp_path / "tmp/out/_static/pygments.css").exists()


def test_pools_of_processes_by_all_start_methods(executables, tmp_path):
    install(executables("parallel.py"), tmp_path)
    (tmp_path / "dev/shm").mkdir(
        parents=True
    )  # where libc keeps semaphores; every container has it
    done = run(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == expected(APPS / "parallel.py")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"granite": true}')

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def https(authority):
    """Address of a server whose certificate only that authority vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()


def http(root, address, **env):
    return run(root, "--ignore-stdin", "--body", address, HOME="/tmp", **env)


def test_httpie_with_certificates_of_the_environment(executables, tmp_path, https, authority):
    install(executables("httpie", "--script", "http", what="httpie==3.2.4"), tmp_path)
    refused = http(tmp_path, https)
    assert refused.returncode == 1
    assert "CERTIFICATE_VERIFY_FAILED" in refused.stderr
    authority.cert_pem.write_to_path(tmp_path / "tmp/ca.pem")
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        assert http(tmp_path, https, **{name: "/tmp/ca.pem"}).stdout.strip() == '{"granite": true}'


@pytest.mark.parametrize(
    "place",
    [
        "etc/ssl/certs/ca-certificates.crt",
        "etc/pki/tls/certs/ca-bundle.crt",
        "etc/ssl/ca-bundle.pem",
        "etc/pki/tls/cacert.pem",
        "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "etc/ssl/cert.pem",
    ],
)
def test_httpie_with_certificates_of_the_system(executables, tmp_path, https, authority, place):
    install(executables("httpie", "--script", "http", what="httpie==3.2.4"), tmp_path)
    (tmp_path / place).parent.mkdir(parents=True)
    authority.cert_pem.write_to_path(tmp_path / place)
    assert http(tmp_path, https).stdout.strip() == '{"granite": true}'


def test_httpie_with_bundled_certificates(executables, tmp_path, https, authority):
    """A certifi of the application's own goes in and is asked, here with that authority in it."""
    own = tmp_path / "certifi"
    shutil.copytree(APPS / "programs/own_certifi", own)
    authority.cert_pem.write_to_path(own / "certifi/cacert.pem")
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"certifi @ {own.as_uri()}\n")
    options = ("--script", "http", "-r", str(requirements))
    root = tmp_path / "root"
    install(executables("httpie", *options, what="httpie==3.2.4"), root)
    assert http(root, https).stdout.strip() == '{"granite": true}'


def test_a_curses_program(executables, tmp_path, terminal):
    root = tmp_path / "root"
    install(executables("programs/form.py"), root)
    screen = terminal(in_root(root, "/app"))
    screen.wait_for("press a key")
    screen.press("Left")
    screen.wait_for("that was KEY_LEFT, a letter")
    screen.press("é")
    screen.wait_for("that was é, now q")
    screen.press("q")
    screen.wait_for("ended 0")


def test_a_textual_program(executables, tmp_path, terminal):
    root = tmp_path / "root"
    install(executables("programs/counter.py"), root)
    screen = terminal(in_root(root, "/app"))
    screen.wait_for("count 0")
    screen.press("Enter")
    screen.wait_for("count 1")
    screen.press("C-p")
    screen.wait_for("Search for commands")
    screen.press("Escape")
    screen.wait_for("Add one")
    screen.press("q")
    screen.wait_for("ended 0")
