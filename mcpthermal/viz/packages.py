"""Pictures of a package: parts coloured by material, named, pulled apart, some of them like glass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import InputError, near_misses
from mcpthermal.mesh.columns import check_fit, generate_mesh
from mcpthermal.package.package import Package
from mcpthermal.package.points import is_list
from mcpthermal.units import quantity
from mcpthermal.viz.cutting import CutAway, outlines, surface, surface_of
from mcpthermal.viz.grids import mesh_grid
from mcpthermal.viz.scene import LOW_VIEW, ROOM, VIEW, add_lines, ghost, key, load_pyvista, look, make_plotter
from mcpthermal.viz.style import MILLIMETRES, STRETCH, check_stretch, material_colours, stretched

STEPS = ("carrier", "chip", "insulation", "via", "metal", "passivation", "contact", "")
"""Roles in the order in which a package is pulled apart; a module's other parts go with its chips, by height."""

GLASS = 0.12


def plot_package(
    package: Package,
    mesh: Any = None,
    *,
    cut: bool | CutAway = True,
    explode: float = 0.0,
    labels: bool = False,
    glass: Sequence[str] | str = (),
    stretch: float = STRETCH,
    off_screen: bool | None = None,
) -> Any:
    """Draw a package with its parts coloured by material.

    Parameters
    ----------
    package : Package
    mesh : ColumnMesh or TetMesh, optional
        What is drawn; default a coarse mesh.
    cut : bool or CutAway
        What is taken away: True the quarter that faces the viewer.
    explode : float
        Pull what each step added apart along z, by this part of the package's height between two of them; 0 leaves
        them together.
    labels : bool
        Write the name of each part beside it.
    glass : sequence of str
        Names, roles or materials of parts that are drawn transparent and not cut, such as ``"insulation"``.
    stretch : float
        Factor on z; the title says it.
    off_screen : bool, optional

    Returns
    -------
    pyvista.Plotter

    Raises
    ------
    InputError
        For an option that is none, or a mesh of another package.
    """
    if not isinstance(package, Package):
        raise InputError(f"plot_package draws a Package, not {type(package).__name__}")
    stretch = check_stretch(stretch)
    explode = quantity(explode, "", "explode", minimum=0.0)
    if mesh is None:
        mesh = package.mesh if package.mesh is not None else generate_mesh(package, "coarse")
    grid = mesh_grid(mesh, stretch)
    check_fit(package, mesh)
    x0, x1, y0, y1, z0, z1 = grid.bounds
    size = f"{x1 - x0:.3g} x {y1 - y0:.3g} x {(z1 - z0) / stretch:.3g} mm"
    plotter = make_plotter(f"Package, {size}, {stretched(stretch)}", off_screen)
    clear = _chosen(package, glass)
    solid = ~np.isin(grid.cell_data["part"], clear)
    shifts = _shifts(package, explode * (z1 - z0), stretch) if explode else np.zeros(len(package.parts))
    bodies = _bodies(grid, solid, cut, stretch, shifts)
    for number in clear:
        shell = surface(grid.extract_cells(grid.cell_data["part"] == number))
        ghost(plotter, shell.translate((0, 0, shifts[number]), inplace=False), GLASS)
    colours = material_colours(package)
    for material, colour in colours.items():
        parts = [n for n, part in enumerate(package.parts) if not part.is_void and part.material.name == material]
        style = {"color": colour, "ambient": 0.45, "diffuse": 0.6}
        for body in bodies:
            piece = body.extract_cells(np.isin(body.cell_data["part"], parts))
            if piece.n_cells:
                plotter.add_mesh(piece, **style)
    for body in bodies:
        add_lines(plotter, outlines(body), "#222222", 1.2)
    if labels:
        _name_parts(plotter, package, bodies)
    _legend(plotter, package, clear, colours)
    look(plotter, LOW_VIEW if explode else VIEW, -0.6 if labels else ROOM[0])
    return plotter


def _chosen(package: Package, names: Sequence[str] | str) -> list[int]:
    """The numbers of parts that names, roles or materials mean."""
    found: set[int] = set()
    for name in names if is_list(names) else (names,):
        own = {
            number
            for number, part in enumerate(package.parts)
            if not part.is_void and name in (part.name, part.role, part.material.name)
        }
        if not own:
            known = {word for part in package.parts if not part.is_void for word in (part.name, part.role) if word}
            raise InputError(f"'{name}' is no part, role or material of the package; {near_misses(str(name), known)}")
        found |= own
    return sorted(found)


def _bodies(
    grid: Any, solid: NDArray[np.bool_], cut: bool | CutAway, stretch: float, shifts: NDArray[np.float64]
) -> list[Any]:
    """A surface for all parts that are shifted alike; parts keep their number."""
    if not shifts.any() and solid.all():
        return [surface_of(grid, cut, stretch)]
    part = np.asarray(grid.cell_data["part"])
    # All pieces are cut in the same places, those of the whole.
    if cut is True:
        x0, x1, y0, y1, _, _ = np.array(grid.bounds) / MILLIMETRES
        cut = CutAway(x=((x0 + x1) / 2, None), y=(None, (y0 + y1) / 2))
    bodies = []
    for shift in np.unique(shifts):
        cells = solid & np.isin(part, np.nonzero(shifts == shift)[0])
        if cells.any():
            body = surface_of(grid.extract_cells(cells), cut, stretch)
            if body.n_cells:
                bodies.append(body.translate((0, 0, shift), inplace=False))
    return bodies


def _shifts(package: Package, gap: float, stretch: float) -> NDArray[np.float64]:
    """How far each part is lifted (mm on the picture), so that each step's parts lie over all of the step before."""
    groups: dict[tuple[int, float], list[int]] = {}
    families = {part.name for part in package.with_role("via")}
    for number, part in enumerate(package.parts):
        if not part.is_void:
            inside = part.role == "contact" and part.group in families
            step = STEPS.index("via" if inside else part.role) if part.role in STEPS else STEPS.index("chip")
            by_height = STEPS[step] in ("chip", "")
            groups.setdefault((step, part.z[0] if by_height else 0.0), []).append(number)
    shifts = np.zeros(len(package.parts))
    top = None
    for key_of in sorted(groups):
        group = groups[key_of]
        low = min(package.parts[n].z[0] for n in group) * MILLIMETRES * stretch
        high = max(package.parts[n].z[1] for n in group) * MILLIMETRES * stretch
        lift = 0.0 if top is None else top + gap - low
        shifts[group] = lift
        top = high + lift
    return shifts


def _name_parts(plotter: Any, package: Package, bodies: list[Any]) -> None:
    """Names in a column on the left, each with a line to a visible point of its part."""
    pv = load_pyvista()
    whole = np.array([body.bounds for body in bodies])
    low, high = whole[:, ::2].min(axis=0), whole[:, 1::2].max(axis=0)
    right = np.cross((-VIEW[0], -VIEW[1], 0.0), (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    anchors: dict[str, NDArray[np.float64]] = {}
    for body in bodies:
        centres = body.cell_centers().points
        for number in np.unique(body.cell_data["part"]):
            part = package.parts[int(number)]
            points = centres[np.asarray(body.cell_data["part"]) == number]
            # The leftmost point, of those near the middle of the part's height on the picture.
            height = np.abs(points[:, 2] - (points[:, 2].min() + points[:, 2].max()) / 2)
            near = points[height <= np.quantile(height, 0.3)]
            anchors[part.name] = near[np.argmin(near @ right)]
    names = sorted(anchors, key=lambda name: float(anchors[name][2]))
    spread = float(np.linalg.norm(high - low))
    step = 0.042 * spread
    heights = np.array([anchors[name][2] for name in names], float)
    for n in range(1, len(heights)):
        heights[n] = max(heights[n], heights[n - 1] + step)
    heights -= (heights - [anchors[name][2] for name in names]).mean()
    corner = np.array([low[0], low[1], 0.0]) - 0.06 * spread * right
    column = corner + np.outer(heights, (0.0, 0.0, 1.0))
    lines = [pv.Line(anchors[name], place) for name, place in zip(names, column, strict=True)]
    plotter.add_mesh(pv.merge(lines), color="#666666", line_width=1)
    plotter.add_point_labels(
        column,
        names,
        justification_horizontal="right",
        justification_vertical="center",
        font_size=20,
        bold=False,
        text_color="black",
        shape=None,
        show_points=False,
        always_visible=True,
    )


def _legend(plotter: Any, package: Package, clear: list[int], colours: dict[str, str]) -> None:
    """The materials of what is drawn solid."""
    drawn = {part.material.name for n, part in enumerate(package.parts) if not part.is_void and n not in clear}
    key(plotter, {name.replace("_", " "): colours[name] for name in colours if name in drawn})
