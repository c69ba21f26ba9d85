"""Small meshes with interfaces, and what the unknowns of a cut space must be, from faces alone."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import scipy.sparse as sp

import mcpthermal as mt


def pin_mesh(layer_size: float = 0.2e-3) -> mt.ColumnMesh:
    """A pin in a mould between a base and a lid: its foot, mantle and top are inside the body."""
    plate = mt.rectangle((2e-3, 1.2e-3))
    pin = mt.rectangle((0.6e-3, 0.4e-3), at=(0.2e-3, 0.1e-3))
    parts = [
        mt.Part("base", plate, (0.0, 0.3e-3), "copper"),
        mt.Part("mould", plate, (0.3e-3, 0.6e-3), "copper"),
        mt.Part("pin", pin, (0.3e-3, 0.6e-3), "copper"),
        mt.Part("lid", plate, (0.6e-3, 0.8e-3), "copper"),
    ]
    spec = mt.MeshSpec(max_size=0.6e-3, edge_size=0.5e-3, layer_size=layer_size)
    return mt.generate_mesh(mt.Package.from_parts(parts), spec)


def quarter_mesh() -> mt.ColumnMesh:
    """Four blocks that meet in a line, on a base: interfaces can meet in a point."""
    parts = [mt.Part("base", mt.rectangle((2e-3, 2e-3)), (0.0, 0.3e-3), "copper")]
    for number, at in enumerate([(-0.5e-3, -0.5e-3), (0.5e-3, -0.5e-3), (0.5e-3, 0.5e-3), (-0.5e-3, 0.5e-3)]):
        parts.append(mt.Part(f"q{number}", mt.rectangle((1e-3, 1e-3), at=at), (0.3e-3, 0.6e-3), "copper"))
    return mt.generate_mesh(mt.Package.from_parts(parts), mt.MeshSpec(max_size=1e-3, edge_size=1e-3, layer_size=0.3e-3))


CUTS = {
    "a part of a level": ("pin", "pin|base"),
    "a whole level": ("pin", "mould|base pin|base"),
    "upright all around": ("pin", "pin|mould"),
    "level and upright in an edge": ("pin", "pin|base pin|mould"),
    "the level outside and upright in an edge": ("pin", "mould|base pin|mould"),
    "all around the pin": ("pin", "pin|base pin|mould pin|lid"),
    "everything": ("pin", "pin|base pin|mould pin|lid mould|base mould|lid"),
    "all around a pin of one layer": ("thin pin", "pin|base pin|mould pin|lid"),
    "all around a mould of one layer": ("thin pin", "mould|base pin|mould mould|lid"),
    "levels in a point": ("quarters", "q0|base q2|base"),
    "upright in a line": ("quarters", "q0|q1 q2|q3"),
    "an upright stretch": ("quarters", "q0|q1"),
    "level and upright in a point": ("quarters", "q0|base q1|q2"),
    "four blocks apart": ("quarters", "q0|q1 q1|q2 q2|q3 q0|q3 q0|base q1|base q2|base q3|base"),
}


def joined(items: list[Any]) -> Any:
    """Faces of several interfaces as one."""
    return type(items[0])(*(np.concatenate([getattr(item, f.name) for item in items]) for f in fields(items[0])))


MESHES = {"pin": pin_mesh, "thin pin": lambda: pin_mesh(0.4e-3), "quarters": quarter_mesh}


def faces_between(mesh: Any, pairs: str) -> Any:
    """The faces of interfaces "a|b c|d", each seen from its first part."""
    mask = np.eye(len(mesh.part_names), dtype=bool)
    found = []
    for pair in pairs.split():
        a, b = (mesh.of_parts(mask[mesh.part_names.index(name)]) for name in pair.split("|"))
        found.append(mesh.between(a, b))
        assert found[-1].count
    return joined(found)


def places(points: Any) -> Any:
    """A number for each place of raw entries: copies have the same."""
    return np.unique(np.round(points / np.ptp(points, axis=0).max(), 9), axis=0, return_inverse=True)[1].ravel()


def assert_split_just_at(space: Any, cells: Any, dofs: Any, cuts: Any) -> None:
    """The entries of two cells at one place are the same exactly if faces that are not cut join them.

    `cells` are the cells of the space, as an index into the mesh's arrays; `dofs` their raw entries, one row each.
    """
    mesh = space.mesh
    place = places(space.points)[dofs]
    number = np.full(mesh.cell_part.shape, -1)
    number[cells] = np.arange(len(dofs))
    faces = mesh.between(mesh.solid, mesh.solid)
    faces = faces.where(~np.isin(mesh.face_keys(faces), mesh.face_keys(cuts)))
    pairs = np.c_[number[faces.cells], number[mesh.opposite(faces).cells]]
    ends = []
    for i, j in pairs[(pairs >= 0).all(axis=1)].tolist():
        _, a, b = np.intersect1d(place[i], place[j], return_indices=True)
        ends.append(np.c_[i * dofs.shape[1] + a, j * dofs.shape[1] + b])
    a, b = np.concatenate(ends).T
    graph = sp.coo_array((np.ones(len(a)), (a, b)), shape=(dofs.size, dofs.size))
    label = sp.csgraph.connected_components(graph, directed=False)[1]
    # Two ways to number the same sets, if and only if pairs of numbers are as many as numbers.
    together = np.unique(np.c_[label, dofs.ravel()], axis=0)
    assert len(together) == label.max() + 1 == len(np.unique(dofs))


def jump_matrix(space: Any, faces: Any, conductance: float) -> Any:
    """The exchange of both sides of faces."""
    total = sp.csr_array((space.size, space.size))
    for a, b in zip(space.patches(faces), space.patches(space.mesh.opposite(faces)), strict=True):
        across = a.matrix(conductance, space.size, b)
        total = total + a.matrix(conductance, space.size) + b.matrix(conductance, space.size) - across - across.T
    return total
