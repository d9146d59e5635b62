"""A client of Offshoot, the SQL database that branches.

::

    Client ─┬─ .branches        branches as things: list, create, get, update, delete, merge, diff, …
            ├─ .webhooks        addresses that are told what happens to branches
            └─ .branch("main")  one branch's data: query, execute, insert, rows, update, delete, …
                   └─ .as_of(point)   the same branch as it was

    client = Client("http://localhost:8080", api_key="…")
    client.branches.create("feature", source_branch="main")
    feature = client.branch("feature")
    feature.insert("users", [{"name": "Ada"}])
    for user in feature.rows("users", filter="name LIKE 'A%'"):
        print(user["id"], user["name"])

:class:`AsyncClient` has the same methods, to be awaited; ``rows``, ``changes`` and ``all`` for
``async for``. Answers are the ``data`` of the server's envelope: dictionaries whose types are in
:mod:`offshoot_client.types`, and :class:`QueryResult` and :class:`Page` where there are rows. What the
server refuses is an :class:`ApiError`; :mod:`offshoot_client.errors` draws all errors.
:mod:`offshoot_client.sending` says what is sent again, and when.
"""

from .branch import AsyncBranch, Branch
from .branches import AsyncBranches, Branches
from .client import AsyncClient, Client
from .errors import (
    ApiError,
    Conflict,
    ConnectionLost,
    ConstraintViolation,
    Denied,
    Forbidden,
    InvalidRequest,
    MergeConflict,
    NotFound,
    NotReached,
    NotSupported,
    OffshootError,
    QueryTimeout,
    RateLimited,
    ServerError,
    ServiceUnavailable,
    TimedOut,
    Unauthorized,
    UnexpectedAnswer,
    WriteConflict,
)
from .points import NULL, AsOf
from .result import Page, QueryResult
from .webhooks import AsyncWebhooks, Webhooks

__all__ = [
    "ApiError",
    "AsOf",
    "AsyncBranch",
    "AsyncBranches",
    "AsyncClient",
    "AsyncWebhooks",
    "Branch",
    "Branches",
    "Client",
    "Conflict",
    "ConnectionLost",
    "ConstraintViolation",
    "Denied",
    "Forbidden",
    "InvalidRequest",
    "MergeConflict",
    "NULL",
    "NotFound",
    "NotReached",
    "NotSupported",
    "OffshootError",
    "Page",
    "QueryResult",
    "QueryTimeout",
    "RateLimited",
    "ServerError",
    "ServiceUnavailable",
    "TimedOut",
    "Unauthorized",
    "UnexpectedAnswer",
    "Webhooks",
    "WriteConflict",
]
__version__ = "0.1.0"
