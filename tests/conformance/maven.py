"""The jars of a Java kit: from Maven by a pom with that single dependency, or from a folder.

``CONFORMANCE_KITS`` names a folder with ``<artifact>-<version>/lib/*.jar``, for a kit that was
built from its sources because the registry at hand does not have it.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

MAVEN_SECONDS = 420
POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>saltbridge.conformance</groupId>
  <artifactId>{artifact}</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>{group}</groupId>
      <artifactId>{artifact}</artifactId>
      <version>{version}</version>
    </dependency>
  </dependencies>
</project>
"""


class NotHere(Exception):
    """The kit cannot be had on this machine; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Jars:
    """The class path of a kit, and where it came from."""

    class_path: str
    origin: str


def jars(group: str, artifact: str, version: str, build: Path) -> Jars:
    """The jars of a kit.

    Raises:
        NotHere: no Java, no Maven, or the registry does not have it.
    """
    if shutil.which("java") is None:
        raise NotHere("no Java here: JDK 17 or newer is needed (make system-parts)")
    given = os.environ.get("CONFORMANCE_KITS")
    if given:
        folder = Path(given) / f"{artifact}-{version}" / "lib"
        if folder.is_dir():
            return Jars(f"{folder}/*", "built from its sources")
    pom = POM.format(group=group, artifact=artifact, version=version)
    return resolve(pom, f"{group}:{artifact}:{version}", build / f"{artifact}-{version}")


def resolve(pom: str, what: str, folder: Path) -> Jars:
    """The jars that a pom names, with all they need, under a folder; resolved once per pom.

    Raises:
        NotHere: no Java, no Maven, or the registry does not have them.
    """
    if shutil.which("java") is None:
        raise NotHere("no Java here: JDK 17 or newer is needed (make system-parts)")
    if shutil.which("mvn") is None:
        raise NotHere("no Maven here (make system-parts)")
    found = Jars(f"{folder / 'lib'}/*", "from Maven")
    resolved = folder / "resolved.xml"
    if resolved.is_file() and resolved.read_text(encoding="utf-8") == pom:
        return found
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "pom.xml").write_text(pom, encoding="utf-8")
    done = subprocess.run(
        [
            *("mvn", "-B", "-q", "-f", str(folder / "pom.xml"), "dependency:copy-dependencies"),
            f"-DoutputDirectory={folder / 'lib'}",
        ],
        capture_output=True,
        text=True,
        timeout=MAVEN_SECONDS,
        check=False,
    )
    if done.returncode:
        raise NotHere(
            f"Maven cannot resolve {what}: {why(done.stdout + done.stderr, done.returncode)}"
        )
    resolved.write_text(pom, encoding="utf-8")
    return found


def why(said: str, code: int) -> str:
    """What Maven complained of, in one line and without the registry's address."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", said)
    lines = [line.partition("[ERROR]")[2].strip() for line in plain.splitlines()]
    text = next((line for line in lines if line), f"exit code {code}")
    if found := re.search(r"Could not (?:find|transfer) artifact [^ ]+", text):
        return found.group()
    if found := re.search(r"([^ ]+) was not found in ", text):
        return f"Could not find artifact {found[1]}"
    return re.sub(r"\(?\bhttps?://\S+", "its registry", text)[:200]
