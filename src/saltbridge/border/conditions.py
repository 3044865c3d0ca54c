"""What a condition of a rule asked for and what the context offered, for the explanation.

Whether a condition holds is decided in ``rules``; this only tells it, in values that may stand
in a record: places, dates, numbers, ids, and never the name of a person or a value of a field.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol

from saltbridge.border.calendar import counter_year
from saltbridge.border.context import Context
from saltbridge.trust.did import iso

NOTHING: Final = "–"


class _PackFacts(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def jurisdiction(self) -> str: ...
    @property
    def zone(self) -> str: ...
    @property
    def state(self) -> str: ...


def offered_and_needed(
    condition: str,
    context: Context,
    limits: Mapping[str, int],
    packs: Iterable[_PackFacts],
) -> tuple[str, str]:
    """What the context offers and what the condition needs, as short texts without language.

    A condition that nobody described is told with dashes.
    """
    told = _TOLD.get(condition)
    return (NOTHING, NOTHING) if told is None else told(context, limits, tuple(packs))


def _recipient(
    context: Context, limits: Mapping[str, int], packs: tuple[_PackFacts, ...]
) -> tuple[str, str]:
    return context.recipient.bpn or NOTHING, "BPNL…"


def _destination(
    context: Context, limits: Mapping[str, int], packs: tuple[_PackFacts, ...]
) -> tuple[str, str]:
    return context.destination or NOTHING, context.recipient.jurisdiction or NOTHING


def _covered(
    context: Context, limits: Mapping[str, int], packs: tuple[_PackFacts, ...]
) -> tuple[str, str]:
    known = sorted({p.jurisdiction for p in packs} - {"*"})
    return f"{context.origin or NOTHING} → {context.destination or NOTHING}", ", ".join(known)


def _terms(
    context: Context, limits: Mapping[str, int], packs: tuple[_PackFacts, ...]
) -> tuple[str, str]:
    needed = f"{context.recipient.bpn or NOTHING}, {iso(context.at)}"
    terms = context.agreement
    if terms is None:
        return NOTHING, needed
    until = NOTHING if terms.ends is None else iso(terms.ends)
    named = " ".join(terms.recipients) or NOTHING
    return f"{terms.kind} {terms.id}: {named}, {iso(terms.starts)} … {until}", needed


def _purpose(
    context: Context, limits: Mapping[str, int], packs: tuple[_PackFacts, ...]
) -> tuple[str, str]:
    agreed = context.agreement.purposes if context.agreement is not None else ()
    return ", ".join(agreed) or NOTHING, context.purpose or NOTHING


def _counters(
    context: Context, limits: Mapping[str, int], packs: tuple[_PackFacts, ...]
) -> tuple[str, str]:
    return _numbers(context.counters), f"year {counter_year(context.at)}"


def _below(
    context: Context, limits: Mapping[str, int], packs: tuple[_PackFacts, ...]
) -> tuple[str, str]:
    return _numbers(context.counters), ", ".join(f"{n} < {v}" for n, v in limits.items())


def _numbers(counters: Mapping[str, int] | None) -> str:
    if counters is None:
        return NOTHING
    known = {k: v for k, v in counters.items() if isinstance(v, int)}
    return ", ".join(f"{name} {value}" for name, value in sorted(known.items())) or NOTHING


def _person(
    context: Context, limits: Mapping[str, int], packs: tuple[_PackFacts, ...]
) -> tuple[str, str]:
    return ("1" if context.person.strip() else "0"), "1"


def _annex(
    context: Context, limits: Mapping[str, int], packs: tuple[_PackFacts, ...]
) -> tuple[str, str]:
    zones = ("", context.zone)
    with_annex = (p for p in packs if p.state != "loaded" and p.zone in zones)
    return ", ".join(f"{p.id}: {p.state}" for p in with_annex) or NOTHING, "annex-loaded"


def _approvals(
    context: Context, limits: Mapping[str, int], packs: tuple[_PackFacts, ...]
) -> tuple[str, str]:
    return str(len({a.person_id for a in context.approvals})), "2"


_Told = Callable[[Context, Mapping[str, int], tuple[_PackFacts, ...]], tuple[str, str]]
_TOLD: Final[Mapping[str, _Told]] = {
    "recipient-named": _recipient,
    "destination-of-recipient": _destination,
    "jurisdictions-covered": _covered,
    "terms-in-force": _terms,
    "purpose-agreed": _purpose,
    "counters-read": _counters,
    "counters-below": _below,
    "person-named": _person,
    "annex-loaded": _annex,
    "approved-by-two": _approvals,
}
DESCRIBED: Final = frozenset(_TOLD)
