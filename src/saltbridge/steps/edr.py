"""Where and with which token a partner's interface is asked: kept while it may be used."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.exchange.address import may_pull_from
from saltbridge.exchange.model import DataAddress, Transfer
from saltbridge.ports import HttpAnswer, UnitOfWork, World
from saltbridge.steps.identity import sign_in_token
from saltbridge.steps.kept_secret import opened, shut
from saltbridge.steps.records import document
from saltbridge.steps.through_connector import connector_of, may_pull, through_connector
from saltbridge.trust.did import from_iso, iso

KIND: Final = "edr"
_PURPOSE: Final = "endpoint data reference"
_USUAL: Final = timedelta(seconds=300)  # CX-0018: the life of a token that names none
_LONGEST: Final = timedelta(days=365)  # a token said to live longer is renewed after this
_ANSWER_BYTES: Final = 100_000
_FORGOTTEN_AFTER: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Edr:
    """An endpoint and the token that opens it."""

    endpoint: str
    token: str
    auth_type: str = "bearer"


def keep_edr(world: World, work: UnitOfWork, transfer: Transfer, address: DataAddress) -> bool:
    """Keep what the provider's start message said, sealed where this node can seal.

    False where it may not be pulled from there: then nothing is kept.
    """
    partner = world.node.partner(transfer.counterparty)
    if partner is None or not may_pull(world, transfer, partner, address.endpoint):
        return False
    now = world.clock.now()
    work.forget(KIND, now - _FORGOTTEN_AFTER)
    body = {
        "transfer_id": transfer.pid,
        "agreement_id": transfer.agreement_id,
        "provider": transfer.counterparty,
        "endpoint": address.endpoint,
        "sealed": world.keyring.protected,
        "token": _shut(world, address.token),
        "expires_at": iso(now + _life(address.expires_in_seconds)),
        "auth_type": address.auth_type,
        **_renewal(world, address),
    }
    work.put(KIND, transfer.pid, canonical_bytes(body))
    return True


def _life(seconds: int | None) -> timedelta:
    """How long a token is used, whatever the partner says of it."""
    if seconds is None:
        return _USUAL
    return timedelta(seconds=min(seconds, int(_LONGEST.total_seconds())))


def _renewal(world: World, address: DataAddress) -> dict[str, str]:
    """How the token is renewed, for the store; nothing where it is not."""
    if not address.refresh_token or not address.refresh_endpoint:
        return {}
    return {
        "refresh_token": _shut(world, address.refresh_token),
        "refresh_endpoint": address.refresh_endpoint,
        "refresh_audience": address.refresh_audience,
    }


def _shut(world: World, secret: str) -> str:
    return shut(world, secret, _PURPOSE)


def _open(world: World, kept: Mapping[str, Any], name: str) -> str:
    return opened(world, kept, name, _PURPOSE)


def renewed_edr(world: World, transfer: Transfer) -> Edr | None:
    """The endpoint with a token got anew (RFC 6749, section 6), kept; None where that fails.

    The old token names the grant; that it is ours we show by a token signed for this call.
    """
    if through_connector(transfer):
        return _from_connector(world, transfer)
    partner = world.node.partner(transfer.counterparty)
    with world.store.reading() as view:
        kept = document(view, KIND, transfer.pid)
    if kept is None or partner is None or "refresh_token" not in kept:
        return None
    url = kept["refresh_endpoint"]
    if not may_pull_from(url, partner.dsp_url):
        return None
    old = _open(world, kept, "token")
    form = {"grant_type": "refresh_token", "refresh_token": _open(world, kept, "refresh_token")}
    answer = world.http.send(
        "POST",
        url,
        headers={
            "authorization": f"Bearer {sign_in_token(world, partner.did, old)}",
            "content-type": "application/x-www-form-urlencoded",
        },
        content=urlencode(form).encode(),
        limit_bytes=_ANSWER_BYTES,
    )
    address = _renewed(answer, kept) if answer.status == 200 else None
    if address is None:
        return None
    with world.store.unit_of_work() as work:
        if not keep_edr(world, work, transfer, address):
            return None
    return Edr(address.endpoint, address.token, address.auth_type)


def _from_connector(world: World, transfer: Transfer) -> Edr | None:
    """The company's connector has the token, and renews it if it can."""
    address = connector_of(world).data_address(transfer.pid)
    if address is None:
        return None
    with world.store.unit_of_work() as work:
        if not keep_edr(world, work, transfer, address):
            return None
    return Edr(address.endpoint, address.token, address.auth_type)


def _renewed(answer: HttpAnswer, kept: Mapping[str, Any]) -> DataAddress | None:
    try:
        told = read_json(answer.content)
    except FaultyInput:
        return None
    token = told.get("access_token") if isinstance(told, dict) else None
    if not isinstance(token, str) or not token:
        return None
    lives, another = told.get("expires_in"), told.get("refresh_token")
    return DataAddress(
        endpoint=kept["endpoint"],
        token=token,
        auth_type=kept.get("auth_type", "bearer"),
        expires_in_seconds=lives if type(lives) is int and lives > 0 else None,
        refresh_token=another if isinstance(another, str) else "",
        refresh_endpoint=kept["refresh_endpoint"],
        refresh_audience=kept["refresh_audience"],
    )


def kept_edr(world: World, view: UnitOfWork, transfer_id: str) -> Edr | None:
    """The endpoint of a transfer if its token lives; None where it has none now."""
    kept = document(view, KIND, transfer_id)
    if kept is None or world.clock.now() >= from_iso(kept["expires_at"]):
        return None
    auth_type = kept.get("auth_type", "bearer")  # what was kept before names none
    return Edr(kept["endpoint"], _open(world, kept, "token"), auth_type)
