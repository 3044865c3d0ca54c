"""A public passport view, arranged and worded for the page."""

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, Final

import orjson
from markupsafe import Markup

from saltbridge.locales import number, text, text_or
from saltbridge.passport.attributes import Attribute, attribute_table
from saltbridge.reports.stages_svg import StageBar, stages_svg
from saltbridge.web.pages import macros
from saltbridge.web.passport_lines import DrawnLine, entries, known_line
from saltbridge.web.passport_values import day

# What the user of a battery is told stands in a section of its own, as does the passport's
# own header; everything else follows the sections of the table.
_END_USER = ("A043", "A068", "A084", "A085", "A086")
_STATUS = ("A005", "A006", "A007", "A013", "A015", "A026", "A027", "A037")
_TOLD_ELSEWHERE = ("A001", "A002", "A003", "A004", "A009", "A010", "A011", "A012")
# Recycled content is read as a table: material by kind of waste.
_RECYCLED = (
    ("nickel", "A069", "A070"),
    ("cobalt", "A071", "A072"),
    ("lithium", "A073", "A074"),
    ("lead", "A075", "A076"),
)
_RECYCLED_IDS = tuple(id for _, *pair in _RECYCLED for id in pair)
_SECTIONS = (
    *((id, f"page.{id}") for id in ("company", "materials", "circularity", "performance")),
    *((id, f"page.{id}") for id in ("identity", "labels", "end-user")),
    ("story", "story.title"),
    ("status", "page.status"),
    ("ask", "page.absent.restricted"),
    *((id, f"page.{id}") for id in ("absent", "verify", "qr")),
)
_LONGEST_ESTIMATE: Final = 64 * 1024  # bytes; 64 estimates are kept
_KEY_FACTS = ("A019", "A087", "A033", "A029")


def page_values(view: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Everything the passport page shows of a view, in one language."""
    shown = view["attributes"]

    def stated(id: str) -> Any:
        return (shown.get(id) or {}).get("value")

    elsewhere = (*_END_USER, *_STATUS, *_TOLD_ELSEWHERE, *_RECYCLED_IDS)
    return {
        "view": view,
        "model": str(stated("A018") or view["serial"]),
        "maker": stated("A022"),
        "category": text(f"page.choice.{view['category']}", None, language),
        "key_facts": [
            (one.line.label, one.line.text)
            for one in _lines(view, _KEY_FACTS, language)
            if not one.line.missing
        ],
        "sections": {
            "identity": entries(_lines_of(view, ("header", "general"), language, elsewhere)),
            "performance": entries(_lines_of(view, ("performance",), language, elsewhere)),
            "materials": entries(
                _lines_of(view, ("materials", "due_diligence"), language, elsewhere)
            ),
            "circularity": entries(_lines_of(view, ("circularity",), language, elsewhere)),
            "labels": entries(
                _lines_of(view, ("labels", "carbon_footprint"), language, elsewhere)
            ),
            "end_user": entries(_lines(view, _END_USER, language)),
            "status": entries(_lines(view, ("A001", *_STATUS), language)),
        },
        "recycled": [
            (text(f"page.material.{material}", None, language), *_lines(view, pair, language))
            for material, *pair in _RECYCLED
        ],
        "estimate": _known_estimate(view, language),
        "absent": {
            "later": _labels(view.get("not_yet_required", ()), language),
            "none": _labels(view.get("not_applicable", ()), language),
            "voluntary": _labels(view.get("not_provided", ()), language),
        },
        "assessed_on": day(view["duty"]["assessed_on"], language),
        "contents": _contents("company_information" in view, language),
    }


@cache  # two for each language
def _contents(with_estimate: bool, language: str) -> list[tuple[str, str]]:
    """The sections of the page, each with the name it has there."""
    return [
        (id, text(title, None, language))
        for id, title in _SECTIONS
        if with_estimate or id != "company"
    ]


def _lines_of(
    view: Mapping[str, Any], sections: Sequence[str], language: str, without: Sequence[str] = ()
) -> list[DrawnLine]:
    """The public attributes of the sections, in the order of the table.

    A mandatory or given attribute always has its line; one that nobody has to give and
    nobody gave is listed elsewhere on the page.
    """
    shown = view.get("attributes") or {}
    hidden = {
        *view.get("not_yet_required", ()),
        *view.get("not_applicable", ()),
        *view.get("not_provided", ()),
        *without,
    }
    return [
        known_line(attribute, shown.get(attribute.id), language)
        for attribute in _public_in(sections)
        if (attribute.id in shown or attribute.id not in hidden) and attribute.id not in without
    ]


@cache  # the sections of the page
def _public_in(sections: Sequence[str]) -> tuple[Attribute, ...]:
    """The attributes of the sections that everybody may see."""
    table = attribute_table().values()
    return tuple(a for a in table if a.section in sections and a.point == 1)


def _lines(view: Mapping[str, Any], ids: Sequence[str], language: str) -> list[DrawnLine]:
    table, shown = attribute_table(), view["attributes"]
    return [known_line(table[id], shown.get(id), language) for id in ids]


def _labels(ids: Sequence[str], language: str) -> Markup:
    """Names of attributes as the entries of a list."""
    return _listed(tuple(ids), language)


@lru_cache(maxsize=256)
def _listed(ids: tuple[str, ...], language: str) -> Markup:
    one = Markup("<li>{}</li>")
    return Markup("").join(one.format(text(f"attribute.{id}", None, language)) for id in ids)


def _known_estimate(view: Mapping[str, Any], language: str) -> Markup:
    """The footprint estimate as the page shows it; that of a model is drawn once."""
    estimate = view.get("company_information")
    if not isinstance(estimate, Mapping):
        return Markup()
    issuer, content = str(view["issuer"]["name"]), orjson.dumps(estimate)
    if len(content) > _LONGEST_ESTIMATE:
        return _drawn(estimate, issuer, language)
    return _kept(content, issuer, language)


@lru_cache(maxsize=64)
def _kept(content: bytes, issuer: str, language: str) -> Markup:
    return _drawn(orjson.loads(content), issuer, language)


def _drawn(estimate: Mapping[str, Any], issuer: str, language: str) -> Markup:
    worded = _estimate(estimate, issuer, language)
    return macros("_passport_estimate.html", language, "section")(worded)


def _estimate(estimate: Mapping[str, Any], issuer: str, language: str) -> dict[str, Any]:
    total = float(estimate["total_kg_co2e"])
    stages = [_stage(part, total, language) for part in estimate["stages"]]
    bars = [
        StageBar(s["label"], s["kg_co2e"], f"{s['amount']} kg CO₂e · {s['share']}")
        for s in stages
    ]
    declared = estimate.get("declared_unit")
    largest = max(stages, key=lambda s: s["kg_co2e"], default=None)
    picture = stages_svg(
        bars,
        title=text("page.company.picture", None, language),
        description=text("page.company.description", None, language),
    )
    replaced = "own" if estimate.get("distribution_replaced") else "supplied"
    return {
        "total": number(total, language, 5),
        "declared": _declared(declared, estimate.get("unit"), language),
        "stages": stages,
        "largest": text(
            "page.meaning.largest",
            {"stage": largest["label"], "share": largest["share"]},
            language,
        )
        if largest and largest["kg_co2e"] > 0 < total
        else "",
        # The picture escapes every text itself.
        "picture": Markup(picture),  # noqa: S704
        "distribution": text(
            f"page.company.{replaced}-distribution",
            {"operator": issuer},
            language,
        ),
        "facts": _facts(estimate, language),
    }


def _stage(part: Mapping[str, Any], total: float, language: str) -> dict[str, Any]:
    kg = float(part["kg_co2e"])
    share = kg / total * 100.0 if total else 0.0
    origin = part["origin"]
    confidence = part.get("confidence")
    words = (
        {"confidence": text(f"page.confidence.{confidence}", None, language)}
        if confidence
        else {}
    )
    return {
        "label": " + ".join(text(f"page.stage.{s}", None, language) for s in part["stages"]),
        "meaning": [text(f"page.meaning.{s}", None, language) for s in part["stages"]],
        "kg_co2e": kg,
        "amount": number(kg, language, 5),
        "share": f"{number(round(share, 1), language)} %",
        "origin": text(f"page.origin.{origin['kind']}", {"party": origin["party"]}, language),
        "reference": origin["reference"],
        "confidence": text("page.company.confidence", words, language) if words else "",
    }


def _declared(declared: Any, unit: Any, language: str) -> dict[str, str] | None:
    if not isinstance(declared, Mapping):
        return None
    functional = isinstance(unit, Mapping) and unit.get("kind") == "functional"
    return {
        "value": number(float(declared["value"]), language, 4),
        "unit": str(declared["unit"]).replace("CO2e", "CO₂e"),
        "text": "page.company.declared" if functional else "page.company.declared-other",
    }


def _facts(estimate: Mapping[str, Any], language: str) -> list[tuple[str, str]]:
    """Rule set, period, range, coverage and quality, where the record states them."""

    def say(id: str, **arguments: Any) -> str:
        return text(f"page.{id}", arguments or None, language)

    method = estimate["methodology"]
    status = f"page.edition.{method.get('status', '')}"
    edition = say(
        "company.edition",
        edition=str(method.get("edition", "–")),
        status=text_or("–", status, None, language),
    )
    rule_set = str(method["id"])
    named = str(method.get("title") or rule_set)
    title = text_or(named, f"methodology.title.{rule_set}", None, language)
    rules = say("company.rules", title=title, rules=rule_set, edition=edition)
    facts = [(say("company.methodology"), rules)]
    period = estimate.get("period") or {}
    if period.get("start") and period.get("end"):
        days = {k: day(str(period[k]), language) for k in ("start", "end")}
        facts.append(
            (say("company.period"), say("between", lower=days["start"], upper=days["end"]))
        )
    unit = estimate.get("unit")
    if isinstance(unit, Mapping):
        facts.append(
            (
                say("company.unit"),
                f"{number(float(unit['amount']), language, 6)} {unit['unit']}",
            )
        )
    limits = estimate.get("range_kg_co2e")
    if isinstance(limits, Mapping):
        told = {
            "lower": number(float(limits["low"]), language, 5),
            "upper": number(float(limits["high"]), language, 5),
        }
        facts.append((say("company.range"), f"{say('between', **told)} kg CO₂e"))
    share = (estimate.get("coverage") or {}).get("mass_share")
    if isinstance(share, int | float):
        facts.append((say("company.coverage"), f"{number(share * 100.0, language)} %"))
    primary = estimate.get("primary_data_share")
    if isinstance(primary, int | float):
        facts.append((say("company.primary"), f"{number(float(primary), language)} %"))
    rating = (estimate.get("data_quality") or {}).get("DQR")
    if isinstance(rating, int | float):
        facts.append((say("company.quality"), number(float(rating), language, 3)))
    return facts
