"""Export: one issued passport in a wire format, for the audience that may see it.

The public part leaves as a Release: decided anew, rendered from the decided view and from
nothing else, recorded with its manifest, statement and log leaf. A restricted audience's part
is the view of its newest version; it is handed to the person who asks on this node, and
a log leaf says for whom and in which format.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from saltbridge.border.decide import decide, release_rendered
from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.finding import Finding, Place, finding
from saltbridge.formats.passport_formats import Written, export_findings
from saltbridge.passport.access import MAY_SEE, Audience, visible_to
from saltbridge.passport.check_file import document_values
from saltbridge.passport.grants import Grantee, GranteeKind
from saltbridge.passport.model import Origin, OriginKind
from saltbridge.ports import UnitOfWork, World
from saltbridge.reports.passport_sheet import media_type_of, write_in
from saltbridge.steps.deciding import public_circumstances
from saltbridge.steps.passport_access_log import Access, keep_accesses
from saltbridge.steps.passport_change import passport_named
from saltbridge.steps.passport_reading import newest_number, seen, stored_version
from saltbridge.steps.passport_status import not_valid, status_of
from saltbridge.steps.release import keep_decision
from saltbridge.steps.rules import rule_book
from saltbridge.steps.statement import keep_statement
from saltbridge.trust.status_list import Status

# What the status list says, in the words of EN 18223 for the publication of a passport.
_PUBLICATION: Final = {Status.INVALID: "invalid", Status.SUSPENDED: "inactive"}
PURPOSE = "battery passport, public part (Annex XIII point 1)"


@dataclass(frozen=True, kw_only=True)
class ExportRequest:
    """A passport by id or serial number, the format, for whom, and who answers for it.

    ``language`` is that of the data sheet; wire formats have all of them. ``fill_required``
    puts placeholders even where they could be taken for facts.
    """

    passport: str
    format: str
    audience: Audience
    person: str = ""
    language: str = "en"
    fill_required: bool = False


@dataclass(frozen=True, kw_only=True)
class Exported:
    """The bytes, what the format could not carry, and the border decision (public part)."""

    content: bytes
    media_type: str
    findings: tuple[Finding, ...]
    decision_id: str = ""


def export_passport(world: World, request: ExportRequest) -> Exported:
    """One passport in the format, cut to what the audience may see.

    Raises:
        FaultyInput: no such passport or format.
        Refused: the passport has ceased, or the border room withholds a part of the public
            view.
    """
    media_type_of(request.format)
    now = world.clock.now()
    with world.store.unit_of_work() as work:
        record = passport_named(work, request.passport)
        if record["status"] != "active":  # Art. 77(8): it has ceased to exist
            raise Refused.of(
                "passport.not-active", passport=record["id"], status=record["status"]
            )
        if request.audience is Audience.PUBLIC:
            return _public(world, work, record, request, now)
        status = status_of(work, str(record["id"]), newest_number(record))
        shown = _restricted(work, record, request.audience)
        written = _written(shown, request, now, status)
        keep_accesses(world, work, [_own_access(record, request)])
        leaf = {
            "passport_id": record["id"],
            "audience": request.audience.value,
            "format": request.format,
            "digest": digest(written.content),
            "person": request.person,
        }
        work.append_leaf("passport.exported", record["id"], canonical_bytes(leaf))
    return Exported(
        content=written.content,
        media_type=written.media_type,
        findings=(*not_valid(record, status), *export_findings(written)),
    )


def _own_access(record: Mapping[str, Any], request: ExportRequest) -> Access:
    """The operator's own people take restricted data out: recorded as any other access."""
    return Access(
        reader=Grantee(GranteeKind.PERSON, request.person, request.person),
        audience=request.audience.value,
        purposes=("operator",),
        grants=(),
        passport=str(record["id"]),
        version=newest_number(record),
        points=sorted(MAY_SEE[request.audience] - MAY_SEE[Audience.PUBLIC]),
        endpoint=f"export {request.format}",
        use="download",
    )


def _public(
    world: World,
    work: UnitOfWork,
    record: Mapping[str, Any],
    request: ExportRequest,
    now: datetime,
) -> Exported:
    public = record["public"]
    released_view = work.get_release(public["view"], public["decision_id"])
    if released_view is None:
        raise FaultyInput.of("passport.unknown-passport", passport=request.passport[:80])
    view = read_json(released_view.content)
    context = public_circumstances(world, PURPOSE, request.person, now)
    book = rule_book(work)
    decision = decide(view, context, book.catalogue(view["kind"], context), book.packs)
    if decision.stays or decision.minimised:
        raise Refused(
            finding("passport.border-withheld", Place(pointer=f.path), path=f.path)
            for f in (*decision.stays, *decision.minimised)
        )
    status = status_of(work, str(record["id"]), newest_number(record))
    released = release_rendered(
        decision,
        lambda decided: _written(decided, request, now, status).content,
        media_type_of(request.format),
    )
    kept, _ = keep_decision(work, decision, released)
    keep_statement(world, work, decision, kept, [released], now)
    work.put_release(released)
    written = _written(decision.view, request, now, status)
    return Exported(
        content=released.content,
        media_type=released.media_type,
        findings=(*not_valid(record, status), *export_findings(written)),
        decision_id=str(kept["id"]),
    )


def _written(
    view: Mapping[str, Any], request: ExportRequest, now: datetime, status: Status
) -> Written:
    """The view in the format. Cut once more by the one filter: a view is no licence."""
    _, values, _ = document_values(view, Origin(OriginKind.OPERATOR, ""))
    shown = visible_to(request.audience, values)
    if status in _PUBLICATION and "A005" in shown:  # as it stands now, not when it was signed
        shown["A005"] = replace(shown["A005"], value=_PUBLICATION[status])
    return write_in(
        request.format,
        shown,
        audience=request.audience.value,
        made_at=now,
        language=request.language,
        fill_required=request.fill_required,
    )


def _restricted(
    work: UnitOfWork, record: Mapping[str, Any], audience: Audience
) -> Mapping[str, Any]:
    version = stored_version(work, str(record["id"]), newest_number(record))
    if version is None:
        raise FaultyInput.of("passport.unknown-passport", passport=str(record["id"])[:80])
    return seen(version, audience)
