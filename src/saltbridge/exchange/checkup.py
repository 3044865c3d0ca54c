"""What was looked at before an exchange with a partner, and what was found.

Who has to change something is said by roles: we are the consumer, the partner the provider.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from saltbridge.core.finding import Argument
from saltbridge.exchange.explanation import Point, Verdict
from saltbridge.exchange.model import Role

US, PARTNER = Role.CONSUMER, Role.PROVIDER
# Sign-in tokens live two minutes, and partners allow little for clocks that differ.
_CLOCKS_WRONG: Final = timedelta(seconds=60)
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


class State(StrEnum):
    """How a check came out. ``unknown``: it could not be made, the points say why."""

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. ``subject`` tells checks of one name apart."""

    name: str
    state: State
    points: tuple[Point, ...] = ()
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Checkup:
    """Everything that was looked at, in the order of an exchange."""

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was found that stands against an exchange."""
        return not any(check.state is State.FAILED for check in self.checks)


def fault(code: str, who: Role | None, **arguments: Argument) -> Point:
    """Something that is wrong, and who has to change it."""
    return Point(Verdict.FAILED, code, arguments, who)


def checked(name: str, points: Iterable[Point], subject: str = "") -> Check:
    """A check that failed if one of its points did."""
    told = tuple(points)
    failed = any(point.verdict is Verdict.FAILED for point in told)
    return Check(name, State.FAILED if failed else State.OK, told, subject)


def not_made(name: str, because: str) -> Check:
    """A check that could not be made, because of another one."""
    return Check(
        name, State.UNKNOWN, (Point(Verdict.NOTED, "doctor.not-made", {"check": because}),)
    )


def clock_points(theirs: datetime, ours: datetime) -> Iterable[Point]:
    """Whether two clocks agree well enough for sign-in tokens that live two minutes.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 11, 28, 12, tzinfo=UTC)
    >>> [p.arguments["minutes"] for p in clock_points(noon + timedelta(hours=1), noon)]
    [60]
    """
    apart = theirs - ours
    if abs(apart) > _CLOCKS_WRONG:
        minutes = round(abs(apart) / timedelta(minutes=1))
        code = "doctor.clock-ahead" if apart > timedelta(0) else "doctor.clock-behind"
        told = {"theirs": theirs.isoformat(), "ours": ours.isoformat(timespec="seconds")}
        yield fault(code, None, minutes=minutes, **told)


def version_points(
    spoken: Iterable[tuple[str, str]], *, version: str, root: str, dsp_url: str
) -> Iterable[Point]:
    """Whether the partner speaks our version (version, path), where we were told it does."""
    paths = dict(spoken)
    if version not in paths:
        offered = ", ".join(paths) or "–"
        yield fault("doctor.version-missing", PARTNER, offered=offered, needed=version)
        return
    told = f"{root}{paths[version]}".rstrip("/")
    if told != dsp_url.rstrip("/"):
        yield fault("doctor.version-elsewhere", US, entered=dsp_url, told=told)


def whose_node_points(told: Iterable[str], due: str) -> Iterable[Point]:
    """Whether the node says it is who was entered, where it says so (``serviceId``).

    >>> [p.arguments["told"] for p in whose_node_points(["did:web:a", "x"], "did:web:b")]
    ['did:web:a']
    """
    others = [id for id in told if id.startswith("did:") and id != due]
    if others:
        yield fault("doctor.other-company", US, told=others[0][:200], entered=due)


def certificate_points(points: Iterable[Point], ours: datetime) -> Iterable[Point]:
    """What is wrong with a certificate, by what OpenSSL says of it; other points as they are.

    >>> from datetime import UTC
    >>> now = datetime(2026, 11, 28, tzinfo=UTC)
    >>> refused = fault("http.certificate", PARTNER, reason="Hostname mismatch")
    >>> [p.code for p in certificate_points([refused], now)]
    ['doctor.certificate-name']
    """
    for point in points:
        reason = str(point.arguments.get("reason", "")).rstrip(".")
        told = {**point.arguments, "reason": reason}
        if point.code != "http.certificate":
            yield point
        elif "mismatch" in reason:
            yield fault("doctor.certificate-name", point.who, **told)
        elif "expired" in reason or "not yet valid" in reason:
            now = ours.isoformat(timespec="seconds")
            yield fault("doctor.certificate-time", point.who, **told, ours=now)
        elif "self" in reason or "issuer" in reason:
            yield fault("doctor.certificate-issuer", point.who, **told)
        else:
            yield fault(point.code, point.who, **told)


# What keeps a partner from letting us in, the likeliest first; of its own document only that
# we take it for another company.
_CAUSES: Final = ("identity", "own-identity", "credentials", "clock", "sign-in")
_OTHERS: Final = ("doctor.other-company", "doctor.did-differs")


def likely_cause(checks: Iterable[Check]) -> str:
    """Name of the check that explains best why we are not let in; empty where none does."""
    failed = {
        check.name
        for check in checks
        if check.state is State.FAILED
        and (check.name != "identity" or any(p.code in _OTHERS for p in check.points))
    }
    return next((name for name in _CAUSES if name in failed), "")


def is_loopback(url: str) -> bool:
    """Whether only this machine reaches an address.

    >>> is_loopback("http://127.0.0.1:8101"), is_loopback("https://cells.example")
    (True, False)
    """
    return urlsplit(url).hostname in _LOOPBACK
