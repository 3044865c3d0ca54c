"""``saltbridge exchange offers`` and ``agreements``: what is offered and agreed, until when."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saltbridge.cli.options import AsJson, Node

if TYPE_CHECKING:
    from saltbridge.services.agreements import AgreementShown

_SOON_DAYS = 30
Within = Annotated[
    int | None,
    typer.Option("--within", min=0, help="Only what ends within so many days, or has ended."),
]


def offers(node: Node, json: AsJson = False) -> None:
    """List what you offer, to whom, and under which terms."""
    from dataclasses import asdict

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import language, say, say_json
    from saltbridge.reports.policy_words import term_lines
    from saltbridge.services.offers import offers as all_offers

    with opened_world(node) as world:
        found = all_offers(world)
    if json:
        say_json([asdict(offer) for offer in found])
        return
    if not found:
        say("exchange.offers-none")
    for offer in found:
        say("exchange.offer-line", title=offer.title, kind=offer.kind, id=offer.dataset_id)
        if offer.partners:
            say("exchange.offer-to", partners=", ".join(offer.partners))
        if offer.waiting:
            say("exchange.offer-waits", partners=", ".join(offer.waiting))
        for line in (
            *term_lines(offer.access_policy, language()),
            *term_lines(offer.offer, language()),
        ):
            typer.echo(f"  {line}")


def agreements(node: Node, within: Within = None, json: AsJson = False) -> None:
    """List what was agreed, until when it is provided and may be used, and what is due."""
    from datetime import timedelta

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say, say_json
    from saltbridge.services.agreements import agreements as all_agreements

    with opened_world(node) as world:
        now = world.clock.now()
        found = all_agreements(world, within=None if within is None else timedelta(days=within))
    if json:
        say_json([_record(agreement) for agreement in found])
        return
    if not found and within is not None:
        say("exchange.agreements-none-due", days=within)
    elif not found:
        say("exchange.agreements-none")
    for agreement in found:
        given = str(agreement.role) == "provider"
        say(
            "exchange.agreement-given" if given else "exchange.agreement-had",
            title=agreement.title,
            partner=agreement.partner,
            id=agreement.id,
        )
        _say_ends(agreement, now)
        _say_what_follows(agreement, "ours" if given else "theirs")


def _say_ends(agreement: "AgreementShown", now: Any) -> None:
    from datetime import UTC

    from saltbridge.cli.present import language
    from saltbridge.locales import text

    ends = agreement.ends
    if ends is None:
        return
    tongue = language()
    for kind, end, by in (
        ("provided", ends.provided_until, ends.provided_by),
        ("used", ends.used_until, ends.used_by),
    ):
        if end is None:
            typer.echo(text("exchange.end.used-unlimited", None, tongue))
            continue
        why = "" if by else text("exchange.end.why-usual", None, tongue)
        days = (end - now).days
        mark = ""
        if end <= now:
            mark = text("exchange.end.over", None, tongue)
        elif days < _SOON_DAYS:
            mark = text("exchange.end.soon", {"days": days}, tongue)
        told = {"end": f"{end.astimezone(UTC):%Y-%m-%d %H:%M} UTC", "why": why}
        typer.echo(text(f"exchange.end.{kind}", told, tongue) + mark)


def _say_what_follows(agreement: "AgreementShown", provider: str) -> None:
    from saltbridge.cli.present import say

    if agreement.use_over:
        if provider == "theirs" and (agreement.ends is None or not agreement.ends.kept_after):
            say("exchange.end.use-over-ours", deliveries=", ".join(agreement.deliveries) or "–")
        elif provider == "theirs":
            say("exchange.end.keep")
        else:
            say("exchange.end.use-over-theirs")
    if agreement.provision_over:
        say(f"exchange.end.provision-over-{provider}")


def _record(agreement: "AgreementShown") -> dict[str, Any]:
    from saltbridge.trust.did import iso

    ends = agreement.ends
    return {
        "id": agreement.id,
        "role": str(agreement.role),
        "partner": agreement.partner,
        "title": agreement.title,
        "concluded": iso(ends.concluded) if ends else "",
        "provided_until": iso(ends.provided_until) if ends else "",
        "provided_by": ends.provided_by if ends else "",
        "used_until": iso(ends.used_until) if ends and ends.used_until else None,
        "used_by": ends.used_by if ends else "",
        "provision_over": agreement.provision_over,
        "use_over": agreement.use_over,
        "deliveries": list(agreement.deliveries),
    }


def terms(
    file: Annotated[Path, typer.Argument(help="File with the terms of an offer (TOML).")],
    to: Annotated[str, typer.Option("--to", help="BPNs of the partners, with commas.")] = "",
    purpose: Annotated[
        str, typer.Option("--purpose", help="Purpose, where the file names none.")
    ] = "cx.pcf.base:1",
    json: AsJson = False,
) -> None:
    """Check a file of terms, and show the two policies it becomes. Nothing is offered."""
    from saltbridge.cli.offer_terms import terms_in
    from saltbridge.cli.present import language, say_json
    from saltbridge.core.errors import FaultyInput
    from saltbridge.exchange.offering import access_policy, usage_policy
    from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1
    from saltbridge.formats.cx_policy import faults
    from saltbridge.reports.policy_words import term_lines

    read = terms_in(file)
    partners = [bpn.strip() for bpn in to.split(",") if bpn.strip()]
    usage = {**usage_policy("", purpose, read), "@type": "Set"}
    del usage["@id"]
    policies = {"access": access_policy(partners, read)} if partners else {}
    faulty = faults({"@id": "", **policies["access"]}) if partners else []
    if faulty:
        raise FaultyInput(faulty)
    policies["usage"] = usage
    if json:
        # As the management API of an EDC takes them (CX-0152, in careful secondary notes).
        context = [
            *DSP_2025_1.policy_contexts[1:],
            {"@vocab": "https://w3id.org/edc/v0.0.1/ns/"},
        ]
        say_json(
            {
                name: {"@context": context, "@type": "PolicyDefinition", "policy": policy}
                for name, policy in policies.items()
            }
        )
        return
    for policy in policies.values():
        for line in term_lines(policy, language()):
            typer.echo(line)
