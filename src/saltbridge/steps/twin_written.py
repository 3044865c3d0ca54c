"""The views of one twin as they are written, without writing twice what they share."""

from typing import Final

from saltbridge.core.piece import Piece, piece, whole
from saltbridge.exchange.twins import Twin
from saltbridge.formats.aas_registry import render_shell

_ASPECTS: Final = "submodelDescriptors"


class WrittenTwin:
    """Views of one twin as they are written: its aspects, the longest part, once for all."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._aspects: Piece | None = None

    def descriptor(self, seen: Twin) -> Piece:
        """The descriptor of what a reader sees of the twin; of no other twin."""
        rendered = render_shell(seen)
        if seen.aspects is not self._twin.aspects or not "".join(rendered).isascii():
            return piece(rendered)
        if self._aspects is None and _ASPECTS in rendered:
            self._aspects = piece(rendered[_ASPECTS])
        members = {name: piece(p) for name, p in rendered.items() if name != _ASPECTS}
        if self._aspects is not None:
            members[_ASPECTS] = self._aspects
        return whole(members)
