"""Who acts at the terminal: somebody who signs in, or whoever the operating system says.

A command that needs a person (an approval, a signature) asks for name and password. Everything
else takes the login name of the system as ``os:<name>``: whoever can open the node's folder
holds its keys anyway, and the record says that nobody but the system recognised them.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from saltbridge.accounts.model import Person
    from saltbridge.ports import World


def os_name() -> str:
    """``os:<login name>``; ``os:?`` where the system has none for them."""
    from getpass import getuser

    try:
        return f"os:{getuser()}"
    except (OSError, KeyError):
        return "os:?"


def os_person() -> "Person":
    """The person at the terminal as the operating system knows them; an operator."""
    from saltbridge.accounts.model import Person, Role

    return Person(os_name(), os_name(), frozenset({Role.OPERATOR}))


def acting_person(world: "World", as_name: str, password_file: Path | None = None) -> "Person":
    """The person of this name, who shows it by their password.

    The password comes from the file (``-``: standard input), else from a prompt, else, where
    there is no terminal, from the first line of standard input.

    Raises:
        FaultyInput: no name, or the file cannot be read.
        Refused: not this name with this password.
        TooManyAttempts: too many failed attempts before.
    """
    from saltbridge.core.errors import FaultyInput
    from saltbridge.services.people_sign_in import authenticate

    if not as_name.strip():
        raise FaultyInput.of("people.nobody-named")
    return authenticate(world, as_name, read_password(password_file), "terminal")


def read_password(file: Path | None, *, twice: bool = False) -> str:
    """A password from a file, a prompt or standard input; never from the command itself.

    ``twice`` asks again at the prompt, for new ones. One line break at the end is not part of
    the password.

    Raises:
        FaultyInput: the file cannot be read, or the two entries differ.
    """
    from saltbridge.core.errors import FaultyInput

    if file is not None and str(file) != "-":
        try:
            return _first_line(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as fault:
            reason = fault.strerror if isinstance(fault, OSError) else "UTF-8"
            raise FaultyInput.of(
                "people.password-file", file=str(file), reason=str(reason)
            ) from fault
    if file is None and sys.stdin.isatty():
        return _prompted(twice)
    return _first_line(sys.stdin.readline())


def _prompted(twice: bool) -> str:
    from getpass import getpass

    from saltbridge.cli.present import language
    from saltbridge.core.errors import FaultyInput
    from saltbridge.locales import text

    entered = getpass(f"{text('people.prompt', None, language())} ")
    if twice and getpass(f"{text('people.prompt-again', None, language())} ") != entered:
        raise FaultyInput.of("people.password-differs")
    return entered


def _first_line(content: str) -> str:
    return content.removesuffix("\n").removesuffix("\r")
