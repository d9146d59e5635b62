"""One branch's data."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Union, cast

from .points import Point
from .result import Page, QueryResult
from .transport import Transport, data, segment
from .types import (
    BranchInfo,
    Diff,
    Executed,
    HistoryEntry,
    Inserted,
    Merged,
    Resolution,
    Restored,
    RowDiff,
    Snapshot,
    Table,
    Transacted,
)

#: Values for ``$1``, ``$2``, …: plain ones, or ``{"type": "json", "value": …}``.
Params = Optional[Sequence[Any]]

#: A statement of a transaction: its text, or its text with parameters.
Statement = Union[str, "tuple[str, Sequence[Any]]"]

#: Rows of a page that iterators ask for: the greatest that the API gives.
_PAGE = 1000
_PAGE_OF_CHANGES = 100


class Branch:
    """``client.branch("main")``: a name, and perhaps a point in time at which it is read."""

    #: The branch's name, or its id.
    name: str

    def __init__(self, transport: Transport, name: str, point: Optional[Point] = None) -> None:
        self.name = name
        self._transport = transport
        self._point = point
        self._path = f"/v1/branches/{segment(name)}"

    def __repr__(self) -> str:
        point = "" if self._point is None else f", as of {dict(self._point)}"
        return f"Branch({self.name!r}{point})"

    def as_of(self, point: Point) -> "Branch":
        """The branch as it was: queries and rows are read there, writes go to its head."""
        return Branch(self._transport, self.name, point)

    # SQL

    def query(
        self, sql: str, params: Params = None, *, timeout_ms: Optional[int] = None
    ) -> QueryResult:
        """Runs a SELECT."""
        body = {
            "sql": sql,
            "params": _listed(params),
            "as_of": self._point,
            "timeout_ms": timeout_ms,
        }
        got = data(self._transport.send("POST", self._path + "/query", body=body, reads=True))
        return QueryResult(
            got["columns"],
            got["rows"],
            got["column_types"],
            got["row_count"],
            got.get("execution_plan"),
            got["execution_time_ms"],
        )

    def execute(
        self, sql: str, params: Params = None, *, timeout_ms: Optional[int] = None
    ) -> Executed:
        """Runs one statement of any kind, as a transaction of its own."""
        body = {"sql": sql, "params": _listed(params), "timeout_ms": timeout_ms}
        return cast(Executed, self._post("/execute", body))

    def transaction(
        self, statements: Iterable[Statement], *, timeout_ms: Optional[int] = None
    ) -> Transacted:
        """Runs statements as one commit, or none of them."""
        listed: List[Dict[str, Any]] = []
        for statement in statements:
            if isinstance(statement, str):
                listed.append({"sql": statement})
            else:
                listed.append({"sql": statement[0], "params": list(statement[1])})
        return cast(
            Transacted, self._post("/transaction", {"statements": listed, "timeout_ms": timeout_ms})
        )

    # Rows

    def tables(self) -> List[Table]:
        """The branch's tables."""
        return cast(List[Table], self._get("/tables")["tables"])

    def page(
        self,
        table: str,
        *,
        columns: Union[str, Sequence[str], None] = None,
        filter: Optional[str] = None,
        order_by: Optional[str] = None,
        page: Optional[int] = None,
        limit: Optional[int] = None,
    ) -> Page:
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
        if self._point is not None:
            query["as_of_type"] = self._point.get("type")
            query["as_of_value"] = self._point.get("value")
        got = self._get(_data(table), query)
        return Page(got["columns"], got["rows"], got["pagination"])

    def rows(
        self,
        table: str,
        *,
        columns: Union[str, Sequence[str], None] = None,
        filter: Optional[str] = None,
        order_by: Optional[str] = None,
    ) -> Iterator[Dict[str, Any]]:
        """Every row, page by page. On a branch that others write to, read :meth:`as_of` a point."""
        page, pages = 1, 1
        while page <= pages:
            got = self.page(
                table, columns=columns, filter=filter, order_by=order_by, page=page, limit=_PAGE
            )
            yield from got
            page, pages = page + 1, got.pagination["total_pages"]

    def insert(
        self,
        table: str,
        rows: Union[Mapping[str, Any], Iterable[Mapping[str, Any]]],
        *,
        on_conflict: Optional[str] = None,
    ) -> Inserted:
        """Puts in a row, or rows: all or none. ``on_conflict``: error, ignore or update."""
        listed = [rows] if isinstance(rows, Mapping) else list(rows)
        return cast(
            Inserted, self._post(_data(table), {"rows": listed, "on_conflict": on_conflict})
        )

    def update(self, table: str, updates: Mapping[str, Any], *, filter: str) -> int:
        """Gives the rows that the filter takes new values; how many. ``"true"`` takes all."""
        body = {"updates": dict(updates), "filter": filter}
        got = data(self._transport.send("PUT", self._path + _data(table), body=body))
        return int(got["updated"])

    def delete(self, table: str, *, filter: str) -> int:
        """Deletes the rows that the filter takes; how many. ``"true"`` takes all."""
        query = {"filter": filter}
        got = data(self._transport.send("DELETE", self._path + _data(table), query))
        return int(got["deleted"])

    # Time

    def history(
        self,
        *,
        since: Union[str, datetime, None] = None,
        until: Union[str, datetime, None] = None,
        limit: Optional[int] = None,
    ) -> List[HistoryEntry]:
        """Commits and snapshots, newest first."""
        got = self._get("/history", {"from": since, "to": until, "limit": limit})
        return cast(List[HistoryEntry], got["history"])

    def snapshots(self) -> List[Snapshot]:
        """The snapshots, newest first."""
        return cast(List[Snapshot], self._get("/snapshots")["snapshots"])

    def snapshot(self, name: Optional[str] = None) -> Snapshot:
        """Makes a snapshot of the head."""
        return cast(Snapshot, self._post("/snapshots", {"name": name}))

    def restore(
        self,
        snapshot: str,
        *,
        create_backup_branch: Optional[bool] = None,
        backup_branch_name: Optional[str] = None,
    ) -> Restored:
        """Makes the branch hold again what the snapshot holds; the history stays."""
        body = {
            "create_backup_branch": create_backup_branch,
            "backup_branch_name": backup_branch_name,
        }
        return cast(Restored, self._post(f"/restore/{segment(snapshot)}", body))

    # The branch as a thing

    def details(self, *, include_history: Optional[bool] = None) -> BranchInfo:
        """As :meth:`Branches.get`."""
        return cast(BranchInfo, self._get("", {"include_history": include_history}))

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
    ) -> Merged:
        """Merges the branch into another.

        ``conflict_resolution``: source_wins, target_wins, newest_wins, abort, or manual, which is
        the default. Open conflicts raise :class:`~offshoot.MergeConflict`; the same call with
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
        return cast(Merged, self._post("/merge", body))

    def diff(
        self,
        against: str,
        *,
        table: Optional[str] = None,
        page: Optional[int] = None,
        limit: Optional[int] = None,
    ) -> Diff:
        """How the branch differs from another: all tables, and one page of rows."""
        query = {"against": against, "table": table, "page": page, "limit": limit}
        return cast(Diff, self._get("/diff", query))

    def changes(self, against: str, *, table: Optional[str] = None) -> Iterator[RowDiff]:
        """Every row that differs from another branch, page by page."""
        page, pages = 1, 1
        while page <= pages:
            got = self.diff(against, table=table, page=page, limit=_PAGE_OF_CHANGES)
            yield from got["rows"]
            page, pages = page + 1, got["pagination"]["total_pages"]

    def reset(self) -> BranchInfo:
        """Puts the branch back to the head of its source."""
        return cast(BranchInfo, self._post("/reset", {}))

    def _get(self, path: str, query: Optional[Mapping[str, Any]] = None) -> Any:
        return data(self._transport.send("GET", self._path + path, query))

    def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        return data(self._transport.send("POST", self._path + path, body=body))


def _data(table: str) -> str:
    return f"/tables/{segment(table)}/data"


def _listed(params: Params) -> Optional[List[Any]]:
    return None if params is None else list(params)
