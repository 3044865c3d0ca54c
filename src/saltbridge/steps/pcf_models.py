"""The models of Catena-X's footprints as formats of ours, and what is wrong with an answer."""

from collections.abc import Mapping
from typing import Any, Final

from saltbridge.core.finding import Finding, finding
from saltbridge.exchange.pcf_exchange import MODEL_9, MODEL_10
from saltbridge.footprint.supplier_figure import CATENA_X_9, CATENA_X_10
from saltbridge.formats.pcf import recognise, schema_findings

FORMATS: Final[Mapping[str, str]] = {MODEL_9: CATENA_X_9, MODEL_10: CATENA_X_10}


def model_faults(document: Any, model: str) -> tuple[Finding, ...]:
    """Why a document that came is no footprint in that model; empty where it is one."""
    wanted, format = FORMATS[model], recognise(document)
    if format != wanted:
        return (finding("pcf.other-model", found=format or "?", due=wanted),)
    return schema_findings(document, format)
