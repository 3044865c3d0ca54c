"""What ``saltbridge verification`` prints: models, statements, replays, findings, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import typer

from saltbridge.cli.present import finding_lines, language, say, say_json
from saltbridge.locales import text
from saltbridge.reports.manifest import readable_moment
from saltbridge.services.verification_model import Listed, Opened
from saltbridge.steps.replaying import Replay
from saltbridge.trust.verification import Statement, parse_statement


def show_footprints(found: Sequence[Listed], as_json: bool) -> None:
    """The footprints a person may see."""
    if as_json:
        say_json([asdict(f) for f in found])
        return
    tongue = language()
    for one in found:
        kind = text(f"operator.{one.kind}", None, tongue)
        typer.echo(f"{readable_moment(one.made_at)}  {one.product}  {one.methodology}  {kind}")
        without = "" if one.has_model else f"  {text('verification.no-model', None, tongue)}"
        typer.echo(f"    {one.id}{without}")
    if not found:
        say("verification.nothing-to-see")


def show_grants(found: Sequence[Mapping[str, Any]], as_json: bool) -> None:
    """Who may read what until when."""
    if as_json:
        say_json(list(found))
        return
    tongue = language()
    for grant in found:
        every = text("verification.every-footprint", None, tongue)
        what = every if grant["footprints"] is None else ", ".join(grant["footprints"])
        code = "verification.grant-revoked" if grant["revoked_at"] else "verification.grant"
        say(
            code,
            person=grant["person"]["name"],
            until=grant["until"],
            country=grant["reads_from"],
            by=grant["granted_by"]["name"],
            at=readable_moment(grant["revoked_at"] or grant["granted_at"]),
        )
        typer.echo(f"    {what}")
        typer.echo(f"    {grant['id']}")
    if not found:
        say("verification.no-grants")


def show_verifiers(found: Sequence[Mapping[str, Any]], as_json: bool) -> None:
    """Whose statements the node believes."""
    if as_json:
        say_json(list(found))
        return
    for entry in found:
        at, by = readable_moment(entry["trusted_at"]), entry["trusted_by"]["name"]
        typer.echo(f"{entry['did']}  {at}  {by}")
    if not found:
        say("verification.no-verifiers")


def show_reads(found: Sequence[Mapping[str, Any]], as_json: bool) -> None:
    """Who read what of the models, when."""
    if as_json:
        say_json(list(found))
        return
    tongue = language()
    for entry in found:
        what = text(f"verification.access.{entry['what']}", None, tongue)
        person = entry["person"]["name"]
        typer.echo(f"{readable_moment(entry['at'])}  {person}  {what}  {entry['footprint']}")
        if entry["detail"]:
            typer.echo(f"    {entry['detail']}")
    if not found:
        say("verification.no-reads")


def show_statement(statement: Statement, indent: str = "") -> None:
    """What a statement says, in words, before and after it is signed."""
    tongue = language()
    subject, verifier = statement.subject, statement.verifier
    declared = subject.declared or {}
    rows = {
        "verifier": f"{verifier.name} ({verifier.did})",
        "accreditation": verifier.accreditation or "–",
        "notified-body": verifier.notified_body or "–",
        "person-role": statement.person_role,
        "level": text(f"verification.level.{statement.level}", None, tongue),
        "opinion": text(f"verification.opinion.{statement.opinion}", None, tongue),
        "scope": statement.scope,
        "conditions": "; ".join(statement.conditions) or "–",
        "maker": subject.maker,
        "footprint": subject.footprint,
        "methodology": f"{subject.methodology}@{subject.edition}",
        "period": f"{subject.period.get('start', '')} – {subject.period.get('end', '')}",
        "declared": f"{declared.get('value', '–')} {declared.get('unit', '')}".strip(),
        "inputs-digest": subject.inputs_digest,
        "footprint-digest": subject.footprint_digest,
        "evidence": str(len(statement.evidence)),
        "validity": f"{statement.dated} – {statement.expires}",
    }
    for name, value in rows.items():
        typer.echo(f"{indent}{text(f'verification.field.{name}', None, tongue)}: {value}")


def show_opened(opened: Opened, statements: Sequence[Mapping[str, Any]], as_json: bool) -> None:
    """The files of a model and the statements about the footprint."""
    model = opened.model
    if as_json:
        say_json(
            {
                "id": opened.id,
                "record": opened.stored["record"],
                "files": [asdict(f) for f in model.files] if model else None,
                "evidence": [asdict(f) for f in model.evidence] if model else None,
                "statements": list(statements),
            }
        )
        return
    tongue = language()
    method = opened.stored["record"]["methodology"]
    typer.echo(f"{opened.id}  {method['id']}@{method['edition']}")
    if model is None:
        say("verification.no-model")
    else:
        for heading, files in (("files", model.files), ("evidence", model.evidence)):
            typer.echo(text(f"verification.{heading}", None, tongue))
            for file in files:
                typer.echo(f"    {file.name}  {file.bytes} B  {file.digest}")
            if not files:
                typer.echo(f"    {text('verification.none', None, tongue)}")
    for found in opened.findings:
        typer.echo("\n".join(finding_lines(found, tongue)))
    typer.echo(text("verification.statements", None, tongue))
    for kept in statements:
        typer.echo(f"  {kept['id']}")
        show_statement(parse_statement(kept["content"]), "    ")
        if kept["withdrawal"]:
            back = kept["withdrawal"]
            told = {"since": back["dated"], "reason": back["reason"]}
            typer.echo(f"    ✗ {text('verify.statement-withdrawn', told, tongue)}")
    if not statements:
        typer.echo(f"    {text('verification.none', None, tongue)}")
    typer.echo(text("verify.statement-note", None, tongue))


def show_replay(result: Replay, as_json: bool) -> None:
    """The points of a replay, and what differs."""
    if as_json:
        say_json(
            {
                "id": result.id,
                "good": result.good,
                "points": [
                    {
                        "name": p.name,
                        "good": p.good,
                        "code": p.code,
                        "arguments": dict(p.arguments),
                    }
                    for p in result.points
                ],
                "differences": [asdict(d) for d in result.differences],
            }
        )
        return
    tongue = language()
    for point in result.points:
        name = text(f"verification.replay.{point.name}", None, tongue)
        says = text(point.code, point.arguments, tongue)
        typer.echo(f"{'✓' if point.good else '✗'} {name}: {says}")
    for difference in result.differences:
        typer.echo(f"    {difference.pointer}: {difference.stored} → {difference.replayed}")
    say("verification.replay-same" if result.good else "verification.replay-not-same")


def show_questions(found: Sequence[Mapping[str, Any]], as_json: bool) -> None:
    """A verifier's findings with what was answered."""
    if as_json:
        say_json(list(found))
        return
    tongue = language()
    for question in found:
        kind = text(f"verification.kind.{question['kind']}", None, tongue)
        state = text(f"verification.state.{question['state']}", None, tongue)
        about = f" · {question['line']}" if question["line"] else ""
        typer.echo(f"{kind}{about} [{state}]  {question['id']}")
        for step in question["steps"]:
            what = text(f"verification.state.{step['what']}", None, tongue)
            person = step["person"]["name"]
            typer.echo(f"    {readable_moment(step['at'])}  {person}, {what}: {step['text']}")
    if not found:
        say("verification.no-questions")
