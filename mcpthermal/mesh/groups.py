"""From the blocks of a file to tetrahedra whose every cell is in one named group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import MeshError
from mcpthermal.mesh import curved
from mcpthermal.mesh.msh import TETRA, TETRA10, TRIANGLE, TRIANGLE6, Block, MshFile
from mcpthermal.mesh.tetrahedra import TetMesh
from mcpthermal.package.columns import Place

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Names = dict[tuple[int, int], str]

FARTHEST = 1e9
"""Coordinates (m) beyond it are taken for damage."""

_WHAT = {2: "surface", 3: "volume"}

TO_EDGES = [4, 5, 6, 7, 9, 8]
"""Gmsh's middle nodes in the order of `curved.EDGES`: its last two are swapped."""

_MIRRORED = ([0, 1, 3, 2], [0, 4, 3, 2, 1, 5])
"""Corners and middles of a cell whose last two corners are swapped."""


def make_mesh(file: MshFile, scale: float) -> TetMesh:
    """The tetrahedra of a file.

    Parameters
    ----------
    file : MshFile
    scale : float
        The length of its unit (m).

    Raises
    ------
    MeshError
        Without the file's name, with that of the group.
    """
    names = _check_names(file)
    volumes = [block for block in file.blocks if block.dimension == 3 and len(block.nodes)]
    _check_cells(volumes, file.blocks, names)
    _check_groups(volumes, file.blocks, names)
    order = sorted({block.groups[0] for block in volumes})
    part_names = tuple(names[3, group] for group in order)
    nodes = np.concatenate([block.nodes for block in volumes])
    cell_part = np.concatenate([np.full(len(block.nodes), order.index(block.groups[0])) for block in volumes])
    surfaces = {
        name: np.concatenate([block.nodes for block in file.blocks if block.dimension == 2 and group in block.groups])
        for (dimension, group), name in names.items()
        if dimension == 2
    }
    points = file.points * scale
    if not (np.abs(points) < FARTHEST).all():
        raise MeshError("it has points that are not finite, or farther away than any package")
    _check_twice(nodes[:, :4], cell_part, part_names)
    cells, middles = _orient(points, nodes, cell_part, part_names, surfaces)
    return _compact(points, cells, cell_part, part_names, surfaces, middles)


def _check_names(file: MshFile) -> Names:
    names: Names = {}
    for dimension, group, name in file.names:
        if dimension not in _WHAT:
            continue
        what = _WHAT[dimension]
        if not name:
            raise MeshError(f"the {what} group {group} has an empty name; name it in Gmsh (Physical groups)")
        if names.get((dimension, group), name) != name:
            raise MeshError(
                f"the {what} group {group} has two names, '{names[dimension, group]}' and '{name}'; keep one"
            )
        if name in [other for key, other in names.items() if key[0] == dimension and key != (dimension, group)]:
            raise MeshError(f"two {what} groups have the same name '{name}'; rename one, or join them in Gmsh")
        names[dimension, group] = name
    count = Counter(names.values())
    for name in count:
        if count[name] > 1:
            raise MeshError(f"'{name}' names a volume group and a surface group; rename one of them")
    return names


def _named(block: Block, names: Names) -> str:
    """The groups of a block in words."""
    found = [names.get((block.dimension, group), str(group)) for group in block.groups]
    return f"group {' and '.join(repr(name) for name in found)}" if found else "no group"


def _check_cells(volumes: Sequence[Block], blocks: Iterable[Block], names: Names) -> None:
    """Refuse cells other than tetrahedra of one order, and other faces in named surfaces."""
    for block in volumes:
        if block.kind not in (TETRA, TETRA10):
            raise MeshError(
                f"it has {len(block.nodes)} {block.words} in {_named(block, names)}; only linear and quadratic "
                "tetrahedra are read: mesh without recombination and extruded layers, with element order 1 or 2"
            )
    if not volumes:
        words = ", ".join(sorted({block.words for block in blocks})) or "none"
        raise MeshError(f"it has no tetrahedra (cells: {words}); mesh the volumes in Gmsh (Mesh 3D)")
    first = volumes[0]
    for block in volumes[1:]:
        if block.kind != first.kind:
            raise MeshError(
                f"it has {first.words} in {_named(first, names)} and {block.words} in {_named(block, names)}; "
                "use one element order for the whole mesh"
            )
    wanted = TRIANGLE if first.kind == TETRA else TRIANGLE6
    for block in blocks:
        if block.dimension == 2 and block.groups and len(block.nodes) and block.kind != wanted:
            raise MeshError(
                f"it has {block.words} in surface {_named(block, names)} of {first.words}; mesh volumes and surfaces "
                "together, without recombination"
            )


def _check_groups(volumes: Sequence[Block], blocks: Iterable[Block], names: Names) -> None:
    """Each volume in one group, each group named and with cells."""
    blocks = [block for block in blocks if block.dimension in _WHAT and len(block.nodes)]
    if not any(block.groups for block in blocks) and not names:
        raise MeshError("it has no physical groups; name the volumes and surfaces in Gmsh")
    for block in blocks:
        for group in block.groups:
            if (block.dimension, group) not in names:
                raise MeshError(
                    f"{len(block.nodes)} cells are in the {_WHAT[block.dimension]} group {group}, which has no name; "
                    "name it in Gmsh (Physical groups)"
                )
    for block in volumes:
        if len(block.groups) > 1:
            raise MeshError(
                f"{len(block.nodes)} tetrahedra are in {_named(block, names)} at once; put each volume in one group"
            )
    loose = sum(len(block.nodes) for block in volumes if not block.groups)
    if loose:
        raise MeshError(f"{loose} tetrahedra are in no volume group; name all volumes in Gmsh")
    held = {(block.dimension, group) for block in blocks for group in block.groups}
    for key, name in names.items():
        if key not in held:
            raise MeshError(
                f"the {_WHAT[key[0]]} group '{name}' has no cells: what it held was lost, perhaps by a boolean "
                "operation after it was named; name it again, or delete it"
            )


def _check_twice(cells: Ints, cell_part: Ints, part_names: Sequence[str]) -> None:
    """MSH 2.2 lists a volume once for each of its groups."""
    marks = np.random.default_rng(0).integers(1 << 62, size=int(cells.max()) + 1, dtype=np.uint64)
    found, inverse, count = np.unique(marks[cells].sum(axis=1), return_inverse=True, return_counts=True)
    if len(found) < len(cells):
        twice = count[inverse] > 1
        raise MeshError(
            f"{int(np.count_nonzero(count > 1))} tetrahedra are listed more than once, in group(s) "
            f"{_groups(twice, cell_part, part_names)}; put each volume in one group"
        )


def _groups(mask: Bools, cell_part: Ints, part_names: Sequence[str]) -> str:
    """The names of the groups of cells."""
    return ", ".join(f"'{part_names[part]}'" for part in np.unique(cell_part[mask]).tolist())


def _orient(
    points: Floats, nodes: Ints, cell_part: Ints, part_names: Sequence[str], surfaces: dict[str, Ints]
) -> tuple[Ints, Floats | None]:
    """Corners and middles of the cells, right-handed; refuse flat, inverted and torn ones."""
    cells = nodes[:, :4]
    edges = points[cells[:, 1:]] - points[cells[:, :1]]
    size = np.sqrt(np.einsum("cei,cei->ce", edges, edges).max(axis=1))
    volume = np.einsum("ci,ci->c", np.cross(edges[:, 0], edges[:, 1]), edges[:, 2])
    flat = np.abs(volume) <= 1e-9 * size**3
    if flat.any():
        raise MeshError(
            f"{int(flat.sum())} tetrahedra have no volume, in group(s) {_groups(flat, cell_part, part_names)}; "
            "repair the mesh (Optimize 3D in Gmsh)"
        )
    middles = None
    bent = np.zeros(len(cells), bool)
    if nodes.shape[1] == 10:
        _check_middles(points, nodes, cell_part, part_names, surfaces)
        middles = points[nodes[:, TO_EDGES]]
        bent = curved.bent(points[cells], middles)
    inverted = volume < 0
    if inverted.all():
        # Some programs count the corners the other way round.
        cells = cells[:, _MIRRORED[0]]
        middles = None if middles is None else middles[:, _MIRRORED[1]]
        inverted = ~inverted
    if middles is not None and bent.any():
        inverted[bent] |= curved.folded(points[cells[bent]], middles[bent])
    if inverted.any():
        raise MeshError(
            f"{int(inverted.sum())} tetrahedra are inverted, in group(s) {_groups(inverted, cell_part, part_names)}; "
            "repair the mesh (Optimize 3D in Gmsh; for curved cells Mesh.HighOrderOptimize or a finer mesh)"
        )
    return cells, middles if bent.any() else None


def _check_middles(
    points: Floats, nodes: Ints, cell_part: Ints, part_names: Sequence[str], surfaces: dict[str, Ints]
) -> None:
    """Cells and faces that share an edge must agree about its middle."""
    blocks = [(nodes, TO_EDGES, curved.EDGES), *((faces, [3, 4, 5], curved.FACE_EDGES) for faces in surfaces.values())]
    ends = np.concatenate([np.sort(block[:, edges].reshape(-1, 2), axis=1) for block, _, edges in blocks])
    middle = np.concatenate([block[:, columns].ravel() for block, columns, _ in blocks])
    _, first, inverse = np.unique(ends[:, 0] * len(points) + ends[:, 1], return_index=True, return_inverse=True)
    expected = middle[first][inverse]
    away = np.abs(points[middle] - points[expected]).max(axis=1)
    torn = away > curved.BENT * np.linalg.norm(points[ends[:, 1]] - points[ends[:, 0]], axis=1)
    if torn.any():
        # The edges of faces follow those of all cells.
        of_cells = np.unique(first[inverse[torn]] // 6)
        mask = np.zeros(len(nodes), bool)
        mask[of_cells[of_cells < len(nodes)]] = True
        raise MeshError(
            f"the mesh is not conforming: {len(np.unique(inverse[torn]))} edges have different middles in neighbouring "
            f"cells, in group(s) {_groups(mask, cell_part, part_names)}; mesh volumes and surfaces together"
        )


def _compact(
    points: Floats,
    cells: Ints,
    cell_part: Ints,
    part_names: tuple[str, ...],
    surfaces: dict[str, Ints],
    middles: Floats | None,
) -> TetMesh:
    """Only the points that are corners of cells; surfaces must be faces of cells."""
    used = np.zeros(len(points), bool)
    used[cells] = True
    number = np.where(used, np.cumsum(used) - 1, -1)
    faces = {name: number[nodes[:, :3]] for name, nodes in surfaces.items()}
    for name, corners in faces.items():
        if (corners < 0).any():
            raise MeshError(f"surface group '{name}' is not part of any volume; mesh volumes and surfaces together")
    mesh = TetMesh(points[used], number[cells], cell_part, part_names, faces, middles=middles)
    for name in faces:
        mesh.faces_of(Place(name, face="surface"))
    return mesh
