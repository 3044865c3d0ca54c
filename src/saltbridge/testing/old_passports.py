"""A passport as it was stored before there were versions: three views signed as wholes."""

from collections.abc import Sequence

from saltbridge.border.context import PUBLIC, Context
from saltbridge.border.decide import decide, release
from saltbridge.core.canonical import canonical_bytes
from saltbridge.passport.access import Audience
from saltbridge.passport.model import ItemPassport
from saltbridge.passport.validate import readiness
from saltbridge.passport.views import header, parts, view
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.release import keep_decision, released_claim, sign_claim
from saltbridge.steps.rules import rule_book
from saltbridge.steps.statement import keep_statement
from saltbridge.trust.claims import Passport


def put_old_passport(world: World, work: UnitOfWork, passport: ItemPassport) -> None:
    """Store the passport the way it was done with three signed views."""
    now = world.clock.now()
    status = readiness(passport.values, passport.category, passport.placed_on_market)
    told, held = header(passport, status), parts(passport, status)
    document = view(told, held, Audience.PUBLIC)
    context = Context(
        decision_id=world.identifiers.urn_uuid(),
        origin=world.node.jurisdiction,
        destination=PUBLIC.jurisdiction,
        recipient=PUBLIC,
        purpose="battery passport, public part (Annex XIII point 1)",
        agreement=None,
        at=now,
        counters=None,
        person="",
    )
    book = rule_book(work)
    catalogue = book.catalogue(document["kind"], context)
    decision = decide(document, context, catalogue, book.packs)
    claim, claim_file = released_claim(world, work, decision, Passport, now)
    shown = release(decision, decision.view_bytes, "application/json", decision.view_bytes)
    record, _ = keep_decision(work, decision, claim_file)
    keep_statement(world, work, decision, record, [claim_file, shown], now)
    for audience in (Audience.LEGITIMATE_INTEREST, Audience.AUTHORITY):
        jws = sign_claim(world, Passport, view(told, held, audience), now).jws
        id = f"{passport.id}#{audience.value}"
        body = canonical_bytes({"audience": audience.value, "jws": jws})
        work.put("passport-view", id, body, expected_version=0)
    body = canonical_bytes(
        {
            "id": passport.id,
            "product_id": passport.product_id,
            "gtin": passport.gtin,
            "serial": passport.serial,
            "model": "urn:uuid:00000000-0000-4000-8000-0000000c1a13",
            "placed_on_market": passport.placed_on_market.isoformat(),
            "issued_at": passport.issued_at,
            "status": "active",
            "registration": "registry-accepts-batteries: pending",
            "claim_digest": claim.digest,
            "public": {
                "decision_id": record["id"],
                "claim": work.put_release(claim_file),
                "view": work.put_release(shown),
            },
        }
    )
    work.put("passport", passport.id, body, expected_version=0)
    address = canonical_bytes({"passport_id": passport.id})
    work.put("passport-address", f"{passport.gtin}/{passport.serial}", address)
    work.append_leaf("passport.issued", passport.id, body)


def put_old_passports(world: World, passports: Sequence[ItemPassport]) -> None:
    """Store several of them in one unit of work."""
    with world.store.unit_of_work() as work:
        for passport in passports:
            put_old_passport(world, work, passport)
