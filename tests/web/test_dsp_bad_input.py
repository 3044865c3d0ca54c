"""Bodies that are no messages, at every door of the protocol: refused, and nothing moves."""

import pytest

from saltbridge.core.canonical import read_json
from saltbridge.trust.self_issued import self_issued_token

BODIES = {
    "deep": b'{"@type":"x","a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "huge": b'{"a":"' + b"x" * 1_100_000 + b'"}',
    "no text": b"\xff\xfe\x00",
    "twice": b'{"@type":"ContractRequestMessage","@type":"Catalog"}',
    "not a number": b'{"@type":NaN}',
    "a list": b"[]",
    "nothing": b"",
    "another type": b'{"@context":["https://w3id.org/dspace/2025/1/context.jsonld"],"@type":"Dataset"}',
}
DOORS = (
    "catalog/request",
    "negotiations/request",
    "negotiations/offers",
    "transfers/request",
    "negotiations/{n}/request",
    "negotiations/{n}/events",
    "negotiations/{n}/agreement/verification",
    "negotiations/{n}/termination",
    "transfers/{t}/start",
    "transfers/{t}/completion",
    "transfers/{t}/suspension",
    "transfers/{t}/termination",
)


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
def test_what_is_no_message_moves_nothing(a_pair, body):
    pair = a_pair()
    pair.started()
    negotiation = pair.the(pair.provider, "negotiation")
    transfer = pair.the(pair.provider, "transfer")
    for door in DOORS:
        path = door.format(n=negotiation["provider_pid"], t=transfer["provider_pid"])
        token = self_issued_token(
            caller=pair.consumer.node.did,
            called=pair.provider.node.did,
            jti=pair.consumer.identifiers.urn_uuid(),
            now=pair.clock.now(),
            signer=pair.consumer.keyring.signer(),
        )
        answer = pair.http.send(
            "POST",
            f"{pair.provider.node.base_url}/2025-1/{path}",
            headers={"authorization": f"Bearer {token}"},
            content=body,
        )
        assert answer.status in (400, 413), (door, answer.status, answer.content[:200])
        if answer.status == 400:
            kind = read_json(answer.content)["@type"]
            family = door.partition("/")[0]
            due = {"catalog": "CatalogError", "transfers": "TransferError"}
            assert kind == due.get(family, "ContractNegotiationError")
        assert b"Traceback" not in answer.content
    assert pair.the(pair.provider, "negotiation") == negotiation
    assert pair.the(pair.provider, "transfer") == transfer
