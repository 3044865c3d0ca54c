"""Stored bytes made small: by themselves, or as their difference from a base many share.

Documents of one batch are nearly the same: passports of one model differ in a serial number,
salts and signatures. Of such a batch the first documents are kept as a *base*, and each row
holds what differs from it (Zstandard, RFC 8878, with the base as a raw dictionary). What comes
back is compared byte for byte with what came in before it is stored; digests, signatures and
leaves are over the documents themselves and know nothing of this.
"""

import secrets
import sys
from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Dictionary: TypeAlias = zstd.ZstdDict

ALONE: Final = 0  # packed by itself; larger numbers name a base; None is unpacked

_WORTH: Final = 256  # bytes: what is smaller stays as it is
_ALIKE_ENOUGH: Final = 4  # documents from which a base is worth its own bytes
_SAMPLES: Final = 8  # the base is chosen from so many documents at the beginning
_BASE_MOST: Final = 512 * 1024
_CONTENT_MOST: Final = 1 << 30  # what a frame says it unpacks to, at the most
_NEAR: Final = 6  # a document that shrinks to less than a sixth has its like in the base
_LEVEL_ALONE: Final = 3
_LEVEL_ALIKE: Final = 1


class Packed(NamedTuple):
    """Bytes as they are stored, and how they are read again."""

    content: bytes
    packing: int | None


class Base(NamedTuple):
    """What the documents of a batch share."""

    number: int
    content: bytes


def packed_alone(content: bytes) -> Packed:
    """A document packed by itself, where that makes it smaller."""
    if len(content) < _WORTH:
        return Packed(content, None)
    return _smaller(content, zstd.compress(content, _LEVEL_ALONE), ALONE, None)


def packed_alike(contents: Sequence[bytes]) -> tuple[list[Packed], Base | None]:
    """Documents of one batch, and the base they lean on, if they lean on one.

    The base has a number that no other base has or ever had, so that it may be kept in memory.
    """
    worth = [content for content in contents if len(content) >= _WORTH]
    if len(worth) < _ALIKE_ENOUGH:
        return [packed_alone(content) for content in contents], None
    base = Base(1 + secrets.randbits(62), _base_of(worth[:_SAMPLES]))
    shared = zstd.ZstdDict(base.content, is_raw=True)
    press = _press(shared)
    made = []
    for content in contents:
        if len(content) < _WORTH:
            made.append(Packed(content, None))
            continue
        small = press.compress(content, press.FLUSH_FRAME)
        made.append(_smaller(content, small, base.number, shared))
    return made, base


def unpacked(stored: bytes, packing: int | None, base: Dictionary | None) -> bytes:
    """The document as it came in.

    Raises:
        ValueError: the bytes are not what was stored.
    """
    if packing is None:
        return stored
    try:
        size = zstd.get_frame_info(stored).decompressed_size
        if size is None or size > _CONTENT_MOST:
            raise ValueError("a frame of unknown or enormous size")
        return zstd.decompress(stored, zstd_dict=base)
    except (zstd.ZstdError, EOFError) as fault:
        raise ValueError(str(fault)) from fault


def as_dictionary(content: bytes) -> Dictionary:
    """A base, ready to unpack with; threads may share it."""
    return zstd.ZstdDict(content, is_raw=True)


def _press(shared: Dictionary) -> zstd.ZstdCompressor:
    chosen: dict[int, int] = {
        zstd.CompressionParameter.compression_level: _LEVEL_ALIKE,
        zstd.CompressionParameter.dict_id_flag: 0,
    }
    return zstd.ZstdCompressor(options=chosen, zstd_dict=shared.as_digested_dict)


def _base_of(samples: Sequence[bytes]) -> bytes:
    """One sample after another, but those whose like is there already."""
    base = samples[0]
    for sample in samples[1:]:
        if len(base) + len(sample) > _BASE_MOST:
            break
        small = _press(zstd.ZstdDict(base, is_raw=True)).compress(
            sample, zstd.ZstdCompressor.FLUSH_FRAME
        )
        if len(small) * _NEAR > len(sample):
            base += sample
    return base


def _smaller(content: bytes, small: bytes, packing: int, base: Dictionary | None) -> Packed:
    """The smaller one of both; packed only where the same bytes come back."""
    if len(small) < len(content) and zstd.decompress(small, zstd_dict=base) == content:
        return Packed(small, packing)
    return Packed(content, None)
