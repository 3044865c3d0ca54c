"""The schemas and samples of CX-0152, and what each of them must come to here.

They lie at ``standards/cx-policy`` (CC BY 4.0): ``saturn-cx0152`` is the assets folder of the
standard, ``cx-odrl-profile`` has the examples of Jupiter. What a sample must come to is asked
of the standard's own schema in that folder, never of our copy.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema_rs import Draft201909, Draft201909Validator, Registry

from saltbridge.exchange.explanation import Verdict
from saltbridge.exchange.operands import OPERANDS, Where
from saltbridge.exchange.policy_check import faults_of
from saltbridge.exchange.policy_reading import Edition, read_policy
from saltbridge.formats import cx_policy
from saltbridge.formats.dsp_schema import schemas as dsp_schemas

VERSION = "1.1.0 (85f1ad8a)"
ROOT = "https://w3id.org/catenax/2025/9/policy/"
JUPITER_TERMS = {
    ("FrameworkAgreement", "eq", "DataExchangeGovernance:1.0"),
    ("ContractReference", "isAllOf", "x12345"),
    ("UsagePurpose", "isAnyOf", "cx.core.industrycore:1"),
}


@dataclass(frozen=True)
class Found:
    """One case. ``note`` is what a reader should know of it though it passed."""

    id: str
    passed: bool
    reason: str = ""
    note: str = ""


def cases(standards: Path) -> Iterator[Found]:
    """Every case below a folder of standards; none if it is not there."""
    folder = standards / "cx-policy/saturn-cx0152"
    for file in sorted((folder / "samples").glob("*.json")):
        document = json.loads(file.read_text(encoding="utf-8"))
        name = file.name.removesuffix("-sample.json")
        yield (
            _term(name, document, folder)
            if "leftOperand" in document
            else _policy(name, document)
        )
    for file in sorted((standards / "cx-policy/cx-odrl-profile").glob("example*.json")):
        yield _jupiter(file)


def _term(name: str, term: dict[str, Any], folder: Path) -> Found:
    """A sample of one constraint: here as in the schema of its name."""
    schema = json.loads((folder / f"constraint/{name}-schema.json").read_text("utf-8"))
    official = Draft201909Validator(schema).is_valid(term)
    where = sorted(OPERANDS[term["leftOperand"]].places)[0]
    rule = where if where in (Where.PROHIBITION, Where.OBLIGATION) else "permission"
    action = "access" if where is Where.ACCESS else "use"
    policy = {"@id": name, str(rule): [{"action": action, "constraint": [term]}]}
    wanted = Where.ACCESS if where is Where.ACCESS else Where.PERMISSION
    points = [p for p in faults_of(read_policy(policy), wanted) if "operand" in p.arguments]
    failed = [p.code for p in points if p.verdict is Verdict.FAILED]
    ours = cx_policy.term_is_valid(term, where) and not points
    reason = "" if ours is official else f"its schema says {official}, we say {ours}: {failed}"
    note = ""
    if not official:
        meant = next((str(p.arguments["needed"]) for p in points if not failed), "")
        note = f"{name}: does not hold under its own schema; " + (
            f"read as {meant}" if meant else "refused"
        )
    return Found(name, ours is official, reason, note)


def _policy(name: str, policy: dict[str, Any]) -> Found:
    """A sample of a whole policy: valid by the published schema, which asks little."""
    every = [*dsp_schemas().items(), *cx_policy.schemas().items()]
    schema = {"$ref": cx_policy.POLICY}
    registry = Registry(every, draft=Draft201909)
    valid = Draft201909Validator(schema, registry=registry, offline=True).is_valid(policy)
    wanted = Where.ACCESS if name.startswith("access") else Where.PERMISSION
    points = faults_of(read_policy(policy), wanted)
    refused = [f"{p.code} {p.place}" for p in points if p.verdict is Verdict.FAILED]
    note = f"{name}: we are stricter and refuse {'; '.join(refused)}" if refused else ""
    return Found(name, valid, "" if valid else "the policy schema refuses it", note)


def _jupiter(file: Path) -> Found:
    """An example of Jupiter reads as the same terms in today's names."""
    document = json.loads(file.read_text(encoding="utf-8"))
    read = read_policy(document[0] if isinstance(document, list) else document)
    terms = {
        (t.left, t.operator, right)
        for rule in read.rules
        for t in rule.terms
        for right in (t.right if isinstance(t.right, list) else [t.right])
    }
    sound = terms == JUPITER_TERMS and read.edition is Edition.JUPITER
    return Found(f"jupiter/{file.stem}", sound, "" if sound else f"read as {sorted(terms)}")
