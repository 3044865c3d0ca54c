"""Stored draws of a background: made once, reused by every foreground.

``backgrounds/<id>/system.npz`` holds the exchanges of the background with their spreads,
written at import where there are any; ``draws.npz`` the samples of the unit footprints of its
products. Both are read without unpickling and checked against their digests.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from saltbridge.core.errors import FaultyInput, Unavailable
from saltbridge.core.finding import Place, finding
from saltbridge.footprint.background.sampled import SampledBackground
from saltbridge.footprint.background.spreads import Exchanges, UncertainSystem
from saltbridge.footprint.engine.background_draws import draw_background

SYSTEM, DRAWS = "system.npz", "draws.npz"
MOST_STORED_BYTES = 400_000_000
_PARTS = ("inputs", "burdens")
_ARRAYS = ("rows", "columns", "amounts", "kinds", "values")


def write_system(folder: Path, system: UncertainSystem, ids: Any, signs: Any) -> None:
    """Keep a system beside its background; ``signs`` is 0 for a product that is no factor."""
    arrays = {
        f"{part}_{name}": getattr(getattr(system, part), name)
        for part in _PARTS
        for name in _ARRAYS
    }
    np.savez_compressed(
        folder / SYSTEM,
        size=np.array(system.size),
        digest=np.array(system.digest),
        ids=np.array(ids, dtype=np.str_),
        signs=np.array(signs, dtype=np.int8),
        **arrays,
    )


def keep(before: Path, now: Path, digest: str) -> None:
    """Take stored draws along where a second import has the same exchanges and spreads."""
    path = before / DRAWS
    if not path.is_file():
        return
    try:
        with np.load(path, allow_pickle=False) as kept:
            same = str(kept["digest"]) == digest
    except (OSError, KeyError, ValueError):
        return  # damaged: they are drawn anew
    if same:
        shutil.copy2(path, now / DRAWS)


def has_spreads(folder: Path) -> bool:
    """Whether the background brought any distribution."""
    return (folder / SYSTEM).is_file()


def make_draws(
    folder: Path, id: str, *, samples: int, seed: int, products: Collection[str] | None = None
) -> SampledBackground:
    """Draw the unit footprints of the factors of a background and store them.

    ``products`` are the ids that are wanted; None stands for all.

    Raises:
        FaultyInput: it brought no distribution, no factor has such a name, there are too many
            numbers to store, or a sample has no solution.
        Unavailable: its file is damaged.
    """
    if not has_spreads(folder):
        raise FaultyInput([finding("background.no-spread", id=id)])
    system, ids, signs = _read_system(folder, id)
    wanted = [
        n for n in np.flatnonzero(signs).tolist() if products is None or str(ids[n]) in products
    ]
    if not wanted:
        raise FaultyInput([finding("background.nothing-to-draw", id=id)])
    if len(wanted) * samples * 4 > MOST_STORED_BYTES:
        most = MOST_STORED_BYTES // (4 * len(wanted))
        raise FaultyInput(
            [finding("background.draws-too-many", id=id, products=len(wanted), most=most)]
        )
    drawn = draw_background(system.drawn(seed), wanted, 0, samples)
    values = drawn.values * signs[wanted].astype(np.float32)[:, np.newaxis]
    found = SampledBackground(
        id, tuple(f"{id}/{ids[n]}" for n in wanted), values, seed, system.digest
    )
    _write(folder, found)
    return found


def load_draws(folder: Path, id: str) -> SampledBackground | None:
    """The stored draws of a background; None where nobody drew any.

    Raises:
        Unavailable: the file is damaged, or belongs to another system.
    """
    path = folder / DRAWS
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as kept, np.load(folder / SYSTEM) as made:
            found = SampledBackground(
                id,
                tuple(str(name) for name in kept["factors"]),
                kept["values"],
                int(kept["seed"]),
                str(kept["digest"]),
            )
            sound = str(kept["checksum"]) == _checksum(found)
            sound = sound and str(made["digest"]) == found.digest
    except (OSError, KeyError, ValueError) as fault:
        raise _damaged(path, id, str(fault)) from fault
    if not sound:
        raise _damaged(path, id, "digest")
    return found


def _read_system(folder: Path, id: str) -> tuple[UncertainSystem, Any, Any]:
    path = folder / SYSTEM
    try:
        with np.load(path, allow_pickle=False) as kept:
            parts = [
                Exchanges(*(kept[f"{part}_{name}"] for name in _ARRAYS)) for part in _PARTS
            ]
            system = UncertainSystem(int(kept["size"]), *parts)
            ids, signs, digest = kept["ids"], kept["signs"], str(kept["digest"])
    except (OSError, KeyError, ValueError) as fault:
        raise _damaged(path, id, str(fault)) from fault
    if system.digest != digest:
        raise _damaged(path, id, "digest")
    return system, ids, signs


def _write(folder: Path, found: SampledBackground) -> None:
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".npz", delete=False) as scratch:
        np.savez(  # random numbers do not shrink
            scratch,
            factors=np.array(found.factors, dtype=np.str_),
            values=found.values,
            seed=np.array(found.seed),
            digest=np.array(found.digest),
            checksum=np.array(_checksum(found)),
        )
    os.replace(scratch.name, folder / DRAWS)


def _checksum(found: SampledBackground) -> str:
    head = "\n".join((str(found.seed), found.digest, *found.factors)).encode()
    return hashlib.sha256(head + found.values.tobytes()).hexdigest()


def _damaged(path: Path, id: str, reason: str) -> Unavailable:
    place = Place(str(path))
    return Unavailable([finding("background.draws-damaged", place, id=id, reason=reason)])
