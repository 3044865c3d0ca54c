"""The class path of a real EDC: its published jars, and the little that it leaves to adopters.

``java/`` holds that little: keys into the vault in memory (no setting fills it), the words of
Catena-X in what EDC says, and the public door of the data plane (EDC's own is deprecated:
adopters bring theirs). ``java-dcp/`` holds what DCP needs besides: a way to the test's token
service, and which credentials are asked for. Everything behind them is EDC's: control plane,
credential checks, the check of tokens, and the pipeline that moves the bytes.
"""

import fcntl
import hashlib
import re
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

from tests.conformance.maven import NotHere, resolve

HERE: Final = Path(__file__).resolve().parent
BUILD: Final = HERE.parent.parent / "build" / "edc"
COMPILER_SECONDS: Final = 120
_PINNED: Final = re.compile(r"<edc>([^<]+)</edc>")


def edc_version() -> str:
    """The version of EDC that the pom pins."""
    found = _PINNED.search((HERE / "pom.xml").read_text(encoding="utf-8"))
    assert found is not None
    return found[1]


@cache
def class_path(dcp: bool = False) -> str:
    """What ``java -cp`` needs to start the connector, with EDC's mock identity or with DCP.

    Raises:
        NotHere: no JDK, no Maven, or the registry does not have it.
    """
    if shutil.which("javac") is None:
        raise NotHere("no Java compiler here: JDK 17 or newer is needed (make system-parts)")
    name = "pom-dcp.xml" if dcp else "pom.xml"
    pom = (HERE / name).read_text(encoding="utf-8")
    folders = (HERE / "java-dcp", HERE / "java") if dcp else (HERE / "java",)
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / "lock").open("w") as lock:  # tests may run in several processes
        fcntl.flock(lock, fcntl.LOCK_EX)
        there = BUILD / ("parts-dcp" if dcp else "parts")
        jars = resolve(pom, f"org.eclipse.edc {edc_version()}", there).class_path
        return f"{_compiled(jars, folders)}:{jars}"


def _compiled(jars: str, folders: Sequence[Path]) -> Path:
    """What adopters bring, as classes; compiled once per state of its sources.

    The first folder names the extensions that are started.
    """
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    said = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    classes = BUILD / f"classes-{said[:16]}"
    if classes.is_dir():
        return classes
    half = BUILD / "classes-unfinished"
    shutil.rmtree(half, ignore_errors=True)
    shutil.copytree(folders[0] / "META-INF", half / "META-INF")
    sources = [str(path) for path in files if path.suffix == ".java"]
    done = subprocess.run(
        ["javac", "-nowarn", "--release", "17", "-d", str(half), "-cp", jars, *sources],
        capture_output=True,
        text=True,
        timeout=COMPILER_SECONDS,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"tests/edc/java does not compile:\n{done.stderr}")
    return half.rename(classes)
