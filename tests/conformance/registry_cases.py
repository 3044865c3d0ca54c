"""The recorded cases of the Tractus-X registry: requests in order, and what each must answer.

They lie at ``standards/dtr/integrationtests`` (Apache-2.0, registry 0.12.0). An expected
payload is compared as their runner does it: members beyond it are free, lists have the same
length, and their order does not matter. Each case begins with an empty registry.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

VERSION = "0.12.0"
Ask: TypeAlias = Callable[[str, str, Any], tuple[int, bytes]]


@dataclass(frozen=True)
class Step:
    name: str
    request: dict[str, Any]
    expected: dict[str, Any]


@dataclass(frozen=True)
class Case:
    name: str
    steps: tuple[Step, ...]


def recorded(standards: Path) -> list[Case]:
    """The cases below a folder of standards, in their order."""
    root = standards / "dtr/integrationtests/aas-registry-usecases"
    folders = sorted(root.iterdir(), key=_order) if root.is_dir() else []
    return [
        Case(
            folder.name,
            tuple(
                Step(
                    step.name,
                    json.loads((step / "request.json").read_text("utf-8")),
                    json.loads((step / "expected-response.json").read_text("utf-8")),
                )
                for step in sorted(folder.iterdir(), key=_order)
            ),
        )
        for folder in folders
    ]


def _order(path: Path) -> tuple[int, str]:
    number = path.name.partition("_")[0]
    return (int(number) if number.isdigit() else 10**6, path.name)


def run(case: Case, ask: Ask) -> list[str]:
    """What went otherwise than recorded; empty when the case passes."""
    faults = []
    for step in case.steps:
        request = step.request
        path = request["url"].removeprefix("/api/v3")
        status, content = ask(request["method"], path, request.get("body"))
        faults += [f"{step.name}: {f}" for f in _differences(step.expected, status, content)]
    return faults


def _differences(expected: dict[str, Any], status: int, content: bytes) -> Iterator[str]:
    if status != expected["status"]:
        yield f"status {status} instead of {expected['status']}: {content[:300]!r}"
        return
    document = json.loads(content) if content else None
    payload = expected.get("expectedPayload")
    if payload is not None and not _holds(payload, document):
        yield f"payload {content[:2000]!r}"
    for assertion in expected.get("assertions", ()):
        found = _at(document, assertion["jsonPath"])
        if not _asserted(assertion, found):
            shown = {k: str(v)[:80] for k, v in assertion.items()}
            yield f"{shown} found {str(found)[:200]}"


def _holds(expected: Any, found: Any) -> bool:
    if isinstance(expected, dict):
        return isinstance(found, dict) and all(
            key in found and _holds(value, found[key]) for key, value in expected.items()
        )
    if isinstance(expected, list):
        if not isinstance(found, list) or len(found) != len(expected):
            return False
        left = list(found)
        for element in expected:
            match = next((f for f in left if _holds(element, f)), left)
            if match is left:
                return False
            left.remove(match)
        return True
    return bool(expected == found)


def _asserted(assertion: dict[str, Any], found: list[Any]) -> bool:
    value = found[0] if len(found) == 1 else (found or None)
    if "exists" in assertion:
        return bool(found) is assertion["exists"]
    if "equals" in assertion:
        return bool(value == assertion["equals"])
    if "hasSize" in assertion:
        return isinstance(value, list) and len(value) == assertion["hasSize"]
    if "hasItem" in assertion:
        many = value if isinstance(value, list) else found
        return assertion["hasItem"] in many
    if "isEmpty" in assertion:
        return (not value) is assertion["isEmpty"]
    raise ValueError(f"an assertion nobody here knows: {assertion}")


_TOKEN = re.compile(r"\.(\w+)|\[(\d+)\]|\[(\*)\]|\[\?\((.*)\)\]$", re.DOTALL)
_COMPARED = re.compile(r"@(?P<path>[\w.\[\]]+) (?P<how>==|=~) (?P<value>.*?)\s*$", re.DOTALL)


def _at(document: Any, path: str) -> list[Any]:
    """The values at a JSONPath, of the few forms that the cases use."""
    found, position = [document], 1
    while position < len(path):
        token = _TOKEN.match(path, position)
        if token is None:
            raise ValueError(f"a JSONPath nobody here knows: {path[:80]}")
        position = token.end()
        member, index, every, condition = token.groups()
        if member:
            found = [v[member] for v in found if isinstance(v, dict) and member in v]
        elif index:
            at = int(index)
            found = [v[at] for v in found if isinstance(v, list) and at < len(v)]
        elif every:
            found = [e for v in found if isinstance(v, list) for e in v]
        else:
            found = [e for v in found if isinstance(v, list) for e in v if _meets(e, condition)]
    return found


def _meets(element: Any, condition: str) -> bool:
    parts = _COMPARED.match(condition)
    if parts is None:
        raise ValueError(f"a condition nobody here knows: {condition[:80]}")
    found = _at(element, "$" + parts["path"])
    if parts["how"] == "==":
        return found == [parts["value"].strip().strip("'")]
    pattern = parts["value"].strip().strip("/")
    return any(re.fullmatch(pattern, str(v)) for v in found)
