"""``saltbridge methodologies`` in three languages, as JSON, and what it refuses."""

import json

import pytest

from saltbridge.cli.main import run


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["▸ v4: in force, from 2025-09-01", "not loaded", "pending; waits for"]),
        ("de", ["▸ v4: in Kraft, ab 2025-09-01", "nicht geladen", "ausstehend; wartet auf"]),
        ("zh", ["▸ v4：现行有效，自 2025-09-01 起", "未载入", "待定；取决于"]),
    ],
)
def test_editions_and_dates_are_told(
    language: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["methodologies", "--date", "2026-11-28", "--language", language]
    assert run(arguments) == 0
    shown = capsys.readouterr().out
    for word in words:
        assert word in shown
    assert shown.count("cfb-threshold-") == 4


def test_an_act_in_force_gives_a_day(capsys: pytest.CaptureFixture[str]) -> None:
    acts = ["cfb-method-ev=2027-02-01", "cfb-declaration-format-ev=2027-03-15"]
    given = [word for act in acts for word in ("--in-force", act)]
    assert run(["methodologies", "eu-cfb", "--date", "2027-06-01", "--json", *given]) == 0
    document = json.loads(capsys.readouterr().out)
    duty = next(d for d in document["article_7"]["duties"] if d["category"] == "ev")
    assert (duty["state"], duty["applies_from"]) == ("not_yet", "2028-03-15")
    assert [m["id"] for m in document["methodologies"]] == ["eu-cfb"]


def test_one_rule_set_shows_every_rule_with_its_text(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["methodologies", "cn-miit-551@2025-551", "--language", "en"]) == 0
    shown = capsys.readouterr().out
    assert "工信厅通装函〔2025〕551号" in shown
    assert "each of: circular footprint formula [cff], cut-off [cut_off]" in " ".join(
        shown.split()
    )
    assert "Duties of Article 7" not in shown


@pytest.mark.parametrize(
    "arguments",
    [["nope"], ["--in-force", "cfb-method-ev"], ["--in-force", "cfb-methd-ev=2027-01-01"]],
)
def test_faulty_questions_name_the_remedy(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["methodologies", *arguments]) == 2
    assert "→" in capsys.readouterr().err
