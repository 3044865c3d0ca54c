"""The table of operands says what the official schemas say, operand by operand."""

import json
import re

from saltbridge.exchange.operands import OPERANDS, Kind, Where
from saltbridge.formats.cx_policy import schemas

ATOMIC = "https://w3id.org/catenax/2025/9/policy/schema/atomic-constraint-schemas.json"
REFERENCE = re.compile(r'"\$ref": "([^"#]*-constraint-schema\.json)"')
PLACES = {
    "AtomicAccessPermissionConstraint": Where.ACCESS,
    "AtomicUsagePermissionConstraint": Where.PERMISSION,
    "AtomicProhibitionConstraint": Where.PROHIBITION,
    "AtomicObligationConstraint": Where.OBLIGATION,
}


def _official():
    """Left operand → (places, operators, kind, values, pattern) as the schemas have them."""
    places = {}
    for name, definition in schemas()[ATOMIC]["definitions"].items():
        if name in PLACES:
            for id in re.findall(
                r'"\$ref": "([^"#]*-constraint-schema\.json)"', json.dumps(definition)
            ):
                places.setdefault(id, set()).add(PLACES[name])
    for id, schema in schemas().items():
        if not id.endswith("-constraint-schema.json"):
            continue
        found = json.dumps(schema["definitions"])
        (members,) = [
            d["properties"] for d in schema["definitions"].values() if "properties" in d
        ]
        operator = members["operator"]
        right = schema["definitions"].get(
            members["rightOperand"].get("$ref", "").rpartition("/")[2], members["rightOperand"]
        )
        several = right.get("type") == "array"
        pattern = next(iter(re.findall(r'"pattern": ("(?:[^"\\]|\\.)*")', found)), '""')
        consts = re.findall(r'"const": "([^"]*)"', found)
        left = members["leftOperand"]["const"]
        free = '"type": "string", "$comment"' in found or any(
            d.get("type") == "string" and "const" not in d and "pattern" not in d
            for d in schema["definitions"].values()
        )
        values = set() if free else set(consts) - {left, operator.get("const")}
        kind = Kind.TEXTS if several else Kind.TEXT
        if '"type": "integer"' in found:
            kind = Kind.NUMBER
        elif left.endswith("EndDate"):
            kind = Kind.DATE
        yield (
            left,
            (
                places[id],
                set(operator.get("enum", [operator.get("const")])),
                kind,
                values,
                json.loads(pattern),
            ),
        )


def test_the_rows_are_those_of_the_schemas():
    official = dict(_official())
    assert len(official) == 27
    ours = {
        row.name: (set(row.places), set(row.operators), row.kind, set(row.values), row.pattern)
        for row in OPERANDS.values()
    }
    assert ours == official
