"""The terms of a policy, and why one was not met, in words."""

from collections.abc import Iterable

from saltbridge.exchange.explanation import Point, Verdict
from saltbridge.exchange.model import Json, Role
from saltbridge.exchange.policy_reading import read_policy
from saltbridge.locales import text, text_or

_MARKS = {Verdict.FAILED: "✗", Verdict.NOTED: "·"}


def term_lines(policy: Json, language: str) -> list[str]:
    """One line for each term: in which part, about what, with which value."""
    lines = []
    for rule in read_policy(policy).rules:
        for term in rule.terms:
            value = term.right if isinstance(term.right, list) else [term.right]
            arguments = {
                "part": text(f"policy.part.{term.where}", None, language),
                "operand": text_or(term.left, f"policy.operand.{term.left}", None, language),
                "value": ", ".join(str(entry) for entry in value),
            }
            without = term.operator == "isNoneOf"
            code = "policy.term-not" if without else "policy.term"
            lines.append(text(code, arguments, language))
    return lines


def point_lines(points: Iterable[Point], ours: Role, partner: str, language: str) -> list[str]:
    """What was found about each point, what to do about it, and who has to."""
    lines = []
    for point in points:
        mark = _MARKS.get(point.verdict, "·")
        says = text_or(point.code, point.code, point.arguments, language)
        lines.append(f"{mark} {says}")
        if point.verdict is not Verdict.FAILED and point.who is None:
            continue
        remedy = _remedy(point, language)
        whose = _whose(point, ours, partner, language)
        blank = "" if language == "zh" else " "
        lines.append(f"    → {blank.join(part for part in (remedy, whose) if part)}")
    return lines


def _remedy(point: Point, language: str) -> str:
    """What to do; of a code that the partner told, what our own catalogue says about it."""
    remedy = text_or("", f"{point.code}.remedy", point.arguments, language)
    if not point.code.startswith("exchange.ended-by-"):
        return remedy
    try:
        told = f"{point.arguments.get('code')}.remedy"
        return text_or(remedy, told, point.arguments, language)
    except KeyError:  # it wants an argument that the partner did not tell
        return remedy


def _whose(point: Point, ours: Role, partner: str, language: str) -> str:
    if point.who is None:
        return ""
    if point.who is ours:
        return text("policy.change.here", None, language)
    return text("policy.change.there", {"partner": partner}, language)
