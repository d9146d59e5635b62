"""A request as a value, and the two kinds of methods that are made of it.

What is asked is written once, as a method that returns a :class:`Call`, or :class:`Pages` of them;
nothing in it sends anything. :func:`blocking` and :func:`awaited` (for pages :func:`iterated` and
:func:`async_iterated`) make of it a method of the client and a method of the async client, with the
same parameters and the same documentation.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import wraps
from typing import (
    TYPE_CHECKING,
    Any,
    AsyncIterator,
    Awaitable,
    Callable,
    Concatenate,
    Generic,
    Iterator,
    List,
    Mapping,
    Optional,
    ParamSpec,
    TypeVar,
)
from urllib.parse import quote

from .errors import UnexpectedAnswer

if TYPE_CHECKING:
    from .sending import AsyncSender, Sender

C = TypeVar("C")
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request, and how its answer is read."""

    #: GET, POST, …
    method: str
    #: From ``/``, encoded.
    path: str
    #: Makes the answer of the decoded body.
    read: Callable[[Any], T]
    #: What is None is left out.
    query: Optional[Mapping[str, Any]] = None
    #: What is None is left out; a body that is None is not sent.
    body: Optional[Mapping[str, Any]] = None
    #: That it changes nothing, so that it can be sent twice.
    reads: bool = False
    #: By which the server knows the request again, so that it is done once though sent twice.
    idempotency_key: Optional[str] = None

    @property
    def repeatable(self) -> bool:
        """Whether it may be sent again though the first may have been done."""
        return self.reads or self.idempotency_key is not None


@dataclass(frozen=True)
class Part(Generic[T]):
    """A page of something."""

    #: What is on it.
    items: List[T]
    #: Whether there is another.
    more: bool


@dataclass(frozen=True)
class Pages(Generic[T]):
    """Something that comes by page."""

    #: Asks for a page, from 1.
    page: Callable[[int], Call[Part[T]]]


class Bound(Generic[C]):
    """Calls, and who sends them and waits."""

    def __init__(self, calls: C, sender: Sender) -> None:
        self._calls = calls
        self._sender = sender


class AsyncBound(Generic[C]):
    """Calls, and who sends them and is awaited."""

    def __init__(self, calls: C, sender: AsyncSender) -> None:
        self._calls = calls
        self._sender = sender


def blocking(
    build: Callable[Concatenate[C, P], Call[T]],
) -> Callable[Concatenate[Bound[C], P], T]:
    """A method that sends what ``build`` makes and gives the answer."""

    @wraps(build)
    def method(self: Bound[C], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._sender.send(build(self._calls, *args, **kwargs))

    return _gives(method, build, "{}")


def awaited(
    build: Callable[Concatenate[C, P], Call[T]],
) -> Callable[Concatenate[AsyncBound[C], P], Awaitable[T]]:
    """As :func:`blocking`, to be awaited."""

    @wraps(build)
    async def method(self: AsyncBound[C], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._sender.send(build(self._calls, *args, **kwargs))

    return _gives(method, build, "{}")


def iterated(
    build: Callable[Concatenate[C, P], Pages[T]],
) -> Callable[Concatenate[Bound[C], P], Iterator[T]]:
    """A method that gives everything on the pages that ``build`` makes, asking for each in turn."""

    @wraps(build)
    def method(self: Bound[C], /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        pages, number, more = build(self._calls, *args, **kwargs), 1, True
        while more:
            part = self._sender.send(pages.page(number))
            yield from part.items
            number, more = number + 1, part.more

    return _gives(method, build, "Iterator[{}]")


def async_iterated(
    build: Callable[Concatenate[C, P], Pages[T]],
) -> Callable[Concatenate[AsyncBound[C], P], AsyncIterator[T]]:
    """As :func:`iterated`, for ``async for``."""

    @wraps(build)
    async def method(self: AsyncBound[C], /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[T]:
        pages, number, more = build(self._calls, *args, **kwargs), 1, True
        while more:
            part = await self._sender.send(pages.page(number))
            for item in part.items:
                yield item
            number, more = number + 1, part.more

    return _gives(method, build, "AsyncIterator[{}]")


M = TypeVar("M", bound=Callable[..., Any])


def _gives(method: M, build: Callable[..., Any], form: str) -> M:
    """``help()`` shows what the method gives, rather than the call that it was made of."""
    signature = inspect.signature(build)
    inner = str(signature.return_annotation).partition("[")[2][:-1]
    shown = signature.replace(return_annotation=form.format(inner))
    setattr(method, "__signature__", shown)
    return method


def segment(name: str) -> str:
    """A name as one part of an address."""
    return quote(name, safe="")


def data(answer: Any) -> Any:
    """What is inside an envelope."""
    if not isinstance(answer, dict) or "data" not in answer:
        raise UnexpectedAnswer(f"the answer is no envelope: {str(answer)[:200]}")
    return answer["data"]


def whole(answer: Any) -> Any:
    """Reads an answer as it is."""
    return answer


def get(path: str, query: Optional[Mapping[str, Any]], read: Callable[[Any], T]) -> Call[T]:
    """A GET; ``read`` gets what is inside the envelope."""
    return Call("GET", path, lambda answer: read(data(answer)), query, reads=True)


def post(
    path: str,
    body: Mapping[str, Any],
    read: Callable[[Any], T],
    idempotency_key: Optional[str] = None,
) -> Call[T]:
    """A POST that changes something; ``read`` gets what is inside the envelope."""
    key = idempotency_key
    return Call("POST", path, lambda answer: read(data(answer)), body=body, idempotency_key=key)


def numbered(
    page: Callable[[int], Call[Any]], items: Callable[[Any], List[T]], total: Callable[[Any], int]
) -> Pages[T]:
    """Pages of answers that say how many pages there are."""

    def part(number: int) -> Call[Part[T]]:
        call = page(number)

        def read(answer: Any) -> Part[T]:
            got = call.read(answer)
            return Part(items(got), number < total(got))

        return Call(call.method, call.path, read, call.query, call.body, call.reads)

    return Pages(part)
