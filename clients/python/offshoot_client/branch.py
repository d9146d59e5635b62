"""One branch's data."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple
from typing import TypeVar, Union

from .calls import AsyncBound, Bound, Call, Pages, async_iterated, awaited, blocking, data, get
from .calls import iterated, numbered, post, segment, whole
from .points import Point
from .result import Page, QueryResult
from .sending import AsyncSender, Sender
from .types import (
    BranchInfo,
    Diff,
    Executed,
    HistoryEntry,
    Inserted,
    Merged,
    Reset,
    Resolution,
    Restored,
    RowDiff,
    Snapshot,
    Table,
    Transacted,
)

T = TypeVar("T")

#: Values for ``$1``, ``$2``, …: plain ones, or ``{"type": "json", "value": …}``.
Params = Optional[Sequence[Any]]

#: A statement of a transaction: its text, or its text with parameters.
Statement = Union[str, Tuple[str, Sequence[Any]]]

#: Names of columns: a sequence of them, or text with commas.
Columns = Union[str, Sequence[str], None]

#: Rows of a page that iterators ask for: the greatest that the API gives.
_PAGE = 1000
_PAGE_OF_CHANGES = 100


class BranchCalls:
    """What can be asked of one branch."""

    def __init__(self, name: str, point: Optional[Point] = None) -> None:
        self.name = name
        self.point = point
        self._path = f"/v1/branches/{segment(name)}"

    # SQL

    def query(
        self, sql: str, params: Params = None, *, timeout_ms: Optional[int] = None
    ) -> Call[QueryResult]:
        """Runs a SELECT."""
        body = {
            "sql": sql,
            "params": _listed(params),
            "as_of": self.point,
            "timeout_ms": timeout_ms,
        }
        path = self._path + "/query"
        return Call("POST", path, lambda got: QueryResult.of(data(got)), body=body, reads=True)

    def execute(
        self,
        sql: str,
        params: Params = None,
        *,
        timeout_ms: Optional[int] = None,
        idempotency_key: Optional[str] = None,
    ) -> Call[Executed]:
        """Runs one statement of any kind, as a transaction of its own."""
        body = {"sql": sql, "params": _listed(params), "timeout_ms": timeout_ms}
        return self._post("/execute", body, idempotency_key)

    def transaction(
        self,
        statements: Iterable[Statement],
        *,
        timeout_ms: Optional[int] = None,
        idempotency_key: Optional[str] = None,
    ) -> Call[Transacted]:
        """Runs statements as one commit, or none of them."""
        listed: List[Dict[str, Any]] = []
        for statement in statements:
            if isinstance(statement, str):
                listed.append({"sql": statement})
            else:
                listed.append({"sql": statement[0], "params": list(statement[1])})
        body = {"statements": listed, "timeout_ms": timeout_ms}
        return self._post("/transaction", body, idempotency_key)

    # Rows

    def tables(self) -> Call[List[Table]]:
        """The branch's tables."""
        return self._get("/tables", None, lambda got: got["tables"])

    def page(
        self,
        table: str,
        *,
        columns: Columns = None,
        filter: Optional[str] = None,
        order_by: Optional[str] = None,
        page: Optional[int] = None,
        limit: Optional[int] = None,
    ) -> Call[Page]:
        """One page of a table's rows."""
        if columns is not None and not isinstance(columns, str):
            columns = ",".join(columns)
        query: Dict[str, Any] = {
            "columns": columns,
            "filter": filter,
            "order_by": order_by,
            "page": page,
            "limit": limit,
        }
        if self.point is not None:
            query["as_of_type"] = self.point.get("type")
            query["as_of_value"] = self.point.get("value")
        return self._get(_data(table), query, Page.of)

    def rows(
        self,
        table: str,
        *,
        columns: Columns = None,
        filter: Optional[str] = None,
        order_by: Optional[str] = None,
    ) -> Pages[Dict[str, Any]]:
        """Every row, page by page. On a branch that others write to, read ``as_of`` a point."""

        def page(number: int) -> Call[Page]:
            return self.page(
                table, columns=columns, filter=filter, order_by=order_by, page=number, limit=_PAGE
            )

        return numbered(page, Page.objects, lambda got: got.pagination["total_pages"])

    def insert(
        self,
        table: str,
        rows: Union[Mapping[str, Any], Iterable[Mapping[str, Any]]],
        *,
        on_conflict: Optional[str] = None,
        idempotency_key: Optional[str] = None,
    ) -> Call[Inserted]:
        """Puts in a row, or rows: all or none. ``on_conflict``: error, ignore or update."""
        listed = [rows] if isinstance(rows, Mapping) else list(rows)
        body = {"rows": listed, "on_conflict": on_conflict}
        return self._post(_data(table), body, idempotency_key)

    def update(self, table: str, updates: Mapping[str, Any], *, filter: str) -> Call[int]:
        """Gives the rows that the filter takes new values; how many. ``"true"`` takes all."""
        body = {"updates": dict(updates), "filter": filter}
        path = self._path + _data(table)
        return Call("PUT", path, lambda got: int(data(got)["updated"]), body=body)

    def delete(self, table: str, *, filter: str) -> Call[int]:
        """Deletes the rows that the filter takes; how many. ``"true"`` takes all."""
        path = self._path + _data(table)
        return Call("DELETE", path, lambda got: int(data(got)["deleted"]), {"filter": filter})

    # Time

    def history(
        self,
        *,
        since: Union[str, datetime, None] = None,
        until: Union[str, datetime, None] = None,
        limit: Optional[int] = None,
    ) -> Call[List[HistoryEntry]]:
        """Commits and snapshots, newest first."""
        query = {"from": since, "to": until, "limit": limit}
        return self._get("/history", query, lambda got: got["history"])

    def snapshots(self) -> Call[List[Snapshot]]:
        """The snapshots, newest first."""
        return self._get("/snapshots", None, lambda got: got["snapshots"])

    def snapshot(
        self, name: Optional[str] = None, *, idempotency_key: Optional[str] = None
    ) -> Call[Snapshot]:
        """Makes a snapshot of the head."""
        return self._post("/snapshots", {"name": name}, idempotency_key)

    def restore(
        self,
        snapshot: str,
        *,
        create_backup_branch: Optional[bool] = None,
        backup_branch_name: Optional[str] = None,
        idempotency_key: Optional[str] = None,
    ) -> Call[Restored]:
        """Makes the branch hold again what the snapshot holds; the history stays."""
        body = {
            "create_backup_branch": create_backup_branch,
            "backup_branch_name": backup_branch_name,
        }
        return self._post(f"/restore/{segment(snapshot)}", body, idempotency_key)

    # The branch as a thing

    def details(
        self, *, include_stats: Optional[bool] = None, include_history: Optional[bool] = None
    ) -> Call[BranchInfo]:
        """What the branch is; a deleted one is found by its id."""
        query = {"include_stats": include_stats, "include_history": include_history}
        return self._get("", query, whole)

    def merge_into(
        self,
        target_branch: str,
        *,
        conflict_resolution: Optional[str] = None,
        delete_after_merge: Optional[bool] = None,
        merge_message: Optional[str] = None,
        dry_run: Optional[bool] = None,
        renumber: Optional[bool] = None,
        resolutions: Optional[Sequence[Resolution]] = None,
        conflict_token: Optional[str] = None,
        idempotency_key: Optional[str] = None,
    ) -> Call[Merged]:
        """Merges the branch into another.

        ``conflict_resolution``: source_wins, target_wins, newest_wins, abort, or manual, which is
        the default. Open conflicts raise :class:`~offshoot_client.MergeConflict`; the same call with
        ``resolutions`` and the error's ``conflict_token`` finishes the merge.
        """
        body: Dict[str, Any] = {
            "target_branch": target_branch,
            "conflict_resolution": conflict_resolution,
            "delete_source_after_merge": delete_after_merge,
            "merge_message": merge_message,
            "dry_run": dry_run,
            "renumber": renumber,
            "resolutions": _listed(resolutions),
            "conflict_token": conflict_token,
        }
        return self._post("/merge", body, idempotency_key)

    def diff(
        self,
        against: str,
        *,
        table: Optional[str] = None,
        page: Optional[int] = None,
        limit: Optional[int] = None,
    ) -> Call[Diff]:
        """How the branch differs from another: all tables, and one page of rows."""
        query = {"against": against, "table": table, "page": page, "limit": limit}
        return self._get("/diff", query, whole)

    def changes(self, against: str, *, table: Optional[str] = None) -> Pages[RowDiff]:
        """Every row that differs from another branch, page by page."""

        def page(number: int) -> Call[Diff]:
            return self.diff(against, table=table, page=number, limit=_PAGE_OF_CHANGES)

        return numbered(page, lambda got: got["rows"], lambda got: got["pagination"]["total_pages"])

    def reset(
        self,
        *,
        source_branch: Optional[str] = None,
        as_of: Optional[Point] = None,
        create_backup_branch: Optional[bool] = None,
        backup_branch_name: Optional[str] = None,
        idempotency_key: Optional[str] = None,
    ) -> Call[Reset]:
        """Makes the branch hold what its source, or another branch, holds; the history stays."""
        body = {
            "source_branch": source_branch,
            "as_of": as_of,
            "create_backup_branch": create_backup_branch,
            "backup_branch_name": backup_branch_name,
        }
        return self._post("/reset", body, idempotency_key)

    def _get(
        self, path: str, query: Optional[Mapping[str, Any]], read: Callable[[Any], T]
    ) -> Call[T]:
        return get(self._path + path, query, read)

    def _post(self, path: str, body: Mapping[str, Any], idempotency_key: Optional[str]) -> Call[Any]:
        return post(self._path + path, body, whole, idempotency_key)


class Branch(Bound[BranchCalls]):
    """``client.branch("main")``: a name, and perhaps a point in time at which it is read."""

    def __init__(self, sender: Sender, name: str, point: Optional[Point] = None) -> None:
        super().__init__(BranchCalls(name, point), sender)

    def __repr__(self) -> str:
        return _shown("Branch", self._calls)

    @property
    def name(self) -> str:
        """The branch's name, or its id."""
        return self._calls.name

    def as_of(self, point: Point) -> Branch:
        """The branch as it was: queries and rows are read there, writes go to its head."""
        return Branch(self._sender, self.name, point)

    query = blocking(BranchCalls.query)
    execute = blocking(BranchCalls.execute)
    transaction = blocking(BranchCalls.transaction)
    tables = blocking(BranchCalls.tables)
    page = blocking(BranchCalls.page)
    rows = iterated(BranchCalls.rows)
    insert = blocking(BranchCalls.insert)
    update = blocking(BranchCalls.update)
    delete = blocking(BranchCalls.delete)
    history = blocking(BranchCalls.history)
    snapshots = blocking(BranchCalls.snapshots)
    snapshot = blocking(BranchCalls.snapshot)
    restore = blocking(BranchCalls.restore)
    details = blocking(BranchCalls.details)
    merge_into = blocking(BranchCalls.merge_into)
    diff = blocking(BranchCalls.diff)
    changes = iterated(BranchCalls.changes)
    reset = blocking(BranchCalls.reset)


class AsyncBranch(AsyncBound[BranchCalls]):
    """As :class:`Branch`, of the async client: what asks the server is awaited."""

    def __init__(self, sender: AsyncSender, name: str, point: Optional[Point] = None) -> None:
        super().__init__(BranchCalls(name, point), sender)

    def __repr__(self) -> str:
        return _shown("AsyncBranch", self._calls)

    @property
    def name(self) -> str:
        """The branch's name, or its id."""
        return self._calls.name

    def as_of(self, point: Point) -> AsyncBranch:
        """The branch as it was: queries and rows are read there, writes go to its head."""
        return AsyncBranch(self._sender, self.name, point)

    query = awaited(BranchCalls.query)
    execute = awaited(BranchCalls.execute)
    transaction = awaited(BranchCalls.transaction)
    tables = awaited(BranchCalls.tables)
    page = awaited(BranchCalls.page)
    rows = async_iterated(BranchCalls.rows)
    insert = awaited(BranchCalls.insert)
    update = awaited(BranchCalls.update)
    delete = awaited(BranchCalls.delete)
    history = awaited(BranchCalls.history)
    snapshots = awaited(BranchCalls.snapshots)
    snapshot = awaited(BranchCalls.snapshot)
    restore = awaited(BranchCalls.restore)
    details = awaited(BranchCalls.details)
    merge_into = awaited(BranchCalls.merge_into)
    diff = awaited(BranchCalls.diff)
    changes = async_iterated(BranchCalls.changes)
    reset = awaited(BranchCalls.reset)


def _shown(kind: str, calls: BranchCalls) -> str:
    point = "" if calls.point is None else f", as of {dict(calls.point)}"
    return f"{kind}({calls.name!r}{point})"


def _data(table: str) -> str:
    return f"/tables/{segment(table)}/data"


def _listed(params: Optional[Sequence[Any]]) -> Optional[List[Any]]:
    return None if params is None else list(params)
