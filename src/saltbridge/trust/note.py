"""Signed notes: a text with signature lines under it, in the one right spelling.

Nothing here says whose the signatures are or whether they fit: see ``checkpoint``.

Source, read 2026-11-27 in the repository C2SP/C2SP at 5ba5ee83: signed-note.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from saltbridge.trust.suites import NotVerified

LOG_SIGNATURE: Final = 0x01
COSIGNATURE: Final = 0x04
MAX_NOTE_BYTES: Final = 16_000
MAX_SIGNATURES: Final = 32  # a verifier accepts 16 at least
NAME: Final = re.compile(r"[^\s+]{1,1000}")
_DASH: Final = "— "


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: key name, key id (4 bytes), and the signature's bytes."""

    name: str
    key_id: bytes
    content: bytes

    @property
    def line(self) -> str:
        """The line as it stands in the note, with its newline."""
        encoded = base64.b64encode(self.key_id + self.content).decode("ascii")
        return f"{_DASH}{self.name} {encoded}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text with signatures under it. Nothing in it is verified."""

    text: str
    signatures: tuple[NoteSignature, ...]


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """The four bytes that name a key in a signature line.

    >>> raw = base64.b64decode("AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")[1:]
    >>> key_id("example.com/foo", LOG_SIGNATURE, raw).hex()
    '530d903a'
    """
    return sha256(name.encode("utf-8") + b"\n" + bytes([kind]) + public).digest()[:4]


def parse_note(content: bytes | str) -> Note:
    """The text and the signature lines of a note.

    Raises:
        NotVerified: not a signed note in the one right spelling, or a line stands there twice.
    """
    try:
        raw = content.encode("utf-8") if isinstance(content, str) else content
        if len(raw) > MAX_NOTE_BYTES:
            raise malformed("size")
        whole = raw.decode("utf-8")
    except UnicodeError as fault:
        raise malformed("UTF-8") from fault
    if any(character < " " and character != "\n" for character in whole):
        raise malformed("control character")
    text, gap, block = whole.rpartition("\n\n")
    if not gap or not text or not block.endswith("\n"):
        raise malformed("signature lines")
    signatures = parse_signatures(block)
    return Note(f"{text}\n", signatures)


def parse_signatures(block: str) -> tuple[NoteSignature, ...]:
    """Signature lines as they stand under a note, or come back from a witness.

    Raises:
        NotVerified: not such lines, too many, or one of them twice.
    """
    if not block.endswith("\n"):
        raise malformed("signature lines")
    signatures = tuple(_signature(line) for line in block[:-1].split("\n"))
    if len(signatures) > MAX_SIGNATURES:
        raise malformed("too many signatures")
    if len({(s.name, s.key_id) for s in signatures}) != len(signatures):
        raise malformed("signature twice")
    return signatures


def _signature(line: str) -> NoteSignature:
    parts = line.removeprefix(_DASH).split(" ")
    if not line.startswith(_DASH) or len(parts) != 2 or not NAME.fullmatch(parts[0]):
        raise malformed("signature line")
    content = from_base64(parts[1])
    if len(content) <= 4:
        raise malformed("signature line")
    return NoteSignature(parts[0], content[:4], content[4:])


def from_base64(text: str) -> bytes:
    """The bytes of a base64 text (RFC 4648, section 4) spelt in the one right way.

    Raises:
        NotVerified: foreign characters, wrong padding, or stray bits at the end.
    """
    try:
        content = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError) as fault:
        raise malformed("base64") from fault
    if base64.b64encode(content).decode("ascii") != text:
        raise malformed("base64")
    return content


def render_note(note: Note) -> bytes:
    """The note's bytes."""
    return (note.text + "\n" + "".join(s.line for s in note.signatures)).encode("utf-8")


def hashes_of(texts: Sequence[str]) -> tuple[bytes, ...]:
    """SHA-256 hashes from base64 texts.

    Raises:
        NotVerified: one of them is no hash.
    """
    hashes = tuple(from_base64(text) for text in texts)
    if any(len(h) != 32 for h in hashes):
        raise malformed("hash")
    return hashes


def malformed(reason: str) -> NotVerified:
    """The refusal of something that is not spelt as it has to be."""
    fault = NotVerified.of("trust.log-malformed", reason=reason)
    assert isinstance(fault, NotVerified)  # noqa: S101 - for the type checker
    return fault
