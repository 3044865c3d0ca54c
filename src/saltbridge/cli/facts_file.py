"""The TOML file in which an operator states facts."""

from pathlib import Path
from typing import Any


def read_facts(path: Path) -> dict[str, Any]:
    """What the file says.

    Raises:
        FaultyInput: it cannot be read, or is no TOML.
    """
    import tomllib

    from saltbridge.core.errors import FaultyInput

    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise FaultyInput.of(
            "passport.unreadable-facts", file=path.name, reason=reason_of(fault)
        ) from fault


def reason_of(fault: Exception) -> str:
    """What the system says of a file, without its number and the path."""
    return (fault.strerror if isinstance(fault, OSError) else None) or str(fault)[:200]
