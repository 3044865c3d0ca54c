"""A bench of few requests says nothing where no processor time was counted."""

import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"


def test_of_no_counted_time_no_ratio_is_told(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    before = set(sys.modules)
    try:
        from exchange_data import times_bare

        assert times_bare({"again": 130.0, "bare": 0.0}, "again") is None
        assert times_bare({"again": 130.0, "bare": 100.0}, "again") == pytest.approx(1.3)
    finally:
        for name in set(sys.modules) - before:
            if str(BENCH) in str(getattr(sys.modules[name], "__file__", "")):
                del sys.modules[name]
