"""Read files and projects of other LCA tools with those tools, in a process of its own.

bw2io, bw2data and olca-schema are optional (extras ``brightway`` and ``openlca``). They print,
keep projects and evaluate formulas; so they run as a child that writes one JSON document, with
a project folder that is thrown away, except where a person names a Brightway project.
"""

import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from saltbridge.core.errors import FaultyInput, Unavailable
from saltbridge.core.finding import Place, finding

ECOSPOLD2, SIMAPRO, OPENLCA, PROJECT = "ecospold2", "simapro-csv", "openlca-jsonld", "brightway"
EXTRAS = {
    ECOSPOLD2: "brightway", SIMAPRO: "brightway", PROJECT: "brightway", OPENLCA: "openlca",
}  # fmt: skip
_TIMEOUT_S = 3600
_NO_TOOL = 3


def read(kind: str, path: str, detail: str = "") -> Any:
    """The JSON document of a source, as its tool reads it.

    Raises:
        FaultyInput: the tool cannot read it.
        Unavailable: the tool is not installed.
    """
    with tempfile.TemporaryDirectory() as scratch:
        answer = Path(scratch) / "answer.json"
        environment = dict(os.environ)
        if kind != PROJECT:
            (Path(scratch) / "projects").mkdir()
            environment["BRIGHTWAY2_DIR"] = str(Path(scratch) / "projects")
        command = [sys.executable, "-m", __name__, kind, path, detail, str(answer)]
        try:
            ran = subprocess.run(  # noqa: S603 (a fixed command without a shell)
                command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False,
                env=environment, encoding="utf-8", errors="replace",
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as fault:
            raise _unreadable(kind, path, str(fault)) from fault
        if ran.returncode == _NO_TOOL:
            extra = EXTRAS[kind]
            raise Unavailable([finding("background.tools-missing", format=kind, extra=extra)])
        if ran.returncode != 0 or not answer.is_file():
            last = (ran.stderr.strip().splitlines() or ["–"])[-1]
            raise _unreadable(kind, path, last[-300:])
        return json.loads(answer.read_bytes())


def _unreadable(kind: str, path: str, reason: str) -> FaultyInput:
    found = finding("background.not-readable", Place(path), format=kind, reason=reason)
    return FaultyInput([found])


# --- in the child ---------------------------------------------------------------------------


def _ecospold2(path: str, _detail: str) -> Any:
    extractor = importlib.import_module("bw2io.extractors.ecospold2").Ecospold2DataExtractor
    objectify = importlib.import_module("lxml.objectify")
    folder = Path(path)
    files = sorted(folder.glob("*.spold")) if folder.is_dir() else [folder]
    if not files:
        raise FileNotFoundError("no .spold file")
    datasets = []
    for file in files:
        dataset = extractor.extract_activity(str(file.parent), file.name, "import")
        # The extractor drops groups and compartments: they are read beside it, in its order.
        root = objectify.parse(str(file)).getroot()
        stem = getattr(root, "activityDataset", None)
        stem = root.childActivityDataset if stem is None else stem
        elements = [e for e in stem.flowData.iterchildren() if "parameter" not in str(e.tag)]
        for flow, element in zip(dataset["exchanges"], elements, strict=True):
            for child in element.iterchildren():
                tag = str(child.tag).rpartition("}")[2]
                if tag in ("inputGroup", "outputGroup"):
                    flow[tag] = str(child.text)
                elif tag == "compartment":
                    flow["categories"] = [str(part.text) for part in child.iterchildren()]
        datasets.append(dataset)
    return datasets


def _simapro(path: str, _detail: str) -> Any:
    extractor = importlib.import_module("bw2io.extractors.simapro_csv").SimaProCSVExtractor
    with open(path, encoding="cp1252") as file:
        start = file.read(4000)
    delimiter = "," if "{CSV separator: Comma}" in start else ";"
    if "{CSV separator: Tab}" in start:
        delimiter = "\t"
    datasets, _, _ = extractor.extract(path, delimiter=delimiter, name="import")
    return datasets


def _project(name: str, database: str) -> Any:
    bw2data = importlib.import_module("bw2data")
    if name not in bw2data.projects:
        raise LookupError(f"no project called {name}")
    bw2data.projects.set_current(name)
    if database not in bw2data.databases:
        known = ", ".join(sorted(bw2data.databases))
        raise LookupError(f"no database called {database or '–'}; there are: {known}")
    datasets = []
    for part in sorted(bw2data.Database(database).find_graph_dependents()):
        for (owner, code), dataset in bw2data.Database(part).load().items():
            datasets.append({**dataset, "database": owner, "code": code})
    return datasets


def _openlca(path: str, _detail: str) -> Any:
    schema = importlib.import_module("olca_schema")
    zipio = importlib.import_module("olca_schema.zipio")
    with zipio.ZipReader(path) as reader:
        processes = [process.to_dict() for process in reader.read_each(schema.Process)]
        flows = [flow.to_dict() for flow in reader.read_each(schema.Flow)]
    return {"processes": processes, "flows": flows}


_CHILD = {ECOSPOLD2: _ecospold2, SIMAPRO: _simapro, PROJECT: _project, OPENLCA: _openlca}


def _main(kind: str, path: str, detail: str, answer: str) -> int:
    try:
        document = _CHILD[kind](path, detail)
    except ModuleNotFoundError as fault:
        print(fault, file=sys.stderr)
        return _NO_TOOL
    Path(answer).write_text(json.dumps(document, default=str, allow_nan=True), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))
