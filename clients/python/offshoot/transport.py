"""Requests and answers: one kept connection for each thread, and what may be sent a second time.

What the server has not begun may always be sent again: 429, and errors whose details say
``retriable``. What was lost on the way may have happened, so only reads are sent again then.
"""

from __future__ import annotations

import http.client
import json
import random
import select
import socket
import ssl
import threading
import time
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Dict, Mapping, Optional
from urllib.parse import quote, urlencode, urlsplit
from uuid import UUID

from .errors import ApiError, ConnectionLost, OffshootError, of_answer

#: Statuses by which something between us and the server says that it may go better later.
_PASSING = (502, 503, 504)


class Transport:
    """Sends requests to one server. Threads may share it."""

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str],
        timeout: float,
        retries: int,
        wait_max: float,
        context: Optional[ssl.SSLContext],
    ) -> None:
        place = urlsplit(base_url)
        if place.scheme not in ("http", "https") or not place.hostname:
            raise ValueError(f"base_url must be http://… or https://…, not {base_url!r}")
        path = place.path.rstrip("/")
        self._root = path[: -len("/v1")] if path.endswith("/v1") else path
        self._secure = place.scheme == "https"
        self._host, self._port = place.hostname, place.port
        self._headers = dict(headers)
        self._timeout = timeout
        self._retries = retries
        self._wait_max = wait_max
        self._context = context
        self._own = threading.local()

    def send(
        self,
        method: str,
        path: str,
        query: Optional[Mapping[str, Any]] = None,
        body: Optional[Mapping[str, Any]] = None,
        reads: Optional[bool] = None,
    ) -> Any:
        """The decoded body of an answer of status 2xx.

        What is None in the query or the body is left out. ``reads`` says that a request changes
        nothing; unsaid, that is so for GET.
        """
        reads = method == "GET" if reads is None else reads
        asked = {name: _word(value) for name, value in (query or {}).items() if value is not None}
        target = self._root + path + ("?" + urlencode(asked, quote_via=quote) if asked else "")
        payload, headers = None, dict(self._headers)
        if body is not None:
            told = {name: value for name, value in body.items() if value is not None}
            payload = json.dumps(told, default=_json, allow_nan=False).encode()
            headers["Content-Type"] = "application/json"
        for attempt in range(self._retries + 1):
            wait = min(0.1 * 2**attempt, self._wait_max) * random.uniform(0.5, 1)
            try:
                return self._once(method, target, payload, headers)
            except ConnectionLost as lost:
                if not (reads or isinstance(lost, NotReached)) or attempt == self._retries:
                    raise
            except ApiError as error:
                if not _may_repeat(error, reads) or attempt == self._retries:
                    raise
                wait = wait if error.retry_after is None else error.retry_after
                if wait > self._wait_max:
                    raise
            time.sleep(wait)
        raise OffshootError("retries must not be negative")

    def close(self) -> None:
        """Closes this thread's connection; the next request opens another."""
        connection: Optional[http.client.HTTPConnection] = getattr(self._own, "kept", None)
        self._own.kept = None
        if connection is not None:
            connection.close()

    def _once(
        self, method: str, target: str, payload: Optional[bytes], headers: Dict[str, str]
    ) -> Any:
        connection = self._connection()
        try:
            connection.request(method, target, payload, headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise ConnectionLost(f"{method} {target}: {error!r}") from error
        body: Any = text.decode("utf-8", "replace")
        if "json" in (answer.getheader("Content-Type") or ""):
            try:
                body = json.loads(text)
            except ValueError:
                pass
        if not 200 <= answer.status < 300:
            request_id = answer.getheader("X-Request-Id")
            retry_after = _seconds(answer.getheader("Retry-After"))
            raise of_answer(answer.status, body, request_id, retry_after)
        return body

    def _connection(self) -> http.client.HTTPConnection:
        kept: Optional[http.client.HTTPConnection] = getattr(self._own, "kept", None)
        # A connection that can be read from though nothing was asked has been closed by the server.
        # Noticed now, it costs a connection; noticed later, a write that nobody knows the end of.
        if kept is not None and kept.sock is not None and not _readable(kept.sock):
            return kept
        self.close()
        made: http.client.HTTPConnection
        if self._secure:
            made = http.client.HTTPSConnection(
                self._host, self._port, timeout=self._timeout, context=self._context
            )
        else:
            made = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        try:
            made.connect()
            made.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            made.close()
            raise NotReached(f"{self._host}: {error}") from error
        self._own.kept = made
        return made


class NotReached(ConnectionLost):
    """The server could not be connected to: nothing happened there."""


def segment(name: str) -> str:
    """A name as one part of an address."""
    return quote(name, safe="")


def data(answer: Any) -> Any:
    """What is inside an envelope."""
    if not isinstance(answer, dict) or "data" not in answer:
        raise OffshootError(f"the answer is no envelope: {str(answer)[:200]}")
    return answer["data"]


def _may_repeat(error: ApiError, reads: bool) -> bool:
    if error.status == 429:
        return True
    if isinstance(error.details, dict) and error.details.get("retriable") is True:
        return True
    return reads and error.status in _PASSING


def _readable(sock: socket.socket) -> bool:
    try:
        if hasattr(select, "poll"):
            watched = select.poll()
            watched.register(sock, select.POLLIN)
            return bool(watched.poll(0))
        return bool(select.select([sock], [], [], 0)[0])
    except (OSError, ValueError):
        return True


def _seconds(text: Optional[str]) -> Optional[float]:
    return float(text) if text is not None and text.isdigit() else None


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, (datetime, date)) else str(value)


def _json(value: Any) -> Any:
    """Python's own types as the API writes values of SQL."""
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (Decimal, UUID)):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no value of SQL")
