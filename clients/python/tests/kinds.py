"""The two clients, to be tested by the same tests: the async one is driven by a loop of its own."""

import asyncio
import inspect
import sys

from offshoot_client import AsyncClient, Client
from offshoot_client.calls import AsyncBound


def blocking(url, **options):
    """A client, and what closes it."""
    client = Client(url, **options)
    return client, client.close


def driven(url, **options):
    """The async client as if it were the other one."""
    client, loop = AsyncClient(url, **options), asyncio.new_event_loop()

    def close():
        loop.run_until_complete(client.aclose())
        loop.close()

    return Driven(client, loop), close


def both(case):
    """Puts a copy of a test case for the async client beside it."""
    name = "Async" + case.__name__
    copy = type(name, (case,), {"kind": staticmethod(driven), "__module__": case.__module__})
    setattr(sys.modules[case.__module__], name, copy)
    return case


class Driven:
    """Waits for what another thing would have awaited."""

    def __init__(self, thing, loop):
        self._thing, self._loop = thing, loop

    def __getattr__(self, name):
        return self._waited(getattr(self._thing, name))

    def _waited(self, got):
        if inspect.isawaitable(got):
            return self._loop.run_until_complete(got)
        if inspect.isasyncgen(got):
            return self._each(got)
        if isinstance(got, AsyncBound):
            return Driven(got, self._loop)
        if callable(got):
            return lambda *args, **kwargs: self._waited(got(*args, **kwargs))
        return got

    def _each(self, items):
        while True:
            try:
                yield self._loop.run_until_complete(anext(items))
            except StopAsyncIteration:
                return
