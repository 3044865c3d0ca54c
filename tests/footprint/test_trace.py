"""The trace leads from activity to declared value; its arithmetic is the record's."""

import copy
from typing import Any

import pytest

from saltbridge.core.errors import FaultyInput
from saltbridge.footprint.record import footprint_record
from saltbridge.footprint.trace import footprint_trace, line_trace, sums_agree
from saltbridge.locales import LANGUAGES, text
from saltbridge.testing.inventories import factor, footprint, inventory, process, row

WHAT = inventory(
    process("pack", unit="piece"),
    row("pack", "input", "cell", 300.0),
    row("pack", "input", "glue", 2.0),
)


def record(*known: Any, methodology: str = "eu-cfb@draft-2024-04") -> dict[str, Any]:
    made = footprint(WHAT, *known, methodology=methodology)
    return footprint_record(made, WHAT, "estimate")


def test_every_step_follows_from_the_one_before() -> None:
    made = record(factor("cell", 10.0), factor("glue", 5.0))
    steps = {s.code: s for s in line_trace(made, 1)}
    assert list(steps) == ["activity", "factor", "line", "stage", "total", "unit", "rounded"]
    activity, used = steps["activity"].arguments, steps["factor"].arguments
    assert float(activity["amount"]) * float(used["value"]) == steps["line"].arguments["kg"]
    assert steps["stage"].arguments["kg"] == 3010.0 == steps["total"].arguments["kg"]
    assert steps["unit"].arguments["value"] == 3010.0 / 28800.0
    assert steps["rounded"].arguments["value"] == made["declared"]["value"] == 0.105
    assert steps["unit"].clauses[0].rule == "functional_unit"
    assert "Annex II point 3" in steps["unit"].clauses[0].citation
    assert steps["rounded"].clauses[0].known == "", "a rule not read is called so"


def test_holes_are_told_and_never_zero() -> None:
    steps = footprint_trace(record(factor("cell", 10.0)))
    told = [s for s in steps if s.code.startswith("holes")]
    assert told and told[0].arguments["count"] == 1


def test_a_changed_number_is_noticed() -> None:
    made = record(factor("cell", 10.0), factor("glue", 5.0))
    assert sums_agree(made)
    changed = copy.deepcopy(made)
    changed["lines"][0]["kg_co2e"] += 1.0
    assert not sums_agree(changed)
    assert not sums_agree({**made, "total_kg_co2e": 1.0})
    smaller = copy.deepcopy(made)
    smaller["lines"][0]["factor"]["value"] = 1.0  # the product beside it stays as it was
    assert not sums_agree(smaller)


def test_a_line_that_is_not_there_is_said() -> None:
    with pytest.raises(FaultyInput, match="no-such-line"):
        line_trace(record(factor("cell", 10.0)), 7)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_has_words(language: str) -> None:
    for made in (
        record(factor("cell", 10.0)),
        record(factor("cell", 10.0), factor("glue", 1.0)),
        {**record(factor("cell", 10.0)), "unit": None},
    ):
        for step in (*line_trace(made, 1), *footprint_trace(made)):
            assert text(f"trace.{step.code}", step.arguments, language)
