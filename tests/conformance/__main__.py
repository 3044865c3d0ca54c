"""``make conformance``: run the kits, print the table, write build/conformance/results.json."""

import argparse
import sys
from pathlib import Path

from tests.conformance.registry import every_kit, run
from tests.conformance.result import Outcome, table, write

BUILD = Path(__file__).resolve().parents[2] / "build" / "conformance"


def main(arguments: list[str]) -> int:
    """0 if nothing failed; 1 if a case failed; 2 if ``--all`` and a kit could not be had."""
    parser = argparse.ArgumentParser(prog="make conformance", description=__doc__)
    parser.add_argument("kits", nargs="*", help="names, or their beginnings; without: all")
    parser.add_argument("--all", action="store_true", help="a kit of which nothing ran fails")
    asked = parser.parse_args(arguments)
    kits = [k for k in every_kit() if not asked.kits or k.name.startswith(tuple(asked.kits))]
    if not kits:
        parser.error(f"no such kit; there are: {', '.join(k.name for k in every_kit())}")
    results = run(kits, BUILD)
    write(results, BUILD / "results.json")
    print(table(results))
    print(f"\nAlso as JSON: {(BUILD / 'results.json').relative_to(BUILD.parents[1])}")
    passed, failed, left = (sum(r.count(o) for r in results) for o in Outcome)
    print(f"{passed} passed, {failed} failed, {left} skipped")
    if failed:
        return 1
    absent = [r.kit for r in results if r.count(Outcome.NOT_RUN) == len(r.cases)]
    return 2 if asked.all and absent else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
