"""What can go wrong, by what the caller can do about it."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Type, cast

from .types import Conflict


class OffshootError(Exception):
    """Every error of this package."""


class ConnectionLost(OffshootError):
    """No answer came. A write may or may not have happened; reads have been repeated already."""


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
        super().__init__(f"{code} ({status}): {message}")
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.request_id = request_id
        self.retry_after = retry_after


class NotFound(ApiError):
    """404: no such branch, table, column or snapshot."""


class Denied(ApiError):
    """401 or 403: who asks may not, or the branch is protected."""


class RateLimited(ApiError):
    """429, and the wait that the server asked for was longer than the client's ``wait_max``."""


class MergeConflict(ApiError):
    """409: a merge has conflicts. Merge again with resolutions and the token to finish it."""

    @property
    def conflicts(self) -> List[Conflict]:
        """What both sides changed; empty under ``abort``, which only counts."""
        return cast(List[Conflict], _details(self).get("conflicts", []))

    @property
    def conflict_token(self) -> Optional[str]:
        """Stands for the two heads that conflict; resolutions need it."""
        return cast(Optional[str], _details(self).get("conflict_token"))


def _details(error: ApiError) -> Mapping[str, Any]:
    return error.details if isinstance(error.details, dict) else {}


def of_answer(
    status: int, body: Any, request_id: Optional[str], retry_after: Optional[float]
) -> ApiError:
    """The error in an answer; where it is not the API's (a proxy's, say), one made of its status."""
    told = body.get("error") if isinstance(body, dict) else None
    if not isinstance(told, dict):
        told = {"code": f"HTTP_{status}", "message": str(body or "no body")[:200]}
    code = str(told.get("code", f"HTTP_{status}"))
    kind: Type[ApiError]
    if code == "MERGE_CONFLICT":
        kind = MergeConflict
    else:
        kinds: Dict[int, Type[ApiError]] = {
            401: Denied,
            403: Denied,
            404: NotFound,
            429: RateLimited,
        }
        kind = kinds.get(status, ApiError)
    message = str(told.get("message", ""))
    return kind(status, code, message, told.get("details"), request_id, retry_after)
