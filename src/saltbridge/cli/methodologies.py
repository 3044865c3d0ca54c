"""``saltbridge methodologies``: rule sets and editions on a day, and the dates of Article 7."""

from datetime import datetime
from functools import reduce
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saltbridge.cli.options import AsJson, Language

if TYPE_CHECKING:
    from datetime import date

    from rich.console import Console


def methodologies(
    named: Annotated[
        str, typer.Argument(metavar="[ID[@EDITION]]", help="Open the rules of one.")
    ] = "",
    on: Annotated[
        datetime | None,
        typer.Option(
            "--date",
            formats=["%Y-%m-%d"],
            help="Day on which the battery is placed on the market; else today.",
        ),
    ] = None,
    in_force: Annotated[
        list[str] | None,
        typer.Option(
            "--in-force",
            metavar="ACT=DATE",
            help="An act of Article 7 that has entered into force; repeatable.",
        ),
    ] = None,
    json: AsJson = False,
    tongue: Language = None,
) -> None:
    """List the rule sets: editions, from when, how known, what is unread; EU dates."""
    from rich.console import Console

    from saltbridge.bootstrap import open_clock
    from saltbridge.cli.present import language_of, say_json
    from saltbridge.services.rule_sets import rule_sets_on

    day = (on or open_clock().now()).date()
    found = rule_sets_on(day, _entries(in_force or []), named)
    if json:
        say_json(found)
        return
    spoken = language_of(tongue)
    view = _View(Console(highlight=False), spoken)
    view.rule_sets(found, opened=bool(named))
    if not named or found["methodologies"][0]["id"] == "eu-cfb":
        view.article_7(found)


def _entries(pairs: list[str]) -> "dict[str, date | None]":
    from datetime import date

    from saltbridge.core.errors import FaultyInput
    from saltbridge.core.finding import finding

    found: dict[str, date | None] = {}
    faults = []
    for pair in pairs:
        act, _, day = (part.strip() for part in pair.partition("="))
        try:
            found[act] = date.fromisoformat(day)
        except ValueError:
            faults.append(finding("edition.in-force-syntax", text=pair[:80]))
    if faults:
        raise FaultyInput(faults)
    return found


class _View:
    def __init__(self, console: "Console", tongue: str) -> None:
        self.console = console
        self.tongue = tongue

    def say(self, message: str, **arguments: object) -> str:
        from saltbridge.locales import text

        return text(message, arguments, self.tongue)

    def joined(self, words: list[str], how: str = "join") -> str:
        """A list in the punctuation of the language."""
        return reduce(lambda a, b: self.say(f"rules.{how}", first=a, second=b), words)

    def line(self, words: str, style: str = "", indent: int = 2) -> None:
        """Words folded to the terminal, the lines after the first further in."""
        from rich.text import Text

        room = max(20, self.console.width - indent - 2)
        for index, piece in enumerate(Text(words).wrap(self.console, room)):
            lead = " " * (indent + 2 if index else indent)
            self.console.print(Text(lead + piece.plain.rstrip(), style=style), soft_wrap=True)

    def rule_sets(self, found: dict[str, Any], opened: bool) -> None:
        self.line(self.say("rules.heading", day=found["day"]), "bold", 0)
        for methodology in found["methodologies"]:
            self.console.print()
            title = self.say(f"methodology.title.{methodology['id']}")
            self.line(f"{methodology['id']}  {title}", "bold", 0)
            if methodology["governing"] is None:
                self.line(self.say("rules.none-governs"), "yellow")
            for edition in methodology["editions"]:
                self.edition(methodology, edition, opened)

    def edition(
        self, methodology: dict[str, Any], edition: dict[str, Any], opened: bool
    ) -> None:
        from saltbridge.reports.rule_words import rule_name, rule_value

        governs = edition["edition"] == methodology["governing"]
        status = self.say(f"footprint.status.{edition['status']}")
        facts = self.say(
            "rules.edition",
            name=edition["edition"],
            status=status,
            period=self.period(edition),
        )
        self.line(f"{'▸' if governs else '·'} {facts}", "green" if governs else "", 2)
        known = [
            self.say("rules.count", count=count, how=self.say(f"footprint.confidence.{how}"))
            for how, count in edition["confidence"].items()
        ]
        self.line(self.say("rules.known", counts=self.joined(known, "join-counts")), "", 4)
        share = edition["redeclare_above"]
        if share is not None:
            self.line(self.say("rules.redeclare", share=100 * share), "", 4)
        unread = edition["rules_not_loaded"]
        if not opened:
            names = self.joined([rule_name(rule["rule"], self.tongue) for rule in unread])
            self.line(self.say("rules.unread", count=len(unread), names=names), "dim", 4)
            return
        for rule in edition["rules"]:
            how = self.say(f"footprint.confidence.{rule['confidence']}")
            self.line(self.worded(rule["rule"], rule_value(rule["value"], self.tongue)), "", 4)
            self.line(f"{rule['citation']} ({how})", "dim", 8)
        self.line(self.say("rules.unread-heading", count=len(unread)), "yellow", 4)
        for rule in unread:
            self.line(self.worded(rule["rule"], self.say(rule["effect"])), "", 4)
            self.line(rule["citation"], "dim", 8)
            candidates = edition["candidates"].get(rule["rule"])
            if candidates:
                names = self.joined([self.candidate(c) for c in candidates])
                self.line(self.say("rules.candidates", names=names), "dim", 8)

    def worded(self, rule: str, words: str) -> str:
        """A rule by its name and id, with what it says."""
        from saltbridge.reports.bridge_words import named
        from saltbridge.reports.rule_words import rule_name

        return named(f"{rule_name(rule, self.tongue)} [{rule}]", words, self.tongue)

    def candidate(self, value: str) -> str:
        """What may be assumed, in words and as one writes it."""
        from saltbridge.reports.rule_words import rule_value

        return f"{rule_value(value, self.tongue)} [{value}]"

    def period(self, edition: dict[str, Any]) -> str:
        start, end = edition["applies_from"], edition["applies_until"]
        if start is None:
            return self.say("rules.no-date")
        if end is None:
            return self.say("rules.from", start=start)
        return self.say("rules.from-until", start=start, end=end)

    def article_7(self, found: dict[str, Any]) -> None:
        self.console.print()
        law = found["article_7"]
        self.line(self.say("rules.article-7"), "bold", 0)
        last = ""
        for duty in law["duties"]:
            if duty["duty"] != last:
                last = duty["duty"]
                self.line(self.say(f"rules.duty.{last}"), "bold", 2)
            category = self.say(f"rules.category.{duty['category']}")
            shown = self.say("rules.category-line", category=category, state=self.state(duty))
            self.line(shown, "", 4)
        self.console.print()
        self.line(self.say("rules.pending-is-not-missing"), "dim", 0)

    def state(self, duty: dict[str, Any]) -> str:
        if duty["state"] == "pending":
            acts = [
                self.say("rules.act", act=act["act"], months=act["months"])
                for act in duty["after"]
                if act["act"] in duty["waits_for"]
            ]
            return self.say("rules.pending", acts=self.joined(acts), day=duty["not_before"])
        return self.say(f"rules.{duty['state']}", day=duty["applies_from"])
