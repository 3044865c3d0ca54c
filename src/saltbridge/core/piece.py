"""Parts of a JSON document that are written once and used in many documents.

A fleet's passports share nearly everything. A piece holds the canonical bytes of a value and
its shape; an object made of pieces has the bytes that ``canonical_bytes`` gives of the whole,
without going through the value again.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any, Final, TypeAlias

import orjson

from saltbridge.core.canonical import canonical_bytes

# Two documents of one shape have the same members and lists of the same lengths; they differ
# in their single values only, and where one has nothing (null, {} or []) so has the other.
Shape: TypeAlias = Any
VALUE: Final = "value"
EMPTY: Final = "empty"


class Piece(tuple[bytes, Shape]):
    """A value's canonical bytes and shape; made by this module alone, and never changed."""

    __slots__ = ()

    def __new__(cls, content: bytes, shape: Shape) -> "Piece":
        """Nobody makes one by hand: the bytes have to be those of the shape."""
        raise TypeError("a Piece is made from a value or from pieces, by this module")

    @property
    def content(self) -> bytes:
        """Canonical bytes."""
        return self[0]

    @property
    def shape(self) -> Shape:
        """What a decision about the value depends on."""
        return self[1]


def _made(content: bytes, shape: Shape) -> Piece:
    return tuple.__new__(Piece, (content, shape))


def piece(value: Any) -> Piece:
    """The piece of a JSON value.

    Raises:
        FaultyJson: the value holds NaN, an infinity or an integer beyond 2^53.

    >>> piece({"b": [1, None], "a": {}}).content
    b'{"a":{},"b":[1,null]}'
    """
    kind = type(value)
    if kind is str and value.isascii():  # the most of them, and no need to ask twice
        return _made(orjson.dumps(value), VALUE)
    if kind is float and 1e-4 <= abs(value) < 1e15 and not value.is_integer():
        return _made(repr(value).encode(), VALUE)
    if kind is int and -(2**53) < value < 2**53:
        return _made(b"%d" % value, VALUE)
    return _made(canonical_bytes(value), _shape(value))


def whole(members: Mapping[str, Piece]) -> Piece:
    """The object with these members.

    Raises:
        ValueError: a name beyond ASCII (RFC 8785 orders such names in another way).

    >>> whole({"b": piece(1), "a": piece("x")}).content
    b'{"a":"x","b":1}'
    """
    if not members:
        return _made(b"{}", EMPTY)
    form = _form(tuple(members))
    held = [members[name] for name in form.names]
    contents, shapes = [one[0] for one in held], tuple([one[1] for one in held])
    return _made(b"".join(form.written(contents)), form.shape_of(shapes))


class _Form:
    """Objects with the same names: their order, and what is written around the values."""

    __slots__ = ("_around", "_last", "names")

    def __init__(self, names: Iterable[str]) -> None:
        self.names = sorted(names)
        first, *others = map(_named, self.names)
        self._around = [b"{" + first[1:], b""]
        for other in others:
            self._around += (other, b"")
        self._around.append(b"}")
        self._last: tuple[Any, Shape] = ((), None)

    def written(self, contents: Sequence[bytes]) -> list[bytes]:
        """The parts of the object in their order; every second one is a value."""
        parts = self._around.copy()
        parts[1::2] = contents
        return parts

    def shape_of(self, shapes: tuple[Shape, ...]) -> Shape:
        """The shape of the object; the very same object as before while it is equal."""
        last = self._last
        if last[0] == shapes:
            return last[1]
        shape = ("object", *zip(self.names, shapes, strict=True))
        self._last = (shapes, shape)
        return shape


@lru_cache(maxsize=1024)
def _form(names: tuple[str, ...]) -> _Form:
    return _Form(names)


class Framed:
    """An object of which one single value changes from one document to the next.

    >>> mass = Framed({"unit": piece("kg"), "value": piece(1)}, "value")
    >>> mass.piece(piece(2)).content
    b'{"unit":"kg","value":2}'
    """

    def __init__(self, members: Mapping[str, Piece], changing: str) -> None:
        """
        Raises:
            KeyError: the object has no such member, or it is no single value.
            ValueError: a name beyond ASCII.
        """
        if members[changing].shape is not VALUE:
            raise KeyError(changing)
        form = _form(tuple(members))
        written = form.written([members[name].content for name in form.names])
        place = 2 * form.names.index(changing) + 1
        self._before, self._after = b"".join(written[:place]), b"".join(written[place + 1 :])
        self._shape = whole(members).shape

    def piece(self, value: Piece) -> Piece:
        """The object with this value.

        Raises:
            ValueError: it is no single value.
        """
        if value.shape is not VALUE:
            raise ValueError("a single value stands here")
        return _made(b"%b%b%b" % (self._before, value.content, self._after), self._shape)


class Changing:
    """An object of which a few members change from one document to the next.

    >>> battery = Changing({"serial": piece("A1"), "model": piece("M")})
    >>> battery.put("serial", piece("A2"))
    >>> battery.piece().content
    b'{"model":"M","serial":"A2"}'
    """

    def __init__(self, members: Mapping[str, Piece]) -> None:
        """
        Raises:
            ValueError: no members, or a name beyond ASCII.
        """
        if not members:
            raise ValueError("an object without members does not change")
        form = _form(tuple(members))
        self._names = form.names
        self._at = {name: place for place, name in enumerate(form.names)}
        self._shapes = [members[name].shape for name in form.names]
        self._written = form.written([members[name].content for name in form.names])
        self._shape: Shape = None
        self._made: Piece | None = None

    def put(self, name: str, value: Piece) -> None:
        """Replace a member.

        Raises:
            KeyError: the object has no such member.
        """
        place = self._at[name]
        self._written[2 * place + 1] = value.content
        self._made = None
        if value.shape is not self._shapes[place] and value.shape != self._shapes[place]:
            self._shapes[place] = value.shape
            self._shape = None

    def piece(self) -> Piece:
        """The object as it is now; its shape is the same object while it is equal."""
        if self._shape is None:
            self._shape = ("object", *zip(self._names, self._shapes, strict=True))
        if self._made is None:
            self._made = _made(b"".join(self._written), self._shape)
        return self._made


@lru_cache(maxsize=1024)
def _named(name: str) -> bytes:
    if not name.isascii():
        raise ValueError("the members of a document made of pieces have plain names")
    return b",%b:" % encode_basestring(name).encode()


_SINGLE: Final = frozenset({str, float, int, bool})


def _shape(value: Any) -> Shape:
    kind = type(value)
    if kind in _SINGLE:
        return VALUE
    if value is None or (isinstance(value, Mapping | list | tuple) and not value):
        return EMPTY
    # Most members are single values, and need no call of their own.
    if kind is dict or isinstance(value, Mapping):
        return (
            "object",
            *[
                (name, VALUE if type(member) in _SINGLE else _shape(member))
                for name, member in sorted(value.items())
            ],
        )
    if isinstance(value, list | tuple):
        return ("list", *[VALUE if type(e) in _SINGLE else _shape(e) for e in value])
    return VALUE
