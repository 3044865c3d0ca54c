"""Whether a policy holds under the official JSON Schemas of CX-0152: packaged, nothing fetched.

The published ``policy-schema`` asks little: its two kinds of policy stand where a validator
does not look (without ``properties``, which 1.2.0 adds). So each term is checked as well, by
the schema of the place where it stands. Durations are written as text, since the Dataspace
Protocol has no numbers there; the schemas of 1.1.0 want an integer and get one for the check.
"""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from jsonschema_rs import Draft201909, Draft201909Validator, Registry

from saltbridge.core.finding import Finding, Place, finding
from saltbridge.exchange.model import Json
from saltbridge.exchange.operands import OPERANDS, Kind, Where, whole_number
from saltbridge.formats.dsp_schema import schemas as dsp_schemas

_ROOT: Final = "https://w3id.org/catenax/2025/9/policy/"
_ATOMIC: Final = f"{_ROOT}schema/atomic-constraint-schemas.json"
POLICY: Final = f"{_ROOT}schema/policy-schema.json"
_PLACES: Final = {
    Where.ACCESS: (f"{_ATOMIC}#/definitions/AtomicAccessPermissionConstraint",),
    Where.PERMISSION: (f"{_ATOMIC}#/definitions/AtomicUsagePermissionConstraint",),
    Where.PROHIBITION: (f"{_ATOMIC}#/definitions/AtomicProhibitionConstraint",),
    # As the policy schema has it; the atomic one lets no number of days through at all.
    Where.OBLIGATION: (
        f"{_ROOT}data-provisioning-end-duration-days-constraint-schema.json",
        f"{_ROOT}data-provisioning-end-date-constraint-schema.json",
    ),
}
_RULES: Final = {
    "permission": Where.PERMISSION,
    "prohibition": Where.PROHIBITION,
    "obligation": Where.OBLIGATION,
}
_LONGEST: Final = 200


@lru_cache(maxsize=1)
def schemas() -> Mapping[str, Any]:
    """The packaged schemas by their ids."""
    folder = files("saltbridge.formats") / "cx_policy_schemas"
    found: dict[str, Any] = {}
    for place in (folder, folder / "constraint"):
        for entry in place.iterdir():
            if entry.name.endswith(".json"):
                schema = json.loads(entry.read_text(encoding="utf-8"))
                found[schema["$id"]] = schema
    return found


def is_valid(document: Any, schema_id: str) -> bool:
    """Whether a document holds under one schema, named by its id."""
    return _validator(schema_id).is_valid(document)


def term_is_valid(term: Json, where: Where) -> bool:
    """Whether one constraint holds under the schemas of the place where it stands."""
    return any(is_valid(_as_1_1(term), schema_id) for schema_id in _PLACES[where])


def faults(policy: Json) -> list[Finding]:
    """What the official schemas find wrong with a policy; empty if nothing."""
    found = [
        _finding(fault.message, "".join(f"/{step}" for step in fault.instance_path))
        for fault in _validator(POLICY).iter_errors(policy)
    ]
    for where, term, pointer in _terms(policy):
        if not term_is_valid(term, where):
            found.append(_finding(_left(term), pointer))
    return found


def _finding(reason: str, pointer: str) -> Finding:
    return finding("policy.schema", Place(pointer=pointer), reason=reason[:_LONGEST])


@lru_cache(maxsize=64)
def _validator(schema_id: str) -> Draft201909Validator:
    every = [*schemas().items(), *dsp_schemas().items()]
    registry = Registry(every, draft=Draft201909)
    return Draft201909Validator({"$ref": schema_id}, registry=registry, offline=True)


def _terms(policy: Json) -> Iterator[tuple[Where, Json, str]]:
    for name, where in _RULES.items():
        rules = policy.get(name)
        for index, rule in enumerate(rules if isinstance(rules, list) else ()):
            if not isinstance(rule, Mapping):
                continue
            access = where is Where.PERMISSION and rule.get("action") == "access"
            place = Where.ACCESS if access else where
            yield from _below(rule.get("constraint"), place, f"/{name}/{index}/constraint")


def _below(constraints: Any, where: Where, pointer: str) -> Iterator[tuple[Where, Json, str]]:
    for index, constraint in enumerate(constraints if isinstance(constraints, list) else ()):
        if not isinstance(constraint, Mapping):
            continue
        here = f"{pointer}/{index}"
        if "leftOperand" in constraint:
            yield where, constraint, here
        else:
            yield from _below(constraint.get("and"), where, f"{here}/and")


def _as_1_1(term: Json) -> Json:
    row = OPERANDS.get(_left(term))
    if row is None or row.kind is not Kind.NUMBER:
        return term
    number = whole_number(term.get("rightOperand"))
    return term if number is None else {**term, "rightOperand": number}


def _left(term: Json) -> str:
    return str(term.get("leftOperand", ""))
