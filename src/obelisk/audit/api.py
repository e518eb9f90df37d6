"""OSV's API, https://google.github.io/osv.dev/api/, or a server of one's own that speaks it.

What it says of packages is asked again after an hour; an advisory is kept until the server says
that it was modified. Only names and versions of packages and libraries are sent.
"""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

from obelisk.audit.advisory import MalformedError, parse_advisory
from obelisk.audit.database import Database
from obelisk.audit.names import Identity
from obelisk.errors import ConfigError, SourceError
from obelisk.services.cache import Cache, content_key

ADDRESS: Final = "https://api.osv.dev"
_CACHED: Final = "advisories"
_FILE: Final = "answer.json"
_FRESH: Final = 3600
"""Seconds until packages are asked for again."""
_TIMEOUT: Final = 20
"""Seconds of silence after which a request is given up."""
_PAUSES: Final = (1.0, 4.0)
"""Seconds before a request is repeated that the server was too busy for."""
_BATCH: Final = 1000
"""The most queries in one request."""
_MOST_PAGES: Final = 100
_AT_ONCE: Final = 8
_LARGEST: Final = 64 << 20
_KEPT_AT_ONCE: Final = 100
_HINT: Final = "pass a local mirror by `--database`, or another server by `--api`"

Query = dict[str, Any]
Found = tuple[str, str]
"""(ID, time of its last change) of an advisory."""


class Api:
    """A server, and what is kept of its answers."""

    def __init__(
        self,
        address: str,
        cache: Cache,
        *,
        now: float | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if urlsplit(address).scheme not in ("http", "https"):
            message = f"invalid address `{address}`"
            raise ConfigError(message, hint=f"for example {ADDRESS}")
        self._address = address.rstrip("/")
        self._cache = cache
        self._now = time.time() if now is None else now
        self._sleep = sleep

    def fetch(self, identities: Iterable[Identity], into: Database) -> None:
        """Add all advisories about packages; raise `SourceError` if the server cannot be asked."""
        queries = sorted({query for one in identities for query in _queries(one)})
        found = self._ask([_query(*one) for one in queries]) if queries else []
        for name, data in self._advisories(found):
            try:
                into.add(parse_advisory(data))
            except MalformedError as error:
                into.malformed.append(f"{self._address}: {name}: {error}")

    def _ask(self, queries: list[Query]) -> list[Found]:
        """Return the advisories about packages, by what was kept of the last hour if possible."""
        hour = int(self._now // _FRESH)
        key = content_key({"address": self._address, "queries": queries, "hour": hour})
        kept = self._kept(key)
        if kept is not None:
            return [(str(name), str(modified)) for name, modified in json.loads(kept)]
        found = sorted(set(self._asked(queries)))
        self._keep({key: json.dumps(found).encode()})
        return found

    def _asked(self, queries: list[Query]) -> Iterator[Found]:
        waiting = queries
        for _ in range(_MOST_PAGES + len(queries) // _BATCH):
            if not waiting:
                return
            batch, waiting = waiting[:_BATCH], waiting[_BATCH:]
            rows = self._post("/v1/querybatch", {"queries": batch}).get("results")
            if not isinstance(rows, list) or len(rows) != len(batch):
                reason = "it answered for other packages than it was asked for"
                raise self._error(reason)
            for query, row in zip(batch, rows, strict=True):
                yield from self._listed(row)
                token = row.get("next_page_token") if isinstance(row, dict) else None
                if token:
                    waiting = [*waiting, {**query, "page_token": token}]
        if waiting:
            reason = f"its answer has more than {_MOST_PAGES} pages"
            raise self._error(reason)

    def _listed(self, row: object) -> Iterator[Found]:
        rows = (row.get("vulns") or []) if isinstance(row, dict) else []
        for one in rows if isinstance(rows, list) else []:
            name = one.get("id") if isinstance(one, dict) else None
            if not isinstance(name, str) or not name:
                reason = "it named an advisory without an ID"
                raise self._error(reason)
            yield name, str(one.get("modified", ""))

    def _advisories(self, found: list[Found]) -> Iterator[tuple[str, bytes]]:
        """Yield (ID, JSON) of advisories, from the cache where it has them."""
        keys = {self._key(one): one for one in found}
        missing = []
        for key, (name, _) in keys.items():
            kept = self._kept(key)
            if kept is None:
                missing.append(key)
            else:
                yield name, kept
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            names = [keys[key][0] for key in missing]
            answers = list(pool.map(lambda name: self._get(f"/v1/vulns/{_part(name)}"), names))
        yield from zip(names, answers, strict=True)
        for start in range(0, len(missing), _KEPT_AT_ONCE):
            part = slice(start, start + _KEPT_AT_ONCE)
            self._keep(dict(zip(missing[part], answers[part], strict=True)))

    def _key(self, found: Found) -> str:
        name, modified = found
        return content_key({"address": self._address, "id": name, "modified": modified})

    def _kept(self, key: str) -> bytes | None:
        folder = self._cache.find(_CACHED, key)
        return None if folder is None else (folder / _FILE).read_bytes()

    def _keep(self, answers: dict[str, bytes]) -> None:
        self._cache.keep(_CACHED, {key: _writer(data) for key, data in answers.items()})

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        data = self._send(path, json.dumps(body).encode())
        try:
            answer = json.loads(data)
        except (ValueError, RecursionError) as error:
            reason = f"its answer is not JSON: {error}"
            raise self._error(reason) from error
        if not isinstance(answer, dict):
            reason = "its answer is not an object"
            raise self._error(reason)
        return answer

    def _get(self, path: str) -> bytes:
        return self._send(path, None)

    def _send(self, path: str, body: bytes | None) -> bytes:
        """Return the answer to a request, repeated where the server is too busy."""
        for pause in (*_PAUSES, None):
            try:
                return self._once(path, body)
            except urllib.error.HTTPError as error:
                reason, busy = f"HTTP {error.code} {error.reason}", error.code in (429, 502, 503)
            except TimeoutError:
                reason, busy = f"no answer within {_TIMEOUT} seconds", True
            except (OSError, http.client.HTTPException, ValueError) as error:
                cause = error.reason if isinstance(error, urllib.error.URLError) else error
                reason, busy = str(cause) or type(cause).__name__, False
            if pause is None or not busy:
                raise self._error(reason)
            self._sleep(pause)
        raise AssertionError  # the last pause is None

    def _once(self, path: str, body: bytes | None) -> bytes:
        headers = {"User-Agent": "obelisk", "Content-Type": "application/json"}
        address = self._address + path
        request = urllib.request.Request(address, data=body, headers=headers)  # noqa: S310 - checked
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310
            data: bytes = answer.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            message = f"an answer of more than {_LARGEST} bytes"
            raise ValueError(message)
        return data

    def _error(self, reason: str) -> SourceError:
        return SourceError(f"cannot query {self._address}: {reason}", hint=_HINT)


def _queries(identity: Identity) -> Iterator[tuple[str, str, str]]:
    if identity.version:
        for ecosystem, name in identity.packages:
            yield ecosystem, name, identity.version


def _query(ecosystem: str, name: str, version: str) -> Query:
    return {"package": {"ecosystem": ecosystem, "name": name}, "version": version}


def _part(name: str) -> str:
    return quote(name, safe="")


def _writer(data: bytes) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / _FILE).write_bytes(data)

    return write
