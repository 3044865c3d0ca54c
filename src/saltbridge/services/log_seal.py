"""Re-sealing the log's history with a key for archives, and checking the seals there are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import Refused
from saltbridge.core.finding import Finding, errors_in
from saltbridge.ports import Store, UnitOfWork, World
from saltbridge.steps.log import checkpoint_id, current_checkpoint
from saltbridge.steps.records import every
from saltbridge.trust.checkpoint import parse_checkpoint
from saltbridge.trust.did import parse_did_document
from saltbridge.trust.seal import (
    Seal,
    assemble_seal,
    prepare_seal,
    seal_digest,
    verify_seal,
)
from saltbridge.trust.suites import NotVerified

SEAL: Final = "log-seal"
STAMP: Final = "log-stamp"


class Audited(Protocol):
    """What an audit of the store found, as far as sealing asks."""

    @property
    def findings(self) -> Sequence[Finding]: ...

    @property
    def clean(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class KeptSeal:
    """A kept seal with its check: what it says, or the code of what is wrong."""

    number: int
    seal: Seal | None
    code: str = ""


def reseal(world: World, audit: Callable[[Store], Audited]) -> Seal:
    """Seal the whole history as it is now, once the audit finds nothing wrong with it.

    The new seal names the one before it and every time-stamp, so that it vouches for them too.

    Raises:
        Refused: the audit found something, an earlier seal does not hold, or the log is not
            the one that was signed before; nothing is sealed then.
        FaultyInput: the key for archives cannot be used.
    """
    found = audit(world.store)
    if not found.clean:
        raise Refused(errors_in(found.findings))
    signer = world.keyring.archive_signer()
    with world.store.unit_of_work() as work:
        broken = [kept for kept in _checked(world, work) if kept.seal is None]
        if broken:
            raise Refused.of("log.seal-broken", number=broken[0].number, reason=broken[0].code)
        kept = [read_json(record.body) for record in every(work, SEAL)]
        stamps = [digest(record.body) for record in every(work, STAMP)]
        statement = prepare_seal(
            parse_checkpoint(current_checkpoint(world, work).text),
            key_id=signer.key_id,
            suite=signer.suite,
            made_at=world.clock.now(),
            previous=seal_digest(kept[-1]) if kept else "",
            covers=stamps,
        )
        seal = assemble_seal(statement, signer.sign(statement))
        told = verify_seal(seal, parse_did_document(world.keyring.did_document()))
        body = canonical_bytes(seal)
        work.put(SEAL, checkpoint_id(len(kept) + 1), body, expected_version=0)
        work.append_leaf("log.resealed", checkpoint_id(told.checkpoint.size), body)
    return told


def kept_seals(world: World) -> tuple[KeptSeal, ...]:
    """All seals in their order, each checked: signature, chain, and the tree it is over."""
    with world.store.reading() as view:
        return _checked(world, view)


def _checked(world: World, view: UnitOfWork) -> tuple[KeptSeal, ...]:
    document = parse_did_document(world.keyring.did_document())
    checked: list[KeptSeal] = []
    previous = ""
    stamps = {digest(record.body) for record in every(view, STAMP)}
    for number, record in enumerate(every(view, SEAL), start=1):
        kept: Any = read_json(record.body)
        try:
            seal = verify_seal(kept, document)
        except NotVerified as fault:
            checked.append(KeptSeal(number, None, fault.findings[0].code))
        else:
            code = _fault(view, seal, previous, stamps)
            checked.append(KeptSeal(number, None if code else seal, code))
        previous = seal_digest(kept)
    return tuple(checked)


def _fault(view: UnitOfWork, seal: Seal, previous: str, stamps: set[str]) -> str:
    state = seal.checkpoint
    if seal.previous != previous:
        return "log.seal-out-of-order"
    if state.size > view.log_size() or view.log_root(state.size) != state.root:
        return "log.seal-other-history"
    return "" if set(seal.covers) <= stamps else "log.seal-stamp-gone"
