"""Asking a partner for a product carbon footprint, and being asked (CX-0136).

The question is answered with 202 at once; the footprint comes later, put back by the partner
under the id of the request, and may be put again as an update. A request belongs to the two
companies it was made between: the same id from somebody else is another request, or none.

CX-0136 2.2.1 (API 1.2.0, model 9) and 3.0.0 (API 1.3.0, model 10; without a model version the
answer is in model 9). Read: 2026-11, in the text of the standard; confidence: read.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from saltbridge.exchange.twins import Aspect, Twin

API_9: Final = "1.2.0"
API_10: Final = "1.3.0"
MODEL_9: Final = "9.0.0"
MODEL_10: Final = "10.0.0"
MOST_MESSAGE: Final = 250
_MODEL: Final = re.compile(r"urn:samm:io\.catenax\.pcf:(9|10)\.([0-9]+|x)\.([0-9]+|x)(#Pcf)?")
_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,200}")


class Direction(StrEnum):
    """Who asked."""

    ASKED = "asked"  # we did
    RECEIVED = "received"  # the partner did


class State(StrEnum):
    """How far a request has come, as this node sees it."""

    ASKING = "asking"  # our question is on its way
    OPEN = "open"  # it was taken; the one who was asked has to answer
    ANSWERING = "answering"  # our answer is on its way
    ANSWERED = "answered"
    REFUSING = "refusing"  # our refusal is on its way
    REFUSED = "refused"
    FAILED = "failed"  # the partner did not take what we sent


@dataclass(frozen=True, kw_only=True, slots=True)
class PcfRequest:
    """One request. ``digest``: of the last footprint that was put; ``text``: its words."""

    id: str
    partner: str  # BPN
    direction: Direction
    state: State
    manufacturer_part: str = ""
    customer_part: str = ""
    message: str = ""
    model: str = MODEL_9
    api: str = API_10
    made_at: str = ""
    changed_at: str = ""
    digest: str = ""
    decision_id: str = ""
    updates: int = 0
    text: str = ""
    person: str = ""

    @property
    def key(self) -> str:
        """Under which it is kept: an id of another company's choosing never collides."""
        return f"{self.direction}|{self.partner}|{self.id}"


def is_request_id(text: str) -> bool:
    """Whether a text can be the id of a request."""
    return _ID.fullmatch(text) is not None


def model_asked(text: str) -> str:
    """The model a question asks for; that of before where it says nothing; empty: not served.

    >>> model_asked(""), model_asked("urn:samm:io.catenax.pcf:10.x.x"), model_asked("7.0.0")
    ('9.0.0', '10.0.0', '')
    """
    if not text:
        return MODEL_9
    found = _MODEL.fullmatch(text)
    return "" if found is None else (MODEL_10 if found.group(1) == "10" else MODEL_9)


def model_name(model: str) -> str:
    """How a question names a model."""
    return f"urn:samm:io.catenax.pcf:{model}"


def semantic_id_of(model: str) -> str:
    """The meaning of a twin's aspect that holds a footprint of a model.

    >>> semantic_id_of("9.0.0")
    'urn:samm:io.catenax.pcf:9.0.0#Pcf'
    """
    return f"{model_name(model)}#Pcf"


def footprint_of(twins: Sequence[Twin]) -> tuple[Twin, Aspect, str] | None:
    """The footprint that twins of a part have: twin, aspect, model; the newer model first."""
    found = [
        (twin, aspect, model)
        for model in (MODEL_10, MODEL_9)
        for twin in twins
        for aspect in twin.aspects
        if aspect.semantic_id == semantic_id_of(model)
    ]
    return found[0] if found else None


def may_answer(request: PcfRequest) -> bool:
    """Whether somebody here has still to answer it."""
    return request.direction is Direction.RECEIVED and request.state in (
        State.OPEN,
        State.FAILED,
    )


def may_update(request: PcfRequest) -> bool:
    """Whether a footprint that was put may be put again, corrected."""
    return request.direction is Direction.RECEIVED and request.state is State.ANSWERED


def request_record(request: PcfRequest) -> dict[str, Any]:
    """The request as a JSON object."""
    return asdict(request)


def request_of(record: Mapping[str, Any]) -> PcfRequest:
    """The request of a stored object."""
    told = dict(record)
    told["direction"], told["state"] = Direction(told["direction"]), State(told["state"])
    return PcfRequest(**told)
