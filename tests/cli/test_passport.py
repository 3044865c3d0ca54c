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
    assert told["complete"] is True
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
