"""``saltbridge record``: put together the supplier record of a battery."""

from pathlib import Path
from typing import Annotated

import typer


def record(
    node: Annotated[Path, typer.Option(help="Folder of the cell maker's node.")],
    facts: Annotated[
        Path, typer.Option(help="TOML file with [attributes.A018] … of the model.")
    ],
    items: Annotated[Path, typer.Option(help="CSV file with one row per serial number.")],
    out: Annotated[Path, typer.Option(help="Where to write the record (JSON).")],
    footprint: Annotated[
        str, typer.Option(help="Id of a stored footprint, or latest.")
    ] = "latest",
    methodology: Annotated[
        str, typer.Option(help="Of the latest footprint: ID or ID@EDITION.")
    ] = "",
) -> None:
    """Put together the supplier record of a battery: footprint, receipt, facts, serial numbers.

    The whole record stays in the company. `saltbridge publish` decides what of it may leave.
    """
    import json
    import tomllib

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import language, say
    from saltbridge.core.errors import FaultyInput, Refused
    from saltbridge.core.finding import Place, errors_in, finding
    from saltbridge.formats.item_list import parse_item_list
    from saltbridge.locales import text
    from saltbridge.services.compose_record import ComposeRequest, compose_record

    if out.exists():
        raise Refused.of("record.exists", file=str(out))
    listed, findings = parse_item_list(items.read_bytes(), items.name)
    found = list(findings)
    attributes = None
    try:
        attributes = tomllib.loads(facts.read_text(encoding="utf-8")).get("attributes")
        if not isinstance(attributes, dict):
            found.append(finding("record.facts-without-attributes", Place(facts.name)))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        found.append(finding("record.facts-not-toml", Place(facts.name), reason=str(fault)))
    if errors_in(found) or attributes is None:
        raise FaultyInput(found)
    with opened_world(node) as world:
        document = compose_record(
            world,
            ComposeRequest(
                attributes=attributes,
                items=listed,
                footprint=footprint,
                methodology=methodology,
            ),
        )
    out.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
    used = document["footprint"]["methodology"]
    say(
        "record.written",
        file=out,
        batteries=len(listed),
        attributes=len(attributes),
        kind=text(f"operator.{document['footprint']['type']}", None, language()),
        rules=f"{used['id']}@{used['edition']}",
    )
