"""Parts of a JSON document that are written once and used in many documents.

A fleet's passports share nearly everything. A piece holds the canonical bytes of a value and
its shape; an object made of pieces has the bytes that ``canonical_bytes`` gives of the whole,
without going through the value again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any, Final, TypeAlias

from saltbridge.core.canonical import canonical_bytes

# Two documents of one shape have the same members and lists of the same lengths; they differ
# in their single values only, and where one has nothing (null, {} or []) so has the other.
Shape: TypeAlias = Any
VALUE: Final = "value"
EMPTY: Final = "empty"
_SEAL: Final = object()


@dataclass(frozen=True, slots=True)
class Piece:
    """A value's canonical bytes and shape; made by ``piece`` and ``whole`` alone."""

    content: bytes
    shape: Shape
    _seal: object = None

    def __post_init__(self) -> None:
        if self._seal is not _SEAL:
            raise TypeError("a Piece is made from a value or from pieces, by this module")


def piece(value: Any) -> Piece:
    """The piece of a JSON value.

    Raises:
        FaultyJson: the value holds NaN, an infinity or an integer beyond 2^53.

    >>> piece({"b": [1, None], "a": {}}).content
    b'{"a":{},"b":[1,null]}'
    """
    if type(value) is str and value.isascii():  # the most of them, and no need to ask twice
        return Piece(encode_basestring(value).encode(), VALUE, _SEAL)
    if type(value) is float and 1e-4 <= abs(value) < 1e15 and not value.is_integer():
        return Piece(repr(value).encode(), VALUE, _SEAL)
    return Piece(canonical_bytes(value), _shape(value), _SEAL)


def whole(members: Mapping[str, Piece]) -> Piece:
    """The object with these members.

    Raises:
        ValueError: a name beyond ASCII (RFC 8785 orders such names in another way).

    >>> whole({"b": piece(1), "a": piece("x")}).content
    b'{"a":"x","b":1}'
    """
    if not members:
        return Piece(b"{}", EMPTY, _SEAL)
    names = sorted(members)
    written = [_named(name) + members[name].content for name in names]
    shape = ("object", *[(name, members[name].shape) for name in names])
    return Piece(b"{" + b",".join(written) + b"}", shape, _SEAL)


@lru_cache(maxsize=1024)
def _named(name: str) -> bytes:
    if not name.isascii():
        raise ValueError("the members of a document made of pieces have plain names")
    return encode_basestring(name).encode() + b":"


def _shape(value: Any) -> Shape:
    kind = type(value)
    if kind is str or kind is float or kind is int or kind is bool:
        return VALUE
    if value is None or (isinstance(value, Mapping | list | tuple) and not value):
        return EMPTY
    if isinstance(value, Mapping):
        return ("object", *[(name, _shape(value[name])) for name in sorted(value)])
    if isinstance(value, list | tuple):
        return ("list", *[_shape(element) for element in value])
    return VALUE
