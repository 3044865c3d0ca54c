"""What a partner shows to us."""

from typing import Final

from saltbridge.core.errors import FaultyInput, Unavailable
from saltbridge.exchange.model import Catalogue
from saltbridge.formats.dsp_catalogue import parse_catalogue, render_catalogue_request
from saltbridge.ports import Partner, World
from saltbridge.steps.speak import post

LIMIT_BYTES: Final = 20_000_000


def request_catalogue(world: World, partner: Partner) -> Catalogue:
    """The partner's catalogue as it shows it to us.

    Raises:
        FaultyInput: we do not know where to reach the partner, or the answer is no catalogue.
        Unavailable: the partner cannot be reached, or does not know us.
    """
    if not partner.dsp_url:
        raise FaultyInput.of("exchange.partner-without-address", partner=partner.name)
    url = f"{partner.dsp_url.rstrip('/')}/catalog/request"
    answer = post(world, partner, url, render_catalogue_request(), limit_bytes=LIMIT_BYTES)
    if answer.status != 200:
        raise Unavailable.of(
            "exchange.no-catalogue", partner=partner.name, status=answer.status
        )
    catalogue = parse_catalogue(answer.content)
    if catalogue.participant != partner.did:
        raise FaultyInput.of(
            "exchange.foreign-catalogue", found=catalogue.participant[:200], due=partner.did
        )
    return catalogue
