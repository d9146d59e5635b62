"""Addresses that are told what happens to branches."""

from __future__ import annotations

from typing import List, Optional, Sequence

from .calls import AsyncBound, Bound, Call, awaited, blocking, data, get, post, segment, whole
from .sending import AsyncSender, Sender
from .types import Delivery, Webhook, WebhookDeleted

_PATH = "/v1/webhooks"


class WebhooksCalls:
    """What can be asked of webhooks; the scope ``admin`` may."""

    def list(self) -> Call[List[Webhook]]:
        """All of them, oldest first."""
        return get(_PATH, None, lambda got: got["webhooks"])

    def create(
        self,
        url: str,
        *,
        events: Optional[Sequence[str]] = None,
        branches: Optional[Sequence[str]] = None,
        description: Optional[str] = None,
        active: Optional[bool] = None,
        idempotency_key: Optional[str] = None,
    ) -> Call[Webhook]:
        """Registers an address, for what happens from now on.

        ``events`` as ``branch.merged``, all where none are named; ``branches`` are patterns as
        ``feature-*``. The answer alone has the ``secret`` that deliveries are signed with.
        """
        body = {
            "url": url,
            "events": events,
            "branches": branches,
            "description": description,
            "active": active,
        }
        return post(_PATH, body, whole, idempotency_key)

    def get(self, id: str) -> Call[Webhook]:
        """One of them."""
        return get(_path(id), None, whole)

    def update(
        self,
        id: str,
        *,
        url: Optional[str] = None,
        events: Optional[Sequence[str]] = None,
        branches: Optional[Sequence[str]] = None,
        description: Optional[str] = None,
        active: Optional[bool] = None,
    ) -> Call[Webhook]:
        """Changes one; ``active=False`` lets its events wait."""
        body = {
            "url": url,
            "events": events,
            "branches": branches,
            "description": description,
            "active": active,
        }
        return Call("PATCH", _path(id), data, body=body)

    def delete(self, id: str) -> Call[WebhookDeleted]:
        """Removes one, and forgets what it waits for."""
        return Call("DELETE", _path(id), data)

    def deliveries(self, id: str, *, limit: Optional[int] = None) -> Call[List[Delivery]]:
        """The last attempts, newest first."""
        return get(_path(id) + "/deliveries", {"limit": limit}, lambda got: got["deliveries"])


class Webhooks(Bound[WebhooksCalls]):
    """``client.webhooks``."""

    def __init__(self, sender: Sender) -> None:
        super().__init__(WebhooksCalls(), sender)

    list = blocking(WebhooksCalls.list)
    create = blocking(WebhooksCalls.create)
    get = blocking(WebhooksCalls.get)
    update = blocking(WebhooksCalls.update)
    delete = blocking(WebhooksCalls.delete)
    deliveries = blocking(WebhooksCalls.deliveries)


class AsyncWebhooks(AsyncBound[WebhooksCalls]):
    """As :class:`Webhooks`, of the async client."""

    def __init__(self, sender: AsyncSender) -> None:
        super().__init__(WebhooksCalls(), sender)

    list = awaited(WebhooksCalls.list)
    create = awaited(WebhooksCalls.create)
    get = awaited(WebhooksCalls.get)
    update = awaited(WebhooksCalls.update)
    delete = awaited(WebhooksCalls.delete)
    deliveries = awaited(WebhooksCalls.deliveries)


def _path(id: str) -> str:
    return f"{_PATH}/{segment(id)}"
