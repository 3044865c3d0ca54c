"""``saltbridge exchange terms``: checked and shown, nothing offered, no node needed."""

import json
from pathlib import Path

import pytest

from saltbridge.cli.main import run
from saltbridge.formats import cx_policy


@pytest.fixture
def terms(tmp_path: Path) -> str:
    file = tmp_path / "terms.toml"
    file.write_text('contracts = ["C-1"]\nuse_days = 30\ngroups = ["cars"]\n', encoding="utf-8")
    return str(file)


def test_both_policies_are_shown_in_words(terms, capsys):
    assert run(["exchange", "terms", terms, "--to", "BPNL00000000OEM1"]) == 0
    said = capsys.readouterr().out
    assert "seen by: Groups of partners: cars" in said
    assert "permitted: Contract: C-1" in said
    assert run(["exchange", "terms", terms]) == 0
    assert "seen by" not in capsys.readouterr().out


def test_the_json_is_what_an_edc_takes(terms, capsys):
    assert run(["exchange", "terms", terms, "--to", "BPNL00000000OEM1", "--json"]) == 0
    policies = json.loads(capsys.readouterr().out)
    assert set(policies) == {"access", "usage"}
    for definition in policies.values():
        assert definition["@type"] == "PolicyDefinition"
        assert cx_policy.faults({"@id": "x", **definition["policy"]}) == []


def test_what_is_wrong_is_said(terms, tmp_path, capsys):
    assert run(["exchange", "terms", terms, "--to", "OEM1"]) == 2
    assert "BusinessPartnerNumber" in capsys.readouterr().err
    assert run(["exchange", "terms", str(tmp_path / "none.toml")]) == 2
    assert "cannot be read" in capsys.readouterr().err
