"""Ask a partner for a document that its system makes on the spot.

What comes is a claim file, signed by the partner; ``saltbridge verify`` checks the rest of it,
as of every other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.exchange.address import same_origin
from saltbridge.exchange.served import LIVE
from saltbridge.formats.claim_file import parse_claim_file
from saltbridge.formats.content_digest import parse_content_digest
from saltbridge.formats.described_by import parse_described_by
from saltbridge.ports import Partner, World
from saltbridge.steps.edr import Edr
from saltbridge.steps.partner_access import Wanted, Ways, access, ask
from saltbridge.trust.claims import verify

LIMIT_BYTES: Final = 2_000_000


def open_interface(world: World, ways: Ways, partner: Partner, dataset_id: str) -> Edr | None:
    """The interface if it is open now; else a step towards it is taken. As ``access``."""
    return access(world, ways, partner, Wanted(kind=LIVE, dataset_id=dataset_id))


@dataclass(frozen=True, slots=True)
class LiveAnswer:
    """The bytes a partner answered, and its export statement about them, where it has one."""

    content: bytes
    statement: bytes | None = None


def ask_live(
    world: World, partner: Partner, edr: Edr, path: str, query: Sequence[tuple[str, str]]
) -> LiveAnswer:
    """What the partner answers, whole as it announced it and signed by it.

    Raises:
        Refused: it gave none.
        FaultyInput, NotVerified: they are not those it announced, or not signed by it.
        Unavailable: it cannot be reached, or its system cannot.
    """
    asked = quote(path, safe="/")
    if query:
        asked += f"?{urlencode(list(query), quote_via=quote)}"
    answer = ask(world, partner, edr, "GET", asked, limit_bytes=LIMIT_BYTES)
    if answer.status != 200:
        raise Refused.of(
            "live.refused",
            partner=partner.name,
            status=answer.status,
            refusal=_code(answer.content),
        )
    announced = parse_content_digest(answer.headers.get("content-digest", ""))
    if announced != digest(answer.content):
        found = digest(answer.content)
        raise FaultyInput.of("live.not-as-announced", found=found, due=announced or "–")
    did_document = world.did_resolver.resolve(partner.did)
    verify(parse_claim_file(answer.content).claim, did_document)
    with world.store.unit_of_work() as work:
        work.put("did-document", partner.did, canonical_bytes(dict(did_document)))
    described = parse_described_by(answer.headers.get("link", ""))
    return LiveAnswer(answer.content, _statement(world, partner, edr, described))


def _statement(world: World, partner: Partner, edr: Edr, url: str) -> bytes | None:
    """The statement, where one is named at the data plane; the token goes nowhere else."""
    if not same_origin(url, edr.endpoint):
        return None
    answer = ask(world, partner, edr, "GET", url, limit_bytes=LIMIT_BYTES)
    return answer.content if answer.status == 200 else None


def _code(content: bytes) -> str:
    try:
        found = read_json(content)
    except FaultyInput:
        return "–"
    return str(found.get("code", "–"))[:80] if isinstance(found, dict) else "–"
