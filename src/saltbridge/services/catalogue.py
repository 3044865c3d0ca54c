"""What we show to a partner, and what a partner shows to us."""

from saltbridge.core.canonical import read_json
from saltbridge.exchange.catalogue import dataset_of
from saltbridge.exchange.catalogue_query import PAGE, CatalogueQuery, Page, page_of
from saltbridge.exchange.model import Catalogue, Dataset
from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1
from saltbridge.ports import Partner, World
from saltbridge.steps.partner_catalogue import request_catalogue, shown_catalogue
from saltbridge.steps.records import document, every
from saltbridge.steps.standing import visible_to

EVERYTHING = CatalogueQuery()
__all__ = ["catalogue_for", "dataset_for", "request_catalogue", "shown_catalogue"]


def catalogue_for(
    world: World,
    partner: Partner,
    query: CatalogueQuery = EVERYTHING,
    *,
    after: str = "",
    size: int = PAGE,
) -> tuple[Catalogue, Page]:
    """The datasets of ours that this partner may know of and asks for: one page of them."""
    endpoint = f"{world.node.base_url}{DSP_2025_1.path}"
    with world.store.reading() as view:
        every_one = (read_json(r.body) for r in every(view, "dataset"))
        shown = visible_to(world, view, every_one, partner)
    found = [dataset_of(record, DSP_2025_1, endpoint) for record in shown]
    page = page_of(found, query, after, size)
    catalogue = Catalogue(
        id=f"{world.node.did}#catalogue",
        participant=world.node.did,
        datasets=page.datasets,
    )
    return catalogue, page


def dataset_for(world: World, partner: Partner, dataset_id: str) -> Dataset | None:
    """One dataset, or None where it is not there or not for this partner."""
    with world.store.reading() as view:
        record = document(view, "dataset", dataset_id)
        shown = visible_to(world, view, [record] if record else [], partner)
    endpoint = f"{world.node.base_url}{DSP_2025_1.path}"
    return next((dataset_of(found, DSP_2025_1, endpoint) for found in shown), None)
