"""The specification's example runs as it is printed: only the address and the key are set."""

import os
import unittest
from pathlib import Path

from offshoot_client import Client, NotFound

URL = os.environ["OFFSHOOT_URL"]
KEY = os.environ.get("OFFSHOOT_KEY", "")
EXAMPLE = Path(__file__).with_name("specification.py")


class Example(unittest.TestCase):
    def test_it_branches_queries_and_merges(self):
        text = EXAMPLE.read_text()
        for printed, real in (("http://localhost:8080", URL), ("your-api-key", KEY)):
            self.assertEqual(text.count(printed), 1)
            text = text.replace(printed, real)
        client = Client(URL, api_key=KEY)
        self.addCleanup(client.close)
        main = client.branch()
        main.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, active BOOLEAN)")
        self.addCleanup(main.execute, "DROP TABLE users")
        main.insert("users", [{"name": "Ada", "active": True}, {"name": "B", "active": False}])
        got = {}
        exec(compile(text, str(EXAMPLE), "exec"), got)
        self.addCleanup(got["client"].close)
        self.assertEqual(got["branch"]["source_branch"], "main")
        self.assertEqual(got["results"].objects(), [{"id": 1, "name": "Ada", "active": True}])
        with self.assertRaises(NotFound):
            client.branches.get("feature-auth")


if __name__ == "__main__":
    unittest.main()
