"""The two clients."""

from __future__ import annotations

from typing import Any, Mapping, Optional

import httpx

from .branch import AsyncBranch, Branch
from .branches import AsyncBranches, Branches
from .calls import AsyncBound, Bound, Call, awaited, blocking, data, get, whole
from .points import Point
from .sending import AsyncSender, Plan, Sender
from .types import Graph, Version
from .webhooks import AsyncWebhooks, Webhooks

#: Longer than the 30 seconds that the server gives a statement: it, not we, says that time is up.
_TIMEOUT = 60.0


class ServerCalls:
    """What can be asked of a server as a whole."""

    def graph(self, limit: Optional[int] = None) -> Call[Graph]:
        """The commits that live branches reach, at most ``limit`` of them."""
        return get("/v1/graph", {"limit": limit}, whole)

    def health(self) -> Call[bool]:
        """Whether the server answers that it is well."""
        return Call("GET", "/health", lambda answer: str(answer).strip() == "OK", reads=True)

    def version(self) -> Call[Version]:
        """What the server is."""
        return Call("GET", "/version", whole, reads=True)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Optional[Mapping[str, Any]] = None,
        body: Optional[Mapping[str, Any]] = None,
        idempotency_key: Optional[str] = None,
    ) -> Call[Any]:
        """The ``data`` of any address, such as ``/v1/branches``: for what has no method here."""
        return Call(method, path, data, query, body, method == "GET", idempotency_key)


class Client(Bound[ServerCalls]):
    """A server, as one caller sees it. Threads may share it."""

    #: Branches as things: made, listed, merged, deleted.
    branches: Branches
    #: Addresses that are told what happens to branches.
    webhooks: Webhooks

    def __init__(
        self,
        base_url: str = "http://127.0.0.1:8080",
        api_key: Optional[str] = None,
        token: Optional[str] = None,
        *,
        timeout: float = _TIMEOUT,
        retries: int = 3,
        wait_max: float = 30.0,
        headers: Optional[Mapping[str, str]] = None,
        http: Optional[httpx.Client] = None,
    ) -> None:
        """A client of the server at ``base_url``, with or without ``/v1``.

        ``api_key`` or ``token`` (a JWT) say who asks. ``timeout`` is in seconds, for each send and
        receive. ``retries`` is how often a request is sent again where that is safe; one that the
        server asks to hold for more than ``wait_max`` seconds is not. ``http`` is a client of httpx
        of your own, with its certificates, proxies and timeouts; close it yourself.
        """
        plan = Plan.of(base_url, api_key, token, headers, retries, wait_max)
        self._own = http is None
        super().__init__(ServerCalls(), Sender(plan, http or httpx.Client(timeout=timeout)))
        self.branches = Branches(self._sender)
        self.webhooks = Webhooks(self._sender)

    def branch(self, name: str = "main", *, as_of: Optional[Point] = None) -> Branch:
        """One branch's data. Nothing is asked of the server yet."""
        return Branch(self._sender, name, as_of)

    graph = blocking(ServerCalls.graph)
    health = blocking(ServerCalls.health)
    version = blocking(ServerCalls.version)
    request = blocking(ServerCalls.request)

    def close(self) -> None:
        """Closes the connections."""
        if self._own:
            self._sender.http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClient(AsyncBound[ServerCalls]):
    """As :class:`Client`; what asks the server is awaited, under asyncio or trio."""

    #: Branches as things: made, listed, merged, deleted.
    branches: AsyncBranches
    #: Addresses that are told what happens to branches.
    webhooks: AsyncWebhooks

    def __init__(
        self,
        base_url: str = "http://127.0.0.1:8080",
        api_key: Optional[str] = None,
        token: Optional[str] = None,
        *,
        timeout: float = _TIMEOUT,
        retries: int = 3,
        wait_max: float = 30.0,
        headers: Optional[Mapping[str, str]] = None,
        http: Optional[httpx.AsyncClient] = None,
    ) -> None:
        """As :class:`Client`."""
        plan = Plan.of(base_url, api_key, token, headers, retries, wait_max)
        self._own = http is None
        sender = AsyncSender(plan, http or httpx.AsyncClient(timeout=timeout))
        super().__init__(ServerCalls(), sender)
        self.branches = AsyncBranches(self._sender)
        self.webhooks = AsyncWebhooks(self._sender)

    def branch(self, name: str = "main", *, as_of: Optional[Point] = None) -> AsyncBranch:
        """One branch's data. Nothing is asked of the server yet."""
        return AsyncBranch(self._sender, name, as_of)

    graph = awaited(ServerCalls.graph)
    health = awaited(ServerCalls.health)
    version = awaited(ServerCalls.version)
    request = awaited(ServerCalls.request)

    async def aclose(self) -> None:
        """Closes the connections."""
        if self._own:
            await self._sender.http.aclose()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
