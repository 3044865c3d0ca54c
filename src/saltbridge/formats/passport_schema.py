"""The official JSON Schemas of passport formats: checks, and what they demand without a fact.

The schemas ask for every member of every battery, whether it exists for this battery or not
(nickel of an LFP cell, a predecessor of a new battery). Where there is no fact, a placeholder
stands, and the document itself lists where (``passport_mapping.PLACEHOLDERS``): nobody need
take it for a value, and we never read it as one. A placeholder number is −9999, or the end of
the permitted range that is least likely to be taken for a fact.
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from jsonschema_rs import Draft4Validator, Draft202012Validator

from saltbridge.core.finding import Finding, Place, Severity, finding
from saltbridge.formats.passport_paths import Path, pointer

NO_NUMBER: Final = -9999
_MOST_TOLD: Final = 20
# The first that satisfies the pattern stands; a text says what it is.
_NO_TEXT: Final = (
    "not stated",
    "1900-01-01",
    "1900-01-01T00:00:00Z",
    "urn:uuid:00000000-0000-0000-0000-000000000000",
    "BPNL000000000000",
    "BPNA000000000000",
    "00-00-0",
    "P0D",
    "--01",
    "nobody@not-stated.invalid",
    "urn:not:stated",
    "unit:one",
    "customKey:notStated",
)
_NO_MEDIA_TYPE: Final = "application/octet-stream"
_NO_ADDRESS: Final = "urn:not:stated"


@lru_cache(maxsize=32)
def schema(name: str) -> Mapping[str, Any]:
    """A packaged schema by its file name without the ending."""
    folder = files("saltbridge.formats") / "passport_schemas"
    packaged: Mapping[str, Any] = json.loads((folder / f"{name}.json").read_text("utf-8"))
    return packaged


@lru_cache(maxsize=32)
def _validator(name: str) -> Draft4Validator | Draft202012Validator:
    rules = dict(schema(name))
    if "2020-12" in rules["$schema"]:
        return Draft202012Validator(rules, offline=True)
    return Draft4Validator(rules, offline=True)


def schema_findings(
    document: Any, name: str, file: str = "", under: str = ""
) -> tuple[Finding, ...]:
    """What the official schema says against a document, up to 20 warnings and a count.

    ``under`` is the pointer of the document inside a larger one.
    """
    faults = list(_validator(name).iter_errors(document))
    told = [
        finding(
            "format.schema",
            Place(file, pointer=under + pointer(tuple(fault.instance_path))),
            severity=Severity.WARNING,
            schema=name,
            reason=fault.message[:200],
        )
        for fault in faults[:_MOST_TOLD]
    ]
    if len(faults) > _MOST_TOLD:
        told.append(
            finding(
                "format.more-schema",
                Place(file),
                severity=Severity.WARNING,
                schema=name,
                count=len(faults) - _MOST_TOLD,
            )
        )
    return tuple(told)


def complete(document: dict[str, Any], name: str, under: Path = ()) -> list[str]:
    """Put placeholders where the schema demands a member; the pointers of those set."""
    root = schema(name)
    placed: list[str] = []
    _complete(document, root, root, under, placed)
    return placed


def _complete(
    node: Any, rule: Mapping[str, Any], root: Mapping[str, Any], at: Path, placed: list[str]
) -> None:
    rule = _resolved(rule, root)
    if isinstance(node, dict):
        members = rule.get("properties", {})
        for member in rule.get("required", ()):
            if member not in node:
                node[member] = _nothing(members.get(member, {}), root, (*at, member), placed)
        for member, value in node.items():
            if member in members:
                _complete(value, members[member], root, (*at, member), placed)
    elif isinstance(node, list) and "items" in rule:
        for index, value in enumerate(node):
            _complete(value, rule["items"], root, (*at, index), placed)


def _resolved(rule: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """The rule with its references and parts (``allOf``) put together."""
    if "$ref" in rule:
        target: Any = root
        for step in rule["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        return _resolved(target, root)
    merged = dict(rule)
    for part in merged.pop("allOf", ()):
        more = _resolved(part, root)
        members = {**merged.get("properties", {}), **more.get("properties", {})}
        due = [*merged.get("required", ()), *more.get("required", ())]
        merged |= {**more, "properties": members, "required": list(dict.fromkeys(due))}
    return merged


def _nothing(
    rule: Mapping[str, Any], root: Mapping[str, Any], at: Path, placed: list[str]
) -> Any:
    """A placeholder that the rule accepts; an empty list where that will do."""
    rule = _resolved(rule, root)
    kind = rule.get("type")
    if kind == "object":
        made: dict[str, Any] = {}
        _complete(made, rule, root, at, placed)
        if not made:
            placed.append(pointer(at))
        return made
    if kind == "array":
        if not rule.get("minItems"):
            placed.append(pointer(at))
            return []
        return [_nothing(rule["items"], root, (*at, 0), placed)]
    placed.append(pointer(at))
    if at[-1] in ("contentType", "mimeType"):
        return _NO_MEDIA_TYPE
    if kind == "boolean":
        return False
    if kind in ("number", "integer"):
        return _no_number(rule)
    return _no_text(rule)


def _no_number(rule: Mapping[str, Any]) -> float:
    least: float
    most: float
    least, most = rule.get("minimum", NO_NUMBER), rule.get("maximum", NO_NUMBER)
    if least <= NO_NUMBER:
        return NO_NUMBER
    # The largest count there is (2^32 - 1) is told from a fact; the end of a share is not,
    # and then the list of placeholders has to.
    return most if most > 1e6 else least


def _no_text(rule: Mapping[str, Any]) -> str:
    if "enum" in rule:
        return str(rule["enum"][0])
    if rule.get("format") in ("uri", "uri-reference"):
        return _NO_ADDRESS
    if rule.get("format") == "date":
        return "1900-01-01"
    if rule.get("format") == "date-time":
        return "1900-01-01T00:00:00Z"
    fitting = (t for t in _NO_TEXT if re.search(rule.get("pattern", ""), t))
    return next(fitting, _NO_TEXT[0])
