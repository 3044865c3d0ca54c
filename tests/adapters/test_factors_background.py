"""The wheel is checked before anything in it is believed; the pin stands in two places."""

from pathlib import Path

import pytest

from saltbridge.adapters.background import carculator
from saltbridge.core.errors import Unavailable

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("SALTBRIDGE_CACHE", str(tmp_path))
    carculator.arrays.cache_clear()
    return tmp_path


def faulty_reason() -> str:
    with pytest.raises(Unavailable) as caught:
        carculator.arrays()
    assert caught.value.findings[0].code == "background.faulty-wheel"
    return str(caught.value.findings[0].arguments["reason"])


def test_the_requirements_file_pins_what_the_code_fetches() -> None:
    assert (ROOT / "requirements/background.txt").read_text() == carculator.requirement()


def test_another_file_under_the_name_of_the_wheel_is_refused(cache: Path) -> None:
    (cache / carculator.WHEEL).write_bytes(b"PK\x05\x06" + bytes(18))
    assert "SHA-256" in faulty_reason()


def test_a_huge_file_is_refused_before_it_is_read(cache: Path) -> None:
    with (cache / carculator.WHEEL).open("wb") as file:
        file.truncate(carculator.MAX_WHEEL_BYTES + 1)  # sparse: takes no space
    assert "bytes" in faulty_reason()


def test_a_failing_pip_leaves_nothing_in_the_cache(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carculator.sys, "executable", "/nonexistent/python")
    with pytest.raises(Unavailable) as caught:
        carculator.fetch()
    assert caught.value.findings[0].code == "background.fetch-failed"
    assert list(cache.iterdir()) == []
