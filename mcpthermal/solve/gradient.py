"""Gradients of an output by any parameters of a description, from one extra solve.

With the residuals of heat and current R(u, p) at the fields u, and the adjoint z of the output J (`adjoint.py`),

    dJ/dp = dJ/dp at fixed u  +  z' dR/dp at fixed u.

What a parameter does at fixed fields is the difference of two descriptions: no solve, and whatever the parameter is.

Giles and Pierce, An introduction to the adjoint approach to design, Flow, Turbulence and Combustion 65, 2000.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.case import Case
from mcpthermal.case.variants import check_arguments, number_of, variant
from mcpthermal.errors import InputError
from mcpthermal.mesh.columns import ColumnMesh
from mcpthermal.mesh.layers import fractions_of, layering, moved_mesh
from mcpthermal.package.points import is_list
from mcpthermal.result.outputs import outputs_of
from mcpthermal.result.steady import SteadyResult
from mcpthermal.solve.adjoint import adjoint_at
from mcpthermal.solve.goals import Level, derivative, linearised
from mcpthermal.solve.newton import Newton
from mcpthermal.solve.run import Run

Floats = NDArray[np.float64]

STEP = 1e-4
"""Of differences of descriptions, relative to the parameter: their error is about its square."""

STEPS_FROM_ZERO = tuple(10.0**-n for n in range(4, 13))
"""Tried one after the other where a parameter is 0 (SI units): a long one for a film's height is short for a power."""

AGREEMENT = 1e-4
"""Relative difference of slopes by one of these steps and the next, whose own error is a hundredth of it."""

NOTHING = 1e-10
"""Changes of an output, relative to it, that may be rounding."""


def gradient(
    case: Case | Callable[..., Case],
    result: SteadyResult,
    output: Any,
    parameters: str | Sequence[str] | Mapping[str, float],
) -> dict[str, float]:
    """The derivatives of an output by parameters of a case: heights, loads, coefficients, material constants.

    Parameters
    ----------
    case : Case or callable
        The result's, or a function ``make_case(**parameters)`` that returns it; as for `sweep`.
    result : SteadyResult
    output : str or probe
        As for `sweep`, such as ``"memory.max"``; one that has an adjoint (not ``min``, ``joule`` or a function).
    parameters : name, sequence of names, or mapping
        Numbers of the case: ``"via_depth"``, ``"module_height"``, ``"logic.thickness"``, ``"logic.power"``,
        ``"bottom.h"``, ``"vdd.current"``, ``"silicon.thermal_conductivity"`` (`case/variants.py` lists them), alone or
        with their values in the case. Of a function every argument by which a derivative is wanted, and its value in
        the result.

    Returns
    -------
    dict
        The derivative by each parameter, in SI units.

    Raises
    ------
    InputError
        If the case is not the result's or has no such number, a parameter moves an outline in the plane, or there is
        no case a small step beside its value.
    LinearSolveError
        If the adjoint cannot be solved, as at the limit of a branch.

    Notes
    -----
    The derivative is that of the answer on the result's mesh, whose layers keep their shares of each interval.

    The step of a difference is a part of the parameter. A parameter that is 0 tells nothing of its scale: steps are
    shortened from 1e-4 (SI units) until two agree.
    """
    if not isinstance(result, SteadyResult):
        raise InputError(f"gradient needs the result of solve_steady, not {type(result).__name__}")
    result.require_steady("gradient")
    make_case, parameters = _described(case, parameters)
    (asked,) = outputs_of([output])
    problem, state = Run.at(result)
    if make_case(**parameters) != result.case:
        raise InputError("gradient: the case, or that of make_case with these parameters, is not that of the result")
    hot, volt = derivative(asked.goal, Level(result, problem, problem, state))
    found = adjoint_at(problem, state, hot, volt)
    weights = problem.numbering.pick(found.temperature)
    if found.potential is not None and problem.electrical is not None:
        weights = np.concatenate([weights, problem.electrical.numbering.pick(found.potential)])
    measure = linearised(asked.goal, result)

    def change(name: str, step: float) -> float:
        """Of the output from a step below a parameter's value to a step above it."""
        moved = [_beside(make_case, parameters, name, sign * step) for sign in (1.0, -1.0)]
        (above, more), (below, less) = (_at_fixed_fields(case, result, measure, name) for case in moved)
        if more.shape != weights.shape:
            raise InputError(f"gradient: '{name}' changes which values are prescribed; vary something else")
        return float(above - below + weights @ (more - less))

    steps = {name: STEP * abs(float(value)) for name, value in parameters.items()}
    nothing = NOTHING * abs(asked.measure(result))
    return {
        name: change(name, step) / (2 * step) if step else _from_zero(name, change, nothing)
        for name, step in steps.items()
    }


def _from_zero(name: str, change: Callable[[str, float], float], nothing: float) -> float:
    """The slope by a parameter at 0 from the first steps that agree, or differ by changes that are nothing."""
    last, failure = None, None
    for step in STEPS_FROM_ZERO:
        try:
            slope = change(name, step) / (2 * step)
        except InputError as error:  # perhaps the step is too long
            failure = error
            continue
        if last is not None and abs(slope - last) <= max(AGREEMENT * abs(slope), nothing / step):
            return slope
        last = slope
    if last is None and failure is not None:
        raise failure
    raise InputError(
        f"gradient: '{name}' is 0, and differences with steps from {STEPS_FROM_ZERO[0]:g} to {STEPS_FROM_ZERO[-1]:g} "
        "(SI units) do not agree; solve at another value, or let it be a whole length instead of what is added to one"
    )


def _beside(make_case: Callable[..., Case], parameters: Mapping[str, float], name: str, step: float) -> Case:
    """The case a step beside a parameter's value."""
    value = float(parameters[name]) + step
    try:
        return make_case(**{**parameters, name: value})
    except InputError as error:
        raise type(error)(
            f"gradient: no case lies a step beside '{name}'={parameters[name]:g}, at {value:.6g} (SI units): {error}; "
            "solve at a value with cases on both sides"
        ) from error


def _described(case: Any, parameters: Any) -> tuple[Callable[..., Case], Mapping[str, float]]:
    """A function of parameters that returns the case, and their values."""
    if isinstance(parameters, Mapping):
        for name, value in parameters.items():
            if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
                raise InputError(f"gradient: {name}={value!r} must be a finite number in SI units")
    if isinstance(case, Case):
        names = list(parameters) if is_list(parameters) else [parameters]
        own = {name: number_of(case, name) for name in names}
        for name, value in parameters.items() if isinstance(parameters, Mapping) else ():
            if not math.isclose(value, own[name], rel_tol=1e-9):
                raise InputError(
                    f"gradient: '{name}' is {own[name]:.9g} in the case, not {value:.9g} (SI units); give its name "
                    "alone, or solve the case with the other value"
                )
        return lambda **values: variant(case, values), own
    if not callable(case) or not isinstance(parameters, Mapping):
        raise InputError(
            "gradient: give the case and the names of its numbers, or a function make_case and a mapping of its "
            f"arguments to their values; not {type(case).__name__} and {parameters!r}"
        )
    check_arguments(case, parameters)
    return case, parameters


def _at_fixed_fields(
    case: Case, result: SteadyResult, measure: Callable[[SteadyResult], float], name: str
) -> tuple[float, Floats]:
    """The output and the residuals of another case at the fields of a result."""
    run = Run(case, _moved(case, result, name), getattr(result.thermal, "order", 2))
    problem, electrical = run.problem, run.problem.electrical
    vars(problem.factors).update(result.factors)
    rise = result.temperature - problem.thermal.reference
    rise = np.where(problem.numbering.is_fixed, problem.thermal.base, rise)
    current = None
    if electrical is not None and result.potential is not None:
        current = electrical.state_at(problem.thermal.reference + rise, result.potential)
    state = problem.thermal_state(rise, current)
    residual = state.residual
    if current is not None:
        assert current.imbalance is not None
        residual = np.concatenate([residual, current.imbalance])
    return measure(run.result(state, Newton(problem, 1.0), stored=0.0)), residual


def _moved(case: Case, result: SteadyResult, name: str) -> Any:
    """The result's mesh in the heights of another case."""
    mesh, before = result.mesh, result.case.package
    if not isinstance(mesh, ColumnMesh):
        return mesh
    if layering(case.package, mesh.spec).key != layering(before, mesh.spec).key:
        raise InputError(
            f"gradient: '{name}' moves outlines in the plane, or levels across each other, and with them the mesh; "
            "take a difference of two solutions"
        )
    return moved_mesh(mesh, case.package, fractions_of(mesh, before))
