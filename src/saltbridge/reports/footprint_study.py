"""The public version of the study behind a declared footprint.

Footprint record in, ``Report`` out. It holds what the public may read: results by stage, the
unit, the rules with their texts, completeness, data quality, sources. Amounts, suppliers and
the flows of the bill of materials stay out.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from saltbridge.locales import number, text, text_or
from saltbridge.reports.pdf import Report, Section, Table
from saltbridge.reports.rule_words import product_amount, rule_name, rule_value, unit_name

_T = Callable[..., str]
# Factors made of rows of the inventory: contracts and terms of the circular formula.
_OWN_WORDS = ("contract:", "circular_")


def footprint_study(
    record: Mapping[str, Any],
    inventory_operator: str,
    obstacles: int,
    made_at: datetime,
    language: str,
    link: str = "",
    own_factors: Collection[str] = (),
    *,
    signed: bool = True,
) -> Report:
    """The study on one footprint record, in one language.

    ``own_factors`` are the ids of the company's own factors: their sources are words of the
    company (an invoice, a contract, a supplier's name) and are not printed.

    ``obstacles`` says how much stands in the way of a declaration: above 0 it is a draft and
    says so at its head. What they are is for the maker: they name flows. ``signed``
    says whether the responsible operator has signed the declaration behind it.
    """

    def t(key: str, **arguments: object) -> str:
        return text(f"study.{key}", arguments, language)

    def num(value: float, digits: int = 4) -> str:
        return number(value, language, digits)

    draft = obstacles > 0
    product, plant, method = record["product"], record["plant"], record["methodology"]
    unit, declared = record["unit"], record["declared"]
    value = (
        "–"
        if declared is None
        else f"{num(declared['value'], 6)} {unit_name(declared['unit'], language)}"
    )
    place = ", ".join(p for p in (plant["name"], plant["province"] or plant["country"]) if p)
    facts = [
        (t("manufacturer"), inventory_operator),
        (t("model"), f"{product['name']} ({product['id']})"),
        (t("plant"), place),
        (t("period"), f"{record['period']['start']} – {record['period']['end']}"),
        *_day(record, t),
        (t("rules"), f"{method['title']}, {method['id']}@{method['edition']}"),
        (
            t("status"),
            _worded("status", method["status"], language),
        ),
        (t("value"), value),
        (t("made-at"), f"{made_at:%Y-%m-%d}"),
    ]
    if link:
        facts.append((t("link"), link))
    sections = [
        _stages(record, t, num, language),
        _unit(record, unit, t, num, language),
        _completeness(record, t, num, language),
        _quality(record, t, num),
        _biogenic(record, t, num),
        _rules(record, t, language),
        _unread(record, t, language),
        _sources(record, own_factors, t, language),
    ]
    if draft:
        sections.insert(
            0, Section(title=t("draft"), paragraphs=[t("draft-why", count=obstacles)])
        )
    elif not signed:
        sections.insert(0, Section(title=t("unsigned"), paragraphs=[t("unsigned-why")]))
    title = t("title-draft" if draft else "title" if signed else "title-unsigned")
    return Report(
        language=language,
        title=title,
        subtitle=f"{inventory_operator} · {product['name']}",
        facts=facts,
        sections=sections,
        notes=(t("note-conformance"), t("note-secret")),
        footer=f"{inventory_operator} · {title}",
    )


def _day(record: Mapping[str, Any], t: _T) -> list[tuple[str, str]]:
    """The day of placing on the market; records made before name none."""
    day = record.get("placed_on_market")
    return [] if day is None else [(t("placed-on-market"), day)]


def _worded(kind: str, value: str, language: str) -> str:
    return text_or(value, f"footprint.{kind}.{value}", None, language)


def _stages(record: Mapping[str, Any], t: _T, num: _T, language: str) -> Section:
    stages, total = record["stages"], record["total_kg_co2e"]
    per_unit = record["stages_declared"]
    rows = [
        (
            text(f"footprint.stage.{stage}", None, language),
            "–" if per_unit is None else num(per_unit[stage]),
            num(kg),
            "–" if total == 0 else f"{num(100 * kg / total, 3)} %",
        )
        for stage, kg in stages.items()
    ]
    per = "–" if record["unit"] is None else unit_name(record["unit"]["unit"], language)
    return Section(
        title=t("by-stage"),
        paragraphs=[t("by-stage-known")] if record["holes"] else [],
        table=Table(
            headings=(
                t("stage"),
                f"kg CO2e/{per}",
                f"kg CO2e / {product_amount(record['unit_of_product'], language)}",
                t("share"),
            ),
            rows=rows,
            numbers=(1, 2, 3),
            widths=(2.5, 1.2, 1.5, 1),
        ),
    )


def _unit(record: Mapping[str, Any], unit: Any, t: _T, num: _T, language: str) -> Section:
    product = record["product"]
    told = []
    if unit is None:
        told.append(t("no-unit"))
    else:
        told.append(
            t(
                f"unit-{unit['kind']}",
                unit=unit_name(unit["unit"], language),
                amount=num(unit["amount"], 6),
                product=product_amount(record["unit_of_product"], language),
            )
        )
    for key in ("mass_kg", "usable_energy_kwh"):
        if product[key] is not None:
            told.append(t(key.replace("_", "-"), value=num(product[key], 6)))
    return Section(title=t("unit-title"), paragraphs=told)


def _completeness(record: Mapping[str, Any], t: _T, num: _T, language: str) -> Section:
    told = []
    coverage, bounds = record["coverage"], record["range_kg_co2e"]
    if coverage is not None:
        told.append(t("mass-covered", share=num(100 * coverage["mass_share"], 4)))
    holes = Counter(h["stage"] for h in record["holes"])
    if not holes:
        told.append(t("no-holes"))
    elif bounds is None:
        told.append(t("range-unknown"))
    else:
        told.append(t("range", low=num(bounds["low"]), high=num(bounds["high"])))
    told += _left_out(record, t, num)
    rows = [
        (text(f"footprint.stage.{stage}", None, language), str(holes[stage]))
        for stage in record["stages"]
        if holes[stage]
    ]
    return Section(
        title=t("completeness"),
        paragraphs=told,
        table=Table(headings=(t("stage"), t("holes")), rows=rows, numbers=(1,), widths=(3, 1)),
    )


def _left_out(record: Mapping[str, Any], t: _T, num: _T) -> list[str]:
    """Both shares without a factor, and the share that the rule set allows."""
    found = record.get("cut_off")  # records made before have none
    if found is None:
        return []
    told = [
        t(f"left-out-{name}", share=num(100 * found[key], 3))
        for name, key in (("mass", "mass_share"), ("emissions", "emission_share"))
        if found[key] is not None
    ]
    if found["of"] is not None:
        told.append(t(f"cut-off-{found['of']}", share=num(100 * found["allowed"], 3)))
    return told


def _biogenic(record: Mapping[str, Any], t: _T, num: _T) -> Section:
    """Biogenic CO2 both ways; emissions by origin stay at home."""
    carbon = record.get("biogenic") or {}
    moved = carbon.get("taken_up_kg_co2") or carbon.get("given_back_kg_co2")
    if not moved and carbon.get("including_uptake_kg_co2e") is None:
        carbon = {}
    names = ("excluding_uptake", "including_uptake", "taken_up", "given_back")
    units = ("kg_co2e", "kg_co2e", "kg_co2", "kg_co2")
    known = [
        (name, carbon.get(f"{name}_{unit}")) for name, unit in zip(names, units, strict=True)
    ]
    rows = [
        (t(f"biogenic-{name.replace('_', '-')}"), num(value, 5))
        for name, value in known
        if value is not None
    ]
    return Section(
        title=t("biogenic"),
        table=Table(headings=("", "kg"), rows=rows, numbers=(1,), widths=(3, 1)),
        nothing="" if rows else t("biogenic-none"),
    )


def _quality(record: Mapping[str, Any], t: _T, num: _T) -> Section:
    quality, share = record["data_quality"], record["primary_data_share"]
    told = []
    if share is not None:
        told.append(t("primary", share=num(share, 3)))
    if quality is None:
        return Section(title=t("quality"), paragraphs=told, nothing=t("quality-none"))
    beside = ("worst", "rated_share")  # told in words
    shown = {
        k: v for k, v in quality.items() if isinstance(v, (int, float)) and k not in beside
    }
    if "worst" in quality:
        told.append(t("quality-scale", worst=num(quality["worst"], 2)))
    return Section(
        title=t("quality"),
        paragraphs=told,
        table=Table(
            headings=tuple(shown),
            rows=[tuple(num(v, 3) for v in shown.values())],
            numbers=tuple(range(len(shown))),
        ),
    )


def _rules(record: Mapping[str, Any], t: _T, language: str) -> Section:
    rows = [
        (
            rule_name(r["id"], language),
            rule_value(r["value"], language),
            r["citation"],
            _worded("confidence", r["confidence"], language),
        )
        for r in record["rules"]
    ]
    headings = (t("rule"), t("applied"), t("text"), t("known"))
    return Section(
        title=t("rules-applied"),
        table=Table(headings=headings, rows=rows, widths=(1.2, 2.6, 2.6, 0.9)),
    )


def _unread(record: Mapping[str, Any], t: _T, language: str) -> Section:
    rows = [
        (
            rule_name(r["id"], language),
            text_or(r["effect"], r["effect"], None, language),
            r["citation"],
        )
        for r in record["rules_not_loaded"]
    ]
    return Section(
        title=t("unread"),
        nothing=t("none"),
        table=Table(
            headings=(t("rule"), t("effect"), t("text")), rows=rows, widths=(1.2, 2.6, 2.6)
        ),
    )


def _sources(
    record: Mapping[str, Any], own_factors: Collection[str], t: _T, language: str
) -> Section:
    found: dict[tuple[str, str, str], int] = {}
    for line in record["lines"]:
        factor = line["factor"]
        # A supplier's own figure is named by the supplier's record, which is not public.
        source, licence = factor["source"], factor["licence"]
        if line["supplier"]:
            source, licence = t("source-supplier"), ""
        elif factor["id"] in own_factors or factor["id"].startswith(_OWN_WORDS):
            source, licence = t("source-own"), ""
        confidence = _worded("confidence", factor["confidence"], language)
        key = (source, licence, confidence)
        found[key] = found.get(key, 0) + 1
    rows = [(*key, str(count)) for key, count in sorted(found.items())]
    return Section(
        title=t("sources"),
        nothing=t("none"),
        table=Table(
            headings=(t("source"), t("licence"), t("known"), t("lines")),
            rows=rows,
            numbers=(3,),
            widths=(3.4, 1.6, 1, 0.7),
        ),
    )
