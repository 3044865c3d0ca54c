"""``saltbridge passport issue --from``: a long list, progress, workers, a file of faults."""

import csv
import gc
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, TextIO

if TYPE_CHECKING:
    from saltbridge.core.finding import Finding
    from saltbridge.formats.item_list import FleetRow
    from saltbridge.services.issue_bulk import BatchDone, FaultyRow
    from saltbridge.services.issue_sources import IssueRequest

MAX_WORKERS: Final = 16
_PAUSE_SECONDS: Final = 10.0  # between lines of progress where nobody watches a terminal
_WATCHED_SECONDS: Final = 0.5


@dataclass
class FleetTotals:
    """What became of the rows so far."""

    rows: int
    issued: int = 0
    known: int = 0
    faulty: int = 0
    faults_file: str = ""
    notes: "tuple[Finding, ...]" = ()

    @property
    def done(self) -> int:
        return self.issued + self.known + self.faulty


def say_fleet(
    node: Path,
    request: "IssueRequest",
    path: Path,
    faults: Path | None,
    workers: int,
    as_json: bool,
) -> None:
    """Issue for a list and say what became of it; exit 1 where rows were not issued."""
    import typer

    from saltbridge.cli.present import say, say_findings, say_json

    target = faults or path.with_name(f"{path.name}.faults.csv")
    totals = issue_fleet(node, request, path, target, workers)
    say_findings(totals.notes)
    counts = {"issued": totals.issued, "known": totals.known, "faulty": totals.faulty}
    if as_json:
        say_json({"rows": totals.rows, **counts, "faults_file": totals.faults_file})
    else:
        say("passport.fleet-issued", **counts)
        if totals.faulty:
            say("passport.fleet-faults", count=totals.faulty, file=totals.faults_file)
    if totals.faulty:
        raise typer.Exit(1)


def issue_fleet(
    node: Path, request: "IssueRequest", path: Path, faults: Path, workers: int
) -> FleetTotals:
    """Issue for every row of a list; returns the totals.

    Raises:
        FaultyInput: the file, the model or the facts are faulty: nothing more is stored then.
        Refused: the border room withholds a public value.
    """
    from saltbridge.adapters.fleet_files import open_fleet_file
    from saltbridge.bootstrap import opened_world
    from saltbridge.services.issue_bulk import FleetIssuer

    fleet = open_fleet_file(path)
    with opened_world(node) as world:
        issuer = FleetIssuer(world, request)
        issuer.refuse_faulty_model(next(fleet.read()))
        totals = FleetTotals(fleet.rows, notes=issuer.notes)
        batches = _batches(fleet.read())
        if workers == 1:
            _collect_seldom()
            _follow(totals, faults, map(issuer.issue, batches))
    if workers > 1:
        with _processes(node, request, workers) as pipes:
            _follow(totals, faults, _by_workers(pipes, batches))
    totals.faults_file = str(faults) if totals.faulty else ""
    return totals


def _follow(totals: FleetTotals, faults: Path, results: "Iterable[BatchDone]") -> None:
    """Count what became of the rows, write down what is wrong with some, and show progress."""
    progress = _Progress(totals)
    with _FaultsFile(faults) as file:
        for result in results:
            _count(totals, result)
            file.add(result.faulty)
            progress.show()
    progress.finish()


def _collect_seldom() -> None:
    """Look for circles of objects now and then only: what a run leaves behind has hardly any,
    and what was loaded before it stays anyway."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def _count(totals: FleetTotals, result: "BatchDone") -> None:
    totals.issued += result.issued
    totals.known += result.known
    totals.faulty += len(result.faulty)


def _batches(rows: "Iterator[FleetRow]") -> "Iterator[list[FleetRow]]":
    from saltbridge.services.issue_bulk import BATCH

    while batch := list(islice(rows, BATCH)):
        yield batch


def _by_workers(
    pipes: Sequence[Connection], batches: "Iterable[list[FleetRow]]"
) -> "Iterator[BatchDone]":
    """The batches handed out to processes; each has one under way and the next one waiting."""
    waiting, under_way = iter(batches), dict.fromkeys(pipes, 0)
    for pipe in (*pipes, *pipes):
        _hand_out(pipe, waiting, under_way)
    while any(under_way.values()):
        for ready in wait([pipe for pipe, several in under_way.items() if several]):
            pipe = next(p for p in pipes if p is ready)
            result = _received(pipe)
            under_way[pipe] -= 1
            _hand_out(pipe, waiting, under_way)
            yield result


def _hand_out(
    pipe: Connection, waiting: "Iterator[list[FleetRow]]", under_way: dict[Connection, int]
) -> None:
    batch = next(waiting, None)
    if batch is not None:
        pipe.send(batch)
        under_way[pipe] += 1


def _received(pipe: Connection) -> "BatchDone":
    from saltbridge.core.errors import FaultyInput, Refused, SaltbridgeError, Unavailable

    try:
        kind, content = pipe.recv()
    except EOFError as fault:
        raise Unavailable.of("passport.fleet-worker") from fault
    if kind == "done":
        done: BatchDone = content
        return done
    kinds: dict[str, type[SaltbridgeError]] = {
        c.__name__: c for c in (FaultyInput, Refused, Unavailable)
    }
    raise kinds[kind](content)


@contextmanager
def _processes(node: Path, request: "IssueRequest", count: int) -> Iterator[list[Connection]]:
    """Workers, each behind a pipe. Where a process can be forked, they have everything loaded
    that this one has; its store is closed by then."""
    forks = sys.platform == "linux"
    context: Any = get_context("fork" if forks else "spawn")
    pipes: list[Connection] = []
    processes = []
    line = TemporaryDirectory(prefix="saltbridge-")
    try:
        turn = Path(line.name) / "turn"
        turn.touch()
        for _ in range(count):
            ours, theirs = context.Pipe()
            pipes.append(ours)
            # A worker must not hold the ends of the others open: it ends with this process.
            given = (theirs, tuple(pipes) if forks else (), node, request, turn)
            process = context.Process(target=_work, args=given, daemon=True)
            process.start()
            theirs.close()
            processes.append(process)
        yield pipes
    finally:
        for pipe in pipes:
            pipe.close()
        for process in processes:
            process.join()
        line.cleanup()


@contextmanager
def _in_turn(file: Path) -> Iterator[None]:
    """One worker writes at a time: who waits here goes on at once, where a store is asked now
    and then. The system lets go when a process ends, however it ends."""
    from fcntl import LOCK_EX, flock

    with file.open("rb") as queue:
        flock(queue, LOCK_EX)
        yield


def _work(
    pipe: Connection,
    others: Sequence[Connection],
    node: Path,
    request: "IssueRequest",
    turn: Path,
) -> None:
    """One worker: batches in, results out, until nobody sends any more."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.core.errors import SaltbridgeError
    from saltbridge.services.issue_bulk import FleetIssuer

    for other in others:
        other.close()
    _collect_seldom()
    try:
        with opened_world(node) as world:
            issuer = FleetIssuer(world, request)
            while True:
                pipe.send(("done", issuer.issue(pipe.recv(), _in_turn(turn))))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except SaltbridgeError as fault:
        name = next(
            c.__name__
            for c in type(fault).__mro__
            if c.__name__ in ("FaultyInput", "Refused", "Unavailable")
        )
        with suppress(BrokenPipeError, ConnectionResetError):
            pipe.send((name, list(fault.findings)))


class _FaultsFile:
    """Rows that were not issued, as CSV; written when there is the first."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None

    def __enter__(self) -> "_FaultsFile":
        self._path.unlink(missing_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, rows: "Sequence[FaultyRow]") -> None:
        """Add every fault of these rows."""
        from saltbridge.cli.present import language
        from saltbridge.locales import has_text, text

        if not rows:
            return
        if self._file is None:
            self._file = self._path.open("w", encoding="utf-8-sig", newline="")
            csv.writer(self._file).writerow(["row", "serial", "code", "fault", "remedy"])
        writer, tongue = csv.writer(self._file), language()
        for row in rows:
            for fault in row.faults:
                told = dict(fault.arguments)
                label = f"attribute.{told.get('attribute')}"
                if "name" in told and has_text(label, tongue):
                    told["name"] = text(label, None, tongue)
                says = text(fault.code, told, tongue)
                remedy = (
                    text(fault.remedy, told, tongue) if has_text(fault.remedy, tongue) else ""
                )
                cells = (row.serial, fault.code, says, remedy)
                writer.writerow([row.number, *map(_no_formula, cells)])
        self._file.flush()


def _no_formula(cell: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


@dataclass
class _Progress:
    """One line that is rewritten on a terminal, a line now and then elsewhere."""

    totals: FleetTotals
    started: float = field(default_factory=time.monotonic)
    said: float = 0.0
    stream: Any = field(default_factory=lambda: sys.stderr)

    def show(self) -> None:
        """Say how far it is, if it is time to."""
        pause = _WATCHED_SECONDS if self.stream.isatty() else _PAUSE_SECONDS
        if time.monotonic() - max(self.said, self.started) >= pause:
            self._say(
                "\r" if self.stream.isatty() else "", "" if self.stream.isatty() else "\n"
            )

    def finish(self) -> None:
        """The last line."""
        self._say("\r" if self.stream.isatty() else "", "\n")

    def _say(self, before: str, after: str) -> None:
        from saltbridge.cli.present import language
        from saltbridge.locales import text

        self.said = time.monotonic()
        seconds = max(self.said - self.started, 1e-3)
        told = {
            "done": self.totals.done,
            "rows": self.totals.rows,
            "percent": 100 * self.totals.done // max(self.totals.rows, 1),
            "rate": round(self.totals.done / seconds),
        }
        line = text("passport.fleet-progress", told, language())
        self.stream.write(f"{before}{line}{after}")
        self.stream.flush()
