"""Digested factor sets: one digest over the canonical values, whatever they were read from."""

from collections.abc import Sequence
from dataclasses import asdict

from saltbridge.core.canonical import canonical_bytes, digest
from saltbridge.footprint.model import EmissionFactor, FactorSet


def digest_of(factors: Sequence[EmissionFactor]) -> str:
    """SHA-256 over the canonical values of the factors, in the order of their ids."""
    rows = [
        {name: value for name, value in asdict(factor).items() if value not in (None, "")}
        for factor in sorted(factors, key=lambda factor: factor.id)
    ]
    return digest(canonical_bytes(rows))


def factor_set(
    id: str, title: str, factors: Sequence[EmissionFactor], licence: str
) -> FactorSet:
    """A digested factor set.

    Raises:
        ValueError: two factors share an id.
    """
    ids = [factor.id for factor in factors]
    if len(set(ids)) != len(ids):
        twice = sorted({i for i in ids if ids.count(i) > 1})
        raise ValueError(f"factor ids of {id} must be unique: {twice}")
    return FactorSet(id, title, tuple(factors), digest_of(factors), licence)
