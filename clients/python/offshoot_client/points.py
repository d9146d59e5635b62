"""Points in time, and none."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any, Dict, Mapping, Union

#: ``{"type": …, "value": …}`` as the API takes it; :class:`AsOf` makes them.
Point = Mapping[str, Any]


class AsOf:
    """Makes points in time: ``AsOf.scn(7)``, ``AsOf.timestamp("2025-12-01T08:00:00Z")``."""

    @staticmethod
    def now() -> Dict[str, Any]:
        """The newest state."""
        return {"type": "now"}

    @staticmethod
    def timestamp(time: Union[str, int, datetime]) -> Dict[str, Any]:
        """A time: RFC 3339 text, seconds since 1970, or a datetime with a time zone."""
        if isinstance(time, datetime):
            if time.tzinfo is None:
                raise ValueError("a point in time needs a time zone")
            return {"type": "timestamp", "value": time.isoformat()}
        return {"type": "timestamp", "value": time}

    @staticmethod
    def scn(number: int) -> Dict[str, Any]:
        """The commit of this number on the branch's line, or the last one before it."""
        return {"type": "scn", "value": number}

    @staticmethod
    def transaction(number: int) -> Dict[str, Any]:
        """After this transaction."""
        return {"type": "transaction", "value": number}

    @staticmethod
    def snapshot(name: str) -> Dict[str, Any]:
        """A snapshot, by its id or name."""
        return {"type": "snapshot", "value": name}


class Null(Enum):
    """What is sent as null, where None means that nothing is said."""

    NULL = None


#: ``branches.update("pr-7", expires_at=NULL)``: the branch has no end any more.
NULL = Null.NULL
