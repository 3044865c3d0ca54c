"""The files an inventory was read from, with the one digest that stands for all of them.

Kept beside a footprint they show what it was worked out from: whoever reads them again gets the
same inventory, and the same digest as the receipt names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from saltbridge.core.canonical import canonical_bytes, digest
from saltbridge.core.finding import Finding
from saltbridge.footprint.model import TABLES, Inventory
from saltbridge.formats.inventory_folder import HEAD_FILE, parse_folder, render_folder
from saltbridge.formats.inventory_workbook import parse_workbook

WORKBOOK_NAME = "inventory.xlsx"  # in the digest, whatever the file is called
_OURS = frozenset({HEAD_FILE, WORKBOOK_NAME, *(f"{table}.csv" for table in TABLES)})


@dataclass(frozen=True, slots=True)
class InventorySources:
    """File name → bytes, and what a person calls the whole (a folder or a workbook)."""

    name: str
    files: Mapping[str, bytes] = field(repr=False)

    @property
    def digest(self) -> str:
        """Digest of the canonical list of names and digests, wherever the files lie."""
        listing = [
            {"name": name, "digest": digest(self.files[name])}
            for name in sorted(self.files)
            if name in _OURS
        ]
        return digest(canonical_bytes(listing))

    @property
    def own(self) -> Mapping[str, bytes]:
        """The files that the digest covers."""
        return {name: self.files[name] for name in sorted(self.files) if name in _OURS}


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A document behind rows of an inventory, as bytes. ``name`` is its name in the table."""

    name: str
    media_type: str
    content: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes: ``sha256:<hex>``."""
        return digest(self.content)


def parse_sources(
    sources: InventorySources,
) -> tuple[Inventory | None, tuple[Finding, ...]]:
    """The inventory in the files, and everything found in them at once.

    The inventory is ``None`` where any finding is an error.
    """
    if WORKBOOK_NAME in sources.files:
        return parse_workbook(sources.files[WORKBOOK_NAME], sources.name)
    return parse_folder(sources.files)


def render_sources(inventory: Inventory) -> InventorySources:
    """The files of an inventory that was never read from any: its folder form."""
    return InventorySources("", render_folder(inventory))
