"""What type checkers know of the clients. It is not run: ``mypy --strict`` reads it."""

from typing import Any, Dict

from offshoot_client import AsyncClient, Client, QueryResult
from offshoot_client.types import BranchInfo, Merged, RowDiff
from typing_extensions import assert_type


def blocking(client: Client) -> None:
    assert_type(client.branches.create("feature", source_branch="main"), BranchInfo)
    assert_type(client.branch().query("SELECT $1", [1]), QueryResult)
    assert_type(client.branch().update("t", {"a": 1}, filter="true"), int)
    for row in client.branch().rows("t"):
        assert_type(row, Dict[str, Any])
    client.branch().query(1)  # type: ignore[arg-type]
    client.branch().query("SELECT 1", timeout=1)  # type: ignore[call-arg]


async def awaited(client: AsyncClient) -> None:
    assert_type(await client.branches.merge("feature", target_branch="main"), Merged)
    async for change in client.branch("feature").changes("main"):
        assert_type(change, RowDiff)
    client.branch().update("t", {"a": 1})  # type: ignore[call-arg]
