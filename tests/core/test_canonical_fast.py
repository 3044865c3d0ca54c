"""The quick way to canonical bytes writes what RFC 8785 writes, for every value."""

import math
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.effort import examples

from saltbridge.core.canonical import FaultyJson, canonical_bytes

NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(2**53) - 2, 2**53 + 2),
    st.integers(-(10**6), 10**6).map(float),
    st.floats(1e-8, 1e-3),
    st.floats(1e14, 1e22),
    st.sampled_from([0.0, -0.0, 1e15, 1e16, 1e-4, 1e-5, 1e21, 5e-324, float(2**53), 0.1]),
)
TEXTS = st.one_of(
    st.text(), st.sampled_from(["\x7f", "\u2028", "\u00e9", "\U0001f511", "\x00"])
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)
    ),
    max_leaves=20,
)


def by_the_book(value: Any) -> bytes | None:
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, TypeError, ValueError):
        return None


@settings(max_examples=examples(1500), deadline=None)
@given(VALUES)
def test_every_value_has_the_bytes_of_rfc_8785(value: Any) -> None:
    due = by_the_book(value)
    if due is None:
        with pytest.raises(FaultyJson):
            canonical_bytes(value)
    else:
        assert canonical_bytes(value) == due


@settings(max_examples=examples(3000), deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_is_written_as_rfc_8785_writes_it(value: float) -> None:
    assert canonical_bytes(value) == rfc8785.dumps(value)


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, 2**53 + 1, "\ud800", {"\ud800": 1}, {1: 2}, {1, 2}, b"x", object()],
)
def test_what_is_not_json_is_refused_as_before(value: Any) -> None:
    assert by_the_book(value) is None
    with pytest.raises(FaultyJson):
        canonical_bytes(value)


def test_keys_keep_the_order_of_utf_16() -> None:
    value = {"\ue000": 1, "\U0001f511": 2, "a": 3, "B": 4}
    assert canonical_bytes(value) == rfc8785.dumps(value)
