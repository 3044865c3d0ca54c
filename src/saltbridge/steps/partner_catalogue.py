"""What a partner shows to us."""

from dataclasses import dataclass
from typing import Final

from saltbridge.core.errors import FaultyInput, Unavailable
from saltbridge.exchange.model import Catalogue
from saltbridge.formats.dsp_catalogue import render_catalogue_request
from saltbridge.formats.dsp_catalogue_parts import FaultyDataset, parse_catalogue_parts
from saltbridge.ports import Partner, World
from saltbridge.steps.speak import post

LIMIT_BYTES: Final = 20_000_000


@dataclass(frozen=True, slots=True)
class ShownCatalogue:
    """What a partner shows to us: what can be read of it, and the datasets that cannot."""

    catalogue: Catalogue
    faulty: tuple[FaultyDataset, ...] = ()


def request_catalogue(world: World, partner: Partner) -> Catalogue:
    """The partner's catalogue as it shows it to us, without what cannot be read.

    Raises:
        As ``shown_catalogue``.
    """
    return shown_catalogue(world, partner).catalogue


def shown_catalogue(world: World, partner: Partner) -> ShownCatalogue:
    """The partner's catalogue, dataset by dataset.

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
    catalogue, faulty = parse_catalogue_parts(answer.content)
    if catalogue.participant != partner.did:
        raise FaultyInput.of(
            "exchange.foreign-catalogue", found=catalogue.participant[:200], due=partner.did
        )
    return ShownCatalogue(catalogue, faulty)
