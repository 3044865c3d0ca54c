"""How long the border takes for 210 fields: decide and minimise, and with its durable record.

The document has exactly 210 leaves of every class, cut out of a battery supplier record. Beside
each figure stands a floor of the same run: serialising the same document with the standard
library's json; and one durable commit of an empty leaf. ``make bench-border`` runs it.
"""

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from saltbridge.adapters.stores import open_store
from saltbridge.border.catalogue import catalogue_for
from saltbridge.border.context import Context, Recipient, Secrets, Terms
from saltbridge.border.decide import Decision, decide
from saltbridge.border.rules import packaged_packs
from saltbridge.steps.release import keep_decision
from saltbridge.testing.builders import NOON, FixedClock
from saltbridge.testing.canaries import battery_record

FIELDS = 210
ALLOWED_MS = {"decide": 3.0, "durable": 8.0}


def leaves(part: Any) -> int:
    """How many single values a document has."""
    if isinstance(part, dict) and part:
        return sum(map(leaves, part.values()))
    if isinstance(part, list) and part:
        return sum(map(leaves, part))
    return 1


def document() -> dict[str, Any]:
    """A supplier record of exactly 210 leaves, of every class that its catalogue knows."""
    made = battery_record()
    lines = made["footprint"]["lines"]
    while leaves(made) > FIELDS and len(lines) > 1:
        lines.pop()
    while leaves(made) > FIELDS:
        lines[0].popitem()
    made["footprint"]["assumptions"] |= {f"a{n}": n for n in range(FIELDS - leaves(made))}
    assert leaves(made) == FIELDS
    return made


def context(decision_id: str) -> Context:
    """A carmaker in the EU, everything in order."""
    cars, purpose = Recipient("BPNL00000000CARS", "Cars", "EU"), "cx.circular.dpp:1"
    return Context(
        decision_id=decision_id,
        origin="CN",
        destination="EU",
        recipient=cars,
        purpose=purpose,
        agreement=Terms("urn:uuid:offer", "offer", (cars.bpn,), (purpose,), NOON),
        at=NOON,
        counters={"year": 2026, "persons": 0, "sensitive_persons": 0},
        person="Li Wei",
    )


def median_ms(
    do: Callable[[int], object], repeats: int, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Median time of one call [ms]; of this process alone with ``time.process_time``."""
    times = []
    for number in range(repeats):
        begun = clock()
        do(number)
        times.append(clock() - begun)
    return sorted(times)[repeats // 2] * 1000


def main() -> int:
    """Print the figures; 1 if one is over what was promised."""
    made, packs, secrets = document(), packaged_packs(), Secrets(b"k" * 32)
    catalogue = catalogue_for(made["kind"])

    def decided(number: int) -> Decision:
        given = context(f"urn:uuid:{number}")
        return decide(made, given, catalogue, packs, secrets, proposal=True)

    decided(0)  # packs and catalogue are read once
    floor = median_ms(lambda _: json.dumps(made, sort_keys=True), 200, time.process_time)
    deciding = median_ms(decided, 100, time.process_time)
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'node.sqlite'}", FixedClock())

        def recorded(number: int) -> None:
            decision = decided(number)
            with store.unit_of_work() as work:
                keep_decision(work, decision, None)

        def bare(number: int) -> None:
            with store.unit_of_work() as work:
                work.append_leaf("bench", str(number), b"")

        commit = median_ms(bare, 100)
        durable = median_ms(recorded, 100)
        store.close()
    rows = (
        ("decide and minimise", deciding, ALLOWED_MS["decide"], "json.dumps", floor),
        ("with the durable record", durable, ALLOWED_MS["durable"], "empty commit", commit),
    )
    print(f"{FIELDS} fields{'':<18}{'ms':>8}{'allowed':>9}  {'floor':<14}{'ms':>8}{'ratio':>8}")
    for name, took, allowed, what, bottom in rows:
        ratio = took / bottom
        print(f"{name:<28}{took:>8.2f}{allowed:>9.1f}  {what:<14}{bottom:>8.3f}{ratio:>8.1f}")
    return int(any(took > allowed for _, took, allowed, _, _ in rows))


if __name__ == "__main__":
    raise SystemExit(main())
