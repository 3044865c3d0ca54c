"""Which passwords are good enough: long, not the person's own name, not an obvious one.

NIST SP 800-63B-4 (August 2025), 3.1.1.2: a password that is the only factor has at least 15
characters, every character is allowed and counts once after Unicode normalisation, no rules on
its composition, no expiry; obvious and own names are refused. Figures: secondary source, read
2026-11-27.
"""

import re
import unicodedata
from typing import Final

from saltbridge.core.finding import Finding, finding

MIN_LENGTH: Final = 15
MAX_LENGTH: Final = 256  # bounds the work of hashing; nothing is ever cut off
_ENOUGH_OF_ITS_OWN: Final = 6
_DISTINCT: Final = 5
# What people write when they must write something long. Order matters: longer ones first.
_OBVIOUS: Final = (
    "correcthorsebatterystaple",
    "qwertyuiopasdfghjkl",
    "passwort",
    "password",
    "passw0rd",
    "kennwort",
    "qwertyuiop",
    "qwertzuiop",
    "asdfghjkl",
    "1q2w3e4r5t6y",
    "1q2w3e4r",
    "1qaz2wsx",
    "zxcvbnm",
    "yxcvbnm",
    "qwerty",
    "qwertz",
    "letmein",
    "welcome",
    "willkommen",
    "iloveyou",
    "woaini",
    "mima",
    "密码",
    "administrator",
    "admin",
    "operator",
    "changeme",
    "saltbridge",
    "battery",
    "batterie",
    "secret",
    "geheim",
)


def normalised(password: str) -> str:
    """The password as it is hashed: NFKC, so that every keyboard writes the same one."""
    return unicodedata.normalize("NFKC", password)


def password_findings(password: str, *own_names: str) -> tuple[Finding, ...]:
    """What is wrong with a password for somebody of these names; empty if it will do.

    No finding repeats the password or a part of it.
    """
    text = normalised(password)
    found = []
    if len(text) < MIN_LENGTH:
        found.append(finding("people.password-short", length=len(text), least=MIN_LENGTH))
    if len(text) > MAX_LENGTH:
        found.append(finding("people.password-long", length=len(text), most=MAX_LENGTH))
    if any(unicodedata.category(character) == "Cc" for character in text):
        found.append(finding("people.password-control"))
    if not found and _is_obvious(text, own_names):
        found.append(finding("people.password-obvious"))
    return tuple(found)


def _is_obvious(text: str, own_names: tuple[str, ...]) -> bool:
    """Whether little is left of it without names, obvious words, runs and repetitions."""
    rest = re.sub(r"[\W_]+", "", text.casefold())
    if len(set(rest)) < _DISTINCT:
        return True
    parts = [p for name in own_names for p in re.split(r"[\W_]+", name.casefold())]
    parts += [re.sub(r"[\W_]+", "", name.casefold()) for name in own_names]
    own = sorted({p for p in parts if len(p) > 1}, key=len, reverse=True)
    for word in (*own, *_OBVIOUS):
        rest = rest.replace(word, "")
    rest = re.sub(r"(19|20)\d\d", "", rest)  # years
    return len(_without_runs(rest)) < _ENOUGH_OF_ITS_OWN


def _without_runs(text: str) -> str:
    """The text with runs (abc, 4321, aaa) shortened to their first character.

    >>> _without_runs("1234567x"), _without_runs("ccc"), _without_runs("quay")
    ('1x', 'c', 'quay')
    """
    kept = ""
    for before, character in zip(" " + text, text, strict=False):
        if ord(character) - ord(before) not in (-1, 0, 1):
            kept += character
    return kept
