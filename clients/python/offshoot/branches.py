"""Branches as things: made, listed, looked at, changed, merged, compared, deleted."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Iterator, Mapping, Optional, Sequence, Union, cast

from .branch import Branch, Params
from .points import Point
from .result import QueryResult
from .transport import Transport, data, segment
from .types import BranchInfo, BranchPage, Deleted, Diff, Executed, Merged, Resolution

#: Pages that iterators ask for: the greatest that the API gives.
_PAGE = 100


class Branches:
    """``client.branches``."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        status: Optional[str] = None,
        page: Optional[int] = None,
        limit: Optional[int] = None,
        sort: Optional[str] = None,
        order: Optional[str] = None,
    ) -> BranchPage:
        """One page of branches. ``status``: active, merged, deleted or all."""
        query = {"status": status, "page": page, "limit": limit, "sort": sort, "order": order}
        return cast(BranchPage, data(self._transport.send("GET", "/v1/branches", query)))

    def all(self, *, status: Optional[str] = None) -> Iterator[BranchInfo]:
        """Every branch, oldest first, page by page."""
        page, pages = 1, 1
        while page <= pages:
            got = self.list(status=status, page=page, limit=_PAGE, sort="created_at", order="asc")
            yield from got["branches"]
            page, pages = page + 1, got["pagination"]["total_pages"]

    def create(
        self,
        name: str,
        *,
        source_branch: Optional[str] = None,
        as_of: Optional[Point] = None,
        display_name: Optional[str] = None,
        metadata: Optional[Mapping[str, Any]] = None,
        options: Optional[Mapping[str, Any]] = None,
        expires_at: Union[str, datetime, None] = None,
    ) -> BranchInfo:
        """Makes a branch, of ``main`` and now where nothing else is said."""
        body = {
            "name": name,
            "source_branch": source_branch,
            "as_of": as_of,
            "display_name": display_name,
            "metadata": metadata,
            "options": options,
            "expires_at": expires_at,
        }
        return cast(BranchInfo, data(self._transport.send("POST", "/v1/branches", body=body)))

    def get(
        self,
        name: str,
        *,
        include_stats: Optional[bool] = None,
        include_history: Optional[bool] = None,
    ) -> BranchInfo:
        """A branch with its details, by name or id."""
        query = {"include_stats": include_stats, "include_history": include_history}
        return cast(BranchInfo, data(self._transport.send("GET", _path(name), query)))

    def update(
        self,
        name: str,
        *,
        display_name: Optional[str] = None,
        is_protected: Optional[bool] = None,
        metadata: Optional[Mapping[str, Any]] = None,
    ) -> BranchInfo:
        """Changes what is said of a branch; metadata is replaced whole."""
        body = {"display_name": display_name, "is_protected": is_protected, "metadata": metadata}
        return cast(BranchInfo, data(self._transport.send("PATCH", _path(name), body=body)))

    def delete(self, name: str, *, force: Optional[bool] = None) -> Deleted:
        """Deletes a branch; ``force`` also where commits would be lost."""
        return cast(Deleted, data(self._transport.send("DELETE", _path(name), {"force": force})))

    def merge(
        self,
        name: str,
        *,
        target_branch: str,
        conflict_resolution: Optional[str] = None,
        delete_after_merge: Optional[bool] = None,
        merge_message: Optional[str] = None,
        dry_run: Optional[bool] = None,
        renumber: Optional[bool] = None,
        resolutions: Optional[Sequence[Resolution]] = None,
        conflict_token: Optional[str] = None,
    ) -> Merged:
        """As :meth:`Branch.merge_into`."""
        return self._of(name).merge_into(
            target_branch,
            conflict_resolution=conflict_resolution,
            delete_after_merge=delete_after_merge,
            merge_message=merge_message,
            dry_run=dry_run,
            renumber=renumber,
            resolutions=resolutions,
            conflict_token=conflict_token,
        )

    def diff(
        self,
        name: str,
        against: str,
        *,
        table: Optional[str] = None,
        page: Optional[int] = None,
        limit: Optional[int] = None,
    ) -> Diff:
        """As :meth:`Branch.diff`."""
        return self._of(name).diff(against, table=table, page=page, limit=limit)

    def reset(self, name: str) -> BranchInfo:
        """As :meth:`Branch.reset`."""
        return self._of(name).reset()

    def query(
        self,
        name: str,
        sql: str,
        params: Params = None,
        *,
        as_of: Optional[Point] = None,
        timeout_ms: Optional[int] = None,
    ) -> QueryResult:
        """As :meth:`Branch.query`."""
        branch = Branch(self._transport, name, as_of)
        return branch.query(sql, params, timeout_ms=timeout_ms)

    def execute(
        self, name: str, sql: str, params: Params = None, *, timeout_ms: Optional[int] = None
    ) -> Executed:
        """As :meth:`Branch.execute`."""
        return self._of(name).execute(sql, params, timeout_ms=timeout_ms)

    def _of(self, name: str) -> Branch:
        return Branch(self._transport, name)


def _path(name: str) -> str:
    return f"/v1/branches/{segment(name)}"
