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
    if shutil.which("mvn") is None:
        raise NotHere("no Maven here (make system-parts)")
    folder = build / f"{artifact}-{version}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pom.xml").write_text(
        POM.format(group=group, artifact=artifact, version=version), encoding="utf-8"
    )
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
        raise NotHere(f"Maven cannot resolve {group}:{artifact}:{version}: {_why(done)}")
    return Jars(f"{folder / 'lib'}/*", "from Maven")


def _why(done: "subprocess.CompletedProcess[str]") -> str:
    said = (done.stdout + done.stderr).splitlines()
    errors = [line.removeprefix("[ERROR] ") for line in said if line.startswith("[ERROR] ")]
    text = errors[0] if errors else f"exit code {done.returncode}"
    found = re.search(r"Could not find artifact [^ ]+|Could not transfer artifact [^ ]+", text)
    return (found.group() if found else text)[:200]  # without the registry's address
