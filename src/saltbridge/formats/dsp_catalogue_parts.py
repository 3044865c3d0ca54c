"""A partner's catalogue read dataset by dataset, so that a faulty one does not hide the others.

The schema of DSP 2025-1 judges a catalogue as a whole: one policy of an older release, or a
number where a text is due, and none of it would be read.
"""

from dataclasses import dataclass

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding
from saltbridge.exchange.model import Catalogue
from saltbridge.formats.dsp import render_bytes
from saltbridge.formats.dsp_catalogue import parse_catalogue, parse_dataset
from saltbridge.formats.dsp_schema import NotDsp


@dataclass(frozen=True, slots=True)
class FaultyDataset:
    """A dataset that cannot be read, and why."""

    id: str
    findings: tuple[Finding, ...]


def parse_catalogue_parts(content: bytes) -> tuple[Catalogue, tuple[FaultyDataset, ...]]:
    """The catalogue without the datasets that are faulty, and those.

    Raises:
        FaultyJson, NotDsp: not a catalogue, whatever its datasets are.
    """
    try:
        return parse_catalogue(content), ()
    except NotDsp:
        document = read_json(content)
        listed = document.get("dataset") if isinstance(document, dict) else None
        if not isinstance(listed, list):
            raise
    sound, faulty = [], []
    for dataset in listed:
        try:
            whole = dict(dataset) if isinstance(dataset, dict) else {}
            parse_dataset(render_bytes({"@context": document.get("@context"), **whole}))
            sound.append(dataset)
        except FaultyInput as fault:
            id = str(whole.get("@id", "–"))[:200]
            faulty.append(FaultyDataset(id, fault.findings))
    rest = {name: value for name, value in document.items() if name != "dataset"}
    if sound:
        rest["dataset"] = sound
    return parse_catalogue(render_bytes(rest)), tuple(faulty)
