"""The characterised background of carculator-utils: fetched on request, read from its wheel.

The wheel (BSD-3-Clause, Paul Scherrer Institut) holds a technosphere matrix A and matrices B
of impacts already characterised. Their values derive from a licensed database, so nothing of
them is ever written into the repository: the wheel is fetched by the person who wants it, its
digest is pinned, and the arrays are read straight from the archive.

In the files, the activity with index ``j`` is row and column ``j`` of A and column ``j`` of
B; ``A[i, j]`` is what one run of ``j`` adds to the product of ``i``, so inputs are negative
and the diagonal is the amount produced (negative for a treatment of waste). Row 0 of the
static ReCiPe midpoint matrix is ``IPCC 2021, climate change, GWP 100a`` in kg CO2e (order of
``dict_impact_categories.csv``, read 2026-11-23).
"""

import csv
import hashlib
import io
import os
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from saltbridge.core.errors import Unavailable
from saltbridge.core.finding import finding
from saltbridge.core.provenance import Confidence
from saltbridge.footprint.model import EmissionFactor

SET_ID = "carculator-static"
PACKAGE = "carculator-utils"
VERSION = "1.3.5"
WHEEL = f"carculator_utils-{VERSION}-py3-none-any.whl"
WHEEL_SHA256 = "64e9d4a6ae55925772b2971af5811db80e1b54b9cdd9fb3f41c3475d544b8346"
SOURCE = f"carculator-utils {VERSION}, static ReCiPe midpoint matrix, IPCC 2021 GWP100"
LICENCE = (
    "BSD-3-Clause (Paul Scherrer Institut); derived from a licensed database: not packaged"
)
FETCH_COMMAND = f"saltbridge background fetch {PACKAGE}"

_IAM = "carculator_utils/data/IAM"
_A = f"{_IAM}/A_matrix.npz"
_B = f"{_IAM}/B_matrix_recipe_midpoint_static.npz"
_INDEX = f"{_IAM}/dict_inputs_A_matrix.csv"
_CATEGORIES = "carculator_utils/data/lcia/dict_impact_categories.csv"
_GWP100 = ["recipe", "midpoint", "IPCC 2021", "climate change", "GWP 100a"]
MAX_WHEEL_BYTES = 40_000_000
MAX_MEMBER_BYTES = 20_000_000


@dataclass(frozen=True, slots=True)
class Activity:
    """A row of the index: an activity of the technosphere, or a flow of the biosphere."""

    name: str
    location: str  # of a biosphere flow: its compartment
    unit: str
    product: str = ""  # reference product; a biosphere flow has none


@dataclass(frozen=True)
class Arrays:
    """The matrices of the wheel. ``technosphere`` is scipy CSC; ``gwp100`` kg CO2e per run."""

    index: tuple[Activity, ...]
    technosphere: Any
    gwp100: Any

    def inputs_of(self, column: int) -> list[tuple[int, float]]:
        """(index, amount taken) of everything one run takes, its own product left out."""
        matrix = self.technosphere
        span = slice(matrix.indptr[column], matrix.indptr[column + 1])
        return [
            (int(row), -float(amount))
            for row, amount in zip(matrix.indices[span], matrix.data[span], strict=True)
            if row != column and amount != 0.0
        ]

    def produced(self, column: int) -> float:
        """Amount of its product that one run gives; negative for a treatment of waste."""
        return float(self.technosphere[column, column])


@dataclass(frozen=True)
class Background:
    """Leaf values of a background, ready to become a factor set."""

    title: str
    licence: str
    factors: tuple[EmissionFactor, ...]


def cache_folder() -> Path:
    """Where fetched backgrounds lie: ``SALTBRIDGE_CACHE``, else ``~/.cache/saltbridge``."""
    named = os.environ.get("SALTBRIDGE_CACHE")
    return Path(named) if named else Path.home() / ".cache" / "saltbridge"


def is_fetched() -> bool:
    """Whether the wheel lies in the cache."""
    return (cache_folder() / WHEEL).is_file()


def requirement() -> str:
    """The pinned line that pip is handed; it also stands in ``requirements/background.txt``."""
    return f"{PACKAGE}=={VERSION} --hash=sha256:{WHEEL_SHA256}\n"


def fetch() -> Path:
    """Download the wheel into the cache with pip, pinned by hash; returns where it lies.

    Raises:
        Unavailable: pip cannot be run, the package cannot be reached, or its digest differs.
    """
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        pinned = Path(scratch) / "background.txt"
        pinned.write_text(requirement(), "utf-8")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input"]
        command += ["--disable-pip-version-check", "--no-deps", "--only-binary", ":all:"]
        command += ["--require-hashes", "-r", str(pinned), "-d", scratch]
        try:
            ran = subprocess.run(  # noqa: S603 (a fixed command without a shell)
                command, capture_output=True, text=True, timeout=300, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as fault:
            raise _not_fetched(str(fault)) from fault
        arrived = Path(scratch) / WHEEL
        if ran.returncode != 0 or not arrived.is_file():
            raise _not_fetched((ran.stderr.strip() or ran.stdout.strip())[-300:])
        _read_wheel(arrived)
        arrived.replace(folder / WHEEL)
    arrays.cache_clear()
    return folder / WHEEL


def background() -> Background:
    """GWP100 of every activity that takes nothing else, in kg CO2e per unit of its product.

    In the matrix a waste is a negative amount of a treatment with a negative value. Where an
    activity is only ever used that way, its factor is given per unit handed over, positive,
    so that a waste row of an inventory is priced by it. Elementary flows are left out: an
    inventory characterises its own emissions.

    Raises:
        Unavailable: the wheel was not fetched yet, or is not the pinned one.
    """
    read = arrays()
    taken, handed_over = _uses(read)
    leaves = [
        j for j, activity in enumerate(read.index) if activity.product and is_leaf(read, j)
    ]
    names = Counter(_key(read.index[j]) for j in leaves)
    factors = []
    for j in leaves:
        activity = read.index[j]
        flow = flow_of(activity, ambiguous=names[_key(activity)] > 1)
        value = float(read.gwp100[j]) / abs(read.produced(j))
        treatment = j in handed_over and j not in taken and value <= 0
        factors.append(
            EmissionFactor(
                id=f"{SET_ID}/{flow}/{activity.location}",
                flow=flow,
                unit=activity.unit,
                location=activity.location,
                kg_co2e_per_unit=-value if treatment else value,
                source=SOURCE,
                licence=LICENCE,
                confidence=Confidence.SECONDARY,
                gwp_set="AR6",
                comment=f"activity {j}: {activity.product}"
                + (", handed over for treatment" if treatment else ""),
            )
        )
    return Background(f"carculator-utils {VERSION}, static background", LICENCE, tuple(factors))


def _uses(read: Arrays) -> tuple[set[int], set[int]]:
    """Activities that some process takes, and those that some process hands waste to."""
    taken: set[int] = set()
    handed_over: set[int] = set()
    for column in range(len(read.index)):
        for row, amount in read.inputs_of(column):
            (taken if amount > 0 else handed_over).add(row)
    return taken, handed_over


def is_leaf(read: Arrays, column: int) -> bool:
    """Whether an activity takes nothing: its value in B is the whole supply chain."""
    return read.produced(column) != 0.0 and not read.inputs_of(column)


def flow_of(activity: Activity, ambiguous: bool = False) -> str:
    """Our flow name of an activity: its name, with its unit where the name is shared.

    A co-generation is one name for heat (megajoule) and for electricity (kilowatt hour).
    """
    return f"{activity.name} [{activity.unit}]" if ambiguous else activity.name


def _key(activity: Activity) -> tuple[str, str]:
    return activity.name, activity.location


@lru_cache(maxsize=1)
def arrays() -> Arrays:
    """The matrices, read from the wheel in the cache.

    Raises:
        Unavailable: the wheel was not fetched yet, or is not the pinned one.
    """
    path = cache_folder() / WHEEL
    if not path.is_file():
        raise Unavailable(
            [finding("background.not-fetched", set=SET_ID, command=FETCH_COMMAND)]
        )
    members = _read_wheel(path)
    from scipy.sparse import csc_matrix

    a, b = _csr(members[_A]), _csr(members[_B])
    index = _index(members[_INDEX], a.shape[0])
    row = _row_of_gwp100(members[_CATEGORIES])
    return Arrays(index, csc_matrix(a), b[row].toarray().ravel())


def _read_wheel(path: Path) -> dict[str, bytes]:
    """The four members we need, after size and digest were checked."""
    if path.stat().st_size > MAX_WHEEL_BYTES:
        raise _faulty(path, f"more than {MAX_WHEEL_BYTES} bytes")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != WHEEL_SHA256:
        raise _faulty(path, "its SHA-256 is not the pinned one")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as wheel:
            return {name: _member(wheel, name, path) for name in (_A, _B, _INDEX, _CATEGORIES)}
    except (KeyError, zipfile.BadZipFile) as fault:
        raise _faulty(path, str(fault)) from fault


def _member(archive: zipfile.ZipFile, name: str, path: Path) -> bytes:
    if archive.getinfo(name).file_size > MAX_MEMBER_BYTES:
        raise _faulty(path, f"{name} is larger than {MAX_MEMBER_BYTES} bytes")
    return archive.read(name)


def _csr(content: bytes) -> Any:
    import numpy as np
    from scipy.sparse import csr_matrix

    with zipfile.ZipFile(io.BytesIO(content)) as inner:
        if sum(info.file_size for info in inner.infolist()) > MAX_MEMBER_BYTES:
            raise _faulty(Path(WHEEL), f"an array is larger than {MAX_MEMBER_BYTES} bytes")
    parts = np.load(io.BytesIO(content), allow_pickle=False)
    shape = tuple(int(n) for n in parts["shape"])
    return csr_matrix((parts["data"], parts["indices"], parts["indptr"]), shape=shape)


def _index(content: bytes, size: int) -> tuple[Activity, ...]:
    rows = list(csv.reader(io.StringIO(content.decode("utf-8")), delimiter=";"))
    index = tuple(Activity(*row[:4]) for row in rows if row)
    if len(index) != size:
        raise _faulty(Path(WHEEL), f"{len(index)} names for {size} activities")
    return index


def _row_of_gwp100(content: bytes) -> int:
    midpoint = [
        row
        for row in csv.reader(io.StringIO(content.decode("utf-8")))
        if row[:2] == ["recipe", "midpoint"]
    ]
    return [row[: len(_GWP100)] for row in midpoint].index(_GWP100)


def _not_fetched(reason: str) -> Unavailable:
    return Unavailable([finding("background.fetch-failed", package=PACKAGE, reason=reason)])


def _faulty(path: Path, reason: str) -> Unavailable:
    name, command = path.name, FETCH_COMMAND
    found = finding("background.faulty-wheel", file=name, reason=reason, command=command)
    return Unavailable([found])
