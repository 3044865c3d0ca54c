"""The official JSON Schemas of passport formats: checks, and what they demand without a fact.

The schemas ask for every member of every battery, whether it exists for this battery or not
(nickel of an LFP cell, a predecessor of a new battery). Where there is no fact, a placeholder
stands that nobody can take for one (−9999, "not stated", 1900-01-01), and the document itself
lists where (``passport_mapping.PLACEHOLDERS``); we never read it as a value.

A choice, a yes or no, or a number that a fact could be as well is no such placeholder: the
member is left out, and the schema's complaint stands. Who needs a document that the schema
accepts asks for those too (``fill``). The status of the battery in its life is never made up.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from jsonschema_rs import Draft4Validator, Draft202012Validator

from saltbridge.core.finding import Finding, Place, Severity, finding
from saltbridge.formats.passport_paths import MISSING, Path, pointer

NO_NUMBER: Final = -9999
_ABOVE_FACTS: Final = 1e6
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
    "--01",
    "nobody@not-stated.invalid",
    "urn:not:stated",
    "unit:one",
    "customKey:notStated",
)
_NO_TIME: Final = "P0D"  # a warranty of no days: it could be a fact
_NO_MEDIA_TYPE: Final = "application/octet-stream"
_NO_ADDRESS: Final = "urn:not:stated"
_STATUSES: Final = frozenset({"original", "repurposed", "waste"})  # in any format's spelling


@dataclass
class Completion:
    """What was put in where the schema demands a member, and what was left out; pointers."""

    placed: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


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


def complete(
    document: dict[str, Any], name: str, under: Path = (), *, fill: bool = False
) -> Completion:
    """Put placeholders where the schema demands a member that nobody has stated.

    ``fill``: also those that could be taken for a fact.
    """
    root = schema(name)
    told = Completion()
    _Filler(root, fill, told).complete(document, root, under)
    return told


@dataclass(frozen=True)
class _Filler:
    root: Mapping[str, Any]
    fill: bool
    told: Completion

    def complete(self, node: Any, rule: Mapping[str, Any], at: Path) -> None:
        """Fill in what the rule demands of a node, and of everything below it."""
        rule = _resolved(rule, self.root)
        if isinstance(node, dict):
            members = rule.get("properties", {})
            for member in rule.get("required", ()):
                if member not in node:
                    made = self.nothing(members.get(member, {}), (*at, member))
                    if made is not MISSING:
                        node[member] = made
            for member, value in node.items():
                if member in members:
                    self.complete(value, members[member], (*at, member))
        elif isinstance(node, list) and "items" in rule:
            for index, value in enumerate(node):
                self.complete(value, rule["items"], (*at, index))

    def nothing(self, rule: Mapping[str, Any], at: Path) -> Any:
        """A placeholder that the rule accepts; an empty list where that will do."""
        rule = _resolved(rule, self.root)
        kind = rule.get("type")
        if kind == "object":
            made: dict[str, Any] = {}
            before = len(self.told.placed) + len(self.told.left_out)
            self.complete(made, rule, at)
            if not made and before == len(self.told.placed) + len(self.told.left_out):
                self.told.placed.append(pointer(at))
            return made if made or not self._left_out_below(at) else MISSING
        if kind == "array" and rule.get("minItems"):
            first = self.nothing(rule["items"], (*at, 0))
            return MISSING if first is MISSING else [first]
        value = [] if kind == "array" else _no_value(rule, at[-1], fill=self.fill)
        told = self.told.left_out if value is MISSING else self.told.placed
        told.append(pointer(at))
        return value

    def _left_out_below(self, at: Path) -> bool:
        return any(p.startswith(f"{pointer(at)}/") for p in self.told.left_out)


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


def _no_value(rule: Mapping[str, Any], member: Any, *, fill: bool) -> Any:
    """A placeholder for one value; ``MISSING`` where all that the rule accepts could be one."""
    kind = rule.get("type")
    if member in ("contentType", "mimeType"):
        return _NO_MEDIA_TYPE
    if "enum" in rule:
        choices = [str(choice) for choice in rule["enum"]]
        is_status = {choice.casefold() for choice in choices} >= _STATUSES
        return choices[0] if fill and not is_status else MISSING
    if kind == "boolean":
        return False if fill else MISSING
    if kind in ("number", "integer"):
        number = _no_number(rule)
        return number if fill or number == NO_NUMBER or number > _ABOVE_FACTS else MISSING
    text = _no_text(rule)
    if re.search(rule.get("pattern", ""), text):
        return text
    return _NO_TIME if fill and re.search(rule["pattern"], _NO_TIME) else MISSING


def _no_number(rule: Mapping[str, Any]) -> float:
    least: float
    most: float
    least, most = rule.get("minimum", NO_NUMBER), rule.get("maximum", NO_NUMBER)
    if least <= NO_NUMBER:
        return NO_NUMBER
    # The largest count there is (2^32 - 1) is told from a fact; the end of a share is not,
    # and then the list of placeholders has to.
    return most if most > _ABOVE_FACTS else least


def _no_text(rule: Mapping[str, Any]) -> str:
    if rule.get("format") in ("uri", "uri-reference"):
        return _NO_ADDRESS
    if rule.get("format") == "date":
        return "1900-01-01"
    if rule.get("format") == "date-time":
        return "1900-01-01T00:00:00Z"
    fitting = (t for t in _NO_TEXT if re.search(rule.get("pattern", ""), t))
    return next(fitting, _NO_TEXT[0])
