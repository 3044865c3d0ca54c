"""What a partner shows to us."""

from dataclasses import dataclass, replace
from typing import Final

from saltbridge.core.errors import FaultyInput, Unavailable
from saltbridge.exchange.address import same_origin
from saltbridge.exchange.model import Catalogue
from saltbridge.formats.dsp_catalogue import render_catalogue_request
from saltbridge.formats.dsp_catalogue_parts import FaultyDataset, parse_catalogue_parts
from saltbridge.formats.web_links import next_link
from saltbridge.ports import Partner, World
from saltbridge.steps.speak import post

LIMIT_BYTES: Final = 20_000_000
MOST_PAGES: Final = 100


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
    if world.connector is not None:
        return ShownCatalogue(*world.connector.catalogue(partner))
    if not partner.dsp_url:
        raise FaultyInput.of("exchange.partner-without-address", partner=partner.name)
    first = f"{partner.dsp_url.rstrip('/')}/catalog/request"
    shown, url = _one_page(world, partner, first)
    pages = 1
    while url and pages < MOST_PAGES:
        more, url = _one_page(world, partner, url)
        datasets = (*shown.catalogue.datasets, *more.catalogue.datasets)
        whole = replace(shown.catalogue, datasets=datasets)
        shown = ShownCatalogue(whole, (*shown.faulty, *more.faulty))
        pages += 1
    return shown


def _one_page(world: World, partner: Partner, url: str) -> tuple[ShownCatalogue, str]:
    """One page, and where the next one is: at the partner's own address, or nowhere."""
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
    further = next_link(answer.headers.get("link", ""))
    theirs = further if same_origin(further, partner.dsp_url) else ""
    return ShownCatalogue(catalogue, faulty), theirs
