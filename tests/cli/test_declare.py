"""declare, explain and replay at the terminal: what they print, write and refuse."""

import json
from pathlib import Path
from typing import Any

import pytest

from saltbridge.cli import declare
from saltbridge.cli.main import run
from saltbridge.footprint.declare.article_7 import DeclarationDocument

DRAFT = "eu-cfb@draft-2024-04"


def test_declare_refuses_with_everything_and_writes_nothing(
    examples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = tmp_path / "out"
    code = run(["declare", str(examples / "nmc111-pack"), "-m", DRAFT, "--to", str(to)])
    said = capsys.readouterr()
    assert code == 1 and not to.exists()
    assert "End of life −0.0212 kg CO2e/kWh" in said.out
    assert "58 flows have no factor" in said.out
    assert "DRAFT" in said.out and "--study-link" in said.err and "not in force" in said.err


def test_drafts_are_written_and_say_so(
    examples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("typst")
    code = run(
        [
            *("declare", str(examples / "nmc111-pack"), "-m", DRAFT, "--draft"),
            *("--to", str(tmp_path), "--language", "zh"),
        ]
    )
    capsys.readouterr()
    assert code == 1
    names = {p.name for p in tmp_path.iterdir()}
    assert names == {"article-7-draft.json", "study.zh.html", "study.zh.pdf"}
    document = json.loads((tmp_path / "article-7-draft.json").read_text("utf-8"))
    assert document["d_carbon_footprint"]["unit"] == "kg CO2e/kWh"
    assert (tmp_path / "study.zh.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("tongue", "words"), [("en", "Signed by nobody"), ("de", "niemandem"), ("zh", "未签名")]
)
def test_complete_and_unsigned_is_said_at_the_terminal_and_in_the_file(
    examples: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tongue: str,
    words: str,
) -> None:
    """No law is in force today: the obstacles are taken out of the way here."""
    pytest.importorskip("typst")
    made = declare._document

    def complete(*given: Any) -> DeclarationDocument:
        content = {**made(*given).content, "type": "article-7-declaration"}
        return DeclarationDocument(content, ())

    monkeypatch.setattr(declare, "_document", complete)
    pack = str(examples / "nmc111-pack")
    given = ["declare", pack, "-m", DRAFT, "--to", str(tmp_path), "--language", tongue]
    assert run(given) == 0
    said = capsys.readouterr().out
    assert words in said
    assert {p.name for p in tmp_path.iterdir()} == {
        "article-7-unsigned.json", f"study.{tongue}.html", f"study.{tongue}.pdf",
    }  # fmt: skip
    document = json.loads((tmp_path / "article-7-unsigned.json").read_text("utf-8"))
    assert document["type"] == "article-7-unsigned" and "no declaration" in document["unsigned"]


def test_explain_an_inventory_and_a_saved_record(
    examples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack = str(examples / "nmc111-pack")
    assert run(["explain", pack, "1", "-m", DRAFT]) == 0
    shown = capsys.readouterr().out
    assert "Activity" in shown and "Annex II point 3" in shown and "not read" in shown
    assert run(["footprint", pack, "-m", DRAFT, "--json"]) == 0
    saved = tmp_path / "f.json"
    saved.write_text(capsys.readouterr().out, "utf-8")
    assert run(["explain", str(saved), "1"]) == 0
    assert capsys.readouterr().out == shown
    assert run(["explain", pack]) == 2 and "--methodology" in capsys.readouterr().err
    record = json.loads(saved.read_text("utf-8"))
    for broken in ({}, record | {"lines": [{}]}, record | {"stages": 1}, [1]):
        saved.write_text(json.dumps(broken), "utf-8")
        assert run(["explain", str(saved)]) == 2
        assert "no footprint record" in capsys.readouterr().err
