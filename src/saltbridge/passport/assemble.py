"""The facts of all parties → one item passport (``views`` cuts it for its audiences).

Later layers win: model, batch, item (the cell maker's record), then what we compute, then
what the operator states. The operator answers for the passport (Art. 77(4)).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Any

from saltbridge.core.finding import Finding, Place, Severity, finding
from saltbridge.core.quantity import is_number
from saltbridge.passport.attributes import Act, Dynamics, attribute_table
from saltbridge.passport.check_values import in_table_unit
from saltbridge.passport.condition import (
    fade_percent,
    increase_percent,
    state_of_certified_energy_percent,
)
from saltbridge.passport.model import (
    SCHEMA,
    AttributeValue,
    BatchFacts,
    Issuer,
    ItemFacts,
    ItemPassport,
    ModelFacts,
    Origin,
    OriginKind,
    Values,
    number_of,
)
from saltbridge.passport.parts import known_parts
from saltbridge.passport.stage_shares import in_absolute_terms
from saltbridge.passport.validate import may_be_filled

_DERIVED = frozenset({"A090", "A093", "A103", "A110", "A118"})
_MEMBERS = frozenset({"value", "unit", "measured_on", "not_applicable", "unknown"})


def parse_values(
    given: Any, origin: Origin, pointer: str
) -> tuple[dict[str, AttributeValue], list[Finding]]:
    """Attribute values as they stand in a record or a facts file, and what is wrong.

    ``given`` maps attribute ids to ``{"value", "unit"?, "measured_on"?, "not_applicable"?,
    "unknown"?}``. Unknown attributes are reported and shown to nobody.
    """
    values: dict[str, AttributeValue] = {}
    found: list[Finding] = []
    if not isinstance(given, Mapping):
        return {}, [finding("passport.not-a-table", Place(pointer=pointer))]
    for id, entry in given.items():
        place = Place(pointer=f"{pointer}/{str(id)[:40]}")
        attribute = attribute_table().get(id)
        if attribute is None:
            found.append(
                finding(
                    "passport.unknown-attribute",
                    place,
                    severity=Severity.WARNING,
                    attribute=str(id)[:40],
                )
            )
            continue
        if not isinstance(entry, Mapping):
            found.append(finding("passport.not-a-table", place))
            continue
        value, unknown = known_parts(attribute, _plain(entry.get("value")))
        raw = AttributeValue(
            value=value,
            unit=_text(entry, "unit"),
            origin=origin,
            measured_on=_text(entry, "measured_on"),
            not_applicable=_text(entry, "not_applicable").strip(),
            unknown=_text(entry, "unknown").strip(),
            unexpected={
                **{k: v for k, v in entry.items() if not _is_known(k, v)},
                **dict.fromkeys(unknown),
            },
        )
        values[id] = in_table_unit(attribute, raw)
    return values, found


def _text(entry: Mapping[str, Any], member: str) -> str:
    """A member beside the value: a text, or nothing."""
    stated = _plain(entry.get(member, ""))
    return stated if isinstance(stated, str) else ""


def _is_known(member: str, stated: Any) -> bool:
    return member == "value" or (member in _MEMBERS and isinstance(_plain(stated), str))


def _plain(value: Any) -> Any:
    """TOML dates as the ISO text JSON carries."""
    return value.isoformat() if isinstance(value, date) else value


def model_values(record: Mapping[str, Any], origin: Origin) -> dict[str, AttributeValue]:
    """Model attributes that a supplier record states outside its attribute list."""
    product, plant, maker = (_table(record, m) for m in ("product", "plant", "manufacturer"))
    stated = {
        "A018": (product.get("id"), ""),
        "A022": (maker.get("name"), ""),
        "A023": (maker.get("bpn"), ""),
        "A028": (
            {"city": plant.get("name"), "country": plant.get("country")}
            | ({"province": plant["province"]} if plant.get("province") else {}),
            "",
        ),
        "A032": (product.get("category"), ""),
        "A033": (product.get("mass_kg"), "kg"),
    }
    if not (plant.get("name") and plant.get("country")):
        del stated["A028"]
    return {
        id: AttributeValue(value, unit, origin)
        for id, (value, unit) in stated.items()
        if value not in (None, "")
    }


def _table(record: Mapping[str, Any], member: str) -> Mapping[str, Any]:
    held = record.get(member)
    return held if isinstance(held, Mapping) else {}


def item_values(item: Mapping[str, Any], origin: Origin) -> dict[str, AttributeValue]:
    """Item attributes that a supplier record states outside the item's attribute list."""
    values = {"A019": AttributeValue(str(item.get("serial", "")), "", origin)}
    if item.get("manufactured_on"):
        made = str(_plain(item["manufactured_on"]))
        values["A029"] = text_value(made[:7], origin)
    if item.get("batch"):
        values["A020"] = text_value(str(item["batch"]), origin)
    return values


@lru_cache(maxsize=1024)
def text_value(text: str, origin: Origin, measured_on: str = "") -> AttributeValue:
    """A text that many batteries have: the same object for all of them."""
    return AttributeValue(text, "", origin, measured_on=measured_on)


def derived_values(values: Values) -> dict[str, AttributeValue]:
    """Fades, resistance increase and state of health, where they were not given.

    The reference of a fade is the original value of the model (Annex IV); the day is that
    of the measured value.
    """
    derived: dict[str, AttributeValue] = {}

    def derive(id: str, present_id: str, original: float | None, formula: Any) -> None:
        present = values.get(present_id)
        if id in values or present is None or not original:
            return
        if not is_number(present.value):
            return
        derived[id] = AttributeValue(
            round(formula(float(present.value), original), 6),
            "%",
            _worked_out_from(present_id),
            measured_on=present.measured_on,
        )

    derive("A090", "A088", number_of(values, "A087"), fade_percent)
    derive("A093", "A092", number_of(values, "A091"), state_of_certified_energy_percent)
    derive("A103", "A101", _power_at_80(values), fade_percent)
    derive("A110", "A108", number_of(values, "A106"), fade_percent)
    derive("A118", "A117", number_of(values, "A115"), increase_percent)
    return derived


@lru_cache(maxsize=64)
def _worked_out_from(id: str) -> Origin:
    return Origin(OriginKind.COMPUTED, "", id)


def _power_at_80(values: Values) -> float | None:
    """Original power capability at 80 % state of charge [W] (Annex IV, part B point 4)."""
    held = values.get("A100")
    if held is None or not isinstance(held.value, list):
        return None
    for entry in held.value:
        if isinstance(entry, Mapping) and entry.get("state_of_charge_percent") == 80:
            power = entry.get("value")
            if is_number(power):
                return float(power)
    return None


def assemble(
    *,
    id: str,
    product_id: str,
    gtin: str,
    category: str,
    placed_on_market: date,
    issued_at: str,
    issuer: Issuer,
    model: ModelFacts,
    item: ItemFacts,
    operator: Values,
    batch: BatchFacts | None = None,
    company_information: Mapping[str, Any] | None = None,
    on: date,
    acts: Mapping[str, Act] | None = None,
) -> ItemPassport:
    """One battery's passport. What the law does not yet let in is left out and listed."""
    batch_values: Values = batch.values if batch else {}
    supplied: dict[str, AttributeValue] = {**model.values, **batch_values, **item.values}
    if batch:
        origin = Origin(OriginKind.SUPPLIER_RECORD, "", batch.id)
        supplied.setdefault("A020", AttributeValue(batch.id, "", origin))
    return _whole(
        ItemPassport(
            id=id,
            product_id=product_id,
            gtin=gtin,
            serial=item.serial,
            category=category,
            placed_on_market=placed_on_market,
            issued_at=issued_at,
            issuer=issuer,
            values={**supplied, **operator},
            company_information=company_information,
        ),
        on,
        acts,
    )


def next_version(
    passport: ItemPassport,
    changed: Values,
    *,
    issued_at: str,
    on: date,
    acts: Mapping[str, Act] | None = None,
) -> ItemPassport:
    """The passport with these values in place of the ones it had, as its next version.

    What was worked out from other values is worked out anew; what was kept back is looked at
    again under the law of that day.
    """
    given = {
        id: v
        for id, v in {**passport.kept_back, **passport.values}.items()
        if id not in _DERIVED or v.origin.kind is not OriginKind.COMPUTED
    }
    following = replace(
        passport,
        values={**given, **changed},
        issued_at=issued_at,
        version=passport.version + 1,
    )
    return _whole(following, on, acts)


def _whole(draft: ItemPassport, on: date, acts: Mapping[str, Act] | None) -> ItemPassport:
    """The passport with its header and derived values, without what may not be shown yet."""
    given = given_values(draft)
    whole = {**given, **derived_values(given)}
    fillable = _fillable(draft.category, on) if acts is None else _filled(draft, on, acts)
    kept_back = {k: whole[k] for k in attribute_table() if k in whole and k not in fillable}
    ordered = {k: whole[k] for k in attribute_table() if k in whole and k not in kept_back}
    return replace(draft, values=ordered, kept_back=kept_back)


def given_values(draft: ItemPassport) -> dict[str, AttributeValue]:
    """What was given for a passport, with the values of its header; nothing derived."""
    computed = Origin(OriginKind.COMPUTED, draft.issuer.name)
    header = {
        "A001": draft.id,
        "A002": draft.product_id,
        "A003": "item",
        "A004": SCHEMA,
        "A005": "active",
        "A006": draft.issued_at,
        "A007": _responsible(draft),
        "A013": draft.issued_at[:10],
        "A015": str(draft.version),
        "A037": draft.placed_on_market.isoformat(),
    }
    given = {
        **in_absolute_terms(draft.values),
        **{k: text_value(v, computed) for k, v in header.items()},
    }
    for id, own in (("A019", draft.serial), ("A032", draft.category)):
        stated = given.get(id)
        if stated is None or stated.value != own:  # whoever stated it right stays its origin
            given[id] = AttributeValue(own, "", computed)
    put_on_market = draft.placed_on_market.isoformat()
    original = text_value("original", computed, put_on_market)
    given.setdefault("A035", original)
    return given


def _responsible(draft: ItemPassport) -> str:
    """Who answers for the passport: its issuer, or whom responsibility was transferred to."""
    stated = draft.values.get("A007")
    if draft.version > 1 and stated is not None and isinstance(stated.value, str):
        return stated.value
    return draft.issuer.bpn or draft.issuer.did


@lru_cache(maxsize=64)
def _fillable(category: str, on: date) -> frozenset[str]:
    """Ids of the attributes that a passport of this category may carry on that day."""
    return frozenset(a.id for a in attribute_table().values() if may_be_filled(a, category, on))


def _filled(draft: ItemPassport, on: date, acts: Mapping[str, Act]) -> frozenset[str]:
    return frozenset(
        a.id for a in attribute_table().values() if may_be_filled(a, draft.category, on, acts)
    )


def replaced_by_operator(supplied: Values, operator: Values) -> list[Finding]:
    """Warnings for supplier values the operator replaced with different ones."""
    return [
        finding(
            "passport.replaced",
            Place(pointer=f"/attributes/{id}"),
            severity=Severity.WARNING,
            attribute=id,
            name=attribute_table()[id].name,
        )
        for id in supplied.keys() & operator.keys()
        if supplied[id].value != operator[id].value
    ]


def render_value(id: str, value: AttributeValue) -> dict[str, Any]:
    """One value as it stands in a signed view: name, value, unit, day, origin."""
    attribute = attribute_table()[id]
    rendered: dict[str, Any] = {"name": attribute.name}
    if value.value in ([], {}):
        rendered["none"] = True  # a statement that there is none of it, not a missing value
    elif value.value is not None:
        rendered["value"] = value.value
    if value.unit:
        rendered["unit"] = value.unit
    if value.measured_on:
        rendered["measured_on"] = value.measured_on
    if value.unknown:
        rendered["unknown"] = value.unknown
    if value.not_applicable:
        rendered["not_applicable"] = value.not_applicable
    rendered["dynamic"] = attribute.dynamics is Dynamics.DYNAMIC
    rendered["origin"] = {
        "kind": value.origin.kind.value,
        "party": value.origin.party,
        "reference": value.origin.reference,
    }
    return rendered


def parse_rendered(rendered: Mapping[str, Any]) -> AttributeValue:
    """The value that ``render_value`` wrote.

    Raises:
        KeyError, ValueError: it did not write this.
    """
    origin = rendered["origin"]
    return AttributeValue(
        value=[] if rendered.get("none") else rendered.get("value"),
        unit=rendered.get("unit", ""),
        origin=Origin(OriginKind(origin["kind"]), origin["party"], origin["reference"]),
        measured_on=rendered.get("measured_on", ""),
        not_applicable=rendered.get("not_applicable", ""),
        unknown=rendered.get("unknown", ""),
    )
