"""A footprint worked out again from what was kept with it, and what differs.

Whoever may see the model asks for it (a verifier on the maker's node, or the node's own
people); the arithmetic is the same.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput, SaltbridgeError
from saltbridge.core.finding import Argument, errors_in
from saltbridge.core.quantity import is_number, round_significant
from saltbridge.footprint.model import Inventory
from saltbridge.formats.inventory_sources import parse_sources
from saltbridge.ports import LogLeaf, UnitOfWork, World
from saltbridge.steps.accounting import (
    Accounted,
    FootprintRequest,
    late_figures,
    supplied_metals,
    verified_supplier_factors,
    with_remarks,
    work_out,
)
from saltbridge.steps.log import CLAIM_LEAF
from saltbridge.steps.models import Model, kept_bytes, kept_model, sources_of
from saltbridge.steps.records import document
from saltbridge.trust.claims import Receipt, verify
from saltbridge.trust.receipt import ReceiptContent, parse_receipt, value_digest

# Two machines may differ in the last digits of a float; what is signed is rounded far above.
COMPARED_DIGITS: Final = 10
MOST_DIFFERENCES: Final = 100
# Members of a record from cause to effect: the first difference named is the first there is.
_CAUSES: Final = (
    "methodology", "rules", "rules_not_loaded", "assumptions", "scenario", "product", "period",
    "placed_on_market", "unit", "lines", "holes", "stages", "total_kg_co2e", "range_kg_co2e",
    "stages_declared", "declared",
)  # fmt: skip
# The leaf of a footprint follows those of its claim and its receipt, in one unit of work.
_LEAVES_AFTER_CLAIM: Final = 8
_MARKET_DAY: Final = "placed_on_market"
_PLACES: Final = frozenset({"file", "row", "place"})


@dataclass(frozen=True, slots=True)
class ReplayPoint:
    """One point of a replay. ``code`` is a message id, as is ``verification.replay.<name>``."""

    name: str
    good: bool
    code: str
    arguments: Mapping[str, Argument] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """A place where the replay gave something else. None: the member is not there."""

    pointer: str
    stored: Any
    replayed: Any


@dataclass(frozen=True)
class Replay:
    """A footprint worked out again from what was kept."""

    id: str
    points: tuple[ReplayPoint, ...]
    differences: tuple[Difference, ...] = ()

    @property
    def good(self) -> bool:
        """Whether everything agreed."""
        return all(point.good for point in self.points)


def rerun(world: World, view: UnitOfWork, id: str) -> Replay:
    """The stored footprint worked out again from the kept inputs, and what differs."""
    return _Rerun(world, view, id).run()


class _Rerun:
    """One replay: points are noted as they come; the first that ends it ends it."""

    def __init__(self, world: World, view: UnitOfWork, id: str) -> None:
        self._world, self._view, self._id = world, view, id
        self._stored: Mapping[str, Any] = document(view, "footprint", id)
        self._points: list[ReplayPoint] = []

    def run(self) -> Replay:
        self._log()
        receipt = self._receipt()
        model, inventory = self._inputs(receipt)
        if model is None or inventory is None or receipt is None:
            return Replay(self._id, tuple(self._points))
        self._factor_sets(receipt)
        again = self._again(model, inventory, receipt)
        found = () if again is None else self._compare(again, receipt, model.as_read)
        return Replay(self._id, tuple(self._points), found)

    def _note(self, name: str, good: bool, code: str, **arguments: Argument) -> None:
        self._points.append(ReplayPoint(name, good, f"verification.{code}", arguments))

    def _fault(self, name: str, fault: SaltbridgeError) -> None:
        first = fault.findings[0]
        self._points.append(ReplayPoint(name, False, first.code, dict(first.arguments)))

    def _log(self) -> None:
        """0. What is stored is what was logged when it was made: no other whole footprint."""
        record = self._view.get("footprint", self._id)
        leaf = _leaf_of(self._view, self._id)
        if record is None or leaf is None:
            self._note("log", False, "replay-log-missing")
            return
        good = leaf.body_digest == digest(record.body)
        code = "replay-log" if good else "replay-log-differs"
        self._note("log", good, code, index=leaf.index)

    def _receipt(self) -> ReceiptContent | None:
        """1. The receipt is the node's own, and names the record that is stored."""
        try:
            verified = verify(
                Receipt(self._stored["receipt"]), self._world.keyring.did_document()
            )
            receipt = parse_receipt(verified.content)
        except SaltbridgeError as fault:
            self._fault("receipt", fault)
            return None
        good = receipt.footprint_digest == value_digest(self._stored["record"])
        self._note("receipt", good, "replay-receipt" if good else "replay-receipt-differs")
        return receipt

    def _inputs(self, receipt: ReceiptContent | None) -> tuple[Model | None, Inventory | None]:
        """2. The inputs are those the receipt names, byte for byte."""
        model = kept_model(self._view, self._id)
        if model is None or model.digest != self._stored.get("model"):
            code = "replay-no-model" if model is None else "replay-model-differs"
            self._note("inputs", False, code)
            return None, None
        try:
            sources = sources_of(self._view, model)
            for file in model.evidence:
                kept_bytes(self._view, file)
        except SaltbridgeError as fault:
            self._fault("inputs", fault)
            return model, None
        due = receipt.inputs_digest if receipt else self._stored["inputs_digest"]
        if not model.as_read:
            self._note("inputs", False, "replay-inputs-rendered", digest=due)
        elif sources.digest != due:
            self._note("inputs", False, "replay-inputs-differ", found=sources.digest, due=due)
        else:
            count = len(model.files) + len(model.evidence)
            self._note("inputs", True, "replay-inputs", files=count, digest=due)
        inventory, findings = parse_sources(sources)
        if inventory is None:
            self._fault("inputs", FaultyInput(errors_in(findings)))
        return model, inventory

    def _factor_sets(self, receipt: ReceiptContent) -> None:
        """3. The factor sets are those that the signed receipt names."""
        for name, due in sorted(receipt.factor_sets.items()):
            try:
                found = self._world.factor_library.factor_set(name).digest
            except SaltbridgeError as fault:
                self._fault("factors", fault)
                continue
            good = found == due
            code = "replay-factors" if good else "replay-factors-differ"
            self._note("factors", good, code, set=name, found=found, due=due)

    def _again(
        self, model: Model, inventory: Inventory, receipt: ReceiptContent
    ) -> Accounted | None:
        """4. It can be worked out, with the supplier records there were then."""
        request = FootprintRequest(
            inventory=inventory,
            inventory_digest=receipt.inputs_digest,
            methodology=f"{receipt.methodology}@{receipt.edition}",
            factor_sets=model.factor_sets,
            assumptions=model.assumptions,
            declare=self._stored["kind"] == "declaration",
            scenario=self._stored["record"].get("scenario"),
            placed_on_market=model.placed_on_market,
        )
        made_on: date = receipt.made_at.date()
        then = frozenset(model.deliveries)
        supplied, remarks = verified_supplier_factors(self._view, then)
        metals = supplied_metals(self._view, then)
        try:
            result = work_out(self._world.factor_library, made_on, request, supplied, metals)
        except SaltbridgeError as fault:
            self._fault("result", fault)
            return None
        due = receipt.supplier_records
        good = result.supplier_records == due
        self._note(
            "suppliers",
            good,
            "replay-suppliers" if good else "replay-suppliers-differ",
            count=len(due),
            found=len(result.supplier_records),
        )
        late = late_figures(self._view, result, made_on, then)
        return with_remarks(result, inventory, (*remarks, *late))

    def _compare(
        self, again: Accounted, receipt: ReceiptContent, as_read: bool
    ) -> tuple[Difference, ...]:
        """5. The result is the same: whole, or to all digits that are compared."""
        record = read_json(canonical_bytes(dict(again.record)))
        if _MARKET_DAY not in self._stored["record"]:
            record.pop(_MARKET_DAY, None)  # records of before kept it in their model only
        found = value_digest(record)
        if found == receipt.footprint_digest:
            self._note("result", True, "replay-result", digest=found)
        differs = tuple(_differences(self._stored["record"], record, ""))
        if not as_read:  # a rendering has other lines than whatever the inventory came from
            differs = tuple(d for d in differs if d.pointer.split("/")[-1] not in _PLACES)
        if found != receipt.footprint_digest:
            code = "replay-result-differs" if differs else "replay-result-rounded"
            self._note("result", not differs, code, count=len(differs), digits=COMPARED_DIGITS)
        declared = value_digest(record.get("declared")) == receipt.declared_digest
        self._note(
            "declared", declared, "replay-declared" if declared else "replay-declared-differs"
        )
        return differs[:MOST_DIFFERENCES]


def _leaf_of(view: UnitOfWork, id: str) -> LogLeaf | None:
    """The leaf that was appended with a footprint; None where there is none."""
    signed = document(view, CLAIM_LEAF, id)
    if signed is None:
        return None
    first = int(signed["index"])
    for index in range(first, min(first + _LEAVES_AFTER_CLAIM, view.log_size())):
        leaf = view.log_leaf(index)
        if leaf is not None and leaf.subject == id and leaf.event.startswith("footprint."):
            return leaf
    return None


def _differences(stored: Any, replayed: Any, pointer: str) -> Iterator[Difference]:
    if isinstance(stored, Mapping) and isinstance(replayed, Mapping):
        for key in sorted({*stored, *replayed}, key=_cause_first):
            where = f"{pointer}/{key}"
            if key in stored and key in replayed:
                yield from _differences(stored[key], replayed[key], where)
            else:
                yield Difference(where, stored.get(key), replayed.get(key))
        return
    if isinstance(stored, list) and isinstance(replayed, list):
        for index in range(max(len(stored), len(replayed))):
            where = f"{pointer}/{index}"
            if index < min(len(stored), len(replayed)):
                yield from _differences(stored[index], replayed[index], where)
            else:
                yield Difference(where, _element(stored, index), _element(replayed, index))
        return
    if is_number(stored) and is_number(replayed):
        digits = (round_significant(float(v), COMPARED_DIGITS) for v in (stored, replayed))
        if next(digits) != next(digits):
            yield Difference(pointer, stored, replayed)
        return
    if stored != replayed:
        yield Difference(pointer, stored, replayed)


def _cause_first(member: str) -> tuple[int, str]:
    """Rules and lines before the sums that follow from them, the rest by name."""
    place = _CAUSES.index(member) if member in _CAUSES else len(_CAUSES)
    return place, member


def _element(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else None
