"""A sign-in token is good once, also after a restart: the store remembers it.

What several threads remember at one moment is written in one transaction: whoever comes first
writes for those who wait behind it, and a token counts as used before its call is answered.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from saltbridge.core.canonical import canonical_bytes, digest
from saltbridge.ports import StaleWrite, World
from saltbridge.trust.did import iso
from saltbridge.trust.self_issued import REPLAYABLE_FOR, SignedIn
from saltbridge.trust.suites import NotVerified

KIND: Final = "sign-in"
_FORGOTTEN: Final = "sign-ins forgotten"
_EVERY: Final = timedelta(minutes=1)


@dataclass(eq=False)
class _Used:
    """A token that waits to be remembered, and what became of it."""

    key: str
    body: bytes
    at: datetime
    done: bool = False
    replayed: bool = False


@dataclass
class _Waiting:
    """The tokens that wait; ``writing`` is held by the one thread that writes."""

    guard: Lock = field(default_factory=Lock)
    writing: Lock = field(default_factory=Lock)
    tokens: list[_Used] = field(default_factory=list)

    def taken(self) -> list[_Used]:
        with self.guard:
            found, self.tokens = self.tokens, []
            return found


def use_up(world: World, caller: SignedIn, now: datetime) -> None:
    """Remember a token, so that it is good once.

    Raises:
        NotVerified: it was used before.
        Unavailable: the store cannot be written now; then it is not used up.
    """
    body = canonical_bytes({"expires": iso(caller.expires)})
    mine = _Used(digest(f"{caller.did} {caller.jti}".encode()), body, now)
    waiting = world.kept.shared("sign-ins waiting", _Waiting)
    with waiting.guard:
        waiting.tokens.append(mine)
    with waiting.writing:
        if not mine.done:  # nobody has written it while this thread waited
            _write(world, waiting.taken(), mine)
    if mine.replayed:
        raise NotVerified.of("trust.token-replayed", jti=caller.jti[:80])


def _write(world: World, tokens: list[_Used], mine: _Used) -> None:
    """Remember all of them together; where that fails, each thread tries its own again."""
    others = [token for token in tokens if token is not mine]
    try:
        _remember(world, [mine, *others])
    except Exception:
        if not others:
            raise
        waiting = world.kept.shared("sign-ins waiting", _Waiting)
        with waiting.guard:
            waiting.tokens += others
        _remember(world, [mine])


def _remember(world: World, tokens: list[_Used]) -> None:
    try:
        with world.store.unit_of_work() as work:
            now = tokens[0].at
            if world.kept.get(_FORGOTTEN, now) is None:
                work.forget(KIND, now - REPLAYABLE_FOR)
                world.kept.keep(_FORGOTTEN, True, now + _EVERY)
            known = set(work.get_many(KIND, {token.key for token in tokens}))
            fresh: dict[str, bytes] = {}
            replayed = []
            for token in tokens:
                if token.key in known or token.key in fresh:
                    replayed.append(token)
                else:
                    fresh[token.key] = token.body
            if fresh:
                work.put_new(KIND, fresh)
    except StaleWrite:
        if len(tokens) > 1:
            raise
        replayed = tokens  # another process was first
    for token in tokens:
        token.replayed, token.done = token in replayed, True
