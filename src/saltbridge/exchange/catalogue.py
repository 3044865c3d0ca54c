"""What a caller finds in the catalogue: the datasets whose access list names it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from saltbridge.exchange.evaluation import judge_access
from saltbridge.exchange.model import Dataset, Offer
from saltbridge.exchange.policy import may_see
from saltbridge.exchange.profiles.dsp_2025_1 import Profile
from saltbridge.exchange.served import SEMANTIC_ID, SERVED
from saltbridge.exchange.standing import Standing


def dataset_of(record: Mapping[str, Any], profile: Profile, endpoint: str) -> Dataset:
    """The dataset of a stored record, as our catalogue words it."""
    offer, meaning = dict(record["offer"]), record.get("semantic_id", "")
    # An interface is asked; only a document can be pushed.
    asked = record.get("kind", "") in SERVED
    formats = tuple(f for f in profile.formats if not (asked and f == profile.push_format))
    return Dataset(
        id=record["id"],
        title=record.get("title", ""),
        kind=record.get("kind", ""),
        dct_type=record.get("dct_type", ""),
        version=record.get("version", "1.0"),
        offers=(Offer(id=offer["@id"], policy=offer),),
        formats=formats,
        endpoint=endpoint,
        unknown={SEMANTIC_ID: {"@id": meaning}} if meaning else {},
    )


def shown_to(record: Mapping[str, Any], caller: Standing, now: datetime) -> bool:
    """Whether a caller may know of a dataset. Records of before have a list alone."""
    if not may_see(record.get("access", ()), caller.bpn):
        return False
    policy = record.get("access_policy")
    return policy is None or judge_access(policy, caller, now).refusal is None
