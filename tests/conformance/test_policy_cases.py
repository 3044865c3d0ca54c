"""The samples of CX-0152 in the quick tests; and a reading that goes wrong is a failed case."""

from pathlib import Path

import pytest
from tests.conformance.kits import cx_policies
from tests.conformance.policy_cases import cases
from tests.conformance.result import Outcome

from saltbridge.exchange import policy_check


def test_every_sample_is_what_its_own_schema_says(shared: Path):
    found = list(cases(shared / "standards"))
    assert len(found) == 33
    assert [one.id for one in found if not one.passed] == []
    assert len([one for one in found if one.note]) == 2


def test_a_wrong_reading_fails_its_case(shared: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(policy_check, "known_value", lambda operand, value: "")
    result = cx_policies.run(shared)
    assert result.count(Outcome.FAILED) >= 20
