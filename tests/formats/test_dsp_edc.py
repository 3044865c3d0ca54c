"""What a real EDC writes is read: recorded from EDC 0.14.0 (tests/edc), ids changed.

It compacts JSON-LD, so lists of one stand without their list; it leaves ``profile`` out, has no
member for the endpoint of a pull, and asks for every catalogue with a query.
"""

import pytest

from saltbridge.core.canonical import canonical_bytes
from saltbridge.exchange import messages as m
from saltbridge.exchange.model import DataAddress, Offer
from saltbridge.exchange.policy import PURPOSE_PASSPORT, PURPOSE_PCF, same_terms, usage_offer
from saltbridge.formats import dsp
from saltbridge.formats.dsp_catalogue import parse_catalogue
from saltbridge.formats.dsp_catalogue_query import parse_catalogue_query
from saltbridge.formats.dsp_schema import NotDsp

CONTEXT = [
    "https://w3id.org/catenax/2025/9/policy/context.jsonld",
    "https://w3id.org/dspace/2025/1/context.jsonld",
    "https://w3id.org/edc/dspace/v0.0.1",
]
EDC_NS = "https://w3id.org/edc/v0.0.1/ns/"
POLICY = {
    "@id": "b2ZmZXI=:YXNzZXQ=:dXVpZA==",
    "@type": "Offer",
    "permission": [
        {
            "action": "use",
            "constraint": [
                {
                    "and": [
                        {
                            "leftOperand": "Membership",
                            "operator": "eq",
                            "rightOperand": "active",
                        },
                        {
                            "leftOperand": "FrameworkAgreement",
                            "operator": "eq",
                            "rightOperand": "DataExchangeGovernance:1.0",
                        },
                        {
                            "leftOperand": "UsagePurpose",
                            "operator": "isAnyOf",
                            "rightOperand": "cx.pcf.base:1",
                        },
                    ]
                }
            ],
        }
    ],
    "prohibition": [
        {
            "action": "use",
            "constraint": [
                {
                    "and": {
                        "leftOperand": "UsageRestriction",
                        "operator": "isAllOf",
                        "rightOperand": "cx.thirdParty.forbidden:1",
                    }
                }
            ],
        }
    ],
}
CATALOGUE = {
    "@id": "52347b88-33ac-4cc4-8de2-bfeaebfed946",
    "@type": "Catalog",
    "dataset": [
        {
            "@id": "asset",
            "@type": "Dataset",
            "hasPolicy": [POLICY],
            "distribution": [
                {
                    "@type": "Distribution",
                    "format": "HttpData-PULL",
                    "accessService": {
                        "@id": "37823085-aa06-4791-917b-7b80f5fce684",
                        "@type": "DataService",
                        "endpointDescription": "dspace:connector",
                        "endpointURL": "http://127.0.0.1:1/protocol/2025-1",
                    },
                }
            ],
            "edc:name": "asset",
            "id": "asset",
        }
    ],
    "service": [],
    "participantId": "did:web:edc.example",
    "@context": CONTEXT,
}
START = {
    "@id": "49577751-1039-423c-b5e5-6ac71e4c41a9",
    "@type": "TransferStartMessage",
    "providerPid": "9c7ada5e-d222-4fa5-b662-4773909c1901",
    "consumerPid": "urn:uuid:a6deee96-a037-408c-9598-f983b03b273d",
    "dataAddress": {
        "@type": "DataAddress",
        "endpointType": "https://w3id.org/idsa/v4.1/HTTP",
        "endpointProperties": [
            {"@type": "EndpointProperty", "name": f"{EDC_NS}{name}", "value": value}
            for name, value in (
                ("endpoint", "http://127.0.0.1:1/protocol/data/"),
                ("authType", "bearer"),
                ("endpointType", "https://w3id.org/idsa/v4.1/HTTP"),
                ("authorization", "a.b.c"),
            )
        ],
    },
    "@context": CONTEXT,
}
OURS = usage_offer("urn:uuid:1", PURPOSE_PCF)


def test_a_catalogue_with_lists_of_one_is_read_and_its_offer_kept_as_written():
    shown = parse_catalogue(canonical_bytes({**CATALOGUE, "service": [_service()]}))
    (offer,) = shown.datasets[0].offers
    assert offer == Offer(POLICY["@id"], POLICY)
    assert dsp.render_offer(offer) == POLICY


def _service() -> dict[str, str]:
    return dict(CATALOGUE["dataset"][0]["distribution"][0]["accessService"])


def test_a_connective_that_joins_no_terms_is_still_refused():
    wrong = {**POLICY, "permission": [{"action": "use", "constraint": [{"and": {"x": 1}}]}]}
    catalogue = {**CATALOGUE, "service": [_service()]}
    catalogue["dataset"] = [{**CATALOGUE["dataset"][0], "hasPolicy": [wrong]}]
    with pytest.raises(NotDsp):
        parse_catalogue(canonical_bytes(catalogue))


def test_the_endpoint_is_read_where_edc_puts_it():
    start = dsp.parse_message(canonical_bytes(START), m.TransferStart)
    assert isinstance(start, m.TransferStart) and start.data_address is not None
    assert start.data_address.endpoint == "http://127.0.0.1:1/protocol/data/"
    assert start.data_address.token == "a.b.c"


def test_our_address_says_the_endpoint_where_edc_looks():
    written = dsp.render_data_address(DataAddress("http://127.0.0.1:2/data/x", "t"))
    said = {p["name"]: p["value"] for p in written["endpointProperties"]}
    assert said[f"{EDC_NS}endpoint"] == written["endpoint"] == "http://127.0.0.1:2/data/x"


def test_our_offer_as_edc_words_it_is_our_offer():
    assert same_terms(OURS, POLICY)
    in_full = {
        "odrl:permission": [
            {
                "odrl:action": {"@id": "odrl:use"},
                "odrl:constraint": {
                    "odrl:and": [
                        {
                            "odrl:leftOperand": {
                                "@id": f"https://w3id.org/catenax/2025/9/policy/{name}"
                            },
                            "odrl:operator": {"@id": f"odrl:{operator}"},
                            "odrl:rightOperand": {"@value": value},
                        }
                        for name, operator, value in (
                            ("Membership", "eq", "active"),
                            ("FrameworkAgreement", "eq", "DataExchangeGovernance:1.0"),
                            ("UsagePurpose", "isAnyOf", "cx.pcf.base:1"),
                        )
                    ]
                },
            }
        ],
        "odrl:prohibition": POLICY["prohibition"],
        "odrl:obligation": [],
    }
    assert same_terms(OURS, in_full)


@pytest.mark.parametrize(
    "altered",
    [
        {**POLICY, "prohibition": []},
        {**POLICY, "profile": "https://example.org/"},
        usage_offer("urn:uuid:1", PURPOSE_PASSPORT),
        {**POLICY, "obligation": {"action": "use"}},
    ],
)
def test_another_offer_in_the_words_of_edc_stays_another(altered):
    assert not same_terms(OURS, altered)


def test_the_query_that_edc_always_sends_asks_for_everything():
    asked = {
        "@type": "CatalogRequestMessage",
        "filter": [
            {
                "@type": "QuerySpec",
                "limit": 50,
                "offset": 0,
                "sortOrder": "ASC",
                "filterExpression": [],
            }
        ],
        "@context": CONTEXT,
    }
    query = parse_catalogue_query(canonical_bytes(asked))
    assert (query.criteria, query.offset, query.limit) == ((), 0, 50)
    asked["filter"][0]["sortField"] = "name"
    with pytest.raises(NotDsp):
        parse_catalogue_query(canonical_bytes(asked))
