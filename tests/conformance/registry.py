"""The kits: every module of ``kits`` is one, and says so by its ``KIT``."""

import importlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.conformance.result import Case, KitResult, Outcome

KITS = Path(__file__).parent / "kits"


@dataclass(frozen=True, slots=True)
class Kit:
    """One kit. ``run`` gets a folder of its own for what it builds and logs."""

    name: str
    version: str
    run: Callable[[Path], KitResult]


def every_kit() -> tuple[Kit, ...]:
    """All kits, by the name of their module."""
    names = sorted(p.stem for p in KITS.glob("*.py") if not p.stem.startswith("_"))
    return tuple(importlib.import_module(f"tests.conformance.kits.{n}").KIT for n in names)


def run(kits: Sequence[Kit], build: Path) -> list[KitResult]:
    """Run the kits one after the other; one that breaks is a failure, not the end."""
    results = []
    for kit in kits:
        begun = time.monotonic()
        folder = build / kit.name.replace(" ", "-").lower()
        folder.mkdir(parents=True, exist_ok=True)
        try:
            result = kit.run(folder)
        except Exception as error:
            reason = f"the kit broke: {type(error).__name__}: {error}"
            result = KitResult(kit.name, kit.version, (Case("*", Outcome.FAILED, reason),))
        results.append(replace(result, seconds=time.monotonic() - begun))
    return results
