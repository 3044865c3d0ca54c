"""``saltbridge passport labels`` at the terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from saltbridge import bootstrap
from saltbridge.cli.main import run
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.ports import World
from saltbridge.services.issue import issue
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.testing.deliveries import (
    carmaker_world,
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)

SERIALS = ("MJC24-7K2MQ9", "MJC24-H4TX0B")


@pytest.fixture
def world(examples: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """The node that every command opens."""
    made = carmaker_world()
    put_delivery(made, maker_profile(), example_record(examples))
    issue(made, IssueRequest(**example_request(examples, SERIALS)))

    @contextmanager
    def opened(*_: Any, **__: Any) -> Iterator[World]:
        yield made

    monkeypatch.setattr(bootstrap, "opened_world", opened)
    return made


def labels(*more: str, language: str = "en") -> int:
    return run(["--language", language, "passport", "labels", "--node", "cars", *more])


def test_all_labels_are_written_or_those_named(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = tmp_path / "sheet.svg"
    assert labels("--out", str(sheet)) == 0
    assert "sheet.svg: 2" in capsys.readouterr().out
    drawn = sheet.read_text(encoding="utf-8")
    assert [serial in drawn for serial in SERIALS] == [True, True]
    assert labels("--out", str(sheet), "--serials", SERIALS[1]) == 0
    drawn = sheet.read_text(encoding="utf-8")
    assert [serial in drawn for serial in SERIALS] == [False, True]


def test_a_pdf_is_written(world: World, tmp_path: Path) -> None:
    pytest.importorskip("typst")
    assert labels("--out", str(tmp_path / "labels.pdf")) == 0
    assert (tmp_path / "labels.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("language", "words"), [("en", "not active"), ("de", "nicht aktiv"), ("zh", "无效")]
)
def test_no_label_for_a_passport_that_is_not_active(
    world: World,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    language: str,
    words: str,
) -> None:
    with world.store.unit_of_work() as work:
        for kept in list(work.find("passport")):
            record = read_json(kept.body)
            work.put("passport", record["id"], canonical_bytes({**record, "status": "ceased"}))
    sheet = tmp_path / "sheet.svg"
    assert labels("--out", str(sheet), "--serials", SERIALS[0], language=language) != 0
    assert words in capsys.readouterr().err
    assert labels("--out", str(sheet), language=language) != 0
    assert labels("--out", str(tmp_path / "labels.png"), language=language) == 2
    assert not sheet.exists()
