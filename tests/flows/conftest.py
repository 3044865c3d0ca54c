"""One real run of the demo: three nodes as separate processes, and what they left behind."""

import json
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.processes import run_whole

from saltbridge.adapters.stores.packing import as_dictionary, unpacked
from saltbridge.bootstrap import open_world
from saltbridge.core.canonical import read_json
from saltbridge.ports import World


@dataclass(frozen=True)
class Walked:
    """The folder of the three nodes after the run, and what ``--json`` wrote."""

    folder: Path
    said: dict[str, Any]
    printed: str

    @contextmanager
    def world(self, company: str) -> Iterator[World]:
        world = open_world(self.folder / company)
        try:
            yield world
        finally:
            world.store.close()

    def all(self, company: str, kind: str) -> list[dict[str, Any]]:
        """Every record of a kind in the store of a company."""
        with self.world(company) as world, world.store.reading() as work:
            return [read_json(record.body) for record in work.find(kind)]

    def stored_bytes(self, company: str) -> bytes:
        """Everything a company holds on disk, as bytes; packed documents unpacked besides."""
        files = sorted((self.folder / company).rglob("*"))
        raw = [path.read_bytes() for path in files if path.is_file()]
        return b"\0".join((*raw, *_documents(self.folder / company / "node.sqlite")))


def _documents(path: Path) -> Iterator[bytes]:
    """Every document in a store, all versions and releases, as it was before it was packed."""
    with closing(sqlite3.connect(path)) as store:
        bases = {
            number: as_dictionary(unpacked(content, packing, None))
            for number, content, packing in store.execute(
                "select number, content, packing from bases"
            )
        }
        for asked in (
            "select body, packing from records",
            "select content, packing from releases",
        ):
            for content, packing in store.execute(asked):
                yield unpacked(content, packing, bases.get(packing) if packing else None)


@pytest.fixture(scope="session")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Walked:
    folder = tmp_path_factory.mktemp("walk")
    out = folder / "out.json"
    # A port range of its own for each test process, so that parallel runs do not meet.
    port = 21000 + 300 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    done = run_whole(
        [
            *(sys.executable, "-m", "saltbridge", "demo", "--once", "--json", str(out)),
            *("--dir", str(folder / "nodes"), "--port", str(port)),
        ],
        timeout=500,  # on a busy machine; alone it takes a minute or two
        env={**os.environ, "PYTHONUTF8": "1", "SALTBRIDGE_LANGUAGE": "en", "COLUMNS": "200"},
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return Walked(folder / "nodes", json.loads(out.read_text(encoding="utf-8")), done.stdout)
