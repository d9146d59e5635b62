"""Makes more of the generated requests reach rows: a schema allows any columns, every way to say the
same thing at once, and every point in time, and most of that is rightly refused.

What is changed follows from the request itself, so a seed still gives the same requests. Requests that
are to be refused are left alone.
"""

import atexit
import collections
import json
import os
import re
import zlib

import schemathesis
from schemathesis import GenerationMode
from schemathesis.generation.meta import TestPhase

# The tutorial's word or the query's, beside the specification's or the body's: one of them goes.
TWICE = {
    "createBranch": ("parent", "snapshot_id"),
    "mergeBranch": ("target", "strategy"),
    "updateRows": ("values",),
    "resetBranch": ("parent", "snapshot_id"),
}
# What may be merged into `main`, what may be deleted without a loss to later requests, and what may
# be set back.
BRANCHES = {
    "mergeBranch": ("feature", "apart", "team%2Fdeep"),
    "deleteBranch": ("made%2F0", "made%2F1", "made%2F2"),
    "resetBranch": ("made%2F3", "again", "apart"),
}
EXAMPLES = {"mergeBranch": "same", "deleteBranch": "gone", "resetBranch": "again"}
# The ids of two webhooks, which no document can know: one stays, one may be deleted.
WEBHOOK, WEBHOOK_GONE = os.environ["CONTRACT_WEBHOOKS"].split()
# An idempotency key that is in order.
KEY = re.compile("[ -~]{1,255}")
POINTS = ("as_of", "as_of_type", "as_of_value")


def chance(case):
    """A number from 0 to 255 that the request decides."""
    said = repr((case.path_parameters, case.query, case.body))
    return zlib.crc32(said.encode("utf-8", "surrogatepass")) % 256


def row(given, number):
    """Columns that `users` has, or `notes`, in place of any."""
    values = list(given.values())
    texts = [value for value in values if isinstance(value, str)]
    if number % 4 == 0:
        return {"note": texts[0] if texts else None}
    filled = {"name": texts[0] if texts else f"name {number}"}
    filled.update(zip(("doc", "email"), (values, f"{number}@example.com") if number % 2 else ()))
    return filled


def body_of(name, body, number):
    """A body that says each thing once, of columns that are there."""
    body = {field: value for field, value in body.items() if field not in TWICE.get(name, ())}
    if name == "insertRows" and isinstance(body.get("rows"), list):
        body["rows"] = [row(given, number + at) for at, given in enumerate(body["rows"][:8])]
    if name == "updateRows":
        body["updates"] = {"age": number} if number % 2 else {"note": str(number)}
    if name == "createBranch":
        body["name"] = f"made/{number % 8}"
    if name in ("createBranch", "query", "resetBranch") and number % 4:
        body.pop("as_of", None)
    if name == "resetBranch" and number % 2:
        body.pop("source_branch", None)
    if "url" in body:
        # Nobody has this name (RFC 2606), so that nothing is sent to anybody.
        body["url"] = f"https://receiver.example/{number}"
    if name == "mergeBranch" and number % 4:
        body = {"target_branch": "main"} | {
            field: body[field] for field in ("conflict_resolution", "dry_run") if field in body
        }
    return body


def query_of(name, query, body, number):
    """A query that does not say what the body says, says which rows, and mostly means now."""
    gone = ()
    if name in ("updateRows", "deleteRows"):
        if isinstance(body, dict) and body.get("filter"):
            gone = ("filter",)
        elif not query.get("filter") or number % 4:
            query = {**query, "filter": f"{number} < age"}
    if name == "listRows" and number % 4:
        gone = POINTS
    return {field: value for field, value in query.items() if field not in gone}


@schemathesis.hook
def map_case(context, case):
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return case
    name = context.operation.definition.raw.get("operationId")
    if name == "updateBranch" and isinstance(case.body, dict) and case.body.get("is_protected"):
        # What is protected refuses whatever comes after it, so one branch stands for all.
        case.path_parameters = {**case.path_parameters, "branch": "frozen"}
    number = chance(case)
    if number < 64:
        return case
    if name in BRANCHES and number % 4:
        case.path_parameters = {**case.path_parameters, "branch": BRANCHES[name][number % 3]}
    if "webhook" in (case.path_parameters or {}) and name != "deleteWebhook":
        case.path_parameters = {**case.path_parameters, "webhook": WEBHOOK}
    if isinstance(case.body, dict):
        case.body = body_of(name, case.body, number)
    if isinstance(case.query, dict):
        case.query = query_of(name, case.query, case.body, number)
    return case


def keep_apart(case):
    """Generated idempotency keys are few, and what brings another's key is refused unread: nearly all
    get one that only the same request has."""
    headers = case.headers or {}
    if KEY.fullmatch(headers.get("Idempotency-Key") or "") and chance(case) % 16:
        said = repr((case.method, case.path, case.path_parameters, case.query, case.body))
        headers["Idempotency-Key"] = f"{zlib.crc32(said.encode('utf-8', 'surrogatepass')):08x}"


@schemathesis.hook
def before_call(context, case, kwargs):
    """The document's own examples fit what `run.py` makes, so that each operation succeeds at least once,
    whatever the seed."""
    keep_apart(case)
    if case.meta is None or case.meta.phase.name != TestPhase.EXAMPLES:
        return
    name = case.operation.definition.raw.get("operationId")
    if name in EXAMPLES:
        case.path_parameters = {**case.path_parameters, "branch": EXAMPLES[name]}
    if "webhook" in (case.path_parameters or {}):
        webhook = WEBHOOK_GONE if name == "deleteWebhook" else WEBHOOK
        case.path_parameters = {**case.path_parameters, "webhook": webhook}
    if name in ("listRows", "updateRows", "deleteRows"):
        # Examples of some parameters are filled up with generated ones of the others.
        case.query = {}


# Answers by operation and status: what `run.py` counts, and holds against what it was to ask.
answers = collections.defaultdict(collections.Counter)


@schemathesis.hook
def after_call(context, case, response):
    name = case.operation.definition.raw.get("operationId")
    answers[name][response.status_code] += 1


@atexit.register
def report():
    with open(os.environ["CONTRACT_ANSWERS"], "w", encoding="utf-8") as file:
        json.dump(answers, file)
