"""The file of a backup: a tar of plain members, a manifest before them, a digest behind.

``manifest.json`` is the first member and lists every other with size and SHA-256. After the
end of the tar stands one block with the SHA-256 of everything before it, so that no bit of
the file can change unseen: in a member, in a header, or in between. Readers of tar ignore it.
"""

import io
import os
import re
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Final

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Unavailable
from saltbridge.core.finding import Place, finding

FORMAT: Final = "saltbridge-backup"
FORMAT_VERSION: Final = 1
MANIFEST: Final = "manifest.json"
_MAGIC: Final = b"saltbridge-backup sha256 "
_TRAILER_BYTES: Final = 512
_MANIFEST_LIMIT: Final = 16_000_000
_CHUNK: Final = 1 << 20
# Plain relative names: no folder above, no root, no drive, nothing hidden behind a control.
_NAME: Final = re.compile(
    r"(?!.*(?:^|/)\.{1,2}(?:/|$))[^/\x00-\x1f\\:]+(?:/[^/\x00-\x1f\\:]+)*"
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is of, and what is in it."""

    created: str
    software: str
    node: Mapping[str, str]  # did, bpn, name
    schema: str
    store_kind: str
    log_size: int
    log_root: str  # hexadecimal
    members: Mapping[str, Mapping[str, Any]]  # name → size, sha256

    def document(self) -> dict[str, Any]:
        """The manifest as JSON."""
        return {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "created": self.created,
            "software": self.software,
            "node": dict(self.node),
            "schema": self.schema,
            "store": self.store_kind,
            "log": {"size": self.log_size, "root": self.log_root},
            "members": {name: dict(facts) for name, facts in self.members.items()},
        }


def digest_of(path: Path) -> dict[str, Any]:
    """Size and SHA-256 of a file."""
    hashed, size = sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            hashed.update(chunk)
            size += len(chunk)
    return {"size": size, "sha256": hashed.hexdigest()}


def write(target: Path, manifest: Manifest, sources: Mapping[str, Path]) -> None:
    """Write a backup to a new file that only its owner reads, and make it durable.

    Raises:
        OSError: it cannot be written.
        Unavailable: a source is not what the manifest says: somebody is changing it.
    """
    descriptor = os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w+b") as file:
        hashing = _Hashing(file)
        with tarfile.open(fileobj=hashing, mode="w|", format=tarfile.GNU_FORMAT) as archive:  # type: ignore[call-overload]
            content = canonical_bytes(manifest.document())
            archive.addfile(_header(MANIFEST, len(content)), io.BytesIO(content))
            for name, facts in sorted(manifest.members.items()):
                with sources[name].open("rb") as source:
                    archive.addfile(_header(name, facts["size"]), source)
                    if source.read(1):
                        raise _changing(sources[name])
        file.write(_trailer(hashing.hashed.hexdigest()))
        file.flush()
        os.fsync(file.fileno())


def check(path: Path) -> Manifest:
    """The manifest of a backup in which every bit is the one that was written.

    Raises:
        FaultyInput: it is no backup, or it was damaged or altered.
        Unavailable: it cannot be read.
    """
    try:
        with _opened(path) as (file, end):
            _check_trailer(file, end, path)
            return _read(file, end, path, None)
    except OSError as fault:
        place, reason = Place(file=str(path)), fault.strerror or str(fault)
        raise Unavailable([finding("backup.unreadable", place, reason=reason)]) from fault


def unpack(path: Path, folder: Path) -> Manifest:
    """Check a backup and write its members into a folder; files only their owner reads.

    Raises:
        As ``check``; OSError, if a member cannot be written.
    """
    with _opened(path) as (file, end):
        _check_trailer(file, end, path)
        return _read(file, end, path, folder)


class _Hashing:
    """Hashes what is written through it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.hashed = sha256()

    def write(self, content: bytes) -> int:
        self.hashed.update(content)
        return self._file.write(content)


class _Part(io.RawIOBase):
    """The file up to a place, for the reader of the tar."""

    def __init__(self, file: IO[bytes], end: int) -> None:
        self._file, self._end = file, end
        file.seek(0)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        left = self._end - self._file.tell()
        return self._file.read(left if size < 0 else min(size, left))


def _header(name: str, size: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.size, header.mode, header.mtime = size, 0o600, 0
    return header


def _trailer(hexadecimal: str) -> bytes:
    return (_MAGIC + hexadecimal.encode("ascii") + b"\n").ljust(_TRAILER_BYTES, b"\0")


@contextmanager
def _opened(path: Path) -> Iterator[tuple[IO[bytes], int]]:
    place = Place(file=str(path))
    try:
        file = path.open("rb")
    except OSError as fault:
        reason = fault.strerror or str(fault)
        raise Unavailable([finding("backup.unreadable", place, reason=reason)]) from fault
    with file:
        try:
            yield file, os.fstat(file.fileno()).st_size - _TRAILER_BYTES
        except (tarfile.TarError, EOFError) as fault:
            raise FaultyInput([finding("backup.damaged", place, reason=str(fault))]) from fault


def _check_trailer(file: IO[bytes], end: int, path: Path) -> None:
    place = Place(file=str(path))
    if end <= 0:
        raise FaultyInput([finding("backup.no-backup", place)])
    hashed, left = sha256(), end
    while left:
        chunk = file.read(min(left, _CHUNK))
        if not chunk:
            raise FaultyInput([finding("backup.damaged", place, reason="end of file")])
        hashed.update(chunk)
        left -= len(chunk)
    found = file.read(_TRAILER_BYTES + 1)
    if found == _trailer(hashed.hexdigest()):
        return
    # Cut short, changed, or something else altogether: the last block tells them apart.
    code = "backup.damaged" if found.startswith(_MAGIC) else "backup.no-backup"
    raise FaultyInput([finding(code, place, reason="SHA-256")])


def _read(file: IO[bytes], end: int, path: Path, folder: Path | None) -> Manifest:
    """Go through the members in their order; what is not exactly as listed is refused."""
    place = Place(file=str(path))

    def refuse(reason: str) -> FaultyInput:
        return FaultyInput([finding("backup.damaged", place, reason=reason)])

    manifest: Manifest | None = None
    waiting: list[str] = []
    with tarfile.open(fileobj=_Part(file, end), mode="r|") as archive:
        for header in archive:
            shown = header.name[:200]
            # A link, a device, a sparse file: nothing of the kind is ever written.
            if header.type != tarfile.REGTYPE or header.issparse() or header.pax_headers:
                raise refuse(shown)
            if header.size > end:
                raise refuse(shown)
            content = archive.extractfile(header)
            if content is None:
                raise refuse(shown)
            if manifest is None:
                if header.name != MANIFEST or header.size > _MANIFEST_LIMIT:
                    raise FaultyInput([finding("backup.no-backup", place)])
                manifest = _parse(content.read(), path)
                waiting = sorted(manifest.members)
                continue
            if not waiting or header.name != waiting.pop(0):
                raise refuse(shown)
            facts = manifest.members[header.name]
            target = None if folder is None else folder / header.name
            if header.size != facts["size"] or _drain(content, target) != facts["sha256"]:
                raise refuse(shown)
    if manifest is None or waiting:
        raise refuse(", ".join(waiting) or MANIFEST)
    return manifest


def _drain(content: IO[bytes], target: Path | None) -> str:
    hashed = sha256()
    if target is None:
        while chunk := content.read(_CHUNK):
            hashed.update(chunk)
        return hashed.hexdigest()
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        while chunk := content.read(_CHUNK):
            hashed.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return hashed.hexdigest()


def _parse(content: bytes, path: Path) -> Manifest:
    document = read_json(content, str(path))
    place = Place(file=str(path), pointer=f"/{MANIFEST}")
    try:
        if document["format"] != FORMAT:
            raise FaultyInput([finding("backup.no-backup", Place(file=str(path)))])
        if document["version"] != FORMAT_VERSION:
            raise FaultyInput(
                [finding("backup.newer-format", place, found=str(document["version"]))]
            )
        manifest = Manifest(
            created=str(document["created"]),
            software=str(document["software"]),
            node={name: str(document["node"][name]) for name in ("did", "bpn", "name")},
            schema=str(document["schema"]),
            store_kind=str(document["store"]),
            log_size=int(document["log"]["size"]),
            log_root=str(document["log"]["root"]),
            members={
                name: {"size": int(facts["size"]), "sha256": str(facts["sha256"])}
                for name, facts in document["members"].items()
            },
        )
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise FaultyInput([finding("backup.damaged", place, reason=str(fault))]) from fault
    unsafe = [name for name in manifest.members if not _NAME.fullmatch(name)]
    if unsafe:
        raise FaultyInput([finding("backup.damaged", place, reason=unsafe[0][:200])])
    return manifest


def _changing(path: Path) -> Unavailable:
    return Unavailable([finding("backup.changing", Place(file=str(path)))])
