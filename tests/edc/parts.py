"""The class path of a real EDC: its published jars, and the little that it leaves to adopters.

``java/`` holds that little: keys into the vault in memory (no setting fills it) and the public
door of the data plane (EDC's own is deprecated: adopters bring theirs). Everything behind them,
the control plane, the check of tokens and the pipeline that moves the bytes, is EDC's.
"""

import fcntl
import hashlib
import re
import shutil
import subprocess
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
def class_path() -> str:
    """What ``java -cp`` needs to start the connector.

    Raises:
        NotHere: no JDK, no Maven, or the registry does not have it.
    """
    if shutil.which("javac") is None:
        raise NotHere("no Java compiler here: JDK 17 or newer is needed (make system-parts)")
    pom = (HERE / "pom.xml").read_text(encoding="utf-8")
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / "lock").open("w") as lock:  # tests may run in several processes
        fcntl.flock(lock, fcntl.LOCK_EX)
        jars = resolve(pom, f"org.eclipse.edc {edc_version()}", BUILD / "parts").class_path
        return f"{_compiled(jars)}:{jars}"


def _compiled(jars: str) -> Path:
    """What adopters bring, as classes; compiled once per state of its sources."""
    files = sorted(path for path in (HERE / "java").rglob("*") if path.is_file())
    said = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    classes = BUILD / f"classes-{said[:16]}"
    if classes.is_dir():
        return classes
    half = BUILD / "classes-unfinished"
    shutil.rmtree(half, ignore_errors=True)
    shutil.copytree(HERE / "java" / "META-INF", half / "META-INF")
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
