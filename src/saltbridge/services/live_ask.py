"""Ask a partner for a document that its system makes on the spot.

What comes is a claim file, signed by the partner; ``saltbridge verify`` checks the rest of it,
as of every other.
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote, urlencode

from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.exchange.served import LIVE
from saltbridge.formats.claim_file import parse_claim_file
from saltbridge.formats.content_digest import parse_content_digest
from saltbridge.ports import Partner, World
from saltbridge.steps.edr import Edr
from saltbridge.steps.partner_access import Wanted, Ways, access, ask
from saltbridge.trust.claims import verify

LIMIT_BYTES: Final = 2_000_000


def open_interface(world: World, ways: Ways, partner: Partner, dataset_id: str) -> Edr | None:
    """The interface if it is open now; else a step towards it is taken. As ``access``."""
    return access(world, ways, partner, Wanted(kind=LIVE, dataset_id=dataset_id))


def ask_live(
    world: World, partner: Partner, edr: Edr, path: str, query: Sequence[tuple[str, str]]
) -> bytes:
    """The bytes the partner answers, whole as it announced them.

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
    return answer.content


def _code(content: bytes) -> str:
    try:
        found = read_json(content)
    except FaultyInput:
        return "–"
    return str(found.get("code", "–"))[:80] if isinstance(found, dict) else "–"
