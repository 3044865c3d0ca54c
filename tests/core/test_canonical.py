"""Strict JSON and canonical bytes: two readers never see two documents."""

import json
import math
import sys
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltbridge.core import canonical
from saltbridge.core.canonical import (
    FaultyJson,
    canonical_bytes,
    digest,
    is_deeper,
    is_json_of,
    read_json,
)

_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=("Cs",)), max_size=5), inner)
    ),
    max_leaves=12,
)


@given(_json)
def test_canonical_bytes_are_read_back_equal_and_are_a_fixed_point(value: object) -> None:
    once = canonical_bytes(value)
    assert read_json(once) == value
    assert canonical_bytes(read_json(once)) == once


@pytest.mark.parametrize(
    ("faulty", "code"),
    [
        (b'{"a": NaN}', "json.not-a-number"),
        (b'{"a": -Infinity}', "json.not-a-number"),
        (b'{"a": 1e400}', "json.number-out-of-range"),
        (b'{"a": 9007199254740993}', "json.number-out-of-range"),
        (b'{"a": 1, "a": 2}', "json.duplicate-key"),
        (b'{"a": ' + b"9" * 65 + b"}", "json.too-many-digits"),
        (b"[" * 65 + b"]" * 65, "json.too-deep"),
        (b"\xff\xfe", "json.not-utf8"),
        (b'{"a": }', "json.syntax"),
        (rb'{"a": "\ud800"}', "json.half-character"),
        (rb'{"\uDC00": 1}', "json.half-character"),
        ('"\ud800"', "json.half-character"),
    ],
)
def test_what_json_loads_takes_in_silence_is_refused(faulty: bytes | str, code: str) -> None:
    with pytest.raises(FaultyJson) as caught:
        read_json(faulty, "delivery.json")
    assert [f.code for f in caught.value.findings] == [code]
    assert caught.value.findings[0].place.file == "delivery.json"


def test_a_whole_surrogate_pair_is_a_character() -> None:
    assert read_json(rb'["\ud83d\ude00", "\\ud800"]') == ["😀", "\\ud800"]


def test_brackets_inside_strings_are_not_nesting() -> None:
    text = json.dumps("[" * 500 + '"\\' + "{" * 500)
    assert read_json(text) == json.loads(text)


def test_sixty_four_levels_are_still_read() -> None:
    assert read_json("[" * 64 + "]" * 64) is not None


def test_a_value_that_is_no_json_is_a_finding() -> None:
    with pytest.raises(FaultyJson):
        canonical_bytes({"a": math.nan})
    with pytest.raises(FaultyJson):
        canonical_bytes({"a": {1, 2}})


def test_rfc_8785_example() -> None:
    """published: RFC 8785, section 3.2.2 (numbers) and 3.2.3 (UTF-16 order of keys)."""
    assert canonical_bytes([333333333.33333329, 1e30, 4.50, 2e-3, 1e-27]) == (
        b"[333333333.3333333,1e+30,4.5,0.002,1e-27]"
    )
    assert list(json.loads(canonical_bytes({"€": 1, "\r": 2, "😀": 3, "\ufb33": 4}))) == [
        "\r",
        "€",
        "😀",
        "\ufb33",
    ]


def test_digest_names_its_algorithm() -> None:
    """published: SHA-256 of the empty string (FIPS 180-4 test vectors)."""
    assert digest(b"") == (
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )


def test_longer_numbers_are_read_where_nothing_is_signed() -> None:
    whole = -1080408238430575992
    with pytest.raises(FaultyJson):
        read_json(str(whole))
    assert read_json(str(whole), int64=True) == whole
    largest = int(Decimal(repr(sys.float_info.max)))  # 17 digits and 292 noughts
    assert read_json(str(largest), max_digits=320) == float(largest)
    for beyond in (str(largest * 10), "1" * 321, str(2**64 + 1)):
        with pytest.raises(FaultyJson):
            read_json(beyond, max_digits=320, int64=True)


def _depth(text: str) -> int:
    """How deep brackets outside strings go, counted character by character."""
    depth = deepest = 0
    in_string = escaped = False
    for character in text:
        if in_string:
            closes = character == '"' and not escaped
            escaped = character == "\\" and not escaped
            in_string = not closes
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


_PIECES = st.sampled_from(['"', "\\", "[" * 30, "{", "]" * 30, "}", "\n", "a", "[" * 40])


@given(st.lists(_PIECES, max_size=30).map("".join))
def test_only_what_is_nested_too_deep_is_refused_for_its_depth(text: str) -> None:
    from saltbridge.core.canonical import MAX_DEPTH

    refused: set[str] = set()
    try:
        read_json(text)
    except FaultyJson as fault:
        refused = {f.code for f in fault.findings}
    assert ("json.too-deep" in refused) is (_depth(text) > MAX_DEPTH)


_SPELT = st.sampled_from(
    (
        "1.0",
        "-0",
        "-0.0",
        "0",
        "1e2",
        "1e16",
        "1E400",
        "9007199254740991",
        "9007199254740992",
        "1e-7",
        "123456789012345678901234567890",
        "1.10",
        "-1",
        "true",
        "null",
        '"a"',
        '"\\u0061"',
        '"\\ud800"',
        '"é"',
        '"\\n"',
        '"[{"',
        "NaN",
        "",
    )
)
_WRITTEN = st.recursive(
    _SPELT,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda parts: f"[{','.join(parts)}]")
        | st.lists(st.tuples(st.sampled_from(("a", "b", "é", "b\\n")), inner), max_size=3).map(
            lambda pairs: "{" + ",".join(f'"{k}":{v}' for k, v in pairs) + "}"
        )
    ),
    max_leaves=6,
)


@given(_WRITTEN | st.integers(0, 70).map(lambda n: "[" * n + '{"a":1}' + "]" * n))
def test_the_quick_look_never_says_otherwise_than_the_strict_reader(written: str) -> None:
    """What is taken without the strict reader is just what that would give: same value, types
    and refusals."""
    content = written.encode()
    canonical_, quick = canonical._read_canonical(content)
    try:
        strict = read_json(bytearray(content).decode())  # text takes the long way
    except FaultyJson:
        assert not canonical_
        return
    if canonical_:
        assert repr(quick) == repr(strict)


@given(_json, st.integers(0, 6))
def test_depth_is_counted_as_brackets_are(value: object, levels: int) -> None:
    assert is_deeper(value, levels) == (_depth(json.dumps(value)) > levels)


@given(_json, _json)
def test_bytes_are_json_of_one_value_only(value: object, other: object) -> None:
    content = canonical_bytes(value)
    assert is_json_of(content, value)
    assert is_json_of(content, other) == (canonical_bytes(other) == content)
