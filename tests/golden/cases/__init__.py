"""The golden cases with their marks, so that a bare machine calculates every one of them.

``hand`` was worked out on paper, ``published`` stands in the source named with the case,
``regression`` is what we found ourselves and guards against change only. ``lca.json`` and
``published_and_hand.csv`` hold numbers, tolerances and sources; a test holds them against the
shared golden folder where it lies beside the checkout.
"""

import csv
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

MARKS = ("hand", "published", "regression")
_HERE = Path(__file__).parent


@lru_cache(maxsize=1)
def systems() -> dict[str, dict[str, Any]]:
    """Systems by id: linear ones, the circular formula, draws, gradients."""
    cases = json.loads((_HERE / "lca.json").read_text(encoding="utf-8"))
    return {case["id"]: case for case in cases}


@lru_cache(maxsize=1)
def figures() -> dict[str, dict[str, str]]:
    """Single figures by id, as the table prints them."""
    with (_HERE / "published_and_hand.csv").open(encoding="utf-8", newline="") as table:
        return {row["id"]: row for row in csv.DictReader(table)}


def of_kind(kind: str) -> list[dict[str, Any]]:
    """The systems of one kind; there is at least one."""
    found = [case for case in systems().values() if case["kind"] == kind]
    assert found, f"no golden case of the kind {kind}"
    return found
