"""Whether an exchange with a partner can work: everything looked at, all problems at once.

Nothing is stored and nothing is negotiated; the partner sees a request for its version
document, its DID document and its catalogue.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from saltbridge.core.errors import FaultyInput, SaltbridgeError, Unavailable
from saltbridge.exchange.address import same_origin
from saltbridge.exchange.checkup import (
    PARTNER,
    US,
    Check,
    Checkup,
    State,
    certificate_points,
    checked,
    clock_points,
    fault,
    likely_cause,
    not_made,
    version_points,
    whose_node_points,
)
from saltbridge.exchange.explanation import Point, Verdict
from saltbridge.exchange.model import Catalogue, Dataset
from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1
from saltbridge.formats.dsp_answers import SpokenVersion, parse_spoken
from saltbridge.formats.dsp_catalogue_parts import FaultyDataset
from saltbridge.ports import Connector, HttpAnswer, Partner, World
from saltbridge.steps.connector_checkup import connector_checks, connector_offers_check
from saltbridge.steps.identity import IdentityMode, mode_of
from saltbridge.steps.judging import judged_offer
from saltbridge.steps.own_identity import own_credentials_check, own_identity_check
from saltbridge.steps.own_side import (
    WELL_KNOWN,
    callback_check,
    calls_check,
    messages_check,
    own_offer_checks,
    points_of,
)
from saltbridge.steps.partner_catalogue import shown_catalogue
from saltbridge.trust.did import (
    CREDENTIAL_SERVICE,
    DATA_SERVICE,
    DidDocument,
    KeyUse,
    parse_did_document,
)

_LIMIT_BYTES: Final = 200_000
_REFUSING: Final = (401, 403, 404)


def examine(world: World, partner: Partner, *, served: bool) -> Checkup:
    """Look at everything an exchange with the partner needs. ``served``: our node is."""
    if world.connector is not None:
        return _through_connector(world, world.connector, partner, served=served)
    checks = [checked("address", _address_points(partner))]
    spoken: tuple[SpokenVersion, ...] | None = None
    root = partner.dsp_url.rstrip("/").removesuffix(DSP_2025_1.path)
    reached, answer = _reached(world, partner, root)
    checks.append(reached)
    if answer is None:
        checks += [not_made("clock", "reach"), not_made("versions", "reach")]
    else:
        checks.append(_clock(world, answer))
        versions, spoken = _versions(partner, root, answer)
        checks.append(versions)
    identity, owner = _identity(world, partner, spoken or ())
    checks.append(identity)
    checks.append(
        checked("services", _service_points(world, partner, owner))
        if owner is not None
        else not_made("services", "identity")
    )
    checks.append(_sign_in(world, spoken))
    checks.append(own_identity_check(world, served=served))
    if mode_of(world) is IdentityMode.DCP:
        checks.append(own_credentials_check(world))
    checks += _catalogue(world, partner, answer is not None, likely_cause(checks))
    checks.append(callback_check(world, partner, served=served))
    checks.append(calls_check(world, partner))
    checks += own_offer_checks(world, partner)
    checks.append(messages_check(world, partner))
    return Checkup(tuple(checks))


def _through_connector(
    world: World, connector: Connector, partner: Partner, *, served: bool
) -> Checkup:
    """The same, where the company's own connector speaks to the partner."""
    checks = [checked("address", _address_points(partner))]
    own = connector_checks(world, connector, served=served)
    reached = checks[0].state is State.OK and own[0].state is State.OK
    checks += [*own, _identity(world, partner, ())[0]]
    checks += _catalogue(world, partner, reached, "")
    checks += own_offer_checks(world, partner)
    checks += [connector_offers_check(world, partner), messages_check(world, partner)]
    return Checkup(tuple(checks))


def _address_points(partner: Partner) -> Iterable[Point]:
    if not partner.dsp_url:
        yield fault("doctor.no-address", US, partner=partner.name)
    elif not partner.dsp_url.rstrip("/").endswith(DSP_2025_1.path):
        yield fault("doctor.address-path", US, entered=partner.dsp_url, needed=DSP_2025_1.path)


def _reached(world: World, partner: Partner, root: str) -> tuple[Check, HttpAnswer | None]:
    if not partner.dsp_url:
        return not_made("reach", "address"), None
    try:
        answer = world.http.send("GET", f"{root}{WELL_KNOWN}", limit_bytes=_LIMIT_BYTES)
    except Unavailable as error:
        told = certificate_points(points_of(error, PARTNER), world.clock.now())
        return checked("reach", told), None
    return checked("reach", ()), answer


def _clock(world: World, answer: HttpAnswer) -> Check:
    try:
        theirs = parsedate_to_datetime(answer.headers["date"])
    except (KeyError, ValueError):
        return Check("clock", State.UNKNOWN, (Point(Verdict.NOTED, "doctor.clock-untold"),))
    told = theirs.replace(tzinfo=theirs.tzinfo or UTC)
    return checked("clock", clock_points(told, world.clock.now()))


def _versions(
    partner: Partner, root: str, answer: HttpAnswer
) -> tuple[Check, tuple[SpokenVersion, ...] | None]:
    if answer.status != 200:
        absent = fault("doctor.versions-absent", PARTNER, status=answer.status)
        return checked("versions", [absent]), None
    try:
        spoken = parse_spoken(answer.content)
    except FaultyInput as error:
        return checked("versions", points_of(error, PARTNER)), None
    points = version_points(
        ((s.version, s.path) for s in spoken),
        version=DSP_2025_1.version,
        root=root,
        dsp_url=partner.dsp_url,
    )
    return checked("versions", points), spoken


def _identity(
    world: World, partner: Partner, spoken: Iterable[SpokenVersion]
) -> tuple[Check, DidDocument | None]:
    """The DID document as it is now: fetched, the entered DID's, with a key to sign in by; and
    whether the node that answers is that company's."""
    try:
        fetched = world.did_resolver.resolve(partner.did)
        owner = parse_did_document(fetched, did=partner.did, name=partner.did)
    except SaltbridgeError as error:
        told = certificate_points(points_of(error, PARTNER), world.clock.now())
        return checked("identity", [_another(point) for point in told]), None
    who = whose_node_points((s.service_id for s in spoken), partner.did)
    return checked("identity", [*_key_points(world, owner), *who]), owner


def _another(point: Point) -> Point:
    """Another company's document: either side may have to change something."""
    if point.code != "trust.did-differs":
        return point
    return Point(point.verdict, "doctor.did-differs", point.arguments, None)


def _key_points(world: World, owner: DidDocument) -> Iterable[Point]:
    now = world.clock.now()
    for use in (KeyUse.AUTHENTICATION, KeyUse.ASSERTION):
        usable = [k for k in owner.keys if use in k.uses and _holds(k.expires, k.revoked, now)]
        if not usable:
            yield fault("doctor.no-key", PARTNER, did=owner.id, use=use.value)


def _holds(expires: datetime | None, revoked: datetime | None, now: datetime) -> bool:
    return (expires is None or expires > now) and (revoked is None or revoked > now)


def _service_points(world: World, partner: Partner, owner: DidDocument) -> Iterable[Point]:
    address = owner.service_url(DATA_SERVICE)
    if address is None:
        yield fault("doctor.no-service", PARTNER, did=owner.id, type=DATA_SERVICE)
    elif partner.dsp_url and not same_origin(address, partner.dsp_url):
        yield fault("doctor.service-elsewhere", US, told=address, entered=partner.dsp_url)
    dcp = mode_of(world) is IdentityMode.DCP
    if dcp and owner.service_url(CREDENTIAL_SERVICE) is None:
        yield fault("doctor.no-service", PARTNER, did=owner.id, type=CREDENTIAL_SERVICE)


def _sign_in(world: World, spoken: Iterable[SpokenVersion] | None) -> Check:
    """Whether both sides sign in the same way, as far as the partner tells."""
    if spoken is None:
        return not_made("sign-in", "versions")
    theirs = next((s.auth for s in spoken if s.version == DSP_2025_1.version), "")
    ours = mode_of(world)
    if not theirs:
        untold = Point(Verdict.NOTED, "doctor.sign-in-untold", {"ours": str(ours)})
        return Check("sign-in", State.UNKNOWN, (untold,))
    points = []
    if theirs == "DCP" and ours is IdentityMode.DID:
        points.append(fault("doctor.wants-credentials", US, theirs=theirs))
    elif theirs != "DCP" and ours is IdentityMode.DCP:
        points.append(fault("doctor.shows-no-credentials", PARTNER, theirs=theirs))
    return checked("sign-in", points)


def _catalogue(world: World, partner: Partner, reached: bool, cause: str) -> list[Check]:
    if not reached:
        return [not_made("catalogue", "reach"), not_made("offers", "reach")]
    try:
        read = shown_catalogue(world, partner)
    except SaltbridgeError as error:
        points = [_let_in(point, partner, cause) for point in points_of(error, PARTNER)]
        return [checked("catalogue", points), not_made("offers", "catalogue")]
    shown = read.catalogue
    unreadable = [point for faulty in read.faulty for point in _unreadable(faulty)]
    readable = checked("catalogue", unreadable)
    if not shown.datasets and not unreadable:
        nothing = fault("doctor.shown-nothing", PARTNER, partner=partner.name)
        return [readable, checked("offers", [nothing])]
    return [readable, *_offers(world, shown)]


def _unreadable(faulty: FaultyDataset) -> Iterable[Point]:
    """A dataset that the protocol's schemas refuse, and the first of the reasons."""
    yield fault("doctor.dataset-unreadable", PARTNER, id=faulty.id)
    for found in faulty.findings[:1]:
        yield Point(Verdict.NOTED, found.code, found.arguments, PARTNER, found.place.pointer)


def _let_in(point: Point, partner: Partner, cause: str) -> Point:
    """A refusal to let us in says nothing by itself: what it usually means."""
    status = point.arguments.get("status")
    if point.code != "exchange.no-catalogue" or status not in _REFUSING:
        return point
    told = {"partner": partner.name, "status": str(status)}
    if cause:
        return fault("doctor.not-let-in-because", None, **told, check=cause)
    return fault("doctor.not-let-in", PARTNER, **told)


def _offers(world: World, shown: Catalogue) -> list[Check]:
    with world.store.reading() as view:
        judged = {
            dataset.id: [judged_offer(world, view, offer).points for offer in dataset.offers]
            for dataset in shown.datasets
        }
    return [
        checked("offer", _offer_points(d, judged[d.id]), d.title or d.id)
        for d in shown.datasets
    ]


def _offer_points(dataset: Dataset, judged: list[tuple[Point, ...]]) -> Iterable[Point]:
    """What stands against a dataset: no way to have it, or no offer that fits."""
    if not set(dataset.formats) & set(DSP_2025_1.formats):
        offered, needed = ", ".join(dataset.formats) or "–", ", ".join(DSP_2025_1.formats)
        yield fault("doctor.no-format", PARTNER, offered=offered, needed=needed)
    failures = [[p for p in points if p.verdict is Verdict.FAILED] for points in judged]
    if all(failures):
        for failed in failures:
            yield from failed
