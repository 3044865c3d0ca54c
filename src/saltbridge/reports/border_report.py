"""The yearly report of the border room: a document for people, a table for machines.

Values in (decision records of a year), a ``Report`` or CSV bytes out. Names of people stay out
of the document's tables; the CSV names who answered for a decision, as the record does.
"""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

from saltbridge.border.catalogue import FieldClass
from saltbridge.border.rules import UNCATALOGUED
from saltbridge.locales import number, text, text_or
from saltbridge.reports.pdf import Report, Section, Table

_VERDICTS: Final = ("leave", "leave_minimised", "stay")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class Year(Protocol):
    """What the report is made of (``services.border_report.YearOfDecisions`` fits)."""

    @property
    def year(self) -> int: ...
    @property
    def company(self) -> str: ...
    @property
    def jurisdiction(self) -> str: ...
    @property
    def made_at(self) -> Any: ...
    @property
    def ended(self) -> bool: ...
    @property
    def decisions(self) -> tuple[Mapping[str, Any], ...]: ...
    @property
    def counters(self) -> Mapping[str, Any] | None: ...
    @property
    def thresholds(self) -> tuple[tuple[str, str, str, int], ...]: ...
    @property
    def log_size(self) -> int: ...
    @property
    def log_root(self) -> str: ...


def border_report(year: Year, language: str) -> Report:
    """The report on a year in one language."""

    def t(key: str, **arguments: object) -> str:
        return text(f"report.{key}", arguments, language)

    decisions = year.decisions
    released = sum(d["verdict"] == "released" for d in decisions)
    facts = [
        (t("company"), year.company),
        (t("year"), str(year.year) if year.ended else t("year-running", year=year.year)),
        (t("decisions"), str(len(decisions))),
        (t("released"), str(released)),
        (t("refused"), str(len(decisions) - released)),
        (t("log-size"), str(year.log_size)),
        (t("log-root"), year.log_root),
        (t("made-at"), f"{year.made_at:%Y-%m-%d %H:%M} UTC"),
    ]
    groups: Sequence[tuple[str, Callable[[Mapping[str, Any]], str]]] = (
        ("by-month", lambda d: str(d["made_at"])[:7]),
        ("by-recipient", lambda d: _recipient(d, language)),
        ("by-destination", lambda d: _destination(d, language)),
        ("by-purpose", lambda d: _purpose(d, language)),
        ("by-kind", lambda d: _kind(d, language)),
    )
    sections = [_grouped(t(key), t("none"), decisions, of, language, t) for key, of in groups]
    sections += [
        _fields(decisions, language, t),
        _refusals(decisions, language, t),
        _approvals(decisions, language, t),
        _counters(year, language, t),
        _packs(decisions, language, t),
    ]
    return Report(
        language=language,
        title=t("title", year=year.year),
        subtitle=t("subtitle", company=year.company),
        facts=facts,
        sections=sections,
        notes=(t("values-never"), text("border.no-legal-advice", None, language)),
        footer=f"{year.company} · {t('title', year=year.year)}",
    )


_T = Callable[..., str]


def _grouped(
    title: str,
    nothing: str,
    decisions: Iterable[Mapping[str, Any]],
    of: Callable[[Mapping[str, Any]], str],
    language: str,
    t: _T,
) -> Section:
    rows: dict[str, Counter[str]] = {}
    for decision in decisions:
        row = rows.setdefault(of(decision), Counter())
        row["decisions"] += 1
        row[str(decision["verdict"])] += 1
        row["bytes"] += int(decision["size"])
        row.update(_field_counts(decision))
    columns = ("decisions", "released", "refused", *_VERDICTS, "bytes")
    return Section(
        title=title,
        nothing=nothing,
        table=Table(
            headings=(title, *(t(f"column.{c}") for c in columns)),
            rows=[
                (name, *(_count(row[c], language) for c in columns))
                for name, row in rows.items()
            ],
            numbers=tuple(range(1, len(columns) + 1)),
            widths=(3.2, 1.2, 1.2, 1.2, 1.2, 1.4, 1.2, 1.4),
        ),
    )


def _field_counts(decision: Mapping[str, Any]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for field in decision["fields"]:
        counts[field["decision"]] += int(field["count"])
    return counts


def _fields(decisions: Iterable[Mapping[str, Any]], language: str, t: _T) -> Section:
    counts: dict[str, Counter[str]] = {}
    for decision in decisions:
        for field in decision["fields"]:
            field_class = field["class"] or UNCATALOGUED
            counts.setdefault(field_class, Counter())[field["decision"]] += int(field["count"])
    order = [*(c.value for c in FieldClass), UNCATALOGUED]
    rows = [
        (
            text_or(c, f"border.class.{c}", None, language),
            *(_count(counts[c][v], language) for v in _VERDICTS),
        )
        for c in order
        if c in counts
    ]
    headings = (t("column.class"), *(t(f"column.{v}") for v in _VERDICTS))
    return Section(
        title=t("fields-by-class"),
        nothing=t("none"),
        table=Table(headings=headings, rows=rows, numbers=(1, 2, 3), widths=(3, 1, 1, 1)),
    )


def _refusals(decisions: Iterable[Mapping[str, Any]], language: str, t: _T) -> Section:
    rows = []
    for decision in decisions:
        if decision["verdict"] == "released":
            continue
        rules = dict.fromkeys(f["rule"] for f in decision["fields"] if f["decision"] == "stay")
        first = next(iter(rules), "")
        says = text_or(first, f"border.rule.{first}", None, language)
        made_at, id = str(decision["made_at"])[:10], str(decision["id"])
        rows.append((made_at, _recipient(decision, language), says, id))
    return Section(
        title=t("refusals"),
        nothing=t("none"),
        table=Table(
            headings=tuple(t(f"column.{c}") for c in ("date", "recipient", "reason", "id")),
            rows=rows,
            widths=(1.2, 2.2, 3.4, 2.6),
        ),
    )


def _approvals(decisions: Iterable[Mapping[str, Any]], language: str, t: _T) -> Section:
    rows = []
    for decision in decisions:
        roles = Counter(str(a["role"]) for a in decision.get("approvals", ()))
        if roles:
            named = {r: text_or(r, f"approval.role.{r}", None, language) for r in roles}
            told = ", ".join(f"{named[r]} × {count}" for r, count in sorted(roles.items()))
            made_at, id = str(decision["made_at"])[:10], str(decision["id"])
            rows.append((made_at, _recipient(decision, language), told, id))
    return Section(
        title=t("approvals"),
        nothing=t("none"),
        table=Table(
            headings=tuple(t(f"column.{c}") for c in ("date", "recipient", "roles", "id")),
            rows=rows,
            widths=(1.2, 2.2, 3.4, 2.6),
        ),
    )


def _counters(year: Year, language: str, t: _T) -> Section:
    counters = year.counters or {}
    rows = [
        (
            text_or(name, f"report.counter.{name}", None, language),
            _count(int(counters.get(name, 0)), language),
            _count(limit, language),
            f"{text_or(pack, f'border.pack.{pack}', None, language)}, {citation}",
        )
        for pack, citation, name, limit in year.thresholds
    ]
    return Section(
        title=t("counters"),
        nothing=t("none"),
        table=Table(
            headings=tuple(t(f"column.{c}") for c in ("counter", "count", "limit", "source")),
            rows=rows,
            numbers=(1, 2),
            widths=(2.4, 1, 1.2, 4),
        ),
    )


def _packs(decisions: Iterable[Mapping[str, Any]], language: str, t: _T) -> Section:
    used: Counter[tuple[str, str, str, str]] = Counter()
    for decision in decisions:
        for p in decision["packs"]:
            used[p["id"], p["edition"], p["state"], p.get("annex", "")] += 1
    rows = [
        (
            text_or(id, f"border.pack.{id}", None, language),
            edition,
            text_or("–", f"border.annex.{state}", None, language),
            annex or "–",
            _count(count, language),
        )
        for (id, edition, state, annex), count in sorted(used.items())
    ]
    columns = ("pack", "edition", "annex", "annex-digest", "decisions")
    return Section(
        title=t("packs"),
        nothing=t("none"),
        table=Table(
            headings=tuple(t(f"column.{c}") for c in columns),
            rows=rows,
            numbers=(4,),
            widths=(3.2, 1.3, 2, 2.6, 1.2),
        ),
    )


def _count(value: int, language: str) -> str:
    return number(value, language, 15)


def _recipient(decision: Mapping[str, Any], language: str) -> str:
    recipient = decision["recipient"]
    if recipient["bpn"] == "public":
        return text("manifest.everybody", None, language)
    return f"{recipient['name']} ({recipient['bpn']})"


def _destination(decision: Mapping[str, Any], language: str) -> str:
    there = str(decision["destination"])
    everybody = text("manifest.everybody", None, language)
    return f"{decision['origin']} → {everybody if there == '*' else there}"


def _purpose(decision: Mapping[str, Any], language: str) -> str:
    purpose = str(decision["purpose"])
    slug = purpose.replace(".", "-").replace(":", "-")
    return text_or(purpose, f"manifest.purpose-name.{slug}", None, language)


def _kind(decision: Mapping[str, Any], language: str) -> str:
    kind = str(decision["document_kind"])
    return text_or(kind, f"manifest.document-name.{kind}", None, language)


COLUMNS: Final = (
    "made_at", "decision", "document_kind", "verdict", "origin", "destination",
    "recipient_bpn", "recipient", "purpose", "terms", "person", "approvals", "digest", "size",
    "left", "minimised", "stayed", "packs", "annexes", "counters_before", "counters_after",
)  # fmt: skip


def border_csv(year: Year) -> bytes:
    """One row per decision, UTF-8 with a byte order mark; no cell is read as a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for d in year.decisions:
        counts = _field_counts(d)
        row = (
            d["made_at"],
            d["id"],
            d["document_kind"],
            d["verdict"],
            d["origin"],
            d["destination"],
            d["recipient"]["bpn"],
            d["recipient"]["name"],
            d["purpose"],
            d["agreement"] or d["offer"] or "",
            d["person"],
            len(d.get("approvals", ())),
            d["digest"] or "",
            d["size"],
            *(counts[v] for v in _VERDICTS),
            " ".join(f"{p['id']}@{p['edition']}" for p in d["packs"]),
            " ".join(f"{p['id']}:{p['annex']}" for p in d["packs"] if p.get("annex")),
            _numbers(d["counters"]["before"]),
            _numbers(d["counters"]["after"]),
        )
        writer.writerow([harmless(str(value)) for value in row])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


def harmless(cell: str) -> str:
    """The text of a cell that no spreadsheet takes for a formula.

    >>> harmless("=1+1"), harmless("-3"), harmless("a=b")
    ("'=1+1", "'-3", 'a=b')
    """
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _numbers(counters: Mapping[str, Any] | None) -> str:
    return " ".join(f"{k}={v}" for k, v in sorted((counters or {}).items()))
