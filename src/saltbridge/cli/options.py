"""Arguments and options that mean the same in every command, and the files a person names."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

Node = Annotated[Path, typer.Option("--node", help="Folder of the node.")]
Folder = Annotated[Path, typer.Argument(help="Folder of the node.")]
PartnerName = Annotated[str, typer.Argument(help="Name or BPN, as in node.toml.")]
Partners = Annotated[
    str, typer.Option("--to", help="Partners, by BPN, DID or name, with commas.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Language = Annotated[
    str | None, typer.Option("--language", help="en, de or zh.", show_default=False)
]
PlacedOn = Annotated[
    datetime | None,
    typer.Option(
        "--placed-on",
        formats=["%Y-%m-%d"],
        help="Day on which the battery is placed on the market: it chooses the edition.",
    ),
]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        "--password-file", help="File with the password, - for standard input; else a prompt."
    ),
]


def read_file(path: Path, code: str = "verify.unreadable") -> bytes:
    """The content of a file that was named.

    Raises:
        FaultyInput: it cannot be read; the finding has this code.
    """
    from saltbridge.core.errors import FaultyInput
    from saltbridge.core.finding import Place, finding

    try:
        return path.read_bytes()
    except OSError as fault:
        place, reason = Place(file=str(path)), fault.strerror or str(fault)
        raise FaultyInput([finding(code, place, reason=reason)]) from fault


def write_new_json(path: Path, document: Mapping[str, object]) -> None:
    """Write a document to a file that is not there yet.

    Raises:
        FaultyInput: it is there, or cannot be written.
    """
    import json

    from saltbridge.core.errors import FaultyInput
    from saltbridge.core.finding import Place, finding

    try:
        with path.open("x", encoding="utf-8") as file:
            json.dump(document, file, ensure_ascii=False, indent=2)
    except FileExistsError as fault:
        place = Place(file=str(path))
        raise FaultyInput([finding("file.exists", place, path=str(path))]) from fault
    except OSError as fault:
        place, reason = Place(file=str(path)), fault.strerror or str(fault)
        raise FaultyInput(
            [finding("file.unwritable", place, path=str(path), reason=reason)]
        ) from fault


def partners_in(given: str) -> tuple[str, ...]:
    """The partners of ``--to``, each as it was named."""
    return tuple(name.strip() for name in given.split(",") if name.strip())


def serials_in(given: str) -> list[str]:
    """Serial numbers: ``A,B,C``, or those in a file, one a line or in a column ``serial``."""
    path = Path(given)
    if "," not in given and path.is_file():
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        # A list of batteries (CSV) names its column; a plain list does not.
        column = (
            lines[0].split(",").index("serial") if "serial" in lines[0].split(",") else None
        )
        if column is not None:
            return [line.split(",")[column].strip() for line in lines[1:] if line.strip()]
        return [line.strip() for line in lines if line.strip()]
    return [serial.strip() for serial in given.split(",") if serial.strip()]


def write_file(out: Path, content: bytes) -> None:
    """Write a file that a person named.

    Raises:
        FaultyInput: it cannot be written.
    """
    from saltbridge.core.errors import FaultyInput

    try:
        out.write_bytes(content)
    except OSError as fault:
        reason = fault.strerror or str(fault)
        raise FaultyInput.of("format.cannot-write", file=str(out), reason=reason) from fault


def write_secret(out: Path, document: Any) -> None:
    """Write a new file (JSON) that only its owner reads.

    Raises:
        FaultyInput: it is there already, or cannot be written.
    """
    import os

    from saltbridge.core.canonical import canonical_bytes
    from saltbridge.core.errors import FaultyInput

    try:
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "wb") as file:
            file.write(canonical_bytes(document) + b"\n")
    except OSError as fault:
        reason = fault.strerror or str(fault)
        raise FaultyInput.of("format.cannot-write", file=str(out), reason=reason) from fault
