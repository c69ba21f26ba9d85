"""Physical groups that are lost, unnamed, duplicate or of other cells, and cells that are inverted: refused by name."""

from __future__ import annotations

import gzip
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.errors import McpThermalWarning, MeshError

FORMATS = pytest.mark.parametrize("version", [2.2, 4.1])


def refused(*words: str) -> Any:
    """A MeshError that has all the words, in their order."""
    return pytest.raises(MeshError, match="(?s)" + ".*".join(re.escape(word) for word in words))


@pytest.fixture
def boxes(gmsh: Any) -> list[int]:
    """Two boxes of 1 mm side by side with a common face."""
    occ = gmsh.model.occ
    found = [occ.addBox(x, 0, 0, 1, 1, 1) for x in (0, 1)]
    occ.fragment([(3, found[0])], [(3, found[1])])
    occ.synchronize()
    return found


def name(gmsh: Any, boxes: list[int]) -> None:
    for tag, text in zip(boxes, ("left", "right"), strict=True):
        gmsh.model.addPhysicalGroup(3, [tag], name=text)


def common_face(gmsh: Any, boxes: list[int]) -> int:
    sides = [{tag for _, tag in gmsh.model.getBoundary([(3, box)], oriented=False)} for box in boxes]
    (face,) = sides[0] & sides[1]
    return int(face)


@FORMATS
@pytest.mark.parametrize("dimension", [2, 3])
def test_lost_groups(gmsh: Any, boxes: list[int], save: Any, version: float, dimension: int) -> None:
    name(gmsh, boxes)
    gmsh.model.addPhysicalGroup(dimension, [], name="die attach")
    with refused("'shape.msh': the", {2: "surface", 3: "volume"}[dimension], "group 'die attach' has no cells"):
        mt.read_mesh(save(version=version), unit="mm")


@FORMATS
@pytest.mark.parametrize("dimension", [2, 3])
def test_unnamed_groups(gmsh: Any, boxes: list[int], save: Any, version: float, dimension: int) -> None:
    if dimension == 3:
        gmsh.model.addPhysicalGroup(3, [boxes[0]], name="left")
        gmsh.model.addPhysicalGroup(3, [boxes[1]], 17)
    else:
        name(gmsh, boxes)
        gmsh.model.addPhysicalGroup(2, [common_face(gmsh, boxes)], 17)
    with refused("cells are in the", {2: "surface", 3: "volume"}[dimension], "group 17, which has no name"):
        mt.read_mesh(save(version=version), unit="mm")


@FORMATS
def test_volumes_in_two_groups(gmsh: Any, boxes: list[int], save: Any, version: float) -> None:
    name(gmsh, boxes)
    gmsh.model.addPhysicalGroup(3, [boxes[1]], name="everything")
    with refused("tetrahedra are", "'right'", "put each volume in one group") as caught:
        mt.read_mesh(save(version=version), unit="mm")
    assert "'everything'" in str(caught.value)


@FORMATS
@pytest.mark.parametrize(("dimension", "other", "group"), [(3, "right", "left"), (2, "lid", "floor")])
def test_duplicate_names(
    gmsh: Any, boxes: list[int], save: Any, version: float, dimension: int, other: str, group: str
) -> None:
    name(gmsh, boxes)
    for number, text in enumerate(("floor", "lid"), start=1):
        gmsh.model.addPhysicalGroup(2, [number], name=text)
    file = save(version=version)
    file.write_text(file.read_text().replace(f'"{other}"', f'"{group}"'))
    with refused(f"two {({2: 'surface', 3: 'volume'})[dimension]} groups have the same name '{group}'"):
        mt.read_mesh(file, unit="mm")


def test_one_name_for_a_volume_and_a_surface(gmsh: Any, boxes: list[int], save: Any) -> None:
    name(gmsh, boxes)
    gmsh.model.addPhysicalGroup(2, [1], name="left")
    with refused("'left' names a volume group and a surface group"):
        mt.read_mesh(save(), unit="mm")


@FORMATS
def test_volumes_in_no_group(gmsh: Any, boxes: list[int], save: Any, version: float) -> None:
    gmsh.model.addPhysicalGroup(3, [boxes[0]], name="named")
    gmsh.option.setNumber("Mesh.SaveAll", 1)
    with refused("tetrahedra are in no volume group", "name all volumes"):
        mt.read_mesh(save(version=version), unit="mm")
    gmsh.option.setNumber("Mesh.SaveAll", 0)


@FORMATS
@pytest.mark.parametrize("binary", [0, 1])
def test_surfaces_in_two_groups_are_in_both(
    gmsh: Any, boxes: list[int], save: Any, version: float, binary: int
) -> None:
    """And those in none are let go, though they are in a file of format 4.1."""
    name(gmsh, boxes)
    gmsh.model.addPhysicalGroup(2, [1], name="end")
    gmsh.model.addPhysicalGroup(2, [1, common_face(gmsh, boxes)], name="both")
    gmsh.option.setNumber("Mesh.SaveAll", version == 4.1)
    mesh = mt.read_mesh(save(version=version, binary=binary), unit="mm")
    gmsh.option.setNumber("Mesh.SaveAll", 0)
    package = mt.Package.from_mesh(mesh, {"left": "copper", "right": "silicon"})
    case = mt.Case(package, [mt.Convection("end", 1.0, 300.0)])
    areas = [mesh.face_areas(mesh.faces_of(case.place(text))).sum() for text in ("end", "both", "left|right")]
    assert areas == pytest.approx([1e-6, 2e-6, 1e-6])
    assert set(mesh.surfaces) == {"end", "both"}


def test_hexahedra(gmsh: Any, save: Any) -> None:
    box = gmsh.model.occ.addBox(0, 0, 0, 1, 1, 1)
    gmsh.model.occ.synchronize()
    gmsh.model.addPhysicalGroup(3, [box], name="block")
    for _, tag in gmsh.model.getEntities(1):
        gmsh.model.mesh.setTransfiniteCurve(tag, 3)
    for _, tag in gmsh.model.getEntities(2):
        gmsh.model.mesh.setTransfiniteSurface(tag)
        gmsh.model.mesh.setRecombine(2, tag)
    gmsh.model.mesh.setTransfiniteVolume(box)
    with refused("'shape.msh' has 8 hexahedra in group 'block'", "only linear and quadratic tetrahedra"):
        mt.read_mesh(save(), unit="mm")


def test_cells_of_order_three(gmsh: Any, boxes: list[int], save: Any) -> None:
    name(gmsh, boxes)
    with refused("tetrahedra of higher order in group 'left'"):
        mt.read_mesh(save(order=3), unit="mm")


def edit_elements(file: Path, change: Any) -> Path:
    """Change the rows of the elements of a text file of format 2.2."""
    head, _, rest = file.read_text().partition("$Elements\n")
    body, _, tail = rest.partition("$EndElements")
    rows = change([line.split() for line in body.splitlines()[1:]])
    text = "".join(" ".join(row) + "\n" for row in rows)
    file.write_text(f"{head}$Elements\n{len(rows)}\n{text}$EndElements{tail}")
    return file


def test_linear_and_quadratic_cells_in_one_file(gmsh: Any, boxes: list[int], save: Any) -> None:
    name(gmsh, boxes)
    file = save(order=2, version=2.2)

    def lower(rows: list[list[str]]) -> list[list[str]]:
        return [
            [row[0], "4", *row[2:-10], *row[-10:-6]] if row[1] == "11" and row[3] == "2" else row
            for row in rows
            if row[1] != "9"
        ]

    with refused("quadratic tetrahedra in group 'left' and linear tetrahedra in group 'right'"):
        mt.read_mesh(edit_elements(file, lower), unit="mm")


def test_quadrangles_in_a_named_surface(gmsh: Any, boxes: list[int], save: Any) -> None:
    name(gmsh, boxes)
    gmsh.model.addPhysicalGroup(2, [1], name="end")
    file = save(version=2.2)

    def square(rows: list[list[str]]) -> list[list[str]]:
        return [[row[0], "3", *row[2:], row[-1]] if row[1] == "2" else row for row in rows]

    with refused("has quadrangles in surface group 'end' of linear tetrahedra"):
        mt.read_mesh(edit_elements(file, square), unit="mm")


@pytest.mark.parametrize("order", [1, 2])
def test_inverted_cells(gmsh: Any, boxes: list[int], save: Any, order: int) -> None:
    name(gmsh, boxes)
    kind = {1: "4", 2: "11"}[order]
    swapped = {1: [1, 0, 2, 3], 2: [1, 0, 2, 3, 4, 6, 5, 9, 8, 7]}[order]

    def swap(row: list[str]) -> list[str]:
        nodes = row[-len(swapped) :]
        return [*row[: -len(swapped)], *(nodes[i] for i in swapped)]

    def one(rows: list[list[str]]) -> list[list[str]]:
        last = max(number for number, row in enumerate(rows) if row[1] == kind)
        return [swap(row) if number == last else row for number, row in enumerate(rows)]

    def every(rows: list[list[str]]) -> list[list[str]]:
        return [swap(row) if row[1] == kind else row for row in rows]

    with refused("1 tetrahedra are inverted, in group(s) 'right'"):
        mt.read_mesh(edit_elements(save(order=order, version=2.2), one), unit="mm")
    mesh = mt.read_mesh(edit_elements(save("left_handed.msh", order=order, version=2.2), every), unit="mm")
    corners = mesh.points[mesh.cells]
    assert (np.linalg.det(corners[:, 1:] - corners[:, :1]) > 0).all()
    assert mesh.volumes() == pytest.approx([1e-9, 1e-9])


@pytest.mark.parametrize("mirrored", [False, True])
def test_curved_cells_in_either_orientation(gmsh: Any, save: Any, mirrored: bool) -> None:
    gmsh.model.occ.addSphere(0, 0, 0, 1)
    gmsh.model.occ.synchronize()
    gmsh.model.addPhysicalGroup(3, [1], name="ball")
    file = save(order=2, version=2.2, size=0.6)
    volume = mt.read_mesh(file, unit="mm").volumes()
    order = [1, 0, 2, 3, 4, 6, 5, 9, 8, 7]

    def swap(rows: list[list[str]]) -> list[list[str]]:
        return [[*row[:-10], *(row[-10:][i] for i in order)] if row[1] == "11" and mirrored else row for row in rows]

    assert mt.read_mesh(edit_elements(file, swap), unit="mm").volumes() == pytest.approx(volume, rel=1e-12)


def test_curved_cells_that_fold(gmsh: Any, save: Any) -> None:
    """A middle node far away turns its cells inside out."""
    gmsh.model.occ.addSphere(0, 0, 0, 1)
    gmsh.model.occ.synchronize()
    gmsh.model.addPhysicalGroup(3, [1], name="ball")
    file = save(order=2, version=2.2, size=0.6)
    cell = next(row for row in (line.split() for line in file.read_text().splitlines()) if row[1:2] == ["11"])
    file.write_text(re.sub(rf"(?m)^{cell[-6]} \S+ \S+ \S+$", f"{cell[-6]} 0.9 0.9 0.9", file.read_text(), count=1))
    with refused("tetrahedra are inverted, in group(s) 'ball'"):
        mt.read_mesh(file, unit="mm")


def test_neighbours_that_disagree_about_a_middle(gmsh: Any, boxes: list[int], save: Any) -> None:
    name(gmsh, boxes)
    file = save(order=2, version=2.2)

    def tear(rows: list[list[str]]) -> list[list[str]]:
        last = max(number for number, row in enumerate(rows) if row[1] == "11")
        rows[last][-6:] = [rows[last][-5], rows[last][-6], *rows[last][-4:]]
        return rows

    with refused("the mesh is not conforming: 2 edges have different middles", "'right'"):
        mt.read_mesh(edit_elements(file, tear), unit="mm")


def test_compressed_binary_files(gmsh: Any, boxes: list[int], save: Any, tmp_path: Path) -> None:
    name(gmsh, boxes)
    packed = tmp_path / "shape.msh.gz"
    whole = gzip.compress(save(binary=1, order=2).read_bytes())
    packed.write_bytes(whole)
    assert mt.read_mesh(packed, unit="mm").volumes() == pytest.approx([1e-9, 1e-9])
    packed.write_bytes(whole[: len(whole) // 2])
    with refused("'shape.msh.gz' cannot be read as a Gmsh mesh"):
        mt.read_mesh(packed, unit="mm")


@FORMATS
@pytest.mark.parametrize("binary", [0, 1])
def test_files_that_are_cut_off(gmsh: Any, boxes: list[int], save: Any, version: float, binary: int) -> None:
    name(gmsh, boxes)
    file = save(version=version, binary=binary)
    whole = file.read_bytes()
    for share in (0.02, 0.3, 0.7, 0.99):
        file.write_bytes(whole[: int(share * len(whole))])
        with refused("'shape.msh' cannot be read as a Gmsh mesh"):
            mt.read_mesh(file, unit="mm")
    cut = whole.index(b"$EndElements")
    file.write_bytes(whole[: cut - 40] + whole[cut:])
    with refused("'shape.msh' cannot be read as a Gmsh mesh"):
        mt.read_mesh(file, unit="mm")


def test_a_wrong_unit_is_noticed(gmsh: Any, boxes: list[int], save: Any) -> None:
    name(gmsh, boxes)
    with pytest.warns(McpThermalWarning, match=r"2 x 1 x 1 m large.*x 0 to 2.*unit=\"mm\""):
        mt.read_mesh(save())


@FORMATS
@pytest.mark.parametrize("binary", [0, 1])
def test_damaged_files_are_refused_or_read(gmsh: Any, boxes: list[int], save: Any, version: float, binary: int) -> None:
    """Whatever a few wrong bytes do, it is a mesh or a MeshError."""
    name(gmsh, boxes)
    file = save(size=1.0, version=version, binary=binary)
    whole, rng = file.read_bytes(), np.random.default_rng(7)
    outcomes = {"read": 0, "refused": 0}
    for _ in range(100):
        data = bytearray(whole)
        for place in rng.integers(len(data), size=2).tolist():
            data[place] = int(rng.choice(bytearray(b"0129-e. \n\x00\xff")))
        file.write_bytes(data)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                warnings.simplefilter("ignore", McpThermalWarning)
                mt.read_mesh(file, unit="mm")
            outcomes["read"] += 1
        except MeshError as error:
            assert "'shape.msh'" in str(error)
            outcomes["refused"] += 1
    assert outcomes["refused"] > 20
