"""``saltbridge passport export`` and ``import``, as a person meets them."""

import json
from pathlib import Path

import pytest

from saltbridge.cli.main import run
from saltbridge.formats.passport_registry import FORMATS

SAMPLES = Path(__file__).parents[1] / "formats" / "passport_samples"


def test_what_a_format_cannot_carry_is_said_beforehand(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["passport", "formats", "--json"]) == 0
    told = {s["format"]: s for s in json.loads(capsys.readouterr().out)}
    assert list(told) == list(FORMATS)
    assert "A012" in told["idta_02035"]["not_carried"]
    assert run(["--language", "de", "passport", "formats"]) == 0
    assert "Gar nicht: " in capsys.readouterr().out


def test_an_export_says_what_is_lost_and_is_read_back(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file, facts = tmp_path / "passport.json", tmp_path / "values.json"
    named = ["--format", "idta_02035", "--audience", "all"]
    assert run(["passport", "export", "--example", *named, "--out", str(file)]) == 0
    told = capsys.readouterr()
    assert "idta_02035 cannot carry A017 (Commodity code)." in told.err
    assert "sha256:" in told.out
    assert run(["passport", "import", str(file), "--out", str(facts)]) == 0
    told = capsys.readouterr()
    assert "A087 Rated capacity: 75 Ah" in told.out and "0 places not understood" in told.out
    assert run(["passport", "check", str(facts), "--json"]) == 1  # what was lost is missing
    assert "A017" in json.loads(capsys.readouterr().out)["missing"]


def test_nothing_restricted_is_exported_unless_an_audience_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["passport", "export", "--example"]) == 0
    public = capsys.readouterr().out
    assert "test report" not in public.lower() and "MJC-TR-381" not in public
    assert run(["passport", "export", "--example", "--audience", "authority"]) == 0
    assert "MJC-TR-381" in capsys.readouterr().out


def test_a_broken_sample_is_read_with_what_where_and_what_to_do(
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = SAMPLES / "idta-digital_nameplate-1.0.0.json"
    assert run(["--language", "zh", "passport", "import", str(file)]) == 0
    told = capsys.readouterr()
    assert "Muster AG" in told.out
    assert "/AddressInformation/Languages" in told.err and "→" in told.err


def test_wrong_calls_are_told_and_write_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "x.json"
    assert run(["passport", "export", "--example", "--format", "x", "--out", str(out)]) == 2
    assert "idta_02035" in capsys.readouterr().err
    assert run(["passport", "export", "--example", "--audience", "me", "--out", str(out)]) == 2
    assert run(["passport", "export", "--out", str(out)]) == 2
    assert run(["passport", "export", "--example", "--format", "pdf"]) == 2
    assert run(["passport", "export", "--example", "--out", str(tmp_path / "no" / "x")]) == 2
    assert run(["passport", "import", str(tmp_path / "absent")]) == 2
    assert not out.exists()


def test_a_file_written_in_its_own_format_keeps_what_nobody_understands(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file, out = SAMPLES / "catena-x-6.1.0.json", tmp_path / "x.json"
    named = ["--format", "catena_x_6_1_0", "--out", str(out)]
    assert run(["passport", "export", str(file), *named, "--audience", "all"]) == 0
    assert json.loads(out.read_bytes()) == json.loads(file.read_bytes())
    # For an audience it goes: what has no attribute has no audience.
    assert run(["passport", "export", str(file), *named, "--audience", "authority"]) == 0
    assert "GIN 20510" in file.read_text() and "GIN 20510" not in out.read_text()
    nameplate = SAMPLES / "idta-digital_nameplate-1.0.0.json"
    named = ["--format", "idta_02035", "--out", str(out), "--audience", "all"]
    assert run(["passport", "export", str(nameplate), *named]) == 0
    told = capsys.readouterr()
    assert json.loads(out.read_bytes())["AddressInformation"]["TimeZone"] == "-12:00"
    assert "any other loses it" in told.err
