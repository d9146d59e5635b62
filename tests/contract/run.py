"""The contract test: the server's answers are what its OpenAPI documents say, in each dialect.

    python run.py --program PATH [--seed N] [--examples N] [--requests N]

For each dialect it starts the server on a port of its own with a new database, fills it, and lets
schemathesis ask requests that are generated from `/v1/openapi.json?dialect=…`. It fails on a server
error, a status, header or field that the document does not have, data that should have been refused,
a route that lets in who has no key, an operation that never succeeded, and on fewer requests than were
asked for.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
DIALECTS = ("envelope", "plain")
KEY = "contract"
# How long the server may take to say where it listens. Only a broken one takes it.
READY_SECONDS = 60


class Server:
    """The program, over a database of its own, with a key and without limits of rate."""

    def __init__(self, program, folder):
        self.complaints = open(folder / "stderr", "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [
                program, "serve", "--listen", "127.0.0.1:0", "--data", folder / "data.offshoot",
                "--api-key", f"{KEY},scopes=read+write+admin", "--rate-limit", "off",
            ],
            stdout=subprocess.PIPE, stderr=self.complaints, text=True,
        )
        self.base = None
        for line in self.process.stdout:
            place = line.find("http://")
            if place >= 0:
                self.base = line[place:].split()[0].rstrip("/")
                break
        if self.base is None:
            raise SystemExit(f"the server did not start: {self.said()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def said(self):
        self.complaints.seek(0)
        return self.complaints.read()

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.base + path, data, {"X-API-Key": KEY, "Offshoot-Dialect": "plain"}, method=method
        )
        with urllib.request.urlopen(request, timeout=READY_SECONDS) as answer:
            return answer.read()


FILLING = [
    ("/execute", {"sql": "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT UNIQUE, "
                         "age INTEGER CHECK (age >= 0), active BOOLEAN DEFAULT true, balance DECIMAL(10,2), "
                         "born DATE, seen TIMESTAMP, doc JSON)"}),
    ("/execute", {"sql": "CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL "
                         "REFERENCES users(id), total REAL)"}),
    ("/execute", {"sql": "CREATE TABLE notes (note TEXT, at TIMESTAMP)"}),
    ("/execute", {"sql": "CREATE INDEX users_by_age ON users (age)"}),
    ("/tables/users/data", {"rows": [
        {"id": 1, "name": "Alice", "email": "alice@example.com", "age": 30, "balance": "7.50",
         "born": "1995-02-28", "seen": "2025-02-28T12:34:56Z", "doc": {"likes": ["a", 1]}},
        {"id": 2, "name": "Bob", "email": "bob@example.com", "age": 25},
        {"id": 3, "name": "Änne", "active": False},
    ]}),
    ("/tables/orders/data", {"rows": [{"user_id": 1, "total": 12.5}, {"user_id": 2, "total": 3}]}),
    ("/tables/notes/data", {"rows": [{"note": "one"}, {"note": None}]}),
    ("/snapshots", {"name": "before-import"}),
]
BRANCHES = ("feature", "apart", "team/deep")
# As `main` is: one to merge, one to delete, one to set back.
ALIKE = ("same", "gone", "again")
# Nobody has this name (RFC 2606): what is sent there arrives nowhere.
RECEIVER = "https://receiver.example/offshoot"


def fill(server):
    """Makes what the dictionaries of `schemathesis.toml` name: tables, branches that differ and that
    conflict with `main`, a branch that takes no writes, snapshots. Gives the ids of two webhooks."""

    def post(branch, path, body):
        server.ask("POST", f"/v1/branches/{urllib.parse.quote(branch, safe='')}{path}", body)

    for path, body in FILLING:
        post("main", path, body)
    for name in (*BRANCHES, *ALIKE):
        server.ask("POST", "/v1/branches", {"name": name, "parent": "main"})
    server.ask(
        "POST", "/v1/branches", {"name": "frozen", "parent": "main", "options": {"read_only": True}}
    )
    for branch in ("main", *BRANCHES):
        post(branch, "/execute", {"sql": f"UPDATE users SET name = '{branch}' WHERE id = 1"})
        post(branch, "/snapshots", {"name": "second"})
    post("apart", "/execute", {"sql": "ALTER TABLE notes ADD COLUMN place TEXT"})
    post("apart", "/execute", {"sql": "DELETE FROM orders WHERE id = 2"})
    made = (server.ask("POST", "/v1/webhooks", {"url": RECEIVER}) for _ in range(2))
    return [json.loads(webhook)["id"] for webhook in made]


def generate(dialect, server, webhooks, folder, seed, examples):
    """Lets schemathesis ask; gives whether it found nothing, its report, and the answers by operation
    and status."""
    report, answers = folder / "report.json", folder / "answers.json"
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", HERE / "schemathesis.toml", "run",
        f"{server.base}/v1/openapi.json?dialect={dialect}",
        "--header", f"Offshoot-Dialect: {dialect}",
        "--checks", "all", "--seed", str(seed), "--max-examples", str(examples),
        "--phases", "examples,coverage,fuzzing,stateful",
        "--continue-on-failure", "--no-color", "--warnings", "off",
        "--report", "json", "--report-json-path", report,
    ]
    environment = {
        **os.environ, "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1",
        "SCHEMATHESIS_HOOKS": "hooks", "CONTRACT_ANSWERS": str(answers),
        "CONTRACT_WEBHOOKS": " ".join(webhooks),
    }
    # What it prints is long, and says something only where it found something.
    ran = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, encoding="utf-8", errors="replace",
    )
    if ran.returncode != 0:
        print(ran.stdout, flush=True)
    return ran.returncode == 0, *(
        json.loads(path.read_text(encoding="utf-8")) for path in (report, answers)
    )


def complaints(good, report, answers, said):
    """What is wrong about a run in one dialect."""
    cases, operations = report["test_cases"], report["operations"]
    if not good or not report["complete"] or cases["with_failures"] or report["errors"]:
        yield "schemathesis found something, see above"
    if operations["tested"] != operations["total"]:
        yield "operations that were not tested"
    for name, statuses in answers.items():
        # What is always refused proves nothing of what it answers else.
        if not any(status.startswith("2") for status in statuses):
            yield f"{name} never succeeded: {statuses}"
    if "panicked" in said:
        yield f"the server panicked: {said}"


def contract(program, dialect, seed, examples):
    """One dialect; gives how many requests were made, and what is wrong."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        with Server(program, folder) as server:
            webhooks = fill(server)
            start = time.monotonic()
            found = generate(dialect, server, webhooks, folder, seed, examples)
            seconds = time.monotonic() - start
            wrong = list(complaints(*found, server.said()))
            if server.ask("GET", "/health") != b"OK":
                wrong.append("/health is not OK after the test")
    _, report, answers = found
    statuses = collections.Counter()
    for counted in answers.values():
        statuses.update(counted)
    made = sum(statuses.values())
    print(
        f"{dialect}: {made} requests to {len(answers)} operations in {seconds:.0f} s,"
        f" {report['test_cases']['unique_failures']} failures, {len(report['errors'])} errors;"
        f" answers {', '.join(f'{status}: {n}' for status, n in sorted(statuses.items()))}",
        flush=True,
    )
    return made, [f"{dialect}: {what}" for what in wrong]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--program", required=True, help="the built server")
    arguments.add_argument("--seed", type=int, default=random.randrange(2**32))
    arguments.add_argument(
        "--examples", type=int, default=120, help="of each operation, at most, in each phase"
    )
    arguments.add_argument("--requests", type=int, default=5000, help="at least so many in all")
    asked = arguments.parse_args()
    # Whoever ends the test, ends its server too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print(f"seed={asked.seed}", flush=True)
    total, failed = 0, []
    for dialect in DIALECTS:
        made, wrong = contract(asked.program, dialect, asked.seed, asked.examples)
        total += made
        failed += wrong
    if total < asked.requests:
        failed.append(f"{total} requests were made, fewer than {asked.requests}")
    print(*failed, f"{total} requests in all; repeat with --seed {asked.seed}", sep="\n")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
