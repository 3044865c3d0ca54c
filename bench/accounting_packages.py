"""A case as ``bw_processing`` datapackages, the input of bw2calc: same amounts, same spreads.

Medians and spreads are written as stats_arrays lognormals. A product and the process that
makes it share one id. bw_processing keeps the parameters of a distribution in single
precision, so a median may differ from the amount by 1e-7 of it; the amounts themselves are
kept in double precision.
"""

from pathlib import Path
from typing import Any

import bw_processing as bwp
import numpy as np
from accounting_case import Case
from fsspec.implementations.zip import ZipFileSystem

FLOW = 10_000_000  # ids of flows begin here
CERTAIN, LOGNORMAL = 0, 2  # of stats_arrays
PARTS = ("background", "rest", "foreground")


def write(case: Case, folder: Path) -> None:
    """Zip files ``background``, ``rest`` (what is neither), ``foreground`` and ``method``."""
    for name, processes in parts(case).items():
        if len(processes):
            _write_part(case, name, processes, folder / f"{name}.zip")
    counts = np.flatnonzero(case.gwp)
    package = _package("method", folder / "method.zip")
    package.add_persistent_vector(
        matrix="characterization_matrix",
        name="gwp",
        identifier=["gwp"],
        indices_array=_indices(FLOW + counts, FLOW + counts),
        data_array=case.gwp[counts],
    )
    package.finalize_serialization()


def parts(case: Case) -> dict[str, Any]:
    """The processes of each package."""
    known = np.concatenate([case.background, case.foreground])
    rest = np.setdiff1d(np.arange(case.size), known)
    return dict(zip(PARTS, (case.background, rest, case.foreground), strict=True))


def _write_part(case: Case, name: str, processes: Any, path: Path) -> None:
    package = _package(name, path)
    package.metadata["database_dependencies"] = [p for p in PARTS[:2] if name == PARTS[2]]
    rows, columns, amounts, spreads = _entries(
        case.technosphere, case.technosphere_ln_sds, processes
    )
    made = rows == columns
    sizes = np.where(made, amounts, np.abs(amounts))
    package.add_persistent_vector(
        matrix="technosphere_matrix",
        name=f"{name}_technosphere_matrix",
        indices_array=_indices(rows, columns),
        data_array=sizes,
        flip_array=~made & (amounts < 0.0),
        distributions_array=_distributions(sizes, spreads),
    )
    rows, columns, amounts, spreads = _entries(case.biosphere, case.biosphere_ln_sds, processes)
    if len(rows):
        package.add_persistent_vector(
            matrix="biosphere_matrix",
            name=f"{name}_biosphere_matrix",
            indices_array=_indices(FLOW + rows, columns),
            data_array=amounts,
            distributions_array=_distributions(amounts, spreads),
        )
    package.finalize_serialization()


def _package(name: str, path: Path) -> Any:
    return bwp.create_datapackage(fs=ZipFileSystem(str(path), mode="w"), name=name)


def _entries(matrix: Any, ln_sds: Any, columns: Any) -> tuple[Any, Any, Any, Any]:
    """Row, column, amount and spread of every stored entry of some columns."""
    column = np.repeat(np.arange(matrix.shape[1]), np.diff(matrix.indptr))
    chosen = np.zeros(matrix.shape[1], dtype=bool)
    chosen[columns] = True
    entry = np.flatnonzero(chosen[column])
    return matrix.indices[entry], column[entry], matrix.data[entry], ln_sds[entry]


def _indices(rows: Any, columns: Any) -> Any:
    found = np.empty(len(rows), dtype=bwp.INDICES_DTYPE)
    found["row"], found["col"] = rows, columns
    return found


def _distributions(amounts: Any, ln_sds: Any) -> Any:
    found = np.zeros(len(amounts), dtype=bwp.UNCERTAINTY_DTYPE)
    drawn = (ln_sds > 0.0) & (amounts != 0.0)
    found["uncertainty_type"] = np.where(drawn, LOGNORMAL, CERTAIN)
    found["loc"] = np.where(drawn, np.log(np.abs(np.where(drawn, amounts, 1.0))), amounts)
    found["scale"] = np.where(drawn, ln_sds, np.nan)
    for unused in ("shape", "minimum", "maximum"):
        found[unused] = np.nan
    found["negative"] = amounts < 0.0
    return found
