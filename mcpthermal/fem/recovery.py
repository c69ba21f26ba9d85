"""Fluxes and heat at quadrature points: what is computed from fields, for both kinds of spaces."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.fem.coefficients import Axes, evaluate_axes
from mcpthermal.fem.discretisation import Space, View
from mcpthermal.linalg import share
from mcpthermal.physics.joule import conduct, flux_density, joule_density

Floats = NDArray[np.float64]
AtPoints = Callable[[int], Floats]

OPERATIONS = 30
"""Multiplications for each unknown in loads from points, roughly."""


def at_points(space: Space, raw: Floats, points: Space | None = None) -> AtPoints:
    """A field at the quadrature points of another space (or its own), as a function of the block."""
    return partial(space.view(points).values, raw)


def collected(view: View, blocks: Iterable[int], terms: Callable[[int], tuple[Any, Any]]) -> Floats:
    """The raw vector of the loads of all blocks: `terms` gives a block's density and flux, each may be None.

    Blocks are worked on by threads, each with a sum of its own.
    """
    numbers = list(blocks)

    def add(some: range) -> Floats:
        total = view.zeros()
        for number in some:
            view.add(total, numbers[number], *terms(numbers[number]))
        return total

    totals = share(add, len(numbers), OPERATIONS * view.zeros().size)
    return view.collect(sum(totals[1:], totals[0]))


def point_fields(
    space: Space, raw: Floats, axes: Sequence[Axes | None], temperature: AtPoints | None
) -> Iterator[tuple[int, Floats, list[Floats]]]:
    """For each block its conductivity and the gradient of a field at the quadrature points."""
    for block in space.blocks:
        yield block, *_at_block(space, raw, axes, temperature, block)


def _at_block(
    space: Space, raw: Floats, axes: Sequence[Axes | None], temperature: AtPoints | None, block: int
) -> tuple[Floats, list[Floats]]:
    gradient = space.view().gradient(raw, block)
    known = None if temperature is None else temperature(block)
    return evaluate_axes(axes, space.block_cells(block)[1], known, gradient[0].shape[1:]), gradient


def joule(
    space: Space, potential: Floats, axes: Sequence[Axes | None], temperature: AtPoints | None, thermal: Space
) -> tuple[Floats, Floats]:
    """Joule heat of a potential: the load on a thermal space (W), and the heat in each cell of the mesh (W)."""
    heat = np.zeros(space.mesh.cell_part.shape)

    def terms(block: int) -> tuple[Any, Any]:
        released = joule_density(*_at_block(space, potential, axes, temperature, block)) * space.volumes(block)
        heat[_index(space, block)] = released.sum(axis=(0, 2))
        return released, None

    return collected(thermal.view(space), space.blocks, terms), heat


def mean_fluxes(space: Space, raw: Floats, axes: Sequence[Axes | None], temperature: AtPoints | None) -> Floats:
    """The mean flux density in each cell of the mesh: (cells, 3), zero outside."""
    result = np.zeros((*space.mesh.cell_part.shape, 3))
    for block, conductivity, gradient in point_fields(space, raw, axes, temperature):
        volume = space.volumes(block)
        total = volume.sum(axis=(0, 2))
        means = [(component * volume).sum(axis=(0, 2)) / total for component in flux_density(conductivity, gradient)]
        result[_index(space, block)] = np.stack(means, axis=1)
    return result


def taken_in(
    space: Space, raw: Floats, axes: Sequence[Axes | None], temperature: AtPoints | None, cells: Any
) -> Floats:
    """What conduction in some cells alone takes in at each raw entry: the assembled operator of these cells."""
    known = partial(_at_block, space, raw, axes, temperature)

    def terms(block: int) -> tuple[Any, Any]:
        here = cells[_index(space, block)]
        if not here.any():
            return None, None
        volume = space.volumes(block) * here[:, None]
        return None, [component * volume for component in conduct(*known(block))]

    return collected(space.view(), space.blocks, terms)


def cell_energies(
    space: Space, fields: Sequence[Floats], axes: Sequence[Axes | None], temperature: AtPoints | None
) -> list[Floats]:
    """The energy of each field in each cell of the mesh, grad u . k grad u, zero outside."""
    results, blocks = [np.zeros(space.mesh.cell_part.shape) for _ in fields], list(space.blocks)

    def add(numbers: range) -> None:
        for block in (blocks[number] for number in numbers):
            view, where, volumes = space.view(), _index(space, block), space.volumes(block)
            known = None if temperature is None else temperature(block)
            conductivity = evaluate_axes(axes, space.block_cells(block)[1], known, volumes.shape[1:])
            for raw, result in zip(fields, results, strict=True):
                density = joule_density(conductivity, view.gradient(raw, block)) * volumes
                result[where] = density.sum(axis=(0, 2))

    share(add, len(blocks), OPERATIONS * len(fields) * space.size)
    return results


def _index(space: Space, block: int) -> Any:
    return space.block_cells(block)[0]
