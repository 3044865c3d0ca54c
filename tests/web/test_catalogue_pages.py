"""Filters and pages of a catalogue, asked at the door and followed by us."""

from itertools import pairwise

import pytest

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.exchange import catalogue_query
from saltbridge.exchange.catalogue_query import CatalogueQuery, Criterion, page_of
from saltbridge.exchange.model import Dataset
from saltbridge.formats.dsp_catalogue_query import parse_token, render_links
from saltbridge.formats.web_links import next_link
from saltbridge.services import catalogue
from saltbridge.services.catalogue import request_catalogue

MESSAGE = {
    "@context": ["https://w3id.org/dspace/2025/1/context.jsonld"],
    "@type": "CatalogRequestMessage",
}
PATH = "/2025-1/catalog/request"


def many(pair, count: int = 7) -> list[str]:
    """As many datasets as the published one, under ids of their own."""
    with pair.provider.store.unit_of_work() as work:
        record = read_json(work.get("dataset", pair.dataset_id).body)
        for n in range(count):
            body = {**record, "id": f"urn:x:{n}", "dct_type": f"t{n % 2}", "version": "3.0"}
            work.put("dataset", f"urn:x:{n}", canonical_bytes(body))
    return sorted([pair.dataset_id, *(f"urn:x:{n}" for n in range(count))])


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch):
    real = catalogue.catalogue_for

    def three(*arguments, **named):
        return real(*arguments, **{"size": 3, **named})

    monkeypatch.setattr(catalogue, "catalogue_for", three)


def test_pages_are_linked_and_we_follow_them(a_pair, small):
    pair = a_pair()
    ids = many(pair)
    first = pair.call("POST", PATH, MESSAGE)
    assert first.headers["link"].count("rel=") == 1
    url = next_link(first.headers["link"])
    second = pair.call("POST", url.removeprefix(pair.provider.node.base_url), MESSAGE)
    assert [d["@id"] for d in read_json(second.content)["dataset"]] == ids[3:6]
    assert 'rel="previous"' in second.headers["link"]
    shown = request_catalogue(pair.consumer, pair.to_provider)
    assert sorted(d.id for d in shown.datasets) == ids
    assert len({d.id for d in shown.datasets}) == len(ids)


def test_a_link_that_leads_elsewhere_is_not_followed(a_pair, monkeypatch):
    pair = a_pair()
    foreign = {"Link": '<http://169.254.169.254/catalog>; rel="next"'}
    monkeypatch.setattr("saltbridge.web.dsp.render_links", lambda *_: foreign)
    assert len(request_catalogue(pair.consumer, pair.to_provider).datasets) == 1


EDC = "https://w3id.org/edc/v0.0.1/ns/"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ([{"operandLeft": "'http://purl.org/dc/terms/type'.'@id'", "operator": "=",
           "operandRight": "t1"}], ["urn:x:1", "urn:x:3", "urn:x:5"]),
        ([{"@type": f"{EDC}QuerySpec", f"{EDC}filterExpression": [
            {f"{EDC}operandLeft": f"{EDC}id", f"{EDC}operator": "in",
             f"{EDC}operandRight": ["urn:x:2", "urn:x:6", "urn:none"]}]}],
         ["urn:x:2", "urn:x:6"]),
        ([{"@type": "QuerySpec", "offset": 1, "limit": 1, "filterExpression": [
            {"operandLeft": "dct:type", "operator": "=", "operandRight": {"@id": "t0"}},
            {"operandLeft": "cx-common:version", "operator": "=", "operandRight": "3.0"}]}],
         ["urn:x:2"]),
        ([{"operandLeft": "id", "operator": "=", "operandRight": "urn:none"}], []),
    ],
)  # fmt: skip
def test_what_is_asked_for_is_shown(a_pair, asked, found):
    pair = a_pair()
    many(pair)
    answer = pair.call("POST", PATH, {**MESSAGE, "filter": asked})
    shown = read_json(answer.content)
    assert [d["@id"] for d in shown.get("dataset", [])] == found


@pytest.mark.parametrize(
    "asked",
    [
        ["text"],
        [{"sparql": "SELECT *"}],
        [{"operandLeft": "price", "operator": "=", "operandRight": "1"}],
        [{"operandLeft": "id", "operator": "like", "operandRight": "%"}],
        [{"operandLeft": "id", "operator": "=", "operandRight": ["a", "b"]}],
        [{"operandLeft": "id", "operator": "=", "operandRight": 1}],
        [{"@type": "QuerySpec", "limit": -1}],
        [{"@type": "QuerySpec", "offset": True}],
        [{"@type": "QuerySpec", "sortField": "id"}],
        [{"@type": "QuerySpec", "filterExpression": ["x"]}],
    ],
)
def test_a_filter_we_do_not_support_is_refused(a_pair, asked):
    answer = a_pair().call("POST", PATH, {**MESSAGE, "filter": asked})
    assert answer.status == 400
    assert read_json(answer.content)["code"] == "dsp.filter-unsupported"


@pytest.mark.parametrize("token", ["%FF", "a", "_" * 3000])
def test_a_token_that_is_none_of_ours_is_refused(a_pair, token):
    assert a_pair().call("POST", f"{PATH}?continuationToken={token}", MESSAGE).status == 400


def test_every_dataset_is_on_exactly_one_page_and_the_links_lead_both_ways():
    datasets = [Dataset(f"d{n:02}", (), ("f",), version=str(n % 3)) for n in range(11)]
    query = CatalogueQuery((Criterion("version", ("0", "1")),))
    for size in (1, 2, 3, 50):
        seen, after, pages = [], "", []
        while True:
            page = page_of(datasets, query, after, size)
            pages.append(page)
            seen += [d.id for d in page.datasets]
            if page.next is None:
                break
            link = next_link(render_links("http://a", page)["Link"])
            after = parse_token(link.partition("=")[2])
        assert seen == [d.id for d in datasets if d.version in ("0", "1")]
        assert pages[0].previous is None
        for before, page in pairwise(pages):
            assert page_of(datasets, query, page.previous, size) == before
    assert catalogue_query.PAGE == 500
