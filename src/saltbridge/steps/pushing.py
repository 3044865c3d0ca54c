"""Where a transfer is pushed to: the consumer's door and its token, the provider's judgement.

The token opens the consumer's door for this one transfer and is used once. Both sides keep it
sealed for as long as they have to say it, and know it by its digest.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

from saltbridge.core.canonical import digest
from saltbridge.exchange import messages as m
from saltbridge.exchange.address import may_push_to
from saltbridge.exchange.model import DataAddress, Json, Refusal, Role, Transfer, TransferState
from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1
from saltbridge.ports import Partner, World
from saltbridge.steps.kept_secret import opened, shut

PATH: Final = "/pushed"  # below it the consumer takes what is pushed
_PURPOSE: Final = "push token"
_TOKEN68: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750, section 2.1


def is_push(transfer: Transfer) -> bool:
    """Whether the provider sends the data by itself."""
    return transfer.format == DSP_2025_1.push_format


def with_own_door(world: World, begun: Transfer) -> Transfer:
    """The consumer's new transfer with its door and a token for it."""
    token = world.identifiers.token()
    endpoint = f"{world.node.base_url}{PATH}/{quote(begun.consumer_pid, safe=':')}"
    return replace(
        begun, push_to=_kept(world, endpoint, token), token_digest=digest(token.encode())
    )


def judged_target(
    world: World, partner: Partner, request: m.TransferRequest
) -> Json | Refusal | None:
    """Where a consumer wants the data, as it is kept; None for a pull; or the refusal."""
    if request.format != DSP_2025_1.push_format:
        return None
    address = request.data_address
    if address is None or not address.endpoint or not address.token:
        return Refusal("exchange.push-without-address")
    if address.auth_type.lower() != "bearer":
        return Refusal("exchange.push-sign-in", {"found": address.auth_type[:80]})
    if not _TOKEN68.fullmatch(address.token):
        return Refusal("exchange.push-token")
    table: Mapping[str, Any] = world.settings.get("push") or {}
    named = table.get("targets", {}).get(partner.bpn, ())
    if not may_push_to(address.endpoint, partner.dsp_url, named):
        return Refusal("exchange.push-foreign", {"address": address.endpoint[:200]})
    return _kept(world, address.endpoint, address.token)


def target_of(world: World, transfer: Transfer) -> DataAddress | None:
    """Where the data goes, with the token; None where nothing is kept (any more)."""
    kept = transfer.push_to
    if kept is None:
        return None
    return DataAddress(kept["endpoint"], opened(world, kept, "token", _PURPOSE))


def without_target(transfer: Transfer) -> Transfer:
    """The transfer without what need not be said again: its end, or the provider has it."""
    over = transfer.state in (TransferState.COMPLETED, TransferState.TERMINATED)
    told = transfer.role is Role.CONSUMER and transfer.state is not TransferState.START
    return replace(transfer, push_to=None) if over or told else transfer


def _kept(world: World, endpoint: str, token: str) -> Json:
    return {
        "endpoint": endpoint,
        "sealed": world.keyring.protected,
        "token": shut(world, token, _PURPOSE),
    }
