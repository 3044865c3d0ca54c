"""A footprint that says it is a what-if does not travel inside another kind of document."""

from collections.abc import Mapping
from typing import Any, Final

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import finding

_SAYS_SO: Final = "what-if-estimate"  # the kind whose claim is itself that of an estimate


def refuse_scenario(document: Mapping[str, Any], kind: str, named: str = "") -> None:
    """Refuse a marked footprint: the border would keep the mark and let the number go.

    Raises:
        FaultyInput: the document, its footprint or one of its records is a what-if.
    """
    if kind == _SAYS_SO:
        return
    records = document.get("records")
    parts = [document, document.get("footprint")]
    parts.extend(records if isinstance(records, list) else ())
    if any(isinstance(part, Mapping) and "scenario" in part for part in parts):
        raise FaultyInput([finding("record.scenario", id=named or kind)])
