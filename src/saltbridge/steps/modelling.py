"""The linear model of a request: what is varied, drawn and analysed is made here, one way."""

from collections.abc import Sequence
from datetime import date

from saltbridge.core.errors import FaultyInput
from saltbridge.footprint.check import check_content
from saltbridge.footprint.linear_model import LinearModel
from saltbridge.footprint.linear_model_build import linear_model
from saltbridge.footprint.methodologies import choose
from saltbridge.footprint.model import EmissionFactor
from saltbridge.ports import FactorLibrary
from saltbridge.steps.accounting import FootprintRequest


def model_of(
    library: FactorLibrary,
    today: date,
    request: FootprintRequest,
    supplied: Sequence[EmissionFactor] = (),
) -> LinearModel:
    """The linear model of a footprint, under the rule set and factor sets of the request.

    Raises:
        FaultyInput: the inventory, the methodology or an assumption is faulty.
        Refused: no edition is in force.
        Unavailable: a factor set cannot be had.
    """
    empty = check_content(request.inventory)
    if empty:
        raise FaultyInput(empty)
    methodology, edition = choose(request.methodology, request.placed_on_market or today)
    names = request.factor_sets
    if names is None:
        names = request.inventory.factor_sets
    return linear_model(
        request.inventory,
        methodology,
        edition,
        [library.factor_set(name) for name in names],
        supplier_factors=supplied,
        assumptions=request.assumptions,
    )
