"""The passports of many batteries of one model, put together one after the other.

What differs between two batteries of one list is what the list says, the four values of the
header that name a passport, and what is worked out from these. The rest is taken from the
battery before, in the order it has there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeAlias

from saltbridge.core.finding import Finding
from saltbridge.passport.assemble import (
    assemble,
    derived_values,
    given_values,
    parse_values,
)
from saltbridge.passport.attributes import attribute_table
from saltbridge.passport.check_values import in_table_unit
from saltbridge.passport.model import (
    AttributeValue,
    Issuer,
    ItemFacts,
    ItemPassport,
    ModelFacts,
    Origin,
    OriginKind,
    Values,
)
from saltbridge.passport.stage_shares import has_shares

_SINGLE: Final = frozenset({str, int, float, bool})  # types of values that have no parts
_Read: TypeAlias = tuple[Any, dict[str, AttributeValue], list[Finding]]


@dataclass(slots=True)
class _Kind:
    """What batteries have in common for which the same values are stated."""

    stated: tuple[str, ...]  # attributes of the battery itself, as they come
    own: tuple[str, ...]  # those of them that nothing else replaces
    serial_stated: bool
    given: dict[str, AttributeValue]
    derived: frozenset[str]
    values: dict[str, AttributeValue]  # in the order of the table
    kept_back: dict[str, AttributeValue]


class FleetAssembly:
    """``assemble.assemble`` for batteries of one model, one after the other."""

    def __init__(
        self,
        *,
        gtin: str,
        category: str,
        placed_on_market: date,
        issuer: Issuer,
        model: ModelFacts,
        operator: Values,
        company_information: Mapping[str, Any] | None,
        on: date,
    ) -> None:
        self._facts: dict[str, Any] = {
            "gtin": gtin,
            "category": category,
            "placed_on_market": placed_on_market,
            "issuer": issuer,
            "company_information": company_information,
        }
        self._model, self._operator, self._on = model, operator, on
        self._computed = Origin(OriginKind.COMPUTED, issuer.name)
        self._kind: _Kind | None = None
        self._shares = has_shares(model.values) or has_shares(operator)

    def of(self, *, id: str, product_id: str, issued_at: str, item: ItemFacts) -> ItemPassport:
        """The passport of one battery."""
        header: dict[str, Any] = {"id": id, "product_id": product_id, "issued_at": issued_at}
        kind = self._kind
        if self._says_otherwise(item):
            self._kind = None
            return self._anew(header, item, keep=False)
        if kind is not None and kind.stated == tuple(item.values):
            named = {"A001": id, "A002": product_id, "A006": issued_at, "A013": issued_at[:10]}
            if not kind.serial_stated:
                named["A019"] = item.serial
            given = dict(kind.given)
            changed = {own: item.values[own] for own in kind.own}
            for attribute, text in named.items():
                before = given[attribute]
                if before.value != text:
                    changed[attribute] = AttributeValue(text, "", self._computed)
            given.update(changed)
            derived = derived_values(given)
            if derived.keys() == kind.derived:
                return self._put_in(kind, given, {**changed, **derived}, header, item.serial)
        return self._anew(header, item)

    def _put_in(
        self,
        kind: _Kind,
        given: dict[str, AttributeValue],
        changed: Mapping[str, AttributeValue],
        header: Mapping[str, Any],
        serial: str,
    ) -> ItemPassport:
        """The battery before, with what is changed in its place."""
        values, kept_back = dict(kind.values), dict(kind.kept_back)
        for id, value in changed.items():
            (values if id in values else kept_back)[id] = value
        kind.given, kind.values, kind.kept_back = given, values, kept_back
        return ItemPassport(
            **self._facts, **header, serial=serial, values=values, kept_back=kept_back
        )

    def _says_otherwise(self, item: ItemFacts) -> bool:
        """Whether the battery is stated to have another serial number or category, or a stage
        of its footprint is a share of a whole that may be this battery's own."""
        if self._shares or has_shares(item.values):
            return True
        due = {"A019": item.serial, "A032": self._facts["category"]}
        return any(id in item.values and item.values[id].value != due[id] for id in due)

    def _anew(
        self, header: Mapping[str, Any], item: ItemFacts, keep: bool = True
    ) -> ItemPassport:
        made = assemble(
            **self._facts,
            **header,
            model=self._model,
            item=item,
            operator=self._operator,
            on=self._on,
        )
        if not keep:
            return made
        stated: Values = {**self._model.values, **item.values, **self._operator}
        given = given_values(
            ItemPassport(**self._facts, **header, serial=item.serial, values=stated)
        )
        own = tuple(id for id in item.values if given[id] is item.values[id])
        derived = frozenset(derived_values(given))
        self._kind = _Kind(
            tuple(item.values),
            own,
            "A019" in stated,
            given,
            derived,
            dict(made.values),
            dict(made.kept_back),
        )
        return made


class FleetValues:
    """``assemble.parse_values`` for one statement after another: what is the same is kept.

    The same is what is the very same object, as a reader of lists gives for cells that read
    alike. A value without parts that stands where another one stood before, with all beside it
    alike, is read as that one was.
    """

    def __init__(self) -> None:
        self._known: dict[str, _Read] = {}

    def of(
        self, given: Any, origin: Origin, pointer: str
    ) -> tuple[dict[str, AttributeValue], list[Finding]]:
        """As ``parse_values``."""
        if not isinstance(given, Mapping):
            return parse_values(given, origin, pointer)
        values: dict[str, AttributeValue] = {}
        found: list[Finding] = []
        for id, entry in given.items():
            known = self._known.get(id)
            if known is None or known[0] is not entry or known[2]:
                known = self._read(id, entry, origin, pointer, known)
                self._known[id] = known
            values |= known[1]
            found += known[2]
        return values, found

    def _read(
        self, id: str, entry: Any, origin: Origin, pointer: str, before: _Read | None
    ) -> _Read:
        if before is None or before[2] or not _differ_in_value(before[0], entry):
            return (entry, *parse_values({id: entry}, origin, pointer))
        old = before[1][id]
        raw = AttributeValue(
            entry["value"],
            entry.get("unit", ""),
            origin,
            old.measured_on,
            old.not_applicable,
            old.unknown,
            old.unexpected,
        )
        return entry, {id: in_table_unit(attribute_table()[id], raw)}, []


def _differ_in_value(one: Any, other: Any) -> bool:
    """Whether two statements are alike but for a value that has no parts."""
    return (
        type(one) is type(other) is dict
        and one.keys() == other.keys()
        and type(one.get("value")) in _SINGLE
        and type(other.get("value")) in _SINGLE
        and type(one.get("unit", "")) is str
        and all(one[name] == other[name] for name in one if name != "value")
    )
