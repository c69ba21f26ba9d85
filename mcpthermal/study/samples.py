"""Points of a study: grids, lists, Latin hypercubes, Sobol sequences, one parameter at a time."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mcpthermal.errors import InputError
from mcpthermal.package.points import is_list
from mcpthermal.units import check_alike, in_si, whole_number

Points = tuple[dict[str, Any], ...]


def grid_points(**values: Any) -> Points:
    """Every combination of the values of each parameter, the last one changing fastest.

    Parameters
    ----------
    **values
        For each parameter its values: numbers, strings with a unit, or words; a single one is held.
    """
    lists = {name: list(given) if is_list(given) else [given] for name, given in values.items()}
    for name, listed in lists.items():
        if not listed:
            raise InputError(f"parameter '{name}' has no values; give at least one")
    rows = itertools.product(*lists.values())
    return listed_points([dict(zip(lists, row, strict=True)) for row in rows])


def listed_points(points: Any) -> Points:
    """Points from a list of mappings with the same parameters, values in SI.

    Raises
    ------
    InputError
        If the list is empty, a point lacks a parameter, a value is NaN, or a point is given twice.
    """
    if not is_list(points) or not len(points):
        raise InputError(
            "a study needs a list of at least one point, each a mapping of all parameters to their values; the grid of "
            "some lists is asked for by name=[...]"
        )
    found: list[dict[str, Any]] = []
    for number, point in enumerate(points):
        if not isinstance(point, Mapping) or not all(isinstance(name, str) for name in point):
            raise InputError(f"point {number} of the study, {point!r}, is no mapping of parameters to values")
        if found and set(point) != set(found[0]):
            odd = sorted(set(point) ^ set(found[0]))
            raise InputError(f"point {number} of the study has other parameters than point 0: {', '.join(odd)}")
        found.append({name: _value(point[name], name, number) for name in (found[0] if found else point)})
    for name in found[0]:
        check_alike((point[name] for point in points), f"parameter '{name}'")
    seen: dict[tuple[Any, ...], int] = {}
    for number, row in enumerate(found):
        first = seen.setdefault(tuple(row.values()), number)
        if first != number:
            raise InputError(f"points {first} and {number} of the study are the same; drop one")
    return tuple(found)


def _value(given: Any, name: str, number: int) -> Any:
    value = given.item() if isinstance(given, np.generic) else in_si(given)
    if not isinstance(value, int | float | str):
        raise InputError(f"point {number} of the study: {name}={given!r} must be a number or a string")
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"point {number} of the study: {name}={value} is no finite number")
    return value


def latin_hypercube(count: int, seed: int = 0, **ranges: Any) -> Points:
    """Points of a Latin hypercube: each parameter has one value in each of `count` equal parts of its range.

    Parameters
    ----------
    count : int
    seed : int
        The same seed gives the same points.
    **ranges : (lowest, highest)
        Of each parameter; numbers or strings with a unit.
    """
    from scipy.stats import qmc

    limits = _ranges(ranges)
    sampler = qmc.LatinHypercube(len(limits), rng=whole_number(seed, "seed of a sample", 0))
    return _scaled(sampler.random(whole_number(count, "count of points")), limits)


def sobol(count: int, seed: int = 0, **ranges: Any) -> Points:
    """The first points of a scrambled Sobol sequence, which fills all ranges evenly; best with a power of two.

    Parameters
    ----------
    count, seed, **ranges
        As for `latin_hypercube`.
    """
    from scipy.stats import qmc

    limits, number = _ranges(ranges), whole_number(count, "count of points")
    # Made to a power of two, so that the sequence is balanced as far as it goes.
    sampler = qmc.Sobol(len(limits), rng=whole_number(seed, "seed of a sample", 0))
    values = sampler.random_base2(max(0, math.ceil(math.log2(number))))
    return _scaled(values[:number], limits)


def one_at_a_time(base: Mapping[str, Any], **ranges: Any) -> Points:
    """A base point, and for each parameter two points in which it alone has its lowest and highest value.

    Parameters
    ----------
    base : mapping
        The value of every parameter.
    **ranges : (lowest, highest)
        Of the parameters to vary.
    """
    if not isinstance(base, Mapping):
        raise InputError(f"one_at_a_time: base={base!r} must be a mapping of parameters to values")
    unknown = [name for name in ranges if name not in base]
    if unknown:
        raise InputError(f"one_at_a_time: '{unknown[0]}' has a range and no value in base; give it one")
    points = [dict(base)]
    for name, (low, high) in _ranges(ranges).items():
        points += [{**base, name: value} for value in (low, high) if value != in_si(base[name])]
    return listed_points(points)


def _ranges(ranges: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    found = {}
    for name, given in ranges.items():
        values = [in_si(item) for item in given] if is_list(given) else []
        check_alike(given if values else (), f"range of '{name}'")
        if len(values) != 2 or not all(isinstance(item, int | float) and math.isfinite(item) for item in values):
            raise InputError(f"range of '{name}': {given!r} must be (lowest, highest), numbers or strings with a unit")
        if not values[0] < values[1]:
            raise InputError(
                f"range of '{name}': {given!r} must begin with the lower of two values; what does not vary is left out"
            )
        found[name] = (float(values[0]), float(values[1]))
    if not found:
        raise InputError("a sample needs the range of at least one parameter, such as via_depth=('0.6 mm', '1 mm')")
    return found


def _scaled(values: Any, limits: Mapping[str, tuple[float, float]]) -> Points:
    low, high = np.array(list(limits.values())).T
    return listed_points([dict(zip(limits, row, strict=True)) for row in (low + values * (high - low)).tolist()])


def filling_order(points: Sequence[Mapping[str, Any]]) -> list[int]:
    """The numbers of points so that any first part of them fills the whole range: from the middle, then the farthest.

    Words count as different in one step of their own.
    """
    names = list(points[0])
    columns = []
    for name in names:
        values = [point[name] for point in points]
        if all(isinstance(value, int | float) for value in values):
            column = np.array(values, float)
            columns.append((column - column.min()) / (np.ptp(column) or 1.0))
        else:
            words = sorted({str(value) for value in values})
            columns += [np.array([float(str(value) == word) for value in values]) for word in words]
    place = np.column_stack(columns) if columns else np.zeros((len(points), 1))
    middle = (place.min(axis=0) + place.max(axis=0)) / 2
    order = [int(np.argmin(((place - middle) ** 2).sum(axis=1)))]
    gap = ((place - place[order[0]]) ** 2).sum(axis=1)
    for _ in range(len(points) - 1):
        gap[order[-1]] = -1.0
        order.append(int(np.argmax(gap)))
        gap = np.minimum(gap, ((place - place[order[-1]]) ** 2).sum(axis=1))
    return order
