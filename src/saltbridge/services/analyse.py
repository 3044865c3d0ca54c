"""Analyse: how sure a footprint is, what moves it, and where it comes from.

Nothing is signed or stored: an analysis explains an estimate, it declares nothing. Holes take
no part in the numbers; their price range stands beside the spread of the known part.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from saltbridge.footprint.contribution import (
    FlowDiagram,
    Paths,
    Share,
    by_flow,
    by_process,
    by_stage,
    by_supplier,
    flow_diagram,
    hot_spots,
    supply_chain_paths,
)
from saltbridge.footprint.linear_model import LinearModel
from saltbridge.footprint.model import EmissionFactor
from saltbridge.footprint.sensitivity import Sensitivity, sensitivities
from saltbridge.footprint.uncertainty import Spread, Uncertainty, uncertainty
from saltbridge.ports import FactorLibrary, World
from saltbridge.steps.accounting import (
    FootprintRequest,
    verified_supplier_factors,
    with_supplied_metals,
)
from saltbridge.steps.background_spread import UsedBackground, background_spread
from saltbridge.steps.modelling import model_of

__all__ = ["Analysis", "FootprintRequest", "analyse", "analyse_in", "analysis_document"]

SCHEMA = "saltbridge-analysis/1"


@dataclass(frozen=True)
class Analysis:
    """Everything the analysis of one footprint says."""

    model: LinearModel
    uncertainty: Uncertainty
    backgrounds: tuple[UsedBackground, ...]
    sensitivities: tuple[Sensitivity, ...]
    processes: tuple[Share, ...]
    stages: tuple[Share, ...]
    suppliers: tuple[Share, ...]
    flows: tuple[Share, ...]
    hot_spots: tuple[Share, ...]
    paths: Paths
    diagram: FlowDiagram


def analyse(
    library: FactorLibrary,
    today: date,
    request: FootprintRequest,
    *,
    draws: int,
    seed: int,
    cut_off: float,
    supplied: Sequence[EmissionFactor] = (),
) -> Analysis:
    """The analysis of a request; ``cut_off`` is the share below which paths are not shown.

    Raises:
        FaultyInput: the inventory, the methodology, an assumption or a distribution is faulty.
        Refused: no edition is in force.
        Unavailable: a factor set cannot be had.
    """
    model = model_of(library, today, request, supplied)
    sets = request.factor_sets
    sets = request.inventory.factor_sets if sets is None else sets
    backgrounds, remarks = background_spread(library, model, sets, draws)
    stored = [used.drawn for used in backgrounds]
    spread = uncertainty(model, draws=draws, seed=seed, background=stored)
    return Analysis(
        model=model,
        uncertainty=replace(spread, findings=(*spread.findings, *remarks)),
        backgrounds=backgrounds,
        sensitivities=sensitivities(model),
        processes=by_process(model),
        stages=by_stage(model),
        suppliers=by_supplier(model),
        flows=by_flow(model),
        hot_spots=hot_spots(model),
        paths=supply_chain_paths(model, cut_off),
        diagram=flow_diagram(model, cut_off),
    )


def analyse_in(
    world: World, request: FootprintRequest, *, draws: int, seed: int, cut_off: float
) -> Analysis:
    """As ``analyse``, with the supplier records that a node has verified.

    Raises:
        As ``analyse``.
    """
    with world.store.reading() as view:
        supplied, _ = verified_supplier_factors(view)
        inventory = with_supplied_metals(view, request.inventory)
    return analyse(
        world.factor_library,
        world.clock.now().date(),
        replace(request, inventory=inventory),
        draws=draws,
        seed=seed,
        cut_off=cut_off,
        supplied=supplied,
    )


def analysis_document(analysis: Analysis) -> dict[str, Any]:
    """The analysis as a JSON document. Masses in kg CO2e per unit of product."""
    model, drawn = analysis.model, analysis.uncertainty
    footprint = model.footprint
    bounds = footprint.range_kg_co2e
    bases: dict[str, int] = {}
    for uncertain in drawn.uncertain:
        bases[uncertain.basis] = bases.get(uncertain.basis, 0) + 1
    stored = sum(len(used.drawn.numbers) for used in analysis.backgrounds)
    if stored:
        bases["background"] = stored
    return {
        "schema": SCHEMA,
        "methodology": {"id": footprint.methodology, "edition": footprint.edition.name},
        "product": footprint.product_id,
        "unit_of_product": footprint.unit_of_product,
        "known_kg_co2e": model.score(),
        "holes": {
            "count": len(footprint.holes),
            "range_kg_co2e": None if bounds is None else list(bounds),
        },
        "uncertainty": {
            "draws": drawn.draws,
            "seed": drawn.seed,
            "without_solution": drawn.without_solution,
            "parameters": len(model.parameters),
            "drawn": len(drawn.uncertain) + stored,
            "bases": bases,
            "backgrounds": [
                {
                    "set": used.sampled.id,
                    "factors": len(used.drawn.numbers),
                    "samples": used.sampled.samples,
                    "seed": used.sampled.seed,
                    "digest": used.sampled.digest,
                }
                for used in analysis.backgrounds
            ],
            "total": _spread(drawn.total),
            "stages": {stage.value: _spread(s) for stage, s in drawn.stages.items()},
            "variance_shares": [
                {"parameter": id, "share": share} for id, share in drawn.variance_shares
            ],
        },
        "sensitivities": [
            {
                "parameter": s.parameter.id,
                "value": s.parameter.value,
                "unit": s.parameter.unit,
                "derivative": s.derivative,
                "elasticity": s.elasticity,
            }
            for s in analysis.sensitivities
        ],
        "contributions": {
            "stage": _shares(analysis.stages),
            "process": _shares(analysis.processes),
            "supplier": _shares(analysis.suppliers),
            "flow": _shares(analysis.flows),
            "line": _shares(analysis.hot_spots),
        },
        "paths": {
            "cut_off_kg_co2e": analysis.paths.cut_off_kg_co2e,
            "complete": analysis.paths.complete,
            "paths": [
                {
                    "processes": list(path.processes),
                    "flow": path.flow,
                    "amount": path.amount,
                    "unit": path.unit,
                    "kg_co2e": path.kg_co2e,
                    "direct_kg_co2e": path.direct_kg_co2e,
                }
                for path in analysis.paths.paths
            ],
        },
        "findings": [
            {"code": f.code, "place": str(f.place), "arguments": dict(f.arguments)}
            for f in drawn.findings
        ],
    }


def _shares(shares: Sequence[Share]) -> list[dict[str, Any]]:
    return [{"name": s.name, "kg_co2e": s.kg_co2e, "lines": s.lines} for s in shares]


def _spread(spread: Spread) -> dict[str, Any]:
    return {
        "value": spread.value,
        "mean": spread.mean,
        "sd": spread.sd,
        "p2_5": spread.p2_5,
        "median": spread.median,
        "p97_5": spread.p97_5,
        "first_order_sd": spread.first_order_sd,
        "first_order_poor": spread.first_order_is_poor,
    }
