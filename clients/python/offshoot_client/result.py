"""Rows that came back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Mapping, Optional

from .types import Pagination


@dataclass(frozen=True)
class _Rows:
    #: The names of the columns.
    columns: List[str]
    #: The values, each row in the order of the columns.
    rows: List[List[Any]]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Dict[str, Any]]:
        names = unique(self.columns)
        return (dict(zip(names, row)) for row in self.rows)

    def objects(self) -> List[Dict[str, Any]]:
        """The rows as dictionaries; a repeated column is ``id``, ``id_2``."""
        return list(self)

    def first(self) -> Optional[Dict[str, Any]]:
        """The first row, if there is one."""
        return next(iter(self), None)

    def scalar(self) -> Any:
        """The first value of the first row; None where there is none."""
        return self.rows[0][0] if self.rows and self.rows[0] else None


@dataclass(frozen=True)
class QueryResult(_Rows):
    """What a query found."""

    #: The SQL types of the columns.
    column_types: List[str]
    #: How many rows there are.
    row_count: int
    #: How the rows were found, for people.
    execution_plan: Optional[str]
    #: How long it took.
    execution_time_ms: int

    @staticmethod
    def of(got: Mapping[str, Any]) -> QueryResult:
        """What is in an answer."""
        return QueryResult(
            got["columns"],
            got["rows"],
            got["column_types"],
            got["row_count"],
            got.get("execution_plan"),
            got["execution_time_ms"],
        )


@dataclass(frozen=True)
class Page(_Rows):
    """A page of a table."""

    #: Which page it is, and of how many.
    pagination: Pagination

    @staticmethod
    def of(got: Mapping[str, Any]) -> Page:
        """What is in an answer."""
        return Page(got["columns"], got["rows"], got["pagination"])


def unique(columns: List[str]) -> List[str]:
    """Names for the columns that differ: the second ``id`` is ``id_2``, or the next that is free."""
    taken = set(columns)
    seen: set[str] = set()
    names = []
    for column in columns:
        name, number = column, 2
        while name in seen or (name != column and name in taken):
            name, number = f"{column}_{number}", number + 1
        seen.add(name)
        names.append(name)
    return names
