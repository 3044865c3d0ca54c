"""``saltbridge explain``: from activity to declared value, with the clauses."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from saltbridge.cli.options import AsJson, Language


def explain(
    footprint: Annotated[
        str,
        typer.Argument(
            help="Inventory, saved record or claim (.json), or the id of a node's footprint."
        ),
    ],
    line: Annotated[
        int | None, typer.Argument(help="Number of a line; without it: from the stages on.")
    ] = None,
    methodology: Annotated[
        str, typer.Option("--methodology", "-m", help="ID or ID@EDITION, for an inventory.")
    ] = "",
    assume: Annotated[
        list[str] | None, typer.Option("--assume", help="key=value, for an inventory.")
    ] = None,
    node: Annotated[
        Path | None, typer.Option("--node", help="Folder of the node that keeps the footprint.")
    ] = None,
    as_json: AsJson = False,
    tongue: Language = None,
) -> None:
    """Trace a footprint: activity, factor, stage, total, unit, declared value, each with its
    clause and how that text is known."""
    from dataclasses import asdict

    from saltbridge.cli.explain_view import show_trace
    from saltbridge.cli.present import language_of, say_json
    from saltbridge.core.errors import FaultyInput
    from saltbridge.footprint.trace import footprint_trace, line_trace, sums_agree

    spoken = language_of(tongue)
    record = _record(footprint, methodology, assume or [], node)
    try:
        steps = footprint_trace(record) if line is None else line_trace(record, line)
        agree = sums_agree(record)
    except (KeyError, TypeError, ValueError, AttributeError) as fault:  # not a record of ours
        raise FaultyInput.of("trace.no-footprint", name=footprint[:120]) from fault
    if as_json:
        say_json({"sums_agree": agree, "steps": [asdict(s) for s in steps]})
    else:
        show_trace(record, steps, spoken, numbered=line is None)


def _record(
    footprint: str, methodology: str, assume: list[str], node: Path | None
) -> Mapping[str, Any]:
    from saltbridge.core.canonical import read_json
    from saltbridge.core.errors import FaultyInput

    path = Path(footprint)
    if node is not None:
        return _stored(node, footprint)
    if path.is_dir() or path.suffix.lower() == ".xlsx":
        if not methodology:
            raise FaultyInput.of("trace.no-methodology")
        return _worked_out(path, methodology, assume)
    if not path.is_file():
        raise FaultyInput.of("trace.nothing-there", name=footprint[:120])
    document = read_json(path.read_bytes(), footprint)
    if isinstance(document, Mapping) and "jws" in document:
        from saltbridge.cli.present import say
        from saltbridge.trust.signature import open_jws

        say("trace.unchecked")
        document = read_json(open_jws(str(document["jws"])).payload, footprint).get("content")
    needed = {"stages", "total_kg_co2e", "methodology", "unit_of_product", "significant_digits"}
    if not isinstance(document, Mapping) or not needed <= document.keys():
        raise FaultyInput.of("trace.no-footprint", name=footprint[:120])
    return document


def _worked_out(path: Path, methodology: str, assume: list[str]) -> Mapping[str, Any]:
    from saltbridge.adapters.inventory_files import load
    from saltbridge.bootstrap import open_clock, open_factor_library
    from saltbridge.cli.footprint import assumptions
    from saltbridge.services.account import FootprintRequest, work_out

    loaded = load(path)
    request = FootprintRequest(
        inventory=loaded.inventory,
        inventory_digest=loaded.digest,
        methodology=methodology,
        assumptions=assumptions(assume),
    )
    return work_out(open_factor_library(), open_clock().now().date(), request).record


def _stored(node: Path, id: str) -> Mapping[str, Any]:
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.acting import os_person
    from saltbridge.services.verification_model import newest, open_footprint

    with opened_world(node) as world:
        person = os_person()
        known = newest(world, person) if id == "latest" else id
        record: Mapping[str, Any] = open_footprint(world, person, known).stored["record"]
        return record
