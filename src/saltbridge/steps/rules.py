"""The rules a decision is made under: packs, loaded official lists, the company's own rows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from saltbridge.border.annex import Annex, HouseRow, classified
from saltbridge.border.catalogue import Catalogue
from saltbridge.border.context import Context
from saltbridge.border.rules import (
    ANNEX_LOADED,
    LOADED,
    Pack,
    editions_in_force,
    packaged_packs,
)
from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.formats.annex_file import annex_of, house_row_of
from saltbridge.ports import StoredRecord, UnitOfWork
from saltbridge.steps.records import every

ANNEX: Final = "annex"
HOUSE_ROW: Final = "house-row"
IN_FORCE, STRICTER_ONLY, WITHDRAWN = "in-force", "stricter-only", "withdrawn"


@dataclass(frozen=True)
class RuleBook:
    """Everything that classifies and rules at this node now."""

    packs: tuple[Pack, ...]
    annexes: tuple[Annex, ...] = ()
    house_rows: tuple[HouseRow, ...] = ()

    def catalogue(self, kind: str, context: Context) -> Catalogue:
        """The catalogue of a kind in that context, each field in its strictest class.

        Raises:
            UnknownDocumentKind: nobody has catalogued such documents.
        """
        speaking = {
            p.id: p
            for p in editions_in_force(self.packs, context.at)
            if p.state != LOADED
            and p.jurisdiction == context.origin
            and p.zone in ("", context.zone)
        }
        annexes = tuple(
            a
            for a in self.annexes
            if a.pack in speaking and speaking[a.pack].edition == a.edition
        )
        return classified(kind, tuple(sorted(speaking)), annexes, self.house_rows)


def rule_book(view: UnitOfWork) -> RuleBook:
    """The rules at this node now.

    Raises:
        Refused: a stored list or row is not understood completely; it might be the stricter
            one, so nothing is decided without it.
    """
    annexes, house_rows = [], []
    for record in every(view, ANNEX):
        body = _body(record)
        if body["state"] != WITHDRAWN:
            confirmed = body["state"] == IN_FORCE
            annexes.append(_understood(record, annex_of, body["annex"], confirmed=confirmed))
    for record in every(view, HOUSE_ROW):
        body = _body(record)
        if body["state"] != WITHDRAWN:
            house_rows.append(_understood(record, house_row_of, body["row"]))
    loaded = {(a.pack, a.edition): a.digest for a in annexes if a.confirmed}
    packs = tuple(
        replace(pack, state=ANNEX_LOADED, annex_digest=loaded[pack.id, pack.edition])
        if pack.state != LOADED and (pack.id, pack.edition) in loaded
        else pack
        for pack in packaged_packs()
    )
    return RuleBook(packs, tuple(annexes), tuple(house_rows))


def _body(record: StoredRecord) -> Mapping[str, Any]:
    body: Mapping[str, Any] = read_json(record.body)
    return body


def _understood(record: StoredRecord, parse: Any, stored: Any, **how: Any) -> Any:
    try:
        return parse(stored, **how)
    except FaultyInput as fault:
        raise Refused.of("annex.stored-unreadable", kind=record.kind, id=record.id) from fault
