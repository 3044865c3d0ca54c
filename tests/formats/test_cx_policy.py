"""The official schemas of CX-0152: packaged as they are; our own policies hold under them."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path

import pytest

from saltbridge.exchange.evaluation import judge_access, judge_usage
from saltbridge.exchange.operands import OPERANDS
from saltbridge.exchange.policy import PURPOSE_PCF, usage_offer
from saltbridge.exchange.standing import Standing
from saltbridge.formats import cx_policy

NOW = datetime(2023, 1, 1, tzinfo=UTC)  # before the dates of the samples
# What the standard's own folder has and its own schemas refuse (read 2026-11-28).
REFUSED_BY_ITS_SCHEMA = {"contract-termination-constraint-sample.json": "cx.data.keeping"}


def test_our_own_policy_holds_and_a_changed_one_does_not():
    policy = usage_offer("urn:uuid:o", PURPOSE_PCF, contract_reference="c-1")
    assert cx_policy.faults(policy) == []
    wrong = deepcopy(policy)
    wrong["permission"][0]["constraint"][0]["and"][0]["rightOperand"] = "passive"
    (found,) = cx_policy.faults(wrong)
    assert (found.code, found.place.pointer) == (
        "policy.schema",
        "/permission/0/constraint/0/and/0",
    )
    assert cx_policy.faults({**policy, "permission": []})


@pytest.mark.parametrize("name", [n for n, row in OPERANDS.items() if row.kind == "number"])
def test_durations_as_text_hold(name):
    (where,) = OPERANDS[name].places
    term = {"leftOperand": name, "operator": "eq", "rightOperand": "30"}
    policy = {"@id": "o", str(where): [{"action": "use", "constraint": [{"and": [term]}]}]}
    assert cx_policy.faults(policy) == []
    assert cx_policy.faults(json.loads(json.dumps(policy).replace('"30"', '"a"')))


def test_the_packaged_schemas_are_the_official_ones(shared: Path):
    official = shared / "standards/cx-policy/saturn-cx0152"
    packaged = Path(cx_policy.__file__).parent / "cx_policy_schemas"
    names = [f.relative_to(packaged) for f in packaged.rglob("*.json")]
    assert len(names) == 30
    for name in names:
        assert (packaged / name).read_bytes() == (official / name).read_bytes()


def test_every_official_term_is_understood_as_its_schema_has_it(shared: Path):
    folder = shared / "standards/cx-policy/saturn-cx0152/samples"
    seen = 0
    for file in sorted(folder.glob("*-constraint-sample.json")):
        term = json.loads(file.read_text())
        name = file.name.replace("-sample", "-schema")
        valid = cx_policy.is_valid(term, f"https://w3id.org/catenax/2025/9/policy/{name}")
        assert valid is (file.name not in REFUSED_BY_ITS_SCHEMA), file.name
        where = sorted(OPERANDS[term["leftOperand"]].places)[0]
        rule = where if where in ("prohibition", "obligation") else "permission"
        action, judge = ("access", judge_access) if where == "access" else ("use", judge_usage)
        policy = {rule: [{"action": action, "constraint": [term]}]}
        found = judge(policy, Standing("BPNL012345678910"), NOW).points
        ours = [p for p in found if p.place.endswith("/constraint/0") and p.verdict == "failed"]
        # A group is the provider's own: the caller of this test is in none.
        assert [p.code for p in ours] in ([], ["policy.group-without"]), file.name
        seen += 1
    assert seen == 27
