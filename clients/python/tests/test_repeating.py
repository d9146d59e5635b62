"""What is sent again and what is not, against a server that answers what a test wrote."""

import threading
import unittest
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from unittest.mock import patch

import httpx
from kinds import blocking, both
from offshoot_client import (
    ApiError,
    ConnectionLost,
    NotReached,
    RateLimited,
    ServiceUnavailable,
    TimedOut,
    UnexpectedAnswer,
)


class Scripted(BaseHTTPRequestHandler):
    """Answers what the test said, in order; None hangs up without an answer."""

    protocol_version = "HTTP/1.1"
    answers: list = []
    asked: list = []

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.asked.append((self.command, self.path, self.headers.get("Idempotency-Key")))
        told = self.answers.pop(0)
        if told is None:
            self.close_connection = True
            return
        status, headers, body = told
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *_):
        pass


GOOD = (200, {}, '{"success": true, "data": {"branches": []}}')
LATER = {"Retry-After": "0"}
LIMITED = (429, LATER, '{"error": {"code": "RATE_LIMITED", "message": "m"}}')
BUSY = (
    503,
    LATER,
    '{"error": {"code": "SERVICE_UNAVAILABLE", "message": "m", "details": {"retriable": true}}}',
)
PROXY = (503, {"Content-Type": "text/html", **LATER}, "<h1>later</h1>")
WRITES = (
    lambda client: client.branches.create("x"),
    lambda client: client.branch().update("t", {"a": 1}, filter="true"),
    lambda client: client.branch().delete("t", filter="true"),
)


@both
class Repeating(unittest.TestCase):
    kind = staticmethod(blocking)

    def setUp(self):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Scripted)
        self.addCleanup(self.server.server_close)
        thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        thread.start()
        self.server.daemon_threads = True
        self.addCleanup(thread.join)
        self.addCleanup(self.server.shutdown)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.client = self.connect(retries=2)

    def connect(self, **options):
        client, close = self.kind(self.url, **options)
        self.addCleanup(close)
        return client

    def script(self, *answers):
        Scripted.answers, Scripted.asked = list(answers), []

    def test_reads_are_repeated_until_they_pass(self):
        self.script(None, PROXY, GOOD)
        self.assertEqual(self.client.branches.list(), {"branches": []})
        self.assertEqual(Scripted.asked, [("GET", "/v1/branches", None)] * 3)

    def test_a_query_is_a_read_though_it_is_a_post(self):
        rows = '{"data": {"columns": ["a"], "rows": [[1]], "column_types": ["INTEGER"], '
        self.script(None, PROXY, (200, {}, rows + '"row_count": 1, "execution_time_ms": 0}}'))
        self.assertEqual(self.client.branch().query("SELECT 1 AS a").scalar(), 1)
        self.assertEqual(len(Scripted.asked), 3)

    def test_writes_are_repeated_where_nothing_was_begun(self):
        self.script(LIMITED, BUSY, GOOD)
        self.client.branches.create("x")
        self.assertEqual(len(Scripted.asked), 3)

    def test_writes_that_may_have_been_done_are_not_repeated(self):
        for write in WRITES:
            for answer, error in ((None, ConnectionLost), (PROXY, ServiceUnavailable)):
                self.script(answer, GOOD)
                with self.assertRaises(error):
                    write(self.client)
                self.assertEqual(len(Scripted.asked), 1)

    def test_a_key_makes_a_write_repeatable(self):
        self.script(None, PROXY, GOOD)
        self.client.branches.create("x", idempotency_key="k-1")
        self.assertEqual(Scripted.asked, [("POST", "/v1/branches", "k-1")] * 3)

    def test_an_error_is_no_reason_to_ask_again(self):
        for status in (400, 404, 409, 500, 501):
            self.script((status, {}, '{"error": {"code": "C", "message": "m"}}'), GOOD)
            with self.assertRaises(ApiError) as refused:
                self.client.branches.list()
            self.assertEqual((refused.exception.status, refused.exception.code), (status, "C"))
            self.assertEqual(len(Scripted.asked), 1)

    def test_a_server_that_is_not_there_is_sought_again_even_for_a_write(self):
        self.server.server_close()
        connections = []
        name = "connect_tcp"
        place = "httpcore._backends.{}.{}." + name
        sync = place.format("sync", "SyncBackend")
        over_anyio = place.format("anyio", "AnyIOBackend")
        for backend in (sync, over_anyio):
            refused = patch(backend, side_effect=lambda *_, **__: connections.append(1) or refuse())
            refused.start()
            self.addCleanup(refused.stop)
        with self.assertRaises(NotReached):
            self.client.branches.create("x")
        self.assertEqual(len(connections), 3)

    def test_it_waits_as_long_as_it_is_asked_to(self):
        in_an_hour = datetime.now(timezone.utc) + timedelta(hours=1)
        waits = []
        for header in ("3600", format_datetime(in_an_hour, usegmt=True)):
            self.script((429, {"Retry-After": header}, LIMITED[2]), GOOD)
            with self.assertRaises(RateLimited) as limited:
                self.client.branches.list()
            waits.append(limited.exception.retry_after)
            patient = self.connect(wait_max=7200)
            self.script((429, {"Retry-After": header}, LIMITED[2]), GOOD)

            async def sleep(seconds):
                waits.append(seconds)

            with patch("anyio.sleep", sleep), patch("time.sleep", waits.append):
                patient.branches.list()
        for wait in waits:
            self.assertGreater(wait, 3500)
            self.assertLessEqual(wait, 3600)
        self.assertEqual(len(waits), 4)

    def test_it_gives_up(self):
        self.script(LIMITED, LIMITED, LIMITED, GOOD)
        with self.assertRaises(RateLimited):
            self.client.branches.list()
        self.assertEqual(len(Scripted.asked), 3)

    def test_a_connection_that_was_closed_meanwhile_is_opened_again(self):
        self.script((200, {"Connection": "close"}, GOOD[2]), GOOD)
        self.client.branches.create("x")
        self.client.branches.create("y")
        self.assertEqual(len(Scripted.asked), 2)

    def test_an_answer_of_another_kind_is_told_from_one_of_the_api(self):
        for body in ("<html>", '{"branches": []}', '{"data": []}'):
            self.script((200, {"Content-Type": "application/json"}, body))
            with self.assertRaises(UnexpectedAnswer):
                self.client.branch().tables()

    def test_time_runs_out(self):
        silent = HTTPServer(("127.0.0.1", 0), Scripted)
        self.addCleanup(silent.server_close)
        self.url = f"http://127.0.0.1:{silent.server_port}"
        with self.assertRaises(TimedOut):
            self.connect(timeout=0.05, retries=0).branches.list()


def refuse():
    raise httpx.ConnectError("refused")


if __name__ == "__main__":
    unittest.main()
