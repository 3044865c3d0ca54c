"""How the terminal words findings: marks, places, remedies, in the reader's language."""

import json
import os
import sys
from collections.abc import Iterable
from typing import Any, TextIO

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, Severity
from saltbridge.locales import LANGUAGES, has_text, text, text_or
from saltbridge.reports.rule_words import rule_name, rule_value

# Arguments that are names of a kind; a name of another kind stands as it is.
_NAMED = {
    "confidence": "footprint.confidence",
    "status": "footprint.status",
    "part": "pass.part",
}
_MARK = {Severity.ERROR: "✗", Severity.WARNING: "!", Severity.NOTE: "·"}


def language() -> str:
    """Language of the terminal: SALTBRIDGE_LANGUAGE, else the locale, else English."""
    for variable in ("SALTBRIDGE_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        chosen = os.environ.get(variable, "")[:2].lower()
        if chosen in LANGUAGES:
            return chosen
        if chosen and variable == "SALTBRIDGE_LANGUAGE":
            break
    return "en"


def language_of(named: str | None) -> str:
    """The language that an option names, else that of the terminal.

    Raises:
        FaultyInput: there is no such language.
    """
    if named is None:
        return language()
    if named not in LANGUAGES:
        raise FaultyInput.of("report.language", found=named[:20], known=", ".join(LANGUAGES))
    return named


def say(message: str, **arguments: object) -> None:
    """Print a message of the catalogues, in the language of the terminal."""
    print(text(message, arguments, language()))


def finding_lines(found: Finding, tongue: str) -> list[str]:
    """The lines a person reads for one finding: what, where, what to do.

    A code without a text is a fault of ours; its bare code and arguments are still better
    than a traceback that hides the other findings.
    """
    arguments = dict(found.arguments)
    label = f"attribute.{arguments.get('attribute')}"
    if "name" in arguments and has_text(label, tongue):
        arguments["name"] = text(label, None, tongue)  # a person knows it by its label
    _rules_in_words(arguments, tongue)
    for member in ("event", "status") if found.code.startswith("lifecycle.") else ():
        label = f"lifecycle.{member}.{arguments.get(member)}"
        if has_text(label, tongue):
            arguments[member] = text(label, None, tongue)
    if has_text(found.code, tongue):
        says = text(found.code, arguments, tongue)
    else:
        says = f"{found.code} {dict(found.arguments)}"
    where = f"{found.place}: " if str(found.place) else ""
    lines = [f"{_MARK[found.severity]} {where}{says}"]
    if has_text(found.remedy, tongue):
        lines.append(f"    → {text(found.remedy, arguments, tongue)}")
    return lines


def _rules_in_words(arguments: dict[str, Any], tongue: str) -> None:
    """Rules by their names and values in the reader's words; ids stand in the record."""
    rule, value = arguments.get("rule"), arguments.get("value")
    if isinstance(rule, str):
        arguments["rule"] = rule_value(rule_name(rule, tongue), tongue)
        if isinstance(value, str):
            arguments["value"] = rule_value(value, tongue)
    for name, words in _NAMED.items():
        if isinstance(arguments.get(name), str):
            word = f"{words}.{arguments[name]}"
            arguments[name] = text_or(arguments[name], word, None, tongue)


def say_json(document: Any) -> None:
    """Print a JSON document to standard output."""
    print(json.dumps(document, ensure_ascii=False, indent=2))


def say_findings(
    findings: Iterable[Finding], stream: TextIO | None = None, tongue: str = ""
) -> None:
    """Print findings to standard error (or the stream), all of them, in the terminal's language
    unless another is named.

    A remedy that several findings in a row share is said once, after the last of them.
    """
    target = stream or sys.stderr
    tongue = tongue or language()
    worded = [finding_lines(found, tongue) for found in findings]
    for index, (says, *remedy) in enumerate(worded):
        print(says, file=target)
        if remedy and remedy != (worded[index + 1][1:] if index + 1 < len(worded) else []):
            print(*remedy, sep="\n", file=target)
