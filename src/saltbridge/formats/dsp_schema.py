"""Whether a document is a message of DSP 2025-1: its JSON Schemas, packaged, nothing fetched.

The schemas refer to each other by https ids; all of them lie in ``dsp_schemas`` (unmodified,
see the NOTICE there) and are read into one registry.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from jsonschema_rs import Draft201909, Draft201909Validator, Registry

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Place, finding

ROOT = "https://w3id.org/dspace/2025/1/"
_MOST_FINDINGS = 20


class NotDsp(FaultyInput):
    """The document is no message of the Dataspace Protocol."""


@lru_cache(maxsize=1)
def schemas() -> Mapping[str, Any]:
    """The packaged schemas by their ids."""
    folder = files("saltbridge.formats") / "dsp_schemas"
    found: dict[str, Any] = {}

    def read(place: Traversable) -> None:
        for entry in place.iterdir():
            if entry.is_dir():
                read(entry)
            elif entry.name.endswith("-schema.json"):
                text = entry.read_text(encoding="utf-8")
                # 2025-1-err1 writes "#definitions/…" in three transfer schemas: a plain-name
                # anchor that exists nowhere; the pointer "#/definitions/…" is meant.
                schema = json.loads(text.replace("json#definitions/", "json#/definitions/"))
                found[schema["$id"]] = schema

    read(folder)
    return found


@lru_cache(maxsize=1)
def _registry() -> Registry:
    return Registry(list(schemas().items()), draft=Draft201909)


@lru_cache(maxsize=64)
def _validator(name: str) -> Draft201909Validator:
    return Draft201909Validator(
        schemas()[f"{ROOT}{name}-schema.json"], registry=_registry(), offline=True
    )


def check(document: Any, name: str, place: str = "") -> None:
    """Return if the document is valid under the schema, named as ``negotiation/contract``.

    Raises:
        NotDsp: with a finding for every fault, up to 20.
    """
    faults = [
        finding(
            "dsp.schema",
            Place(file=place, pointer="".join(f"/{step}" for step in fault.instance_path)),
            schema=name,
            reason=fault.message[:200],
        )
        for fault in _validator(name).iter_errors(document)
    ]
    if faults:
        raise NotDsp(faults[:_MOST_FINDINGS])
