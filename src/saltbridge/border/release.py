"""The Release: the only thing that leaves a node.

A release is exact bytes, their digest, and the border decision that let them go. An outward
face (data plane, catalogue payload, passport page, export) accepts nothing else. It is minted
by ``border.decide`` and nowhere else; a store hands it back through ``reopen``, which checks
the digest again.
"""

from dataclasses import dataclass
from typing import Final

from saltbridge.core.canonical import digest
from saltbridge.core.errors import Refused


class _Seal:
    """Held by this module only, so that no other code can call a thing a release."""


_SEAL: Final = _Seal()


@dataclass(frozen=True, slots=True)
class Release:
    """Bytes that a border decision let go, for one audience and purpose.

    ``audience`` is a BPN, or ``public``. ``decision_id`` names the stored decision record.
    """

    content: bytes
    media_type: str
    digest: str
    decision_id: str
    audience: str
    purpose: str
    _seal: object = None

    def __post_init__(self) -> None:
        if self._seal is not _SEAL:
            raise TypeError("a Release is minted by border.decide and by nothing else")


def _mint(
    content: bytes, *, media_type: str, decision_id: str, audience: str, purpose: str
) -> Release:
    """For ``border.decide`` alone (an import contract and a test see to it)."""
    return Release(content, media_type, digest(content), decision_id, audience, purpose, _SEAL)


def reopen(
    content: bytes,
    *,
    expected_digest: str,
    media_type: str,
    decision_id: str,
    audience: str,
    purpose: str,
) -> Release:
    """A stored release as it was minted.

    Raises:
        Refused: the bytes are not those that were released, or no decision stands behind them.
    """
    if not decision_id or digest(content) != expected_digest:
        raise Refused.of("release.altered", digest=expected_digest)
    return _mint(
        content,
        media_type=media_type,
        decision_id=decision_id,
        audience=audience,
        purpose=purpose,
    )
