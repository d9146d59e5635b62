"""Branches as things: made, listed, looked at, changed, merged, compared, deleted."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Mapping, Optional, Sequence, Union

from .branch import BranchCalls, Params
from .calls import AsyncBound, Bound, Call, Pages, async_iterated, awaited, blocking, data, get
from .calls import iterated, numbered, post, segment, whole
from .points import Null, Point
from .result import QueryResult
from .sending import AsyncSender, Sender
from .types import BranchInfo, BranchPage, Deleted, Diff, Executed, Merged, Reset, Resolution

#: Pages that iterators ask for: the greatest that the API gives.
_PAGE = 100
_PATH = "/v1/branches"


class BranchesCalls:
    """What can be asked of branches."""

    def list(
        self,
        *,
        status: Optional[str] = None,
        page: Optional[int] = None,
        limit: Optional[int] = None,
        sort: Optional[str] = None,
        order: Optional[str] = None,
    ) -> Call[BranchPage]:
        """One page of branches. ``status``: active, merged, deleted or all."""
        query = {"status": status, "page": page, "limit": limit, "sort": sort, "order": order}
        return get(_PATH, query, whole)

    def all(self, *, status: Optional[str] = None) -> Pages[BranchInfo]:
        """Every branch, oldest first, page by page."""

        def page(number: int) -> Call[BranchPage]:
            return self.list(
                status=status, page=number, limit=_PAGE, sort="created_at", order="asc"
            )

        pages = lambda got: got["pagination"]["total_pages"]  # noqa: E731
        return numbered(page, lambda got: got["branches"], pages)

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
        idempotency_key: Optional[str] = None,
    ) -> Call[BranchInfo]:
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
        return post(_PATH, body, whole, idempotency_key)

    def get(
        self,
        name: str,
        *,
        include_stats: Optional[bool] = None,
        include_history: Optional[bool] = None,
    ) -> Call[BranchInfo]:
        """A branch with its details, by name or id; a deleted one by its id."""
        return BranchCalls(name).details(
            include_stats=include_stats, include_history=include_history
        )

    def update(
        self,
        name: str,
        *,
        display_name: Optional[str] = None,
        is_protected: Optional[bool] = None,
        metadata: Optional[Mapping[str, Any]] = None,
        expires_at: Union[str, datetime, Null, None] = None,
    ) -> Call[BranchInfo]:
        """Changes what is said of a branch. Metadata is replaced whole; ``NULL`` takes an end back."""
        body = {
            "display_name": display_name,
            "is_protected": is_protected,
            "metadata": metadata,
            "expires_at": expires_at,
        }
        return Call("PATCH", f"{_PATH}/{segment(name)}", data, body=body)

    def delete(self, name: str, *, force: Optional[bool] = None) -> Call[Deleted]:
        """Deletes a branch; ``force`` also where commits would be lost."""
        return Call("DELETE", f"{_PATH}/{segment(name)}", data, {"force": force})

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
        idempotency_key: Optional[str] = None,
    ) -> Call[Merged]:
        """As ``merge_into`` of one branch."""
        return BranchCalls(name).merge_into(
            target_branch,
            conflict_resolution=conflict_resolution,
            delete_after_merge=delete_after_merge,
            merge_message=merge_message,
            dry_run=dry_run,
            renumber=renumber,
            resolutions=resolutions,
            conflict_token=conflict_token,
            idempotency_key=idempotency_key,
        )

    def diff(
        self,
        name: str,
        against: str,
        *,
        table: Optional[str] = None,
        page: Optional[int] = None,
        limit: Optional[int] = None,
    ) -> Call[Diff]:
        """As ``diff`` of one branch."""
        return BranchCalls(name).diff(against, table=table, page=page, limit=limit)

    def reset(
        self,
        name: str,
        *,
        source_branch: Optional[str] = None,
        as_of: Optional[Point] = None,
        create_backup_branch: Optional[bool] = None,
        backup_branch_name: Optional[str] = None,
        idempotency_key: Optional[str] = None,
    ) -> Call[Reset]:
        """As ``reset`` of one branch."""
        return BranchCalls(name).reset(
            source_branch=source_branch,
            as_of=as_of,
            create_backup_branch=create_backup_branch,
            backup_branch_name=backup_branch_name,
            idempotency_key=idempotency_key,
        )

    def query(
        self,
        name: str,
        sql: str,
        params: Params = None,
        *,
        as_of: Optional[Point] = None,
        timeout_ms: Optional[int] = None,
    ) -> Call[QueryResult]:
        """As ``query`` of one branch."""
        return BranchCalls(name, as_of).query(sql, params, timeout_ms=timeout_ms)

    def execute(
        self,
        name: str,
        sql: str,
        params: Params = None,
        *,
        timeout_ms: Optional[int] = None,
        idempotency_key: Optional[str] = None,
    ) -> Call[Executed]:
        """As ``execute`` of one branch."""
        return BranchCalls(name).execute(
            sql, params, timeout_ms=timeout_ms, idempotency_key=idempotency_key
        )


class Branches(Bound[BranchesCalls]):
    """``client.branches``."""

    def __init__(self, sender: Sender) -> None:
        super().__init__(BranchesCalls(), sender)

    list = blocking(BranchesCalls.list)
    all = iterated(BranchesCalls.all)
    create = blocking(BranchesCalls.create)
    get = blocking(BranchesCalls.get)
    update = blocking(BranchesCalls.update)
    delete = blocking(BranchesCalls.delete)
    merge = blocking(BranchesCalls.merge)
    diff = blocking(BranchesCalls.diff)
    reset = blocking(BranchesCalls.reset)
    query = blocking(BranchesCalls.query)
    execute = blocking(BranchesCalls.execute)


class AsyncBranches(AsyncBound[BranchesCalls]):
    """As :class:`Branches`, of the async client."""

    def __init__(self, sender: AsyncSender) -> None:
        super().__init__(BranchesCalls(), sender)

    list = awaited(BranchesCalls.list)
    all = async_iterated(BranchesCalls.all)
    create = awaited(BranchesCalls.create)
    get = awaited(BranchesCalls.get)
    update = awaited(BranchesCalls.update)
    delete = awaited(BranchesCalls.delete)
    merge = awaited(BranchesCalls.merge)
    diff = awaited(BranchesCalls.diff)
    reset = awaited(BranchesCalls.reset)
    query = awaited(BranchesCalls.query)
    execute = awaited(BranchesCalls.execute)
