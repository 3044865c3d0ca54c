"""How much the footprint moves with each of its numbers, from one forward and one transposed
solve, for all of them at once.
"""

from dataclasses import dataclass

from saltbridge.footprint.linear_model import LinearModel, Parameter


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Derivative and elasticity of the known total by one parameter.

    ``elasticity`` is the relative change of the total per relative change of the parameter
    (0.2: one percent more gives 0.2 percent more); None where the total is 0.
    """

    parameter: Parameter
    derivative: float  # kg CO2e per unit of product, per unit of the parameter
    elasticity: float | None


def sensitivities(model: LinearModel) -> tuple[Sensitivity, ...]:
    """The sensitivity to every parameter, the largest elasticity first."""
    slopes, total = model.gradient(), model.score()
    found = [
        Sensitivity(
            parameter,
            slopes[parameter.id],
            None if total == 0 else slopes[parameter.id] * parameter.value / total,
        )
        for parameter in model.parameters
    ]
    return tuple(
        sorted(
            found,
            key=lambda s: (-abs(s.derivative * s.parameter.value), s.parameter.id),
        )
    )
