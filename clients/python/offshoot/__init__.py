"""A client of Offshoot, the SQL database that branches.

::

    Client ── .branches        branches as things: list, create, get, update, delete, merge, diff, …
       └───── .branch("main")  one branch's data: query, execute, insert, rows, update, delete, …
                  └── .as_of(point)   the same branch as it was

    client = Client("http://localhost:8080", api_key="…")
    client.branches.create("feature", source_branch="main")
    feature = client.branch("feature")
    feature.insert("users", [{"name": "Ada"}])
    for user in feature.rows("users", filter="name LIKE 'A%'"):
        print(user["id"], user["name"])

Answers are the ``data`` of the server's envelope: dictionaries whose types are in
:mod:`offshoot.types`, and :class:`QueryResult` and :class:`Page` where there are rows. What the
server refuses is an :class:`ApiError`. Nothing but the standard library is used.
"""

from .branch import Branch
from .branches import Branches
from .client import Client
from .errors import (
    ApiError,
    ConnectionLost,
    Denied,
    MergeConflict,
    NotFound,
    OffshootError,
    RateLimited,
)
from .points import AsOf
from .result import Page, QueryResult

#: The name by which the specification's listing knows the client.
HeliosDBClient = Client

__all__ = [
    "ApiError",
    "AsOf",
    "Branch",
    "Branches",
    "Client",
    "ConnectionLost",
    "Denied",
    "HeliosDBClient",
    "MergeConflict",
    "NotFound",
    "OffshootError",
    "Page",
    "QueryResult",
    "RateLimited",
]
__version__ = "0.1.0"
