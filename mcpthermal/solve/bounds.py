"""Guaranteed bounds of the resistance of a linear conductor.

Dirichlet's and Thomson's principles: the energy of any potential with the right values at the terminals gives at least
the conductance, that of any source-free current at least the resistance (Courant and Hilbert, Methods of Mathematical
Physics I, section IV.11). The first is that of the result's own elements, the second of `fem/equilibrated.py`.
"""

from __future__ import annotations

import numpy as np

from mcpthermal.fem.coefficients import constant_axes
from mcpthermal.fem.equilibrated import Equilibrated
from mcpthermal.mesh.columns import ColumnMesh
from mcpthermal.mesh.refinement import refined
from mcpthermal.result.steady import SteadyResult
from mcpthermal.result.vias import electrical_axes

MOST_CELLS = 100_000
"""Cells of the refined conductor up to which the bound from above is sought there, where it is nearer."""

SLACK = 1e-9
"""Relative: what the tolerance of the linear solves may take from a bound."""


def resistance_bounds(result: SteadyResult, a: str, b: str) -> tuple[float, float] | None:
    """Between which values the resistance from a to b lies for certain (ohm), on the polygons of the mesh.

    None unless a and b are the only terminals of one conductor on columns, without contacts in it and with
    conductivities along the axes that do not depend on the temperature.
    """
    case, mesh = result.case, result.mesh
    if not isinstance(mesh, ColumnMesh) or any(item.has_electrical for item in case.interfaces):
        return None
    _, group = mesh.components(case.current_cells(mesh))
    terminals = {terminal.name: terminal for terminal in case.terminals}
    touched = {name: np.unique(group[case.terminal_faces(mesh, t).cells]) for name, t in terminals.items()}
    own = touched[a]
    alone = [name for name, groups in touched.items() if np.isin(groups, own).any()]
    if len(own) != 1 or set(alone) != {a, b} or a == b or not np.array_equal(touched[b], own):
        return None
    uniform = [terminals[name].uniform for name in (a, b)]
    if all(uniform):
        return None
    axes = constant_axes(electrical_axes(result))
    parts = np.unique(mesh.cell_part[group == own[0]])
    resistivity = np.full((len(axes), 3), np.nan)
    for part in parts:
        known = axes[part]
        if known is None or len(known) != 3:
            return None
        resistivity[part] = 1.0 / np.array(known)
    low = (1 - SLACK) * result.resistance(a, b)
    cells = group == own[0]
    if 8 * np.count_nonzero(cells) <= MOST_CELLS:
        mesh, cells = refined(mesh), np.repeat(np.repeat(cells, 2, axis=0), 4, axis=1)
    faces = [(case.terminal_faces(mesh, terminals[name]), flag) for name, flag in zip((a, b), uniform, strict=True)]
    high = Equilibrated(mesh, cells, resistivity).resistance(*faces)
    return low, (1 + SLACK) * high
