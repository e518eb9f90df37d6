"""Asking a service that is being trained: requests over HTTP, each repeated until it is answered.

It is asked as a stranger would, by GET, and each request has a connection of its own. Redirects
are answers, and proxies of whoever builds are not used.
"""

from __future__ import annotations

import http.client
import re
import signal
import socket
import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import urlsplit

from obelisk.errors import VerifyError
from obelisk.services.process import STOPPING

_PORTS: Final = {"http": 80, "https": 443}
_SENT: Final = re.compile(r"[!-~]+")
"""What a request can contain: printable ASCII without spaces."""
_TIMEOUT: Final = 10.0
"""Seconds that an answer may take."""
_PAUSE: Final = 0.05
"""Seconds between two attempts."""
_SETTLING: Final = 0.5
"""Seconds that a service has after the last answer, for what its threads do then."""
_MOST: Final = 1 << 20
"""Bytes of an answer that are read."""
_SHOWN: Final = 600
"""Characters of one that a message repeats."""
_FAILED: Final = 500
"""The first status of those by which a service says that it failed."""
_INTERRUPTED: Final = (0, 128 + signal.SIGINT, -signal.SIGINT)
"""How a program ends well at ctrl-C."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """A URL of a service that runs on this machine."""

    url: str
    scheme: str
    host: str
    port: int
    target: str
    """What of it is sent: path and query."""

    @classmethod
    def parse(cls, url: str) -> Self:
        """Return what a URL says. Raises `ValueError` with the reason if it cannot be asked."""
        if not _SENT.fullmatch(url):
            message = "it has characters that must be percent-encoded" if url else "it is empty"
            raise ValueError(message)
        parts = urlsplit(url)  # which raises for brackets that are no address of IPv6
        if parts.scheme not in _PORTS:
            message = "its scheme is neither `http` nor `https`"
            raise ValueError(message)
        if not parts.hostname:
            message = "it has no host"
            raise ValueError(message)
        if parts.username is not None:
            message = "it has a user name"
            raise ValueError(message)
        port = _PORTS[parts.scheme] if parts.port is None else parts.port
        if port == 0:
            message = "port 0 is none"
            raise ValueError(message)
        query = f"?{parts.query}" if parts.query else ""
        target = f"{parts.path or '/'}{query}"
        return cls(url=url, scheme=parts.scheme, host=parts.hostname, port=port, target=target)

    def connection(self) -> http.client.HTTPConnection:
        """Return a connection that is not made yet."""
        if self.scheme == "http":
            return http.client.HTTPConnection(self.host, self.port, timeout=_TIMEOUT)
        # The service is our own child, and nothing of the answer is used.
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return http.client.HTTPSConnection(self.host, self.port, timeout=_TIMEOUT, context=context)


class Visit:
    """The requests to one run: asked one after the other, while it is alive."""

    def __init__(self, addresses: Iterable[Address]) -> None:
        self._waiting = list(addresses)
        self.is_wanted = bool(self._waiting)
        self._trouble = "nothing was asked yet"
        self._refusal: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether all were answered, or one by a failure."""
        return self.is_wanted and (self._refusal is not None or not self._waiting)

    @property
    def is_answered(self) -> bool:
        """Whether all were answered, and none by a failure."""
        return self.is_over and self._refusal is None

    def require_free(self, what: str) -> None:
        """Raise `VerifyError` if somebody listens already where a run, `what`, is to be asked."""
        for host, port in {(one.host, one.port): None for one in self._waiting}:
            try:
                socket.create_connection((host, port), timeout=_TIMEOUT).close()
            except OSError:
                continue
            message = f"{what} cannot be asked: another program listens on {host} port {port}"
            raise VerifyError(message, hint="end that program, or choose another port")

    def go_on(self) -> bool:
        """Ask for what is not answered yet; return whether that is all (`is_over`)."""
        while self._waiting and self._refusal is None and self._ask(self._waiting[0]):
            del self._waiting[0]
        time.sleep(_SETTLING if self.is_over else _PAUSE)
        return self.is_over

    def fault(self, status: int | None, seconds: float) -> str | None:
        """Return what is wrong with a run that ended, as a message has it; None if it is well.

        `status` is as of `run_limited`, whose limit was so many seconds.
        """
        if self._refusal is not None:
            return self._refusal
        if status is None:
            return self._what_took_long(seconds)
        if status == 0 or (self.is_over and status in _INTERRUPTED):
            return None
        how = f"exited with status {status}" if status > 0 else f"was killed by signal {-status}"
        return f"{how} when it was stopped by SIGINT" if self.is_over else how

    def _what_took_long(self, seconds: float) -> str:
        if self.is_over:
            return f"was still running {STOPPING:.0f} seconds after SIGINT"
        if self.is_wanted:
            url = self._waiting[0].url
            return f"did not answer {url} within {seconds:.0f} seconds: {self._trouble}"
        return f"timed out after {seconds:.0f} seconds"

    def _ask(self, address: Address) -> bool:
        """Ask once; return whether it was answered, if need be by a failure."""
        connection = address.connection()
        try:
            # A service closes the connection then, after all that it does for the request.
            connection.request("GET", address.target, headers={"Connection": "close"})
            answer = connection.getresponse()
            text = _read(answer)
        except (OSError, http.client.HTTPException) as error:
            self._trouble = _reason(error)
            return False
        finally:
            connection.close()
        if answer.status >= _FAILED:
            said = text[:_SHOWN].decode(errors="replace").strip()
            line = f"answered {address.url} with status {answer.status} {answer.reason}"
            self._refusal = f"{line}\n{said}".rstrip()
        return True


def _read(answer: http.client.HTTPResponse) -> bytes:
    """Return the beginning of an answer; one that does not end is an answer too."""
    found, ends = bytearray(), time.monotonic() + _TIMEOUT
    while len(found) < _MOST and time.monotonic() < ends:
        try:
            piece = answer.read1(1 << 16)
        except TimeoutError:
            break
        if not piece:
            break
        found += piece
    return bytes(found)


def _reason(error: OSError | http.client.HTTPException) -> str:
    if isinstance(error, http.client.HTTPException):
        return f"it is no answer of HTTP ({type(error).__name__})"
    return (error.strerror if error.errno else str(error)) or type(error).__name__
