"""Mesh files: what is written and read back, and which files are refused with which words."""

from __future__ import annotations

import gzip
import re
import shutil
import warnings
from pathlib import Path

import meshio
import numpy as np
import pytest

import mcpthermal as mt
from mcpthermal.errors import InputError, McpThermalWarning, MeshError, OutputError
from mcpthermal.units import mm, um

POINTS = np.array([(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1)], float) * 1e-3
TETRA = np.array([[0, 1, 2, 3], [1, 2, 3, 4]])


@pytest.fixture(scope="module")
def columns(package: mt.Package) -> mt.ColumnMesh:
    return mt.generate_mesh(package, "coarse")


def refused(*words: str) -> object:
    """A MeshError that has all the words, in their order."""
    return pytest.raises(MeshError, match="(?s)" + ".*".join(re.escape(word) for word in words))


def save(
    path: Path,
    cells: list[tuple[str, np.ndarray]],
    tags: list[list[int]] | None,
    names: dict[str, tuple[int, int]],
    points: np.ndarray = POINTS,
) -> Path:
    """A file of format 2.2, with any groups."""
    data = (
        {}
        if tags is None
        else {"gmsh:physical": [np.array(t) for t in tags], "gmsh:geometrical": [np.array(t) for t in tags]}
    )
    fields = {name: np.array(pair) for name, pair in names.items()}
    meshio.gmsh.write(
        path, meshio.Mesh(points, cells, cell_data=data, field_data=fields), fmt_version="2.2", binary=False
    )
    return path


def test_tetrahedra_come_back(columns: mt.ColumnMesh, tmp_path: Path) -> None:
    file = mt.write_mesh(columns, tmp_path / "new" / "folder" / "small.msh", cells="tetrahedra")
    back = mt.read_mesh(file)
    expected = dict(zip(columns.part_names, columns.volumes().tolist(), strict=True))
    for name, volume in zip(back.part_names, back.volumes().tolist(), strict=True):
        assert volume == pytest.approx(expected[name], rel=1e-9)
    assert set(back.surfaces) == {"top", "bottom", "sides"}
    corners = back.points[back.surfaces["bottom"]]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1).sum() / 2
    assert area == pytest.approx(16e-6)
    assert sorted(item.name for item in file.parent.iterdir()) == ["small.msh"]
    assert file.stat().st_mode & 0o777 == 0o644


def test_prisms_are_read_by_other_programs(columns: mt.ColumnMesh, tmp_path: Path) -> None:
    file = mt.write_mesh(columns, str(tmp_path / "prisms.msh"))
    raw = meshio.gmsh.read(file)
    assert {block.type for block in raw.cells} == {"wedge", "triangle", "quad"}
    assert sum(len(block.data) for block in raw.cells if block.type == "wedge") == columns.n_cells
    assert raw.field_data["logic"].tolist() == [columns.part_names.index("logic") + 1, 3]
    assert raw.field_data["sides"][1] == 2
    with refused("'prisms.msh' has", "prisms in group 'carrier'", "only linear and quadratic tetrahedra"):
        mt.read_mesh(file)


@pytest.mark.parametrize("cells", ["prisms", "tetrahedra"])
def test_gmsh_finds_all_groups(columns: mt.ColumnMesh, tmp_path: Path, cells: str) -> None:
    gmsh = pytest.importorskip("gmsh")
    file = mt.write_mesh(columns, tmp_path / "small.msh", cells=cells)
    gmsh.initialize(["test"], readConfigFiles=False, interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.open(str(file))
        groups = {gmsh.model.getPhysicalName(*group): group for group in gmsh.model.getPhysicalGroups()}
        solid = {name for name, filled in zip(columns.part_names, columns.solid_parts, strict=True) if filled}
        assert set(groups) == solid | {"top", "bottom", "sides"}
        count = sum(
            len(tags)
            for tag in (t for _, t in gmsh.model.getEntities(3))
            for tags in gmsh.model.mesh.getElements(3, tag)[1]
        )
        assert count == columns.n_cells * (1 if cells == "prisms" else 3)
    finally:
        gmsh.finalize()


def test_every_group_survives_in_the_coarsest_mesh(tmp_path: Path) -> None:
    """Each layer is one cell thick and its points are shared with its neighbours."""
    order = [3, 1, 4, 0, 2]
    parts = [mt.Part(f"layer{i}", mt.rectangle(1 * mm), (i * 10 * um, (i + 1) * 10 * um), "silicon") for i in order]
    mesh = mt.generate_mesh(mt.Package.from_parts(parts), mt.MeshSpec(max_size=5 * mm, edge_size=5 * mm))
    back = mt.read_mesh(mt.write_mesh(mesh, tmp_path / "layers.msh", cells="tetrahedra"))
    assert set(back.part_names) == {f"layer{i}" for i in order}
    assert back.volumes() == pytest.approx([1e-11] * 5)


def test_compressed_files(columns: mt.ColumnMesh, tmp_path: Path) -> None:
    file = mt.write_mesh(columns, tmp_path / "small.msh", cells="tetrahedra")
    packed = tmp_path / "small.msh.gz"
    with file.open("rb") as plain, gzip.open(packed, "wb") as out:
        shutil.copyfileobj(plain, out)
    assert mt.read_mesh(packed).volumes() == pytest.approx(mt.read_mesh(file).volumes())
    packed.write_bytes(b"no gzip")
    with refused("'small.msh.gz' cannot be read as a Gmsh mesh"):
        mt.read_mesh(packed)


@pytest.mark.parametrize("why", [(28, "No space left on device"), ("2346 requested and 59 written",)])
def test_a_file_is_written_whole_or_not_at_all(
    columns: mt.ColumnMesh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: tuple
) -> None:
    file = tmp_path / "small.msh"
    file.write_text("old")

    def fail(path: str, *_: object, **__: object) -> None:
        Path(path).write_text("half")
        raise OSError(*why)

    monkeypatch.setattr(meshio.gmsh, "write", fail)
    with pytest.raises(OutputError, match=r"small.msh' cannot be written: No space left on device; free space"):
        mt.write_mesh(columns, file)
    assert file.read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["small.msh"]


def test_what_cannot_be_written(columns: mt.ColumnMesh, tmp_path: Path) -> None:
    with refused("cells='hexahedra'", "'prisms' or 'tetrahedra'"):
        mt.write_mesh(columns, tmp_path / "a.msh", cells="hexahedra")
    with refused("'a.vtk'", "must end in '.msh'"):
        mt.write_mesh(columns, tmp_path / "a.vtk")
    with refused("is no path"):
        mt.write_mesh(columns, None)  # type: ignore[arg-type]
    with refused("writes a ColumnMesh, not str"):
        mt.write_mesh("mesh", tmp_path / "a.msh")  # type: ignore[arg-type]
    (tmp_path / "plain").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        mt.write_mesh(columns, tmp_path / "plain" / "a.msh")


def test_a_small_file_by_hand(tmp_path: Path) -> None:
    face = np.array([[0, 1, 2]])
    groups = {"left": (1, 3), "right": (2, 3), "floor": (1, 2)}
    mesh = mt.read_mesh(save(tmp_path / "ok.msh", [("tetra", TETRA), ("triangle", face)], [[1, 2], [1]], groups))
    assert mesh.part_names == ("left", "right")
    assert mesh.volumes() == pytest.approx([1e-9 / 6, 1e-9 / 3])
    assert mesh.surfaces["floor"].tolist() == [[0, 1, 2]]
    volumes = {name: group for name, group in groups.items() if group[1] == 3}
    scaled = save(tmp_path / "mm.msh", [("tetra", TETRA)], [[1, 2]], volumes, POINTS * 1e3)
    assert mt.read_mesh(scaled, unit="mm").points == pytest.approx(mesh.points)


def test_files_that_are_refused(tmp_path: Path) -> None:
    with refused("there is no mesh file", "missing.msh"):
        mt.read_mesh(tmp_path / "missing.msh")
    with refused("there is no mesh file"):
        mt.read_mesh(tmp_path)
    with refused("None is no path"):
        mt.read_mesh(None)  # type: ignore[arg-type]
    with refused("'plain.msh' has no physical groups", "name the volumes"):
        mt.read_mesh(save(tmp_path / "plain.msh", [("tetra", TETRA)], None, {}))
    with refused("'unnamed.msh': 1 cells are in the volume group 2, which has no name"):
        mt.read_mesh(save(tmp_path / "unnamed.msh", [("tetra", TETRA)], [[1, 2]], {"left": (1, 3)}))
    with refused("'skin.msh': 1 cells are in the surface group 7, which has no name"):
        cells = [("tetra", TETRA), ("triangle", np.array([[0, 1, 2]]))]
        mt.read_mesh(save(tmp_path / "skin.msh", cells, [[1, 1], [7]], {"left": (1, 3)}))
    with refused("'flat.msh' has no tetrahedra (cells: linear triangles)"):
        mt.read_mesh(save(tmp_path / "flat.msh", [("triangle", TETRA[:, :3])], [[1, 1]], {"left": (1, 2)}))
    with refused("'mixed.msh' has 1 pyramids in group 'left'", "only linear and quadratic tetrahedra"):
        cells = [("tetra", TETRA), ("pyramid", np.array([[0, 1, 2, 3, 4]]))]
        mt.read_mesh(save(tmp_path / "mixed.msh", cells, [[1, 1], [1]], {"left": (1, 3)}))
    squashed = POINTS * [1, 1, 0]
    with refused("'squashed.msh': 2 tetrahedra have no volume, in group(s) 'left'"):
        mt.read_mesh(save(tmp_path / "squashed.msh", [("tetra", TETRA)], [[1, 1]], {"left": (1, 3)}, squashed))
    with refused("'nan.msh' has points that are not finite"):
        mt.read_mesh(save(tmp_path / "nan.msh", [("tetra", TETRA)], [[1, 1]], {"left": (1, 3)}, POINTS * np.nan))
    spare = np.vstack([POINTS, [[5e-3, 5e-3, 5e-3]]])
    with refused("surface group 'floor' is not part of any volume"):
        cells = [("tetra", TETRA), ("triangle", np.array([[0, 1, 5]]))]
        mt.read_mesh(save(tmp_path / "spare.msh", cells, [[1, 1], [1]], {"left": (1, 3), "floor": (1, 2)}, spare))
    with pytest.raises(InputError, match=r"length unit of 'ok\.msh'"):
        mt.read_mesh(save(tmp_path / "ok.msh", [("tetra", TETRA)], [[1, 1]], {"left": (1, 3)}), unit="kg")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"hello",
        b"$MeshFormat\n4.1 0 8\n$EndMeshFormat\n",
        b"$MeshFormat\n4 0 8\n$EndMeshFormat\n",
        b"$MeshFormat\n2.2 0 8\n$EndMeshFormat\n$Nodes\n1\n1 0 0 zero\n$EndNodes\n$Elements\n0\n$EndElements\n",
        b"$MeshFormat\n2.2 0 8\n$EndMeshFormat\n$Nodes\n2\n1 0 0 0\n$EndNodes\n$Elements\n0\n$EndElements\n",
        b"$MeshFormat\n2.2 0 8\n$EndMeshFormat\n$Nodes\n1\n1 0 0 0\n$EndNodes\n$Elements\n1\n1 4 2 1 1 1 2 3 4\n"
        b"$EndElements\n",
        bytes(range(256)),
    ],
)
def test_what_is_no_mesh_at_all(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "bad.msh"
    file.write_bytes(text)
    with refused("'bad.msh' cannot be read as a Gmsh mesh"):
        mt.read_mesh(file)


@pytest.mark.parametrize("factor", [1e3, 1e-6])
def test_implausible_extents_are_warned_of(tmp_path: Path, factor: float) -> None:
    file = save(tmp_path / "large.msh", [("tetra", TETRA)], [[1, 1]], {"left": (1, 3)}, POINTS * factor)
    with pytest.warns(McpThermalWarning, match=r"'large\.msh' is .* m large, which is unusual.*unit=\"mm\""):
        mt.read_mesh(file)


def test_plausible_extents_are_not(columns: mt.ColumnMesh, tmp_path: Path) -> None:
    file = mt.write_mesh(columns, tmp_path / "small.msh", cells="tetrahedra")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mt.read_mesh(file)
