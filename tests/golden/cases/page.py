"""The page of golden cases: ``python -m tests.golden.cases.page`` writes it anew."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.golden.cases import figures, systems

PAGE = Path(__file__).resolve().parents[1] / "README.md"
_HEAD = """# Golden cases

Numbers that the engine must meet, each with its mark:

- **hand**: worked out on paper; the arithmetic stands in the test or in
  [BRIDGES.md](BRIDGES.md);
- **published**: stands in the source named;
- **regression**: found by ourselves. It guards against change and proves nothing else.

`tests/golden/test_cases.py` calculates the first two tables;
`python -m tests.golden.cases.page` writes this page.
"""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A golden case that a test of its own works out."""

    what: str
    mark: str
    source: str
    test: str


ELSEWHERE = (
    Elsewhere(
        "one factor in three rows: sd 3.0, not 1.871 (mc-shared-parameter)",
        "hand",
        "3 + 2 + 1 kg at one factor of sd 0.5",
        "footprint/test_uncertainty.py::test_a_shared_factor_stays_shared",
    ),
    Elsewhere(
        "6 % own electricity and a coal loop (self-use-loop)",
        "hand",
        "closed form",
        "golden/test_lca.py::test_own_electricity_and_coal_loop",
    ),
    Elsewhere(
        "treatment with production amount −1: 5.195 (waste-sign)",
        "hand",
        "5 + 0.3 × 0.65",
        "golden/test_lca.py::test_waste_goes_to_a_treatment_of_minus_one",
    ),
    Elsewhere(
        "avoided copper of a cobalt mine: 1,795 kg (substitution)",
        "hand",
        "(39 − 3.1) / 0.02",
        "golden/test_lca.py::test_avoided_copper_is_a_credit",
    ),
    Elsewhere(
        "circular formula with quality and energy terms",
        "hand",
        "every term away from its trivial value",
        "golden/test_lca.py::test_quality_and_energy_terms",
    ),
    Elsewhere(
        "bridges between the rule sets, step by step",
        "hand",
        "[BRIDGES.md](BRIDGES.md)",
        "golden/test_bridge.py::test_bridges_worked_out_by_hand",
    ),
    Elsewhere(
        "25 lines of the NMC111 pack",
        "hand",
        "rows of the example",
        "golden/test_nmc111.py::test_lines_worked_out_by_hand",
    ),
    Elsewhere(
        "metals of a component supplier: 208.338 kg",
        "hand",
        "table at the head of the test",
        "golden/test_supplied_metals.py::test_three_metals_of_one_supplier_to_the_total",
    ),
    Elsewhere(
        "totals and counts of the NMC111 pack",
        "regression",
        "equal to 1e-15 with a separate numpy calculation when first found",
        "golden/test_nmc111.py::test_totals_have_not_moved",
    ),
    Elsewhere(
        "stages of the NMC111 pack",
        "regression",
        "as above",
        "golden/test_nmc111.py::test_stages_have_not_moved",
    ),
    Elsewhere(
        "23 battery processes (carculator)",
        "published",
        "carculator-utils 1.3.5, one system of 1,712 activities",
        "golden/test_carculator.py::test_every_published_unit_result_is_met",
    ),
    Elsewhere(
        "NMC622 pack, 17.83 kg CO2e/kg",
        "published",
        "the same",
        "golden/test_carculator.py::test_the_shipped_nmc622_pack_gives_the_published_result",
    ),
    Elsewhere(
        "holes of the NMC811 and LFP packs",
        "regression",
        "what the background does not hold",
        "golden/test_carculator.py::test_packs_with_holes_name_them",
    ),
)


def render() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _HEAD
    yield "## Systems (`cases/lca.json`)\n"
    yield "| id | kind | mark | expected | source |"
    yield "|---|---|---|---|---|"
    for id, case in systems().items():
        numbers = {k: v for k, v in case["expected"].items() if isinstance(v, int | float)}
        told = ", ".join(f"{name} {value:.6g}" for name, value in numbers.items())
        yield _row(id, case["kind"], case["mark"], told, case["source"])
    yield "\n## Figures (`cases/published_and_hand.csv`)\n"
    yield "| id | what | mark | expected | source |"
    yield "|---|---|---|---|---|"
    for id, figure in figures().items():
        expected = f"{figure['expected']} {figure['unit'].strip('-')}".strip()
        yield _row(id, figure["what"], figure["mark"], expected, figure["source"])
    yield "\n## In tests of their own\n"
    yield "| what | mark | source | test |"
    yield "|---|---|---|---|"
    for case in ELSEWHERE:
        yield _row(case.what, case.mark, case.source, f"`{case.test}`")


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
