"""The clients against a server: ``OFFSHOOT_URL``, with the key ``OFFSHOOT_KEY`` if it wants one.

Run by ``cargo xtask clients``. Each test runs twice, with the client and with the async client.
"""

import asyncio
import os
import re
import unittest
from datetime import datetime, timezone
from decimal import Decimal
from itertools import count

import httpx
from kinds import blocking, both
from offshoot_client import (
    NULL,
    ApiError,
    AsOf,
    AsyncClient,
    ConstraintViolation,
    Denied,
    InvalidRequest,
    MergeConflict,
    NotFound,
    QueryTimeout,
    Unauthorized,
)
from offshoot_client.branch import BranchCalls
from offshoot_client.branches import BranchesCalls
from offshoot_client.client import ServerCalls
from offshoot_client.webhooks import WebhooksCalls

URL = os.environ["OFFSHOOT_URL"]
KEY = os.environ.get("OFFSHOOT_KEY")
NUMBER = count(1)

#: What the server describes that it does: ``POST /v1/branches``, …
OPERATIONS = {
    f"{method.upper()} {path}"
    for path, operations in httpx.get(f"{URL}/v1/openapi.json").json()["paths"].items()
    for method in operations
}


class OverServer(unittest.TestCase):
    """Each test works on a branch of its own, so that tests do not meet."""

    #: Makes a client; see ``kinds``.
    kind = staticmethod(blocking)

    def setUp(self):
        self.client = self.connect()
        self.name = f"py/{os.getpid()}-{next(NUMBER)}"
        self.client.branches.create(self.name, display_name="A test")
        self.addCleanup(self.client.branches.delete, self.name, force=True)
        self.branch = self.client.branch(self.name)

    def connect(self, url=URL, **options):
        client, close = self.kind(url, **{"api_key": KEY, **options})
        self.addCleanup(close)
        return client

    def users(self):
        self.branch.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, age INTEGER)")
        return self.branch.insert(
            "users", [{"name": "Ada", "age": 36}, {"name": "Grace", "age": 85}]
        )


@both
class Branches(OverServer):
    def test_a_branch_is_made_found_changed_and_deleted(self):
        made = self.client.branches.create(
            f"{self.name}/x",
            source_branch=self.name,
            as_of={"type": "now"},
            metadata={"ticket": 7},
        )
        self.assertEqual(made["source_branch"], self.name)
        found = self.client.branches.get(made["name"], include_history=True)
        self.assertEqual(found["metadata"], {"ticket": 7})
        self.assertEqual(found["divergence"]["commits_ahead"], 0)
        self.assertIn("history", found)
        changed = self.client.branches.update(made["id"], display_name="Another")
        self.assertEqual(changed["display_name"], "Another")
        self.assertTrue(self.client.branches.delete(made["name"])["deleted"])
        with self.assertRaises(NotFound) as gone:
            self.client.branch(made["name"]).details()
        self.assertEqual((gone.exception.status, gone.exception.code), (404, "BRANCH_NOT_FOUND"))
        self.assertIn(made["name"], gone.exception.message)
        self.assertTrue(gone.exception.request_id)

    def test_lists_come_by_page_or_whole(self):
        page = self.client.branches.list(limit=1, sort="name", order="asc")
        self.assertEqual(len(page["branches"]), 1)
        names = [branch["name"] for branch in self.client.branches.all(status="active")]
        self.assertIn("main", names)
        self.assertIn(self.name, names)

    def test_the_server_and_its_graph(self):
        self.assertTrue(self.client.health())
        self.assertEqual(self.client.version()["api_version"], "v1")
        names = [branch["name"] for branch in self.client.graph(limit=10)["branches"]]
        self.assertIn(self.name, names)
        listed = self.client.request("GET", "/v1/branches", query={"limit": 1})
        self.assertEqual(len(listed["branches"]), 1)


@both
class Rows(OverServer):
    def test_rows_are_put_in_read_changed_and_deleted(self):
        self.assertEqual(self.users()["ids"], [1, 2])
        self.assertEqual(self.branch.insert("users", {"name": "Edsger"})["inserted"], 1)
        page = self.branch.page("users", columns=["name"], filter="age > 40", limit=5)
        self.assertEqual((page.columns, page.rows), (["name"], [["Grace"]]))
        self.assertEqual(page.pagination["total"], 1)
        self.assertEqual(self.branch.update("users", {"age": None}, filter="name = 'Ada'"), 1)
        self.assertEqual(self.branch.delete("users", filter="age IS NULL"), 2)
        self.assertEqual(
            list(self.branch.rows("users")), [{"id": 2, "name": "Grace", "age": 85}]
        )
        skipped = self.branch.insert("users", [{"id": 2, "name": "x"}], on_conflict="ignore")
        self.assertEqual(skipped["inserted"], 0)
        with self.assertRaises(ApiError) as taken:
            self.branch.insert("users", [{"id": 2, "name": "x"}])
        self.assertEqual(
            (taken.exception.status, taken.exception.code), (409, "CONSTRAINT_VIOLATION")
        )
        self.assertIsInstance(taken.exception, ConstraintViolation)
        self.assertEqual(taken.exception.details["table"], "users")

    def test_rows_go_over_pages(self):
        self.branch.execute("CREATE TABLE n (i INTEGER PRIMARY KEY)")
        self.branch.insert("n", ({"i": i} for i in range(2500)))
        self.assertEqual([row["i"] for row in self.branch.rows("n")], list(range(2500)))

    def test_tables_tell_their_columns(self):
        self.users()
        (table,) = self.branch.tables()
        self.assertEqual([column["name"] for column in table["columns"]], ["id", "name", "age"])


@both
class Sql(OverServer):
    def test_a_query_gives_rows_and_objects(self):
        self.users()
        got = self.branch.query("SELECT name, age FROM users WHERE age > $1", [40])
        self.assertEqual(got.column_types, ["TEXT", "INTEGER"])
        self.assertEqual(got.rows, [["Grace", 85]])
        self.assertEqual(got.objects(), [{"name": "Grace", "age": 85}])
        self.assertEqual((got.row_count, len(got), got.scalar()), (1, 1, "Grace"))
        self.assertIsInstance(got.execution_plan, str)
        twice = self.branch.query("SELECT 1 AS id, 2 AS id, 3 AS id_2")
        self.assertEqual(twice.first(), {"id": 1, "id_3": 2, "id_2": 3})
        self.assertIsNone(self.branch.query("SELECT 1 WHERE false").scalar())

    def test_pythons_values_are_values_of_sql(self):
        self.branch.execute("CREATE TABLE t (d DECIMAL(6,2), at TIMESTAMP, j JSON)")
        at = datetime(2025, 12, 1, 8, tzinfo=timezone.utc)
        self.branch.execute(
            "INSERT INTO t VALUES ($1, $2, $3)",
            [Decimal("1.50"), at, {"type": "json", "value": {"a": [1]}}],
        )
        row = self.branch.query("SELECT * FROM t").first()
        self.assertEqual((row["d"], row["j"]), ("1.50", {"a": [1]}))
        self.assertTrue(row["at"].startswith("2025-12-01T08:00:00"), row)

    def test_a_transaction_is_one_commit_or_none(self):
        self.users()
        done = self.branch.transaction(
            ["DELETE FROM users", ("INSERT INTO users (name) VALUES ($1)", ["Barbara"])]
        )
        self.assertEqual([result["affected_rows"] for result in done["results"]], [2, 1])
        with self.assertRaises(NotFound):
            self.branch.transaction(["DELETE FROM users", "DELETE FROM nothing"])
        self.assertEqual(self.branch.query("SELECT COUNT(*) FROM users").scalar(), 1)

    def test_errors_say_what_is_wrong(self):
        with self.assertRaises(ApiError) as wrong:
            self.client.branches.query(self.name, sql="SELEC 1")
        self.assertEqual((wrong.exception.status, wrong.exception.code), (400, "INVALID_SQL"))
        self.assertIsInstance(wrong.exception, InvalidRequest)
        self.branch.execute("CREATE TABLE n (i INTEGER PRIMARY KEY)")
        self.branch.insert("n", ({"i": i} for i in range(300)))
        with self.assertRaises(QueryTimeout):
            self.branch.query("SELECT COUNT(*) FROM n a, n b, n c WHERE a.i+b.i > c.i", timeout_ms=1)


@both
class Time(OverServer):
    def test_the_past_can_be_read_in_every_way(self):
        self.users()
        scn = self.branch.execute("UPDATE users SET age = 37 WHERE id = 1")["scn"]
        kept = self.branch.snapshot("before")
        self.branch.delete("users", filter="true")
        for point in (AsOf.scn(scn), AsOf.snapshot(kept["id"]), AsOf.snapshot("before")):
            then = self.branch.as_of(point)
            self.assertEqual(then.query("SELECT age FROM users WHERE id = 1").scalar(), 37)
            self.assertEqual([row["age"] for row in then.rows("users")], [37, 85])
        self.assertEqual(self.branch.query("SELECT COUNT(*) FROM users").scalar(), 0)
        self.assertEqual([entry["name"] for entry in self.branch.snapshots()][0], "before")
        newest = self.branch.history(limit=1)[0]
        self.assertEqual(newest["summary"], "DELETE FROM users (2 rows)")
        self.assertEqual(self.branch.history(until="2001-01-01T00:00:00Z"), [])
        backup = f"{self.name}-backup"
        restored = self.branch.restore(kept["id"], backup_branch_name=backup)
        self.assertEqual(restored["backup_branch"], backup)
        self.assertEqual(self.branch.query("SELECT COUNT(*) FROM users").scalar(), 2)
        self.client.branches.delete(backup, force=True)

    def test_a_time_needs_a_zone(self):
        with self.assertRaises(ValueError):
            AsOf.timestamp(datetime(2025, 12, 1))
        now = self.branch.as_of(AsOf.timestamp(datetime.now(timezone.utc)))
        self.assertEqual(now.query("SELECT 1").scalar(), 1)


@both
class Merging(OverServer):
    def setUp(self):
        super().setUp()
        self.users()
        self.source = f"{self.name}-source"
        self.client.branches.create(self.source, source_branch=self.name)
        self.addCleanup(self.gone)
        self.client.branch(self.source).update("users", {"name": "Ada L."}, filter="id = 1")

    def gone(self):
        try:
            self.client.branches.delete(self.source, force=True)
        except NotFound:
            pass

    def test_a_diff_tells_what_a_merge_brings(self):
        source = self.client.branch(self.source)
        diff = source.diff(self.name)
        self.assertEqual(diff["tables"][0]["updates"], 1)
        (change,) = source.changes(self.name)
        self.assertEqual(
            change["cells"], [{"column": "name", "before": "Ada", "after": "Ada L."}]
        )
        tried = source.merge_into(self.name, dry_run=True)
        self.assertEqual((tried["status"], tried["changes_merged"]), ("dry_run", 1))
        done = self.client.branches.merge(
            self.source, target_branch=self.name, delete_after_merge=True
        )
        self.assertEqual((done["changes_merged"], done["source_deleted"]), (1, True))

    def test_conflicts_come_back_and_are_resolved(self):
        self.branch.update("users", {"name": "A. Lovelace"}, filter="id = 1")
        source = self.client.branch(self.source)
        with self.assertRaises(MergeConflict) as open_:
            source.merge_into(self.name, conflict_resolution="manual")
        (conflict,) = open_.exception.conflicts
        self.assertEqual((conflict["row_id"], conflict["column"]), ("1", "name"))
        self.assertEqual(
            (conflict["base_value"], conflict["source_value"], conflict["target_value"]),
            ("Ada", "Ada L.", "A. Lovelace"),
        )
        answer = {"table": "users", "row_id": "1", "column": "name", "value": "Ada Lovelace"}
        done = source.merge_into(
            self.name, resolutions=[answer], conflict_token=open_.exception.conflict_token
        )
        self.assertEqual(done["conflicts_resolved"], 1)
        self.assertEqual(self.branch.query("SELECT name FROM users").scalar(), "Ada Lovelace")

    def test_abort_only_counts(self):
        self.branch.update("users", {"name": "A. Lovelace"}, filter="id = 1")
        with self.assertRaises(MergeConflict) as open_:
            self.client.branches.merge(
                self.source, target_branch=self.name, conflict_resolution="abort"
            )
        self.assertEqual(open_.exception.conflicts, [])
        self.assertEqual(open_.exception.details["conflict_count"], 1)


@both
class Additions(OverServer):
    """What neither document has."""

    def test_a_branch_is_set_to_where_its_source_stands(self):
        self.users()
        made = self.client.branches.create(f"{self.name}/x", source_branch=self.name)
        copy = self.client.branch(made["name"])
        copy.delete("users", filter="true")
        done = copy.reset(backup_branch_name=f"{self.name}/kept")
        self.assertTrue(done["reset"] and done["changed"])
        self.assertEqual(copy.query("SELECT COUNT(*) FROM users").scalar(), 2)
        for name in (f"{self.name}/kept", made["name"]):
            self.client.branches.delete(name, force=True)

    def test_a_branch_may_have_an_end(self):
        end = datetime(2199, 12, 1, 8, tzinfo=timezone.utc)
        self.client.branches.update(self.name, expires_at=end)
        told = self.client.branches.get(self.name)["expires_at"]
        self.assertTrue(told.startswith("2199-12-01T08:00:00"), told)
        self.client.branches.update(self.name, display_name="Said nothing of its end")
        self.assertEqual(self.client.branches.get(self.name)["expires_at"], told)
        self.client.branches.update(self.name, expires_at=NULL)
        self.assertIsNone(self.client.branches.get(self.name).get("expires_at"))

    def test_a_request_with_a_key_is_done_once(self):
        self.users()
        key = f"key of {self.name}"
        sql = "UPDATE users SET age = age + 1 WHERE id = 1"
        done = [self.branch.execute(sql, idempotency_key=key)["scn"] for _ in range(2)]
        self.assertEqual(done[0], done[1])
        self.assertEqual(self.branch.query("SELECT age FROM users WHERE id = 1").scalar(), 37)

    def test_webhooks_are_registered_changed_and_removed(self):
        hooks = self.client.webhooks
        url = f"https://example.com/{self.name}"
        made = hooks.create(url, events=["branch.merged"], branches=["x-*"], active=False)
        self.assertTrue(made["secret"])
        self.assertNotIn("secret", hooks.get(made["id"]))
        self.assertIn(made["id"], [hook["id"] for hook in hooks.list()])
        self.assertEqual(hooks.update(made["id"], description="d")["description"], "d")
        self.assertEqual(hooks.deliveries(made["id"]), [])
        self.assertTrue(hooks.delete(made["id"])["deleted"])
        with self.assertRaises(NotFound):
            hooks.get(made["id"])


@both
class Callers(OverServer):
    @unittest.skipIf(KEY is None, "the server is open")
    def test_who_may_not_is_told_so(self):
        stranger = self.connect(api_key="wrong")
        with self.assertRaises(Denied) as denied:
            stranger.branches.list()
        self.assertIsInstance(denied.exception, Unauthorized)
        self.assertEqual((denied.exception.status, denied.exception.code), (401, "UNAUTHORIZED"))

    def test_the_dialect_is_the_clients(self):
        for url in (URL + "/", URL + "/v1"):
            client = self.connect(url, headers={"Offshoot-Dialect": "plain"})
            self.assertIn("pagination", client.branches.list())

    def test_an_address_must_be_one(self):
        with self.assertRaises(ValueError):
            self.connect("localhost:8080")


class Together(unittest.TestCase):
    def test_tasks_share_a_client(self):
        async def ask():
            async with AsyncClient(URL, api_key=KEY) as client:
                main = client.branch()
                asked = (main.query("SELECT $1", [number]) for number in range(20))
                return [result.scalar() for result in await asyncio.gather(*asked)]

        self.assertEqual(asyncio.run(ask()), list(range(20)))


class Whole(unittest.TestCase):
    """Nothing that the server does lacks a method."""

    CALLS = [
        ServerCalls().graph(),
        BranchesCalls().list(),
        BranchesCalls().create("b"),
        BranchesCalls().get("b"),
        BranchesCalls().update("b"),
        BranchesCalls().delete("b"),
        BranchCalls("b").query(""),
        BranchCalls("b").execute(""),
        BranchCalls("b").transaction([]),
        BranchCalls("b").tables(),
        BranchCalls("b").page("t"),
        BranchCalls("b").insert("t", []),
        BranchCalls("b").update("t", {}, filter=""),
        BranchCalls("b").delete("t", filter=""),
        BranchCalls("b").history(),
        BranchCalls("b").snapshots(),
        BranchCalls("b").snapshot(),
        BranchCalls("b").restore("s"),
        BranchCalls("b").merge_into("c"),
        BranchCalls("b").diff("c"),
        BranchCalls("b").reset(),
        WebhooksCalls().list(),
        WebhooksCalls().create("https://example.com"),
        WebhooksCalls().get("w"),
        WebhooksCalls().update("w"),
        WebhooksCalls().delete("w"),
        WebhooksCalls().deliveries("w"),
    ]

    def test_every_operation_of_the_description_has_a_method(self):
        forms = {operation: self.form(operation) for operation in OPERATIONS if " /v1/" in operation}
        self.assertIn("POST /v1/branches/{branch}/merge", forms)
        calls = [f"{call.method} {call.path}" for call in self.CALLS]
        lacking = [
            operation
            for operation, form in forms.items()
            if not any(re.fullmatch(form, call) for call in calls)
        ]
        self.assertEqual(lacking, [])

    def form(self, operation):
        return re.sub(r"\\{\w+\\}", "[^/]+", re.escape(operation))


if __name__ == "__main__":
    unittest.main()
