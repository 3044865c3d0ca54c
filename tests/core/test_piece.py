"""Pieces: the bytes of the whole, and shapes that tell what a decision depends on."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.piece import Changing, Framed, Piece, piece, whole

LEAVES = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=9)
LEAVES |= st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    LEAVES,
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(st.text('abcé\n"', max_size=3), below, max_size=3)
    ),
    max_leaves=12,
)
NAMES = st.text(st.characters(max_codepoint=127), min_size=1, max_size=5)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_a_whole_has_the_bytes_and_the_shape_of_the_document(document):
    built = whole({name: piece(value) for name, value in document.items()})
    assert built.content == canonical_bytes(document)
    assert built.shape == piece(document).shape
    assert piece(read_json(built.content)).shape == built.shape


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=6), st.data())
def test_what_changes_has_the_bytes_and_the_shape_of_the_document(document, data):
    changing = Changing({name: piece(value) for name, value in document.items()})
    for _ in range(4):
        built = changing.piece()
        assert built.content == canonical_bytes(document)
        assert built.shape == piece(document).shape
        name = data.draw(st.sampled_from(sorted(document)))
        document[name] = data.draw(VALUES)
        changing.put(name, piece(document[name]))


def test_only_members_that_are_there_change():
    with pytest.raises(ValueError, match="without members"):
        Changing({})
    with pytest.raises(KeyError):
        Changing({"a": piece(1)}).put("b", piece(1))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1}, {"b": 1}),
        ({"a": 1}, {"a": None}),
        ({"a": 1}, {"a": []}),
        ({"a": 1}, {"a": {}}),
        ({"a": 1}, {"a": [1]}),
        ({"a": [1]}, {"a": [1, 1]}),
        ({"a": [1]}, {"a": {"0": 1}}),
        ({"a": {"b": "x"}}, {"a": {"b": "x", "c": ""}}),
        ({"a": [{"b": 1}]}, {"a": [{"c": 1}]}),
    ],
)
def test_other_fields_have_another_shape(one, other):
    assert piece(one).shape != piece(other).shape


@pytest.mark.parametrize("value", ["", "é", 0, 1.5, True, False])
def test_single_values_have_one_shape(value):
    assert piece({"a": value}).shape == piece({"a": "x"}).shape


def test_a_name_beyond_ascii_is_not_put_together():
    with pytest.raises(ValueError, match="plain names"):
        whole({"é": piece(1)})


def test_nobody_makes_a_piece_by_hand():
    with pytest.raises(TypeError):
        Piece(b"{}", "value")


def test_a_framed_object_has_the_bytes_and_the_shape_of_the_document():
    document = {"unit": "kg", "value": 1, "a": {"b": [1]}, "z": None}
    framed = Framed({name: piece(part) for name, part in document.items()}, "value")
    for number in (2.5, "é", True, 7):
        built = framed.piece(piece(number))
        assert built.content == canonical_bytes({**document, "value": number})
        assert built.shape == piece({**document, "value": number}).shape
    for other in (None, [], [1], {"a": 1}):
        with pytest.raises(ValueError, match="single value"):
            framed.piece(piece(other))
    for name in ("a", "z", "absent"):
        with pytest.raises(KeyError):
            Framed({n: piece(part) for n, part in document.items()}, name)
