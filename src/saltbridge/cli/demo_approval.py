"""The step of the demo in which two persons of the cell maker let the record go."""

import json
from pathlib import Path
from typing import Any

from saltbridge.cli.demo_people import password_file
from saltbridge.cli.demo_report import say_checks, say_log_proof, say_statement
from saltbridge.cli.demo_walk import StepFailed, Walk
from saltbridge.reports.approval import proposal_words, short_digest

APPROVERS = ("wang.fang", "zhao.min")


def two_persons_approve(walk: Walk, total: int) -> dict[str, Any]:
    """The carmaker asks and waits, two people look and approve; returns the delivery."""
    cells, cars = walk.companies["cells"], walk.companies["cars"]
    node, asker = ("--node", str(cells.folder)), ("--node", str(cars.folder))
    with walk.step("approval", total):
        asked = walk.run(
            *("exchange", "request", cells.bpn, "--kind", "supplier-record", *asker, "--json"),
            show=False,
        ).json()
        reached = walk.run(
            "exchange", "status", asked["negotiation_id"], *asker, "--json", show=False
        ).json()
        walk.tell(walk.word("asks-and-waits", name=cars.name, state=reached["negotiation"]))
        first, second = APPROVERS
        (waiting,) = walk.run("border", "pending", *node, "--json").json()
        shown = walk.run("border", "show", waiting["id"], *node, "--json").json()
        _say_proposal(walk, shown)
        said = walk.run(*_approve(walk, waiting, first)).stdout
        walk.tell(said.strip())
        twice = walk.run(*_approve(walk, waiting, first), show=False, expect=1).stderr
        walk.tell(twice.strip().splitlines()[0], "yellow")
        said = walk.run(*_approve(walk, waiting, second), show=False).stdout
        walk.tell(said.strip(), "green")
        walk.results["approval"] = {
            "id": waiting["id"],
            "digest": waiting["digest"],
            "approvers": list(APPROVERS),
        }
    with walk.step("delivery", total):
        walk.run("exchange", "status", asked["negotiation_id"], *asker, "--wait", "60")
        deliveries = walk.run("exchange", "deliveries", *asker, "--json", show=False).json()
        newest: dict[str, Any] = max(deliveries, key=lambda d: d["received_at"])
        say_checks(walk, newest)
        if not newest["checks"] or not all(check["ok"] for check in newest["checks"]):
            raise StepFailed(walk.word("failed.checks"))
        if newest["digest"] != waiting["digest"]:
            raise StepFailed(walk.word("failed.other-bytes"))
        _proofs_hold(walk, newest["id"])
    return newest


def _proofs_hold(walk: Walk, delivery_id: str) -> None:
    """The carmaker's node checked the export statement, and checks the newest log proof.

    Raises:
        StepFailed: one of them does not hold, or no witness has seen the entry.
    """
    cells, cars = str(walk.companies["cells"].folder), str(walk.companies["cars"].folder)
    shown = walk.run("exchange", "show", delivery_id, "--node", cars, "--json").json()
    say_statement(walk, shown)
    record, proved = received_record(walk), walk.folder / "proved-record.json"
    record.write_text(json.dumps(shown["claim"]), encoding="utf-8")
    walk.run("log", "witness", cells, show=False)
    walk.run("log", "proof", str(record), "--node", cells, "--out", str(proved))
    verified = walk.run("verify", str(proved), "--node", cars, "--json").json()
    say_log_proof(walk, json.loads(proved.read_text(encoding="utf-8")), verified)
    log = next(check for check in verified["checks"] if check["name"] == "log")
    if shown["statement"]["state"] != "verified" or log["code"] != "verify.log-witnessed":
        raise StepFailed(walk.word("failed.proofs"))
    walk.results["proof"] = {
        "statement": shown["statement"]["state"],
        "entry": log["arguments"]["index"],
        "size": log["arguments"]["size"],
        "witnesses": log["arguments"]["witnesses"],
    }


def received_record(walk: Walk) -> Path:
    """The file with the record as the carmaker received it."""
    return walk.folder / "received-record.json"


def _approve(walk: Walk, waiting: dict[str, Any], name: str) -> tuple[str, ...]:
    return (
        *("border", "approve", waiting["id"], "--node", str(walk.companies["cells"].folder)),
        *("--as", name, "--password-file", str(password_file(walk, name))),
        *("--digest", waiting["digest"], "--yes"),
    )


def _say_proposal(walk: Walk, shown: dict[str, Any]) -> None:
    """What needs the two persons, with the values that would leave."""
    words = proposal_words(shown, walk.tongue)
    walk.tell(words.summary, "bold")
    minimised = next(s for s in words.sections if s.key == "minimised")
    for group in (g for g in minimised.groups if g.needs_approval):
        values = ", ".join(v.strip('[]"') for field in group.fields for v in field.values)
        walk.tell(f"{group.what} ({group.form}): {_cut(values)}", lead="  ● ")
    walk.tell(walk.word("compare", digest=short_digest(shown["digest"])))


def _cut(values: str, most: int = 40) -> str:
    return values if len(values) <= most else f"{values[:most].rstrip(' ,')}…"
