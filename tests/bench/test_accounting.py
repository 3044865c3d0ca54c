"""The system of the accounting bench is the same every time, and the bench runs to its end."""

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from saltbridge.footprint.engine.foreground import compile_foreground
from saltbridge.footprint.engine.unit_footprints import content_digest, unit_footprints

BENCH = Path(__file__).resolve().parents[2] / "bench"


@pytest.fixture(scope="module")
def cases() -> Iterator[Any]:
    spec = importlib.util.spec_from_file_location(
        "accounting_case", BENCH / "accounting_case.py"
    )
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["accounting_case"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["accounting_case"]


def digest(case: Any) -> str:
    burdens = np.asarray(case.biosphere.T @ case.gwp).ravel()
    spreads = np.concatenate([case.technosphere_ln_sds, case.biosphere_ln_sds])
    return content_digest(case.technosphere, burdens) + spreads.tobytes().hex()


def test_a_seed_gives_one_system_and_another_seed_another(cases):
    once = digest(cases.synthetic(300, 20))
    assert digest(cases.synthetic(300, 20)) == once
    assert digest(cases.synthetic(300, 20, seed=5)) != once


def test_the_background_is_a_large_loop_and_knows_nothing_of_the_foreground(cases):
    case = cases.synthetic(300, 20)
    links = case.technosphere[:, case.background]
    assert links[case.foreground].nnz == 0
    inside = links[case.background]
    _, labels = connected_components(inside, directed=True, connection="strong")
    assert np.bincount(labels).max() >= 0.85 * 300
    assert np.array_equal(case.technosphere.diagonal(), np.ones(320))


def test_what_was_saved_is_loaded(cases, tmp_path):
    case = cases.synthetic(300, 20)
    cases.save(case, tmp_path / "case.npz")
    assert digest(cases.load(tmp_path / "case.npz")) == digest(case)


def test_the_foreground_alone_gives_what_the_whole_system_gives(cases):
    """So both sides of the bench are asked for the same number."""
    case = cases.synthetic(300, 20)
    burdens = np.asarray(case.biosphere.T @ case.gwp).ravel()
    whole = unit_footprints(case.technosphere, burdens).values
    front = cases.linked(case)
    foreground = compile_foreground(20, front.process, front.source, len(front.interfaces) + 1)
    units = np.append(whole[front.interfaces], 1.0)
    found = foreground.footprints(front.amount, front.outputs, units)
    assert found == pytest.approx(whole[case.foreground], rel=1e-12)


@pytest.mark.full("bw2calc, bw_graph_tools, numba and the carculator background")
def test_the_bench_runs_and_both_sides_agree():
    """Small systems: no time is judged, every result is. Installed by ``make system-parts``."""
    ran = subprocess.run(
        [sys.executable, BENCH / "accounting.py", "--small"],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count("The same results?") == 2
    assert " NO " not in ran.stdout
