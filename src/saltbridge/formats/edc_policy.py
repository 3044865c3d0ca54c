"""Policies as an EDC's management API spells them, to and from the spelling of DSP 2025-1.

The API answers compacted JSON-LD: names with a prefix or in full, a list of one without its
list, ``{"@id": …}`` around names. What is read here becomes the spelling our own rules judge
and keep; what is written is spelt in full, so that no context has to be known there. EDC
compares policies term by term, so a policy that was read and written again is the same to it.

Source: answers of EDC 0.14.0 (v3), recorded 2026-11-28; read in those answers.
"""

from collections.abc import Mapping
from typing import Any, Final

from saltbridge.exchange.model import Json
from saltbridge.exchange.operands import OPERANDS
from saltbridge.exchange.policy_reading import CX_2025_9

ODRL: Final = "http://www.w3.org/ns/odrl/2/"
_RULES: Final = ("permission", "prohibition", "obligation")
_JOINED: Final = ("and", "or", "xone", "andSequence")
# These bind a policy to its parties, or name it; they are no terms.
_PARTIES: Final = frozenset({"@id", "@type", "@context", "target", "assigner", "assignee"})
_DEEPEST: Final = 16


def short(name: str) -> str:
    """A name of ODRL or of CX-0152 without its prefix; any other one as it is.

    >>> short("odrl:use"), short("https://w3id.org/catenax/2025/9/policy/Membership")
    ('use', 'Membership')
    """
    for prefix in ("odrl:", ODRL, CX_2025_9, "cx-policy:"):
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return name


def entries(value: Any) -> list[Any]:
    """A value as a list: the API leaves the list away around one entry."""
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def text_of(value: Any) -> str:
    """A text that may stand alone, in ``@id`` or in ``@value``; empty where there is none."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, Mapping):
        value = value.get("@id", value.get("@value", ""))
    return value if isinstance(value, str) else ""


def parse_policy(document: Json) -> dict[str, Any]:
    """The terms of a policy in the spelling of DSP 2025-1, without its parties and names."""
    named = {short(key): value for key, value in document.items()}
    policy: dict[str, Any] = {k: v for k, v in named.items() if k not in _PARTIES}
    for name in _RULES:
        rules = [_rule(rule, name) for rule in entries(named.get(name))]
        if rules:
            policy[name] = rules
        else:
            policy.pop(name, None)
    if "profile" in policy:
        policy["profile"] = text_of(policy["profile"]) or policy["profile"]
    return policy


def _rule(rule: Any, name: str) -> Any:
    if not isinstance(rule, Mapping):
        return rule
    members = {short(key): value for key, value in rule.items()}
    if "action" in members:
        members["action"] = short(text_of(members["action"])) or members["action"]
    if "constraint" in members:
        found = [_constraint(c, 0) for c in entries(members["constraint"])]
        members["constraint"] = found
    if name == "permission" and "duty" in members:
        members["duty"] = [_rule(duty, "duty") for duty in entries(members["duty"])]
    return {key: value for key, value in members.items() if key != "@type"}


def _constraint(constraint: Any, depth: int) -> Any:
    if not isinstance(constraint, Mapping) or depth > _DEEPEST:
        return constraint
    members = {short(key): value for key, value in constraint.items() if key != "@type"}
    for name in ("leftOperand", "operator"):
        if name in members:
            members[name] = short(text_of(members[name])) or members[name]
    if "rightOperand" in members:
        members["rightOperand"] = _right(members["rightOperand"])
    for name in _JOINED:
        if name in members:
            members[name] = [_constraint(c, depth + 1) for c in entries(members[name])]
    return members


def _right(value: Any) -> Any:
    if isinstance(value, list):
        return [_right(entry) for entry in value]
    if isinstance(value, Mapping) and "@value" in value:
        return value["@value"]
    return value


def render_policy(policy: Json, kind: str = "Set") -> dict[str, Any]:
    """The policy for the management API, each name in full; ``kind`` is its ODRL type."""
    told: dict[str, Any] = {"@type": f"{ODRL}{kind}"}
    if text_of(policy.get("profile")):
        told[f"{ODRL}profile"] = {"@id": text_of(policy["profile"])}
    for name in _RULES:
        rules = [_full_rule(rule) for rule in entries(policy.get(name))]
        told[f"{ODRL}{name}"] = rules
    return told


def _full_rule(rule: Json) -> dict[str, Any]:
    told: dict[str, Any] = {f"{ODRL}action": {"@id": _full(text_of(rule.get("action")))}}
    if rule.get("constraint"):
        found = [_full_constraint(c) for c in entries(rule["constraint"])]
        told[f"{ODRL}constraint"] = found
    if rule.get("duty"):
        told[f"{ODRL}duty"] = [_full_rule(duty) for duty in entries(rule["duty"])]
    return told


def _full_constraint(constraint: Json) -> dict[str, Any]:
    if "leftOperand" in constraint:
        return {
            f"{ODRL}leftOperand": {"@id": _full(text_of(constraint["leftOperand"]))},
            f"{ODRL}operator": {"@id": _full(text_of(constraint["operator"]))},
            f"{ODRL}rightOperand": constraint.get("rightOperand"),
        }
    return {
        f"{ODRL}{name}": [_full_constraint(c) for c in entries(constraint[name])]
        for name in _JOINED
        if name in constraint
    }


def _full(name: str) -> str:
    """A name in full: those of CX-0152 in its namespace, other bare ones in that of ODRL.

    >>> _full("Membership"), _full("isAnyOf")
    ('https://w3id.org/catenax/2025/9/policy/Membership', 'http://www.w3.org/ns/odrl/2/isAnyOf')
    """
    if ":" in name:
        return name
    return f"{CX_2025_9}{name}" if name in OPERANDS or name == "access" else f"{ODRL}{name}"
