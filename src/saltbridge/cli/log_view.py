"""How ``saltbridge log show`` words the state of a log."""

from collections.abc import Sequence
from typing import Any

from saltbridge.cli.present import language, say
from saltbridge.locales import text, text_or
from saltbridge.services.log_seal import KeptSeal
from saltbridge.services.log_stamp import KeptStamp
from saltbridge.services.log_state import LogState
from saltbridge.trust.did import iso


def say_state(
    state: LogState, stamps: Sequence[KeptStamp], seals: Sequence[KeptSeal] | None
) -> None:
    """Print it for people."""
    tongue = language()
    say("log.size", size=state.size, root=state.root.hex())
    if state.checkpoint:
        say(
            "log.checkpoint",
            size=state.checkpoint_size,
            later=state.size - state.checkpoint_size,
        )
    else:
        say("log.no-checkpoint")
    for witness in state.witnesses:
        arguments = {
            "partner": witness.partner.name,
            "size": witness.size,
            "at": witness.at,
            "behind": max(state.checkpoint_size - witness.size, 0),
        }
        say("log.cosigned" if witness.size else "log.not-cosigned", **arguments)
        if witness.seen_size:
            told = {"size": witness.seen_size, "at": witness.seen_at}
            say("log.seen", partner=witness.partner.name, **told)
    for fork in state.forks:
        say(
            "log.fork",
            did=fork.did,
            seen=fork.seen.size,
            found=fork.found.size,
            at=fork.found_at,
        )
    for stamp in stamps:
        if stamp.at is not None:
            say("log.stamp", size=stamp.size, at=iso(stamp.at))
        elif stamp.fault is not None:
            reason = text(stamp.fault.code, stamp.fault.arguments, tongue)
            say("log.stamp-open", size=stamp.size, reason=reason)
    for kept in seals or ():
        if kept.seal is not None:
            say(
                "log.seal",
                number=kept.number,
                size=kept.seal.checkpoint.size,
                suite=kept.seal.suite,
                at=iso(kept.seal.made_at),
            )
        else:
            reason = text_or(kept.code, kept.code, {}, tongue)
            say("log.seal-broken", number=kept.number, reason=reason)


def state_document(
    state: LogState, stamps: Sequence[KeptStamp], seals: Sequence[KeptSeal] | None
) -> dict[str, Any]:
    """The same as a JSON object."""
    told: dict[str, Any] = {
        "size": state.size,
        "root": state.root.hex(),
        "checkpoint": state.checkpoint,
        "checkpoint_size": state.checkpoint_size,
        "witnesses": [
            {
                "partner": w.partner.name,
                "did": w.partner.did,
                "size": w.size,
                "at": w.at,
                "seen_size": w.seen_size,
                "seen_at": w.seen_at,
            }
            for w in state.witnesses
        ],
        "forks": [
            {
                "did": f.did,
                "found_at": f.found_at,
                "seen": {"size": f.seen.size, "root": f.seen.root.hex()},
                "found": {"size": f.found.size, "root": f.found.root.hex()},
            }
            for f in state.forks
        ],
        "stamps": [
            {
                "size": s.size,
                "at": iso(s.at) if s.at else "",
                "code": s.fault.code if s.fault else "",
            }
            for s in stamps
        ],
    }
    if seals is not None:
        told["seals"] = [
            {
                "number": k.number,
                "size": k.seal.checkpoint.size if k.seal else 0,
                "suite": k.seal.suite if k.seal else "",
                "at": iso(k.seal.made_at) if k.seal else "",
                "code": k.code,
            }
            for k in seals
        ]
    return told
