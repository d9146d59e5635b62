"""What can go wrong, by what the caller can do about it.

::

    OffshootError
     ├── ConnectionLost            no answer: a write may or may not have happened
     │    ├── NotReached           … did not happen
     │    └── TimedOut             … in the time that the client gives
     ├── UnexpectedAnswer          not this API's: another server, a proxy
     └── ApiError                  the server refused
          ├── InvalidRequest       400, 405, 413, 422: mend the request
          ├── Denied               Unauthorized (401), Forbidden (403)
          ├── NotFound             404
          ├── QueryTimeout         408: more time, or less work
          ├── Conflict             409: MergeConflict, ConstraintViolation, …
          ├── RateLimited          429: later
          └── ServerError          5xx: NotSupported (501), ServiceUnavailable (502, 503, 504)
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Type, cast

from .types import Conflict as OpenConflict


class OffshootError(Exception):
    """Every error of this package."""


class ConnectionLost(OffshootError):
    """No answer came. A write may or may not have happened; what can be repeated has been."""


class NotReached(ConnectionLost):
    """The server could not be connected to: nothing happened there."""


class TimedOut(ConnectionLost):
    """No answer came in time."""


class UnexpectedAnswer(OffshootError):
    """The answer is not one of this API's."""


class ApiError(OffshootError):
    """The server refused: fix the request, or do what ``code`` suggests."""

    #: The HTTP status.
    status: int
    #: One of the API's codes, such as ``TABLE_NOT_FOUND``.
    code: str
    #: A sentence for people.
    message: str
    #: What there is to say beyond the message; its form depends on the code.
    details: Any
    #: What the server's log knows the request by.
    request_id: Optional[str]
    #: After how many seconds to try again, where the server says so.
    retry_after: Optional[float]

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: Any = None,
        request_id: Optional[str] = None,
        retry_after: Optional[float] = None,
    ) -> None:
        super().__init__(status, code, message, details, request_id, retry_after)
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.request_id = request_id
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.code} ({self.status}): {self.message}"

    @property
    def nothing_done(self) -> bool:
        """Whether the server says that it has not begun, so that even a write may be sent again."""
        return self.status == 429 or _details(self).get("retriable") is True


class InvalidRequest(ApiError):
    """400, 405, 413 or 422: the same request will never do."""


class Denied(ApiError):
    """401 or 403: who asks may not."""


class Unauthorized(Denied):
    """401: the key or token is missing, wrong or expired."""


class Forbidden(Denied):
    """403: the key or token lacks a scope, or the branch is protected or read-only."""


class NotFound(ApiError):
    """404: no such branch, table, column or snapshot."""


class QueryTimeout(ApiError):
    """408: a statement ran out of its ``timeout_ms``; nothing of it is kept."""


class Conflict(ApiError):
    """409: what is there stands against it."""


class ConstraintViolation(Conflict):
    """A key, a UNIQUE, NOT NULL, CHECK or FOREIGN KEY; ``details`` says of which table."""


class WriteConflict(Conflict):
    """A transaction lost a race, every time; it may be sent again."""


class MergeConflict(Conflict):
    """A merge has conflicts. Merge again with resolutions and the token to finish it."""

    @property
    def conflicts(self) -> List[OpenConflict]:
        """What both sides changed; empty under ``abort``, which only counts."""
        return cast(List[OpenConflict], _details(self).get("conflicts", []))

    @property
    def conflict_token(self) -> Optional[str]:
        """Stands for the two heads that conflict; resolutions need it."""
        return cast(Optional[str], _details(self).get("conflict_token"))


class RateLimited(ApiError):
    """429: too many requests, more often than the client repeats or longer than it waits."""


class ServerError(ApiError):
    """5xx."""


class NotSupported(ServerError):
    """501: the server does not do this; the message names it."""


class ServiceUnavailable(ServerError):
    """502, 503 or 504: later."""


_BY_CODE: Dict[str, Type[ApiError]] = {
    "MERGE_CONFLICT": MergeConflict,
    "CONSTRAINT_VIOLATION": ConstraintViolation,
    "WRITE_CONFLICT": WriteConflict,
}

_BY_STATUS: Dict[int, Type[ApiError]] = {
    400: InvalidRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    405: InvalidRequest,
    408: QueryTimeout,
    409: Conflict,
    413: InvalidRequest,
    422: InvalidRequest,
    429: RateLimited,
    501: NotSupported,
    502: ServiceUnavailable,
    503: ServiceUnavailable,
    504: ServiceUnavailable,
}


def of_answer(
    status: int, body: Any, request_id: Optional[str], retry_after: Optional[float]
) -> ApiError:
    """The error in an answer; where it is not the API's (a proxy's, say), one made of its status."""
    told = body.get("error") if isinstance(body, dict) else None
    if not isinstance(told, dict):
        told = {"code": f"HTTP_{status}", "message": str(body or "no body")[:200]}
    code = str(told.get("code", f"HTTP_{status}"))
    kind = _BY_CODE.get(code) or _BY_STATUS.get(status)
    if kind is None:
        kind = ServerError if status >= 500 else ApiError
    message = str(told.get("message", ""))
    return kind(status, code, message, told.get("details"), request_id, retry_after)


def _details(error: ApiError) -> Mapping[str, Any]:
    return error.details if isinstance(error.details, dict) else {}
