"""Canonical bytes, digests and a JSON reader that takes no liberties.

Two readers must never see two different documents in one signed file, so the reader refuses
duplicate keys, NaN and infinities, numbers that overflow, endless digits, halves of
surrogate pairs and deep nesting; all of these pass ``json.loads`` in silence.
"""

import hashlib
import json
import math
import re
import sys
from decimal import Decimal
from typing import Any

import orjson
import rfc8785

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Place, finding

MAX_DEPTH = 64
MAX_DIGITS = 64
_CANONICAL_MOST = 1 << 20  # larger documents are read once only
_LARGEST = int(sys.float_info.max)
_TEXT = frozenset({str})
_NESTS = frozenset({dict, list})
# Integers beyond 2^53 are no double's own: the writer refuses them.
_SORTED = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_AS_THEY_ARE = frozenset({str, int, bool, type(None)})
# A string is never given back to be tried in another way: no text takes more than linear time.
_STRINGS = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_NO_BRACKETS = re.compile(r"[^\[\]{}]+")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")


class FaultyJson(FaultyInput):
    """The bytes are not the JSON we accept."""


def canonical_bytes(value: Any) -> bytes:
    """RFC 8785 (JSON Canonicalization Scheme) bytes of a JSON value.

    Raises:
        FaultyJson: the value holds NaN, an infinity or an integer beyond 2^53.

    >>> canonical_bytes({"b": 1.0, "a": "é"})
    b'{"a":"\\xc3\\xa9","b":1}'
    """
    try:
        return orjson.dumps(_plain(value, 0), option=_SORTED)
    except (_NotPlain, orjson.JSONEncodeError):
        pass
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, TypeError, ValueError) as fault:
        raise FaultyJson([finding("json.not-canonical", reason=str(fault))]) from fault


class _NotPlain(Exception):
    """The value needs the whole of RFC 8785."""


def _plain(value: Any, depth: int) -> Any:
    """The value such that orjson writes it as RFC 8785 does, or fails (half a character).

    Where that is not certain, `_NotPlain`: keys beyond ASCII (another order), numbers that
    JavaScript writes in another notation, types that are not exactly JSON's own.
    """
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind is float:
        size = abs(value)
        if size < 2**53 and value.is_integer():
            return int(value)  # 1.0 is written 1, and -0.0 is written 0
        if 1e-4 <= size < 1e15:
            return value
    elif kind is dict and depth < MAX_DEPTH:
        if not _TEXT.issuperset(map(type, value)) or not "".join(value).isascii():
            raise _NotPlain
        if _AS_THEY_ARE.issuperset(map(type, value.values())):
            return value
        others = {
            key: _plain(member, depth + 1)
            for key, member in value.items()
            if type(member) not in _AS_THEY_ARE
        }
        return {**value, **others}
    elif kind is list and depth < MAX_DEPTH:
        if _AS_THEY_ARE.issuperset(map(type, value)):
            return value
        return [_plain(element, depth + 1) for element in value]
    raise _NotPlain


def digest(content: bytes) -> str:
    """SHA-256 of the bytes as ``sha256:<hex>``.

    >>> digest(b"")[:17]
    'sha256:e3b0c44298'
    """
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def read_json(
    content: bytes | str, name: str = "", *, max_digits: int = MAX_DIGITS, int64: bool = False
) -> Any:
    """Parse UTF-8 JSON strictly.

    What is read and never signed may hold longer numbers: ``max_digits`` of them, and with
    ``int64`` integers up to 64 bits as they are.

    ``name`` is what a person calls the document (a file name); it appears in the findings.

    Raises:
        FaultyJson: not UTF-8, not JSON, duplicate keys, NaN or infinity, a number out of
            range, more than 64 digits, half a surrogate pair, or nesting deeper than 64
            levels.
    """
    if type(content) is bytes and len(content) <= _CANONICAL_MOST:
        canonical, known = _read_canonical(content)
        if canonical:
            return known
    place = Place(file=name)
    try:
        text = content.decode("utf-8") if isinstance(content, bytes) else content
    except UnicodeDecodeError as fault:
        raise FaultyJson([finding("json.not-utf8", place, byte=fault.start)]) from fault
    _refuse_deep_nesting(text, place)

    def constant(word: str) -> float:
        raise FaultyJson([finding("json.not-a-number", place, word=word)])

    def integer(digits: str) -> int | float:
        _refuse_endless_digits(digits, place, max_digits)
        whole = int(digits)
        if abs(whole) < 2**53 or (int64 and abs(whole) < 2**64):
            return whole
        # Beyond 2^53 readers disagree, unless these are a double's own digits (RFC 8785).
        if abs(whole) > _LARGEST or int(Decimal(repr(float(whole)))) != whole:
            raise FaultyJson([finding("json.number-out-of-range", place, number=digits[:40])])
        return float(whole)

    def real(digits: str) -> float:
        _refuse_endless_digits(digits, place, max_digits)
        number = float(digits)
        if not math.isfinite(number):
            raise FaultyJson([finding("json.number-out-of-range", place, number=digits[:40])])
        return number

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for key, value in pairs:
            if key in seen:
                raise FaultyJson([finding("json.duplicate-key", place, key=key)])
            seen[key] = value
        return seen

    try:
        value = json.loads(
            text,
            parse_constant=constant,
            parse_int=integer,
            parse_float=real,
            object_pairs_hook=members,
        )
    except json.JSONDecodeError as fault:
        at = Place(file=name, row=fault.lineno)
        raise FaultyJson([finding("json.syntax", at, reason=fault.msg)]) from fault
    # Decoded bytes hold none but escaped ones, and most hold no escape at all.
    if ("\\u" in text or isinstance(content, str)) and _SURROGATE.search(text):
        _refuse_half_characters(value, place)
    return value


def _read_canonical(content: bytes) -> tuple[bool, Any]:
    """Whether the bytes are plain canonical JSON, and what they say.

    Bytes that are written again as they were read hold no key twice, no number that is not a
    double's own, no half character; what we store and sign is of this kind. Of others nothing
    is said here.
    """
    try:
        value = orjson.loads(content)
        canonical = orjson.dumps(value, option=_SORTED) == content
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return False, None
    few = content.count(b"[") + content.count(b"{") <= MAX_DEPTH
    return canonical and (few or not is_deeper(value, MAX_DEPTH)), value


def is_deeper(value: Any, levels: int) -> bool:
    """Whether objects and arrays stand in each other more than so many levels deep.

    >>> is_deeper([{"a": []}], 2), is_deeper([{"a": 1}], 2), is_deeper("[[[", 0)
    (True, False, False)
    """
    level = [value] if type(value) in _NESTS else []
    for _ in range(levels):
        if not level:
            return False
        members = (one.values() if type(one) is dict else one for one in level)
        level = [member for one in members for member in one if type(member) in _NESTS]
    return bool(level)


def is_json_of(content: bytes, value: Any) -> bool:
    """Whether the bytes are sorted JSON of just this value.

    Raises:
        FaultyJson: the value has no canonical JSON.

    >>> is_json_of(b'{"a":1.5,"b":1}', {"b": 1.0, "a": 1.5})
    True
    """
    try:
        if orjson.dumps(value, option=_SORTED) == content:
            return True
    except orjson.JSONEncodeError:
        pass
    return canonical_bytes(value) == content


def _refuse_half_characters(value: Any, place: Place) -> None:
    """Half a surrogate pair is no character: no UTF-8 bytes, and so no digest, can hold it."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as fault:
        code = f"U+{ord(fault.object[fault.start]):04X}"
        raise FaultyJson([finding("json.half-character", place, character=code)]) from fault


def _refuse_endless_digits(digits: str, place: Place, limit: int) -> None:
    if len(digits) > limit:
        raise FaultyJson([finding("json.too-many-digits", place, limit=limit)])


def _refuse_deep_nesting(text: str, place: Place) -> None:
    """Count brackets outside strings, so that the recursive parser never sees a bomb."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return  # whether inside strings or not, there are too few of them
    depth = 0
    for bracket in _NO_BRACKETS.sub("", _STRINGS.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            raise FaultyJson([finding("json.too-deep", place, limit=MAX_DEPTH)])
