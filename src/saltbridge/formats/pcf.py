"""Data sets of product carbon footprints in every format we read: recognise, check, convert."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from jsonschema_rs import (
    Draft4Validator,
    Draft202012Validator,
)

from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.finding import Finding, Place, finding
from saltbridge.footprint.supplier_figure import (
    CATENA_X_9,
    CATENA_X_10,
    COMPONENT_1,
    EXCLUDING,
    PACT_3,
    SupplierFigure,
    Value,
)
from saltbridge.formats import pcf_battery_component, pcf_catena_x, pcf_pact
from saltbridge.formats.pcf_members import Member, leaves, unexpressed

FORMATS: Final = (CATENA_X_9, CATENA_X_10, PACT_3, COMPONENT_1)
_MEMBERS: Final[Mapping[str, tuple[Member, ...]]] = {
    **pcf_catena_x.MEMBERS,
    PACT_3: pcf_pact.MEMBERS,
    COMPONENT_1: pcf_battery_component.MEMBERS,
}
_SPEC_VERSION: Final = {**pcf_catena_x.SPEC_VERSION, PACT_3: pcf_pact.SPEC_VERSION}
_RENDER: Final[Mapping[str, Callable[[SupplierFigure], Any]]] = {
    CATENA_X_9: pcf_catena_x.render_catena_x,
    CATENA_X_10: pcf_catena_x.render_catena_x,
    PACT_3: pcf_pact.render_pact,
    COMPONENT_1: pcf_battery_component.render_component,
}
_MOST_FINDINGS: Final = 20
# The version is the target's own; that distribution is not counted, PACT says by silence.
_SAID_OTHERWISE: Final = frozenset({"spec", "distribution.counted"})


@dataclass(frozen=True)
class Converted:
    """A data set in another format, and what that format cannot hold."""

    document: Any
    lost: tuple[str, ...]  # fields of ours, and pointers into what the old format carried


def recognise(document: Any) -> str:
    """The format of a document; empty for one we do not read."""
    return (
        pcf_catena_x.recognise(document)
        or pcf_pact.recognise(document)
        or pcf_battery_component.recognise(document)
    )


def parse_pcf(document: Any, name: str = "") -> tuple[SupplierFigure, tuple[Finding, ...]]:
    """The figure of a document in any of the formats, and everything that could not be read.

    Raises:
        FaultyInput: the document is in none of them.
    """
    format = recognise(document)
    if format in pcf_catena_x.MEMBERS:
        return pcf_catena_x.parse_catena_x(document, format, name)
    if format == PACT_3:
        return pcf_pact.parse_pact(document, name)
    if format == COMPONENT_1:
        return pcf_battery_component.parse_component(document, name)
    raise FaultyInput(
        [finding("supplier.unknown-format", Place(name), known=", ".join(FORMATS))]
    )


def render_pcf(figure: SupplierFigure) -> Any:
    """The document of a figure in its own format.

    Raises:
        Refused: the format cannot hold a value of it.
    """
    return _RENDER[figure.format](figure)


def schema_findings(document: Any, format: str, name: str = "") -> tuple[Finding, ...]:
    """What the official JSON Schema says against a document, up to 20 findings."""
    found = []
    for fault in _validator(format).iter_errors(document):
        pointer = "".join(f"/{step}" for step in fault.instance_path)
        found.append(
            finding(
                "supplier.schema",
                Place(name, pointer=pointer),
                format=format,
                reason=fault.message[:200],
            )
        )
        if len(found) == _MOST_FINDINGS:
            break
    return tuple(found)


def convert(
    figure: SupplierFigure, target: str, added: Mapping[str, Value] | None = None
) -> Converted:
    """The figure in another format, with the list of what is lost on the way.

    ``added`` are values the person states because the target asks for them and the source does
    not say them: nothing is invented.

    Raises:
        FaultyInput: no such format.
        Refused: the result is no valid document of the target; the findings name what is
            missing or cannot be written.
    """
    if target not in FORMATS:
        raise FaultyInput.of("supplier.unknown-target", target=target, known=", ".join(FORMATS))
    values = {**figure.values, **(added or {})}
    same = target == figure.format
    if not same:
        values = _adapted(values, figure.format, target)
    moved = replace(
        figure,
        format=target,
        values=values,
        metals=figure.metals if target == COMPONENT_1 else (),
        rest=figure.rest if same else None,
    )
    document = render_pcf(moved)
    faults = schema_findings(document, target)
    if faults:
        raise Refused(faults)
    if same:
        return Converted(document, ())
    lost = [f for f in figure.values if f not in values and f not in _SAID_OTHERWISE]
    lost += [f for f in unexpressed(values, _MEMBERS[target]) if f not in _SAID_OTHERWISE]
    if figure.metals and target != COMPONENT_1:
        lost.append("metals")
    return Converted(document, (*lost, *leaves(figure.rest)))


def _adapted(values: Mapping[str, Value], source: str, target: str) -> dict[str, Value]:
    """The values with what only the format itself says: its version, its way of saying "none".

    PACT says that outbound logistics are not counted by leaving them out; Catena-X has a flag.
    """
    adapted = dict(values)
    adapted.pop("spec", None)
    if target in _SPEC_VERSION:
        adapted["spec"] = _SPEC_VERSION[target]
    counted = f"distribution.{EXCLUDING}"
    if source == PACT_3 and target in pcf_catena_x.MEMBERS:
        adapted["distribution.counted"] = counted in adapted
    if target == PACT_3 and source in pcf_catena_x.MEMBERS:
        for block in ("distribution", "packaging"):
            if adapted.get(f"{block}.counted") is False:
                adapted.pop(f"{block}.{EXCLUDING}", None)
        if adapted.get("distribution.counted") is not None:
            del adapted["distribution.counted"]
        _one_place(adapted)
    return adapted


def _one_place(values: dict[str, Value]) -> None:
    """PACT takes exactly one level of geography: the most precise one is kept."""
    stated = [n for n in ("subdivision", "country", "region") if values.get(n)]
    for name in ("subdivision", "country", "region"):
        if name in values and (not stated or name != stated[0]):
            del values[name]


@lru_cache(maxsize=8)
def _validator(format: str) -> Draft4Validator | Draft202012Validator:
    text = (files("saltbridge.formats") / "pcf_schemas" / f"{format}.json").read_text("utf-8")
    schema = json.loads(text)
    if format == PACT_3:
        return Draft202012Validator(schema, offline=True)
    return Draft4Validator(schema, offline=True)
