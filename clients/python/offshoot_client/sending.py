"""Sends requests by httpx, and sends them again where that is safe.

All that decides anything (:class:`Plan`) is shared; the two senders only wait differently. What the
server has not begun may always be sent again: where it could not be reached, on 429, and on answers
whose details say ``retriable``. What was lost on the way, or what something between us and the server
answered, may have been done, so that only reads and requests with an ``Idempotency-Key`` are sent again
then. A ``Retry-After`` is waited for; without one the waits double, each drawn from half of it on.
"""

from __future__ import annotations

import json
import random
import time
from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Dict, Mapping, Optional, TypeVar
from urllib.parse import quote, urlencode, urlsplit
from uuid import UUID

import anyio
import httpx

from .calls import Call
from .errors import ApiError, ConnectionLost, NotReached, OffshootError, TimedOut, UnexpectedAnswer
from .errors import of_answer
from .points import NULL

T = TypeVar("T")

#: Statuses by which something between us and the server says that it may go better later.
_PASSING = (502, 503, 504)
_WAIT_FIRST = 0.1


@dataclass(frozen=True)
class Plan:
    """Where requests go, what goes with each, and when they are sent again."""

    #: The address without ``/v1``.
    root: str
    #: Sent with every request.
    headers: Mapping[str, str]
    #: How often a request is sent again.
    retries: int
    #: In seconds; who asks us to wait longer gets an error instead.
    wait_max: float

    @staticmethod
    def of(
        base_url: str,
        api_key: Optional[str],
        token: Optional[str],
        headers: Optional[Mapping[str, str]],
        retries: int,
        wait_max: float,
    ) -> Plan:
        """Checks what a client was given."""
        place = urlsplit(base_url)
        if place.scheme not in ("http", "https") or not place.hostname:
            raise ValueError(f"base_url must be http://… or https://…, not {base_url!r}")
        if retries < 0:
            raise ValueError("retries must not be negative")
        own = {"accept": "application/json", "offshoot-dialect": "envelope"}
        if api_key is not None:
            own["x-api-key"] = api_key
        if token is not None:
            own["authorization"] = f"Bearer {token}"
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        root = base_url.rstrip("/").removesuffix("/v1")
        return Plan(root, {**sent, **own}, retries, wait_max)

    def request(self, call: Call[Any]) -> httpx.Request:
        """The request of a call."""
        asked = {name: _word(value) for name, value in (call.query or {}).items() if value is not None}
        url = self.root + call.path + ("?" + urlencode(asked, quote_via=quote) if asked else "")
        headers: Dict[str, str] = dict(self.headers)
        content = None
        if call.body is not None:
            told = {name: value for name, value in call.body.items() if value is not None}
            content = json.dumps(told, default=_json, allow_nan=False).encode()
            headers["content-type"] = "application/json"
        if call.idempotency_key is not None:
            headers["idempotency-key"] = call.idempotency_key
        return httpx.Request(call.method, url, headers=headers, content=content)

    def wait(self, call: Call[Any], attempt: int, error: OffshootError) -> Optional[float]:
        """Seconds until the call is sent again after its attempt of this number, from 0; or None."""
        if attempt >= self.retries or not _may_repeat(call, error):
            return None
        if isinstance(error, ApiError) and error.retry_after is not None:
            return error.retry_after if error.retry_after <= self.wait_max else None
        return min(_WAIT_FIRST * 2.0**attempt, self.wait_max) * random.uniform(0.5, 1)


class Sender:
    """Sends and waits. Threads may share it."""

    def __init__(self, plan: Plan, http: httpx.Client) -> None:
        self._plan = plan
        self.http = http

    def send(self, call: Call[T]) -> T:
        """Its answer."""
        attempt = 0
        while True:
            try:
                return _answer(call, self._once(call))
            except (ApiError, ConnectionLost) as error:
                wait = self._plan.wait(call, attempt, error)
                if wait is None:
                    raise
            time.sleep(wait)
            attempt += 1

    def _once(self, call: Call[Any]) -> httpx.Response:
        request = self._plan.request(call)
        try:
            # What is sent by hand gets the client's timeout by hand.
            request.extensions["timeout"] = self.http.timeout.as_dict()
            return self.http.send(request)
        except httpx.TransportError as error:
            raise _lost(request, error) from error


class AsyncSender:
    """Sends and is awaited. Tasks may share it."""

    def __init__(self, plan: Plan, http: httpx.AsyncClient) -> None:
        self._plan = plan
        self.http = http

    async def send(self, call: Call[T]) -> T:
        """Its answer."""
        attempt = 0
        while True:
            try:
                return _answer(call, await self._once(call))
            except (ApiError, ConnectionLost) as error:
                wait = self._plan.wait(call, attempt, error)
                if wait is None:
                    raise
            await anyio.sleep(wait)
            attempt += 1

    async def _once(self, call: Call[Any]) -> httpx.Response:
        request = self._plan.request(call)
        try:
            request.extensions["timeout"] = self.http.timeout.as_dict()
            return await self.http.send(request)
        except httpx.TransportError as error:
            raise _lost(request, error) from error


def _lost(request: httpx.Request, error: httpx.TransportError) -> ConnectionLost:
    what = f"{request.method} {request.url}: {error!r}"
    # A connection that was never had, or had to be waited for in the pool: nothing was sent.
    if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)):
        return NotReached(what)
    return TimedOut(what) if isinstance(error, httpx.TimeoutException) else ConnectionLost(what)


def _answer(call: Call[T], response: httpx.Response) -> T:
    body: Any = response.text
    if "json" in response.headers.get("content-type", ""):
        try:
            body = json.loads(response.content)
        except ValueError:
            pass
    if not response.is_success:
        request_id = response.headers.get("x-request-id")
        retry_after = _seconds(response.headers.get("retry-after"))
        raise of_answer(response.status_code, body, request_id, retry_after)
    try:
        return call.read(body)
    except (KeyError, TypeError, IndexError) as error:
        told = f"{call.method} {call.path}: {error!r} in {str(body)[:200]}"
        raise UnexpectedAnswer(told) from error


def _may_repeat(call: Call[Any], error: OffshootError) -> bool:
    if isinstance(error, NotReached):
        return True
    if isinstance(error, ApiError):
        return error.nothing_done or (call.repeatable and error.status in _PASSING)
    return call.repeatable


def _seconds(text: Optional[str]) -> Optional[float]:
    """A Retry-After, which is a number of seconds or a date (RFC 9110, 10.2.3)."""
    if text is None:
        return None
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=timezone.utc)
    return max(0.0, (until - datetime.now(timezone.utc)).total_seconds())


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
    if value is NULL:
        return None
    raise TypeError(f"{type(value).__name__} is no value of SQL")
