"""``saltbridge passport check``: readiness for people and machines."""

import json
from pathlib import Path

import pytest

from saltbridge.cli.main import run
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.passport.check_file import example_document
from saltbridge.services.issue import issue
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.testing.deliveries import (
    carmaker_world,
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)

SERIAL = "MJC24-7K2MQ9"


def test_the_example_is_ready_on_the_first_day(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["passport", "check", "--example", "--date", "2027-02-18", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["present"] == told["due"] > 70
    assert told["missing"] == []
    assert "A049" in told["pending"]
    assert list(told) == ["due", "present", "missing", "pending", "not_applicable"]


def test_of_a_signed_view_the_check_says_what_it_judged(
    capsys: pytest.CaptureFixture[str], examples: Path
) -> None:
    saved = str(examples / "saved-passport" / "passport.json")
    assert run(["passport", "check", saved, "--date", "2027-02-18"]) == 0
    told = capsys.readouterr()
    assert "60 of 60" in told.out
    assert "only attributes of point 1" in told.err
    assert "signature was not looked at" in told.err


@pytest.mark.parametrize("category", ["ev", "lmt", "industrial", "stationary"])
def test_there_is_an_example_for_every_category(
    capsys: pytest.CaptureFixture[str], category: str
) -> None:
    command = ["passport", "check", "--example", "--category", category, "--json"]
    assert run([*command, "--date", "2027-02-18"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["present"] == told["due"] > 70 and told["missing"] == []
    # The day before, the law asks for nothing that could be missing.
    assert run([*command, "--date", "2027-02-17"]) == 0
    assert json.loads(capsys.readouterr().out)["due"] == 0


def test_what_is_missing_is_named_with_its_remedy(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    document = dict(example_document())
    document["attributes"] = {k: v for k, v in document["attributes"].items() if k != "A087"}
    file = tmp_path / "passport.json"
    file.write_bytes(canonical_bytes(document))
    assert run(["passport", "check", str(file), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["missing"] == ["A087"]
    assert run(["--language", "de", "passport", "check", str(file)]) == 1
    told = capsys.readouterr()
    assert "A087 Bemessungskapazität" in told.out
    assert "A087 (Bemessungskapazität) fehlt" in told.err
    assert "→" in told.err


def test_a_signed_passport_is_judged_by_what_its_audience_sees(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, examples: Path
) -> None:
    world = carmaker_world()
    put_delivery(world, maker_profile(), example_record(examples))
    first = issue(world, IssueRequest(**example_request(examples, [SERIAL]))).passports[0]
    with world.store.reading() as work:
        record = read_json(work.get("passport", first.id).body)  # type: ignore[union-attr]
        released = work.get_release(record["public"]["claim"], first.decision_id)
    assert released is not None
    file = tmp_path / "claim.json"
    file.write_bytes(released.content)
    assert run(["passport", "check", str(file), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["present"] == told["due"]
    assert 40 < told["due"] < 79  # the points the public sees


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"a":1,"a":2}', b'{"attributes": NaN}', b"\xff\xfe{}"]
)
def test_what_is_no_passport_is_faulty_input(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "x.json"
    file.write_bytes(content)
    assert run(["passport", "check", str(file)]) == 2
    assert capsys.readouterr().err


def test_a_faulty_date_or_file_is_faulty_input(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["passport", "check", "--example", "--date", "18.02.2027"]) == 2
    assert "18.02.2027" in capsys.readouterr().err
    assert run(["passport", "check", str(tmp_path / "absent.json")]) == 2
    assert run(["passport", "check"]) == 2


def test_the_packaged_example_is_the_example_of_the_repository(examples: Path) -> None:
    """What ``--example`` checks is what the issued passport of the example holds."""
    from saltbridge.passport.check_file import check_document

    record = example_record(examples)
    packaged = example_document()["attributes"]
    for id, entry in record["attributes"].items():
        assert packaged[id]["value"] == entry["value"], id
    assert check_document(record, __import__("datetime").date(2027, 2, 18)).category == "ev"


def test_a_passport_changes_and_its_versions_are_listed_and_shown(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, examples: Path
) -> None:
    from saltbridge.bootstrap import opened_world

    folder = tmp_path / "cars"
    where = ["--node", str(folder)]
    assert (
        run(
            ["node", "init", str(folder), "--name", "cars", "--legal-name", "Isarwerk", "--bpn",
             "BPNL00000000OEM1", "--jurisdiction", "EU", "--port", "8103",
             "--allow-loopback-http"]
        )
        == 0
    )  # fmt: skip
    request = IssueRequest(**example_request(examples, [SERIAL]))
    with opened_world(folder) as world:
        put_delivery(world, maker_profile(), example_record(examples))
        issue(world, request)
    facts = tmp_path / "change.toml"
    facts.write_text('[attributes.A033]\nvalue = 164.5\nunit = "kg"\n', encoding="utf-8")
    change = ["passport", "version", SERIAL, *where, "--facts", str(facts)]
    assert run([*change, "--reason", " "]) == 2
    capsys.readouterr()
    assert run([*change, "--reason", "weighed again", "--person", "A. Huber"]) == 0
    assert f"{SERIAL}: version 2 is signed" in capsys.readouterr().out
    assert run(["--language", "de", "passport", "history", SERIAL, *where]) == 0
    told = capsys.readouterr().out
    assert "in Kraft  weighed again  (A. Huber)" in told
    assert "erste Ausstellung" in told
    saved = tmp_path / "first.json"
    show = ["passport", "show", SERIAL, *where]
    assert run([*show, "--version", "1", "--out", str(saved)]) == 0
    capsys.readouterr()
    assert run([*show, "--on", "2020-01-01"]) == 2
    assert run([*show]) == 0
    assert json.loads(capsys.readouterr().out)["version"] == "2"
    newest = tmp_path / "newest.json"
    assert run([*show, "--out", str(newest)]) == 0
    capsys.readouterr()
    assert run(["verify", str(newest), *where, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["type"], told["verdict"]) == ("passport-version", "passed")
    assert run(["--language", "en", "verify", str(saved), *where]) == 1
    assert "a later version took the place of this one" in capsys.readouterr().out
    first = [SERIAL, *where, "--version", "1", "--reason", "wrong"]
    assert run(["--language", "en", "passport", "revoke", *first]) == 0
    assert "revoked for version 1, for good" in capsys.readouterr().out
    lists = tmp_path / "lists"
    assert run(["passport", "status-list", *where, "--out", str(lists), "--renew"]) == 0
    assert "status-0.jwt" in capsys.readouterr().out
    anchor = tmp_path / "did.json"
    with opened_world(folder) as world:
        anchor.write_bytes(canonical_bytes(dict(world.keyring.did_document())))
    trusted = ["verify", str(saved), "--trust", str(anchor)]
    assert run(trusted) == 1
    assert "○ 11 Status: status not checked" in capsys.readouterr().out
    assert run([*trusted, "--status-list", str(lists / "status-0.jwt")]) == 1
    assert "✗ 11 Status: its issuer revoked this version" in capsys.readouterr().out
    assert run(["passport", "reinstate", *first]) == 1
    scanned = ["--scanned", "http://isarwerk.example/01/09521234567899/21/x"]
    assert run([*trusted, *scanned]) == 1
    assert "✗ 10 Address: you came by" in capsys.readouterr().out


def test_a_category_nobody_knows_is_told_without_a_heading(
    capsys: pytest.CaptureFixture[str], examples: Path
) -> None:
    """A file of facts names none; the help says that one may be checked."""
    facts = examples / "partners" / "carmaker" / "passport" / "operator.toml"
    for language in ("en", "de", "zh"):
        for asked in ([str(facts)], ["--example", "--category", "foo"]):
            assert run(["--language", language, "passport", "check", *asked]) == 1
            told = capsys.readouterr()
            assert "stationary" in told.err
            assert told.out == ""


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_other_forms_of_unicode_are_read_and_said(
    encoding: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "passport.json"
    file.write_text(json.dumps(example_document()), encoding=encoding)
    assert run(["passport", "check", str(file), "--json"]) == 0
    told = capsys.readouterr()
    assert "BOM" in told.err
    assert json.loads(told.out)["missing"] == []
    facts = tmp_path / "facts.toml"
    facts.write_text('[attributes.A033]\nvalue = 1\nunit = "kg"\n', encoding="utf-8-sig")
    assert run(["passport", "check", str(facts), "--category", "ev", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["present"] == 1


def test_faulty_values_are_counted_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = {**example_document()}
    document["attributes"] = {**document["attributes"], "A033": {"value": -1, "unit": "kg"}}
    file = tmp_path / "passport.json"
    file.write_text(json.dumps(document))
    for language, said in (
        ("en", "79 given, 78 right, of 79"),
        ("de", "79 angegeben, 78 richtig, von 79"),
        ("zh", "已填 79 项，正确 78 项"),
    ):
        assert run(["--language", language, "passport", "check", str(file)]) == 1
        assert said in capsys.readouterr().out
