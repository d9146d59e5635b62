"""The tutorial's programs, as it prints them, against servers whose key is pinned to ``plain``.

``OFFSHOOT_BIN`` is the program. Before a listing runs, the address in it is set to the server's; the
key in it is the one that the server was given. Nothing else is changed: what the listings print is what
they print for a reader of the tutorial.
"""

import json
import os
import re
import runpy
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path
from unittest.mock import patch

import requests

PROGRAM = os.environ["OFFSHOOT_BIN"]
HERE = Path(__file__).parent
ADDRESS = "http://localhost:8080"
KEY = "sk_test_abc123"


class Server:
    """A server over a file of its own."""

    def __init__(self, folder, rate_limit="tutorial", listen="127.0.0.1:0"):
        command = [PROGRAM, "serve", "--listen", listen, "--data", f"{folder}/tutorial.offshoot"]
        command += ["--api-key", f"{KEY},dialect=plain", "--rate-limit", rate_limit]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env={**os.environ, "OFFSHOOT_LOG": "warn"},
            text=True,
        )
        self.url = re.search(r" on (http://\S+)", self.process.stdout.readline())[1]

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


class Tutorial(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def serve(self, **options):
        server = Server(self.folder, **options)
        self.addCleanup(server.stop)
        return server

    def limits(self, **limits):
        """A file of limits, as ``--rate-limit`` takes it."""
        path = self.folder / "limits.json"
        path.write_text(json.dumps(limits))
        return str(path)

    def with_users(self):
        """The table that the SDK examples ask of."""
        server = self.serve()
        for sql in (
            "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, email TEXT, age INTEGER)",
            "INSERT INTO users (name, age) VALUES ('Alice', 30), ('Bob', 28), ('Charlie', 20)",
        ):
            url = f"{server.url}/v1/branches/main/execute"
            requests.post(url, headers={"X-API-Key": KEY}, json={"sql": sql}).raise_for_status()
        return server

    def listing(self, name, server):
        """A copy of a listing, with the server's address."""
        text = (HERE / name).read_text()
        self.assertEqual((text.count(ADDRESS), text.count(KEY)), (1, 1))
        copy = self.folder / name
        copy.write_text(text.replace(ADDRESS, server.url))
        return copy

    def printed(self, *command):
        """What a program prints; it must end well."""
        command = [str(word) for word in command]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        return done.stdout

    def test_the_complete_working_example(self):
        listing = self.listing("workflow.py", self.serve())
        self.assertEqual(self.printed(sys.executable, listing), WORKFLOW)

    def test_the_python_client(self):
        listing = self.listing("client.py", self.with_users())
        self.assertEqual(self.printed(sys.executable, listing), CLIENT)

    def test_the_javascript_client(self):
        listing = self.listing("client.mjs", self.with_users())
        self.assertEqual(self.printed("node", listing), CLIENT)

    def test_the_go_client(self):
        listing = self.listing("client.go", self.with_users())
        self.assertEqual(
            self.printed("go", "run", listing), "Found 1 branches\nQuery returned 3 rows\n"
        )

    def test_the_client_that_heeds_limits(self):
        limits = self.limits(all={"max_requests": 100, "window_secs": 5, "burst": 10})
        listing = self.listing("rate_limited.py", self.serve(rate_limit=limits))
        lines = self.printed(sys.executable, listing).splitlines()
        waits = [line for line in lines if line.startswith("Approaching rate limit. Waiting ")]
        answers = [line for line in lines if line not in waits]
        told = [re.fullmatch(r"Request (\d+): (\d+) remaining", line) for line in answers]
        self.assertTrue(all(told), lines)
        self.assertEqual([int(line[1]) for line in told], list(range(1, 201)))
        # Never refused: it saw the end of its allowance coming and waited for the promised time.
        self.assertGreaterEqual(len(waits), 1)
        self.assertLess(max(int(line[2]) for line in told), 101)

    def test_retrying_when_limited(self):
        limits = self.limits(all={"max_requests": 2, "window_secs": 4, "burst": 0})
        url = f"{self.serve(rate_limit=limits).url}/version"
        statuses = self.retried(url, times=4)
        self.assertEqual(statuses.count(200), 4)
        self.assertIn(429, statuses)

    def test_retrying_while_a_server_starts_again(self):
        server = self.serve()
        server.stop()
        starts = threading.Timer(0.5, lambda: self.serve(listen=server.url.split("//")[1]))
        starts.start()
        self.addCleanup(starts.join)
        self.assertEqual(self.retried(f"{server.url}/version", times=1), [200])

    def retried(self, url, times):
        """The statuses that the listing's function meets on its way to this many answers."""
        retry_with_backoff = runpy.run_path(HERE / "retry.py")["retry_with_backoff"]
        statuses, get = [], requests.get

        def watched(*args, **kwargs):
            response = get(*args, **kwargs)
            statuses.append(response.status_code)
            return response

        with patch("requests.get", watched):
            for _ in range(times):
                self.assertEqual(retry_with_backoff(url).status_code, 200)
        return statuses


WORKFLOW = """\
=== HeliosDB Nano REST API Workflow ===

1. Creating feature branch...
   Created: feature-demo

2. Creating products table...
   Table created

3. Inserting sample data...
   Inserted 3 rows

4. Querying data...
   Found 2 products over $10:
   - Gadget: $19.99
   - Doohickey: $14.99

5. Merging feature-demo into main...
   Successfully merged 3 keys from 'feature-demo' into 'main' with no conflicts

6. Verifying data in main branch...
   Total products in main: 3

7. Cleaning up feature branch...
   Branch deleted

=== Workflow Complete ===
"""

CLIENT = """\
Found 1 branches
Created branch: feature-xyz
Query returned 2 rows
Inserted 1 rows
"""

if __name__ == "__main__":
    unittest.main()
