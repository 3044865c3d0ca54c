"""``saltbridge exchange status``: how far an exchange has come, and why it failed, in words."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from saltbridge.cli.options import AsJson, Node

if TYPE_CHECKING:
    from saltbridge.services.exchange_state import Progress


def status(
    node: Node,
    pid: Annotated[
        str, typer.Argument(help="Id of a negotiation or transfer; without: all of them.")
    ] = "",
    wait: Annotated[float, typer.Option(help="Seconds to wait for the delivery.")] = 0.0,
    failed: Annotated[bool, typer.Option("--failed", help="Only those that failed.")] = False,
    json: AsJson = False,
) -> None:
    """How far an exchange has come; why it failed, and who has to change what."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say, say_json
    from saltbridge.services.exchange_state import progress

    if not pid:
        _say_all(node, failed=failed, json=json)
        return
    with opened_world(node) as world:
        if wait > 0:
            watch(world, pid, wait, quiet=json)
        now = progress(world, pid)
    if json:
        say_json(_record(now))
        return
    if wait > 0:
        return
    say("exchange.state", negotiation=now.negotiation or "–", transfer=now.transfer or "–")
    if now.waits_for:
        _say_waiting(now.waits_for, now.partner)
    if now.trouble:
        say("exchange.in-trouble", trouble=now.trouble)
    say_explanation(now)


def say_explanation(now: "Progress") -> None:
    """Why it failed, what to do, and who has to."""
    from saltbridge.cli.present import language, say
    from saltbridge.exchange.explanation import Verdict
    from saltbridge.exchange.model import Role
    from saltbridge.reports.policy_words import point_lines

    failed = [p for p in now.explanation if p.verdict is Verdict.FAILED]
    for line in point_lines(failed, Role(now.role), now.partner, language()):
        typer.echo(f"  {line}")
    if now.refusal_code and not failed:
        reason = "; ".join(now.refusal_reason) or "–"
        say("exchange.refused-with", refusal=now.refusal_code, reason=reason)


def watch(world: Any, pid: str, seconds: float, *, quiet: bool) -> Any:
    """Print states as they come, until the end or until the time is up."""
    import time

    from saltbridge.cli.present import say
    from saltbridge.core.errors import Refused, Unavailable
    from saltbridge.services.exchange_state import delivery, progress

    until = time.monotonic() + seconds
    printed: tuple[str, str] = ("", "")
    while True:
        now = progress(world, pid)
        if (now.negotiation, now.transfer) != printed and not quiet:
            printed = (now.negotiation, now.transfer)
            say("exchange.state", negotiation=now.negotiation, transfer=now.transfer or "–")
        if now.ended:
            break
        if time.monotonic() > until:
            raise Unavailable.of(
                "exchange.not-done-yet",
                seconds=seconds,
                state=f"{now.negotiation} {now.transfer}".strip(),
                trouble=now.trouble or "–",
            )
        time.sleep(0.05)
    if now.delivery_id and not quiet:
        found = delivery(world, now.delivery_id)
        say_delivery(found)
        say_checks(found)
    if not now.verified:
        if not quiet:
            say_explanation(now)
        raise Refused.of(
            "exchange.ended",
            refusal=now.refusal_code or "–",
            reason="; ".join(now.refusal_reason) or "–",
        )
    return now


def say_delivery(delivery: Any) -> None:
    """One line on a delivery."""
    from saltbridge.cli.present import say

    say(
        "exchange.delivery-verified" if delivery["verified"] else "exchange.delivery-refused",
        id=delivery["id"],
        provider=f"{delivery['provider']['name']} ({delivery['provider']['bpn']})",
        kind=delivery["dataset_kind"],
        received=delivery["received_at"],
        digest=delivery["digest"],
    )


def say_checks(delivery: Any) -> None:
    """Every check of a delivery with its result."""
    from saltbridge.cli.present import language
    from saltbridge.locales import text, text_or

    tongue = language()
    for check in delivery["checks"]:
        name = text(f"delivery.check.{check['name']}", language=tongue)
        code = check["detail_code"]
        why = f": {text_or(code, code, check['arguments'], tongue)}" if code else ""
        typer.echo(f"  {'✓' if check['ok'] else '✗'} {check['number']}. {name}{why}")


def _say_all(node: Any, *, failed: bool, json: bool) -> None:
    from dataclasses import asdict

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say, say_json
    from saltbridge.services.exchange_state import processes

    with opened_world(node) as world:
        found = processes(world, failed=failed)
    if json:
        say_json([asdict(process) for process in found])
        return
    if not found:
        say("exchange.no-processes")
    for process in found:
        mark = "✗" if process.refusal_code else "·"
        state = f"{process.state} → {process.sending}" if process.sending else process.state
        say(
            f"exchange.process.{process.kind}.{process.role}",
            mark=mark,
            partner=process.partner,
            about=process.about,
            state=state,
            pid=process.pid,
        )
        if process.waits_for:
            _say_waiting(process.waits_for, process.partner)
        if process.trouble:
            say("exchange.in-trouble", trouble=process.trouble)


def _say_waiting(code: str, partner: str) -> None:
    """What a process waits for, and of whom."""
    from saltbridge.cli.present import say

    say("exchange.waits", what=_words(code, partner))


def _words(code: str, partner: str) -> str:
    from saltbridge.cli.present import language
    from saltbridge.locales import text

    return text(code, {"partner": partner}, language())


def _record(now: "Progress") -> dict[str, Any]:
    from dataclasses import asdict

    from saltbridge.exchange.explanation import point_record

    points = [point_record(point) for point in now.explanation]
    return {**asdict(now), "explanation": points}
