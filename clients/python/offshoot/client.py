"""The client."""

from __future__ import annotations

import ssl
from typing import Any, Dict, Mapping, Optional, cast

from .branch import Branch
from .branches import Branches
from .points import Point
from .transport import Transport, data
from .types import Graph, Version


class Client:
    """A server, as one caller sees it. Threads may share it; each has a connection of its own."""

    #: Branches as things: made, listed, merged, deleted.
    branches: Branches

    def __init__(
        self,
        base_url: str = "http://127.0.0.1:8080",
        api_key: Optional[str] = None,
        token: Optional[str] = None,
        *,
        timeout: float = 60.0,
        retries: int = 3,
        wait_max: float = 30.0,
        headers: Optional[Mapping[str, str]] = None,
        ssl_context: Optional[ssl.SSLContext] = None,
    ) -> None:
        """A client of the server at ``base_url``, with or without ``/v1``.

        ``api_key`` or ``token`` (a JWT) say who asks. ``timeout`` is in seconds, for each send and
        receive. ``retries`` is how often a request is repeated that the server has not begun, or
        that only reads; one that it asks to hold for more than ``wait_max`` seconds is not.
        """
        sent: Dict[str, str] = dict(headers or {})
        sent.update({"Accept": "application/json", "Offshoot-Dialect": "envelope"})
        if api_key is not None:
            sent["X-API-Key"] = api_key
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        self._transport = Transport(base_url, sent, timeout, retries, wait_max, ssl_context)
        self.branches = Branches(self._transport)

    def branch(self, name: str = "main", *, as_of: Optional[Point] = None) -> Branch:
        """One branch's data. Nothing is asked of the server yet."""
        return Branch(self._transport, name, as_of)

    def graph(self, limit: Optional[int] = None) -> Graph:
        """The commits that live branches reach, at most ``limit`` of them."""
        return cast(Graph, data(self._transport.send("GET", "/v1/graph", {"limit": limit})))

    def health(self) -> bool:
        """Whether the server answers that it is well."""
        return bool(str(self._transport.send("GET", "/health")).strip() == "OK")

    def version(self) -> Version:
        """What the server is."""
        return cast(Version, self._transport.send("GET", "/version"))

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Optional[Mapping[str, Any]] = None,
        body: Optional[Mapping[str, Any]] = None,
    ) -> Any:
        """The ``data`` of any address, such as ``/v1/branches``: for what has no method here."""
        return data(self._transport.send(method, path, query, body))

    def close(self) -> None:
        """Closes this thread's connection."""
        self._transport.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
