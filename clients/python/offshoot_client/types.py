"""The forms of answers, as the API's document has them. An answer may hold more than is named."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, TypedDict


class Pagination(TypedDict):
    """Which page an answer is."""

    page: int
    limit: int
    total: int
    total_pages: int


class Stats(TypedDict, total=False):
    """How much a branch holds, and how far it went from its source."""

    tables: int
    rows: int
    size_bytes: int
    changes_from_source: int
    inserts: int
    updates: int
    deletes: int


class Divergence(TypedDict):
    """Commits on a branch and on its source since they parted."""

    source_branch: str
    commits_ahead: int
    commits_behind: int
    can_fast_forward: bool


class HistoryEntry(TypedDict, total=False):
    """A commit or a snapshot in a branch's history."""

    id: str
    type: str
    timestamp: str
    scn: int
    summary: str
    user: str
    size_bytes: int


class BranchInfo(TypedDict, total=False):
    """A branch. Lists leave out metadata, divergence and history."""

    id: str
    name: str
    display_name: str
    status: str
    is_default: bool
    is_protected: bool
    source_branch: Optional[str]
    source_snapshot: Optional[str]
    created_at: str
    updated_at: str
    expires_at: Optional[str]
    metadata: Dict[str, Any]
    stats: Stats
    divergence: Optional[Divergence]
    history: List[HistoryEntry]


class BranchPage(TypedDict):
    """A page of the list of branches."""

    branches: List[BranchInfo]
    pagination: Pagination


class Deleted(TypedDict):
    """That a branch is gone."""

    deleted: bool
    branch_name: str
    deleted_at: str


class Merged(TypedDict):
    """What a merge did, or would do."""

    status: str
    dry_run: bool
    source_branch: str
    target_branch: str
    merge_commit: Optional[str]
    changes_merged: int
    schema_changed: bool
    conflicts_resolved: int
    source_deleted: bool
    merged_at: Optional[str]


class Conflict(TypedDict, total=False):
    """What both sides changed, differently."""

    table: str
    row_id: Optional[str]
    column: Optional[str]
    conflict_type: str
    base_value: Any
    source_value: Any
    target_value: Any
    generated_key: bool


class Resolution(TypedDict, total=False):
    """How a conflict is settled: either ``take`` ("source", "target") or ``value``."""

    table: str
    row_id: Optional[str]
    column: Optional[str]
    take: str
    value: Any


class CellDiff(TypedDict):
    """A cell that differs."""

    column: str
    before: Any
    after: Any


class RowDiff(TypedDict):
    """A row that differs: ``change`` is "insert", "update" or "delete"."""

    table: str
    row_id: str
    change: str
    cells: List[CellDiff]


class TableDiff(TypedDict, total=False):
    """A table that differs."""

    name: str
    schema_change: Optional[str]
    renamed_from: str
    columns: List[Dict[str, Any]]
    inserts: int
    updates: int
    deletes: int


class Diff(TypedDict):
    """How a branch differs from another."""

    branch: str
    against: str
    tables: List[TableDiff]
    rows: List[RowDiff]
    pagination: Pagination


class Column(TypedDict):
    """A column of a table."""

    name: str
    type: str
    nullable: bool
    primary_key: bool


class Table(TypedDict, total=False):
    """A table."""

    name: str
    schema: str
    row_count: int
    columns: List[Column]
    indexes: List[str]
    created_at: str


class Inserted(TypedDict):
    """How many rows were put in, and their ids where the table has such."""

    inserted: int
    ids: List[Any]


class Executed(TypedDict, total=False):
    """What a statement did; the columns and rows are those of RETURNING."""

    statement_type: str
    affected_rows: int
    execution_time_ms: int
    scn: int
    timestamp: str
    columns: List[str]
    column_types: List[str]
    rows: List[List[Any]]


class Transacted(TypedDict, total=False):
    """What a transaction did: one entry for each statement, and the one commit."""

    results: List[Executed]
    scn: int
    timestamp: str


class Snapshot(TypedDict, total=False):
    """A state that has a name and stays."""

    id: str
    name: Optional[str]
    timestamp: str
    scn: int
    type: str
    size_bytes: int
    tables: int
    rows: int


class Restored(TypedDict):
    """That a branch stands again as in a snapshot."""

    restored: bool
    snapshot_id: str
    restored_to_scn: int
    backup_branch: Optional[str]


class Reset(TypedDict):
    """That a branch holds what another holds; ``changed`` says whether it did not before."""

    reset: bool
    branch: str
    source_branch: str
    reset_to_scn: int
    changed: bool
    scn: int
    timestamp: str
    backup_branch: Optional[str]


class Webhook(TypedDict, total=False):
    """An address that is told what happens to branches; ``secret`` is told once, at creation."""

    id: str
    url: str
    events: List[str]
    branches: List[str]
    description: str
    active: bool
    created_at: str
    updated_at: str
    failing_since: Optional[str]
    last_delivered_at: Optional[str]
    secret: str


class WebhookDeleted(TypedDict):
    """That a webhook is gone."""

    id: str
    deleted: bool


class Delivery(TypedDict):
    """An attempt to tell a webhook of an event."""

    event_id: str
    event: str
    branch_name: str
    attempt: int
    attempted_at: str
    delivered: bool
    status: Optional[int]
    latency_ms: int
    error: Optional[str]
    retry_at: Optional[str]


class Graph(TypedDict):
    """Every commit that a live branch reaches, children before parents."""

    branches: List[Dict[str, Any]]
    commits: List[Dict[str, Any]]
    truncated: bool


class Version(TypedDict):
    """What the server is."""

    name: str
    version: str
    api_version: str
