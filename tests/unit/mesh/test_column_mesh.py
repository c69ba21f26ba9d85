"""Column meshes: volumes, awkward outlines, thin films, many bumps, and how fine they are."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mcpthermal as mt
from mcpthermal.errors import GeometryError, InputError, MeshError
from mcpthermal.mesh.columns import audit, planar_edges
from mcpthermal.mesh.sizing import (
    MeshSpec,
    graded_fractions,
    half_width,
    outline_size,
    placed_levels,
    segment_count,
)
from mcpthermal.package.footprint import Circle, stroke
from mcpthermal.units import mm, nm, um


def graded_levels(interfaces: list[float], parts: object, spec: MeshSpec, extent: float) -> np.ndarray:
    return placed_levels(interfaces, graded_fractions(interfaces, parts, spec, extent))  # type: ignore[arg-type]


def block(name: str, size: object, z: tuple[float, float], at: tuple[float, float] = (0.0, 0.0)) -> mt.Part:
    return mt.Part(name, mt.rectangle(size, at=at), z, "silicon")  # type: ignore[arg-type]


def check_volumes(package: mt.Package, mesh: mt.ColumnMesh, tolerance: float = 1e-7) -> None:
    described = package.volumes()
    for name, volume in zip(mesh.part_names, mesh.volumes(), strict=True):
        assert volume == pytest.approx(described[name], rel=tolerance)


def test_volumes_of_the_small_package(process: mt.Process) -> None:
    for stage in process.stages:
        package = process.stage(stage)
        mesh = mt.generate_mesh(package, "coarse")
        check_volumes(package, mesh, 1e-5)
        assert (mesh.areas > 0).all()
        assert (np.diff(mesh.levels) > 0).all()
        assert mesh.n_cells == len(mesh.prisms()[0])


def test_members_of_families_are_found_on_the_mesh(package: mt.Package) -> None:
    mesh = mt.generate_mesh(package, "coarse")
    part = package.index["supply"]
    for member, shape in enumerate(package["supply"].footprint.shapes):
        assert isinstance(shape, Circle)
        corners = mesh.vertices[mesh.triangles[mesh.members[part] == member]].reshape(-1, 2)
        assert np.linalg.norm(corners - shape.center, axis=1).max() == pytest.approx(shape.diameter / 2, rel=0.06)


def test_triangles_conform(package: mt.Package) -> None:
    mesh = mt.generate_mesh(package, "coarse")
    edges, sides = planar_edges(mesh.triangles)
    rim = mesh.vertices[edges[sides[:, 1] < 0]]
    assert np.allclose(np.abs(rim).max(axis=2), 2 * mm, rtol=1e-9)
    assert len(np.unique(mesh.vertices.round(12), axis=0)) == len(mesh.vertices)
    # Euler's formula for a disc: nothing hangs, nothing is torn.
    assert len(mesh.vertices) - len(edges) + len(mesh.triangles) == 1


def test_the_same_description_gives_the_same_mesh(package: mt.Package) -> None:
    first, second = mt.generate_mesh(package, "coarse"), mt.generate_mesh(package, "coarse")
    assert np.array_equal(first.points, second.points)
    assert np.array_equal(first.triangles, second.triangles)
    assert np.array_equal(first.cell_part, second.cell_part)


def test_heights_leave_the_plane_alone(process: mt.Process) -> None:
    def plane(depth: float) -> np.ndarray:
        module = process.modules[0][0]
        base = mt.Process(process.carrier).attach(module).insulate(depth)
        return mt.generate_mesh(base.open_vias("v", [(1.5 * mm, 0)], 0.2 * mm).package(), "coarse").vertices

    assert np.array_equal(plane(0.5 * mm), plane(0.8 * mm))


def test_same_size_outlines_on_top_of_each_other() -> None:
    package = mt.Package.from_parts([block(f"layer{i}", 5 * mm, (i * 100 * um, (i + 1) * 100 * um)) for i in range(6)])
    mesh = mt.generate_mesh(package, MeshSpec("coarse"))
    assert len(package.arrangement.plane.areas) == 1
    assert mesh.volumes() == pytest.approx([2.5e-9] * 6)


def test_edges_that_coincide_and_outlines_that_touch_in_a_point() -> None:
    package = mt.Package.from_parts(
        [
            block("base", 4 * mm, (-100 * um, 0)),
            block("left", (1 * mm, 2 * mm), (0, 100 * um), at=(-0.5 * mm, 0)),
            block("right", (1 * mm, 1 * mm), (0, 200 * um), at=(0.5 * mm, 0.5 * mm)),
            block("corner", (1 * mm, 1 * mm), (0, 100 * um), at=(1.5 * mm, -0.5 * mm)),
            block("rim", (1 * mm, 1 * mm), (0, 100 * um), at=(1.5 * mm, 1.5 * mm)),
        ]
    )
    check_volumes(package, mt.generate_mesh(package, "coarse"))
    assert package.interfaces()[("left", "right")] == pytest.approx(1 * mm * 100 * um)
    assert ("right", "corner") not in package.interfaces()


@pytest.mark.parametrize("offset", [1e-15, 1e-12, 1e-11])
def test_round_off_between_outlines_is_no_sliver(offset: float) -> None:
    for shift in (0.0, 0.5 * nm, 0.5 * nm - 1e-15, 1 * um / 3):
        package = mt.Package.from_parts(
            [
                block("base", 10 * mm, (-100 * um, 0)),
                block("chip", 2 * mm, (0, 100 * um), at=(shift, shift)),
                block("lid", 2 * mm + 2 * offset, (100 * um, 200 * um), at=(shift, shift)),
            ]
        )
        assert len(package.arrangement.plane.areas) == 2
        check_volumes(package, mt.generate_mesh(package, "coarse"))


def test_slivers_are_refused_with_the_names_of_the_parts() -> None:
    with pytest.raises(GeometryError, match=r"'chip' and 'lid' run 50(\.\d+)? nm apart near .*move them apart"):
        mt.Package.from_parts(
            [
                block("base", 10 * mm, (-100 * um, 0)),
                block("chip", 2 * mm, (0, 100 * um)),
                block("lid", (2 * mm + 50 * nm, 2 * mm), (100 * um, 200 * um), at=(25 * nm, 0)),
            ]
        )


def test_a_thin_film_on_a_wide_package() -> None:
    package = mt.Package.from_parts(
        [
            block("base", 10 * mm, (-0.5 * mm, 0)),
            block("film", 10 * mm, (0, 0.2 * um)),
            block("cover", 10 * mm, (0.2 * um, 0.5 * mm)),
        ]
    )
    mesh = mt.generate_mesh(package, "coarse")
    assert mesh.volumes()[1] == pytest.approx(0.2 * um * 1e-4)
    check_volumes(package, mesh)


def test_parts_that_are_too_thin_or_too_small_are_named() -> None:
    base = block("base", 10 * mm, (-1 * mm, 0))
    with pytest.raises(GeometryError, match=r"part 'film' is 500 pm thick.*at least 1 nm"):
        mt.Package.from_parts([base, block("film", 10 * mm, (0, 0.5 * nm))])
    with pytest.raises(GeometryError, match=r"part 'dot', 100 pm x 100 pm, is too narrow.*10 mm wide"):
        mt.Package.from_parts([base, block("dot", 0.1 * nm, (0, 1 * um))])


def test_a_thousand_bumps() -> None:
    bumps = mt.grid(32, 32, pitch=150 * um)
    module = mt.Module(
        "stack",
        chips=[mt.Chip(name, size=(5 * mm, 5 * mm), thickness=200 * um) for name in ("lower", "upper")],
        bonds=[mt.FlipChip(bumps, diameter=80 * um, height=60 * um)],
        attach=mt.Attach(25 * um),
    )
    start = time.perf_counter()
    process = mt.Process(mt.Carrier(size=(8 * mm, 8 * mm), thickness=0.5 * mm)).attach(module).insulate(0.6 * mm)
    package = process.open_vias("first", [(3.5 * mm, 0)], 0.2 * mm).metallise(30 * um).package()
    mesh = mt.generate_mesh(package, "coarse")
    assert time.perf_counter() - start < 30
    number = mesh.part_names.index("stack.bumps")
    assert len(np.unique(mesh.members[number])) == 1025
    check_volumes(package, mesh, 1e-4)


def test_equal_circles_become_equal_polygons() -> None:
    """Also where the diameters differ by the rounding of a unit, and the wanted sizes differ."""
    package = mt.Package.from_parts(
        [
            block("base", 4 * mm, (-100 * um, 0)),
            mt.Part("lower", mt.circle(0.2 * mm), (0, 100 * um), "copper"),
            mt.Part("upper", mt.circle("200 um"), (100 * um, 200 * um), "sac305"),
        ]
    )
    mesh = mt.generate_mesh(package, MeshSpec("coarse", sizes={"lower": 10 * um, "upper": 100 * um}))
    above = {tuple(np.flatnonzero((mesh.cell_part == part).any(axis=0))) for part in (1, 2)}
    assert len(above) == 1
    check_volumes(package, mesh, 1e-4)


def test_levels_of_fineness() -> None:
    package = mt.Package.from_parts([block("base", 10 * mm, (-1 * mm, 0)), block("chip", 4 * mm, (0, 1 * mm))])
    cells = [mt.generate_mesh(package, level).n_cells for level in ("coarse", "normal", "fine")]
    assert cells[0] < cells[1] < cells[2]
    local = mt.generate_mesh(package, MeshSpec("coarse", sizes={"chip": "50 um"}))
    assert local.n_cells > 2 * cells[0]
    layered = mt.generate_mesh(package, MeshSpec("coarse", layer_size=20 * um))
    assert len(layered.levels) > len(mt.generate_mesh(package, "coarse").levels)
    assert layered.spec.to_dict()["layer_size"] == 20 * um


@settings(max_examples=60)
@given(st.floats(0.01, 1000.0))
def test_layers_are_graded(thickness: float) -> None:
    first = 10 * um
    levels = graded_levels([0.0, thickness * first], [], MeshSpec(layer_size=first), 10 * mm)
    steps = np.diff(levels)
    assert levels[0] == 0.0 and levels[-1] == pytest.approx(thickness * first)
    assert steps == pytest.approx(steps[::-1])
    assert steps[0] <= 1.3 * first
    ratio = steps[1:] / steps[:-1]
    assert ((ratio < 2.9) & (ratio > 1 / 2.9)).all()


@pytest.mark.parametrize("thickness", [1.0, 2.0, 2.0 * (1 + 1e-15), 6.4, 6.4 * (1 + 1e-15), 20.48])
def test_no_layer_is_lost_to_rounding(thickness: float) -> None:
    """Whole multiples of the graded sizes leave no layer of zero thickness in the middle."""
    steps = np.diff(graded_levels([0.0, thickness * 10 * um], [], MeshSpec(layer_size=10 * um), 10 * mm))
    assert steps.min() > 2 * um


def test_no_layer_is_thicker_than_asked_for() -> None:
    steps = np.diff(graded_levels([0.0, 1 * mm], [], MeshSpec(layer_size=10 * um, max_layer_size=50 * um), 10 * mm))
    assert steps.max() <= 50.5 * um
    assert steps.min() == pytest.approx(10 * um, rel=0.05)


def test_layers_fit_small_sources_and_poor_conduction_through() -> None:
    """Next to a chip of half a millimetre layers are finer, and where k_z is a hundredth by its root."""
    wide = mt.Part("slab", mt.rectangle(10 * mm), (0.0, 1 * mm), mt.Material("slab", 100.0))
    small = mt.Part("spot", mt.rectangle(0.5 * mm), (1 * mm, 1.1 * mm), mt.Material("spot", 100.0), role="chip")
    slow = mt.Part("slab", mt.rectangle(10 * mm), (0.0, 1 * mm), mt.Material("slow", (100.0, 100.0, 1.0)))

    def first(*parts: mt.Part) -> float:
        return float(np.diff(graded_levels([0.0, 1 * mm], parts, MeshSpec(), 10 * mm))[0])

    assert first(wide, small) < 0.3 * first(wide)
    assert first(slow) == pytest.approx(0.1 * first(wide), rel=0.3)


@pytest.mark.parametrize(
    "carrier, film, bumps, glued",
    [
        ("alumina", 25, False, True),
        ("bt_laminate", 25, False, False),
        ("alumina", 90, False, False),
        ("alumina", 25, True, False),
    ],
)
def test_outlines_are_finer_where_a_film_parts_a_chip_from_a_good_conductor(
    carrier: str, film: float, bumps: bool, glued: bool
) -> None:
    below, side = film * um, 3 * mm
    chip = mt.Part("chip", mt.rectangle(side), (below, below + 200 * um), "silicon", role="chip")
    parts = [
        mt.Part("carrier", mt.rectangle(10 * mm), (-500 * um, 0.0), carrier),
        mt.Part("film", mt.rectangle(side), (0.0, below), "die_attach_epoxy"),
        *([mt.Part("bumps", mt.circles(100 * um, [(0.0, 0.0)]), (0.0, below), "sac305")] if bumps else []),
        chip,
    ]
    size = outline_size(chip, MeshSpec(), 10 * mm, parts)
    assert size == pytest.approx((0.04 if glued else 0.15) * side / 2)
    assert outline_size(chip, MeshSpec(edge_size=1 * mm), 10 * mm, parts) == 1 * mm


@pytest.mark.parametrize(
    ("footprint", "half"),
    [
        (mt.rectangle(2 * mm), 1 * mm),
        (mt.rectangle([8 * mm, 300 * um]), 150 * um),
        (stroke([(0.0, 0.0), (4 * mm, 0.0), (4 * mm, 4 * mm)], 300 * um), 150 * um),
        (mt.circles(100 * um, [(0.0, 0.0), (1 * mm, 0.0)]), 50 * um),
    ],
)
def test_half_the_width_of_a_part(footprint: mt.Footprint, half: float) -> None:
    assert half_width(mt.Part("part", footprint, (0.0, 1 * mm), "copper")) == pytest.approx(half, rel=0.02)


def test_circles_have_a_multiple_of_four_sides() -> None:
    assert segment_count(100 * um, 1.0) == 8
    assert segment_count(100 * um, 30 * um) % 4 == 0


@pytest.mark.parametrize(
    "options",
    [
        {"level": "medium"},
        {"level": ["fine"]},
        {"edge_size": -1.0},
        {"max_size": "3 kg"},
        {"layer_size": float("nan")},
        {"growth": 0.0},
        {"growth": 3.0},
        {"sizes": None},
        {"sizes": "chip"},
        {"sizes": {"chip": 0.0}},
    ],
)
def test_wrong_settings(options: dict[str, object]) -> None:
    with pytest.raises(InputError):
        MeshSpec(**options)  # type: ignore[arg-type]


def test_what_cannot_be_meshed(package: mt.Package, process: mt.Process) -> None:
    with pytest.raises(InputError, match="did you mean 'logic'"):
        mt.generate_mesh(package, MeshSpec(sizes={"logik": 1 * mm}))
    with pytest.raises(InputError, match=r"needs a Package, not Process; call process\.package"):
        mt.generate_mesh(process)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="is no MeshSpec"):
        mt.generate_mesh(package, 3)  # type: ignore[arg-type]


def test_the_audit_sees_a_missing_volume(package: mt.Package) -> None:
    mesh = mt.generate_mesh(package, "coarse")
    assert audit(package, mesh)["logic"] == pytest.approx(0.8e-9)
    logic = package.index["logic"]
    mesh.cell_part[mesh.cell_part == logic] = package.index["memory"]
    with pytest.raises(MeshError, match=r"part 'logic' has 0 mm3 on the mesh and 0\.8 mm3 in its description"):
        audit(package, mesh)


def test_a_session_of_the_caller_is_left_alone(package: mt.Package) -> None:
    import gmsh

    gmsh.initialize(["test"], readConfigFiles=False, interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.option.setNumber("Mesh.MeshSizeMin", 0.125)
        gmsh.option.setNumber("Mesh.ElementOrder", 2)
        gmsh.model.add("mine")
        mesh = mt.generate_mesh(package, "coarse")
        assert gmsh.model.getCurrent() == "mine"
        assert gmsh.option.getNumber("Mesh.MeshSizeMin") == 0.125
        assert gmsh.option.getNumber("Mesh.ElementOrder") == 2
    finally:
        gmsh.finalize()
    assert np.array_equal(mesh.points, mt.generate_mesh(package, "coarse").points)


SHAPES = st.tuples(
    st.booleans(),
    st.floats(0.2, 2.0),
    st.floats(0.2, 2.0),
    st.floats(-1.4, 1.4),
    st.floats(-1.4, 1.4),
    st.floats(0.01, 0.5),
    st.floats(0.0, 1.0),
)


@settings(max_examples=15)
@given(st.lists(SHAPES, min_size=2, max_size=6))
def test_random_stacks_have_the_right_volumes(
    shapes: list[tuple[bool, float, float, float, float, float, float]],
) -> None:
    parts = [block("base", 6 * mm, (-0.5 * mm, 0.0))]
    for number, (is_round, width, depth, x, y, height, start) in enumerate(shapes):
        at = (round(x, 2) * mm, round(y, 2) * mm)
        size = (round(width, 2) * mm, round(depth, 2) * mm)
        outline = mt.circle(size[0], at=at) if is_round else mt.rectangle(size, at=at)
        # Below the top of the base, so that nothing floats.
        bottom = -round(0.4 * start, 2) * mm
        parts.append(mt.Part(f"part{number}", outline, (bottom, round(height, 2) * mm), "copper"))
    while True:
        try:
            package = mt.Package.from_parts(parts)
            mesh = mt.generate_mesh(package, "coarse")
            break
        except GeometryError as error:
            # Only a part of which nothing is left may be refused, or one beside a sliver: leave it out.
            words = r"part '(\w+)' is wholly replaced|the outlines of '\w+' and '(\w+)' run [\d.]+ nm apart"
            name = re.match(words, str(error))
            assert name is not None, error
            parts = [part for part in parts if part.name not in name.groups()]
    round_parts = any(is_round for is_round, *_ in shapes)
    for part, volume in zip(package.parts, mesh.volumes().tolist(), strict=True):
        tolerance = (0.03 if round_parts else 1e-7) * part.volume
        assert volume == pytest.approx(package.volumes()[part.name], abs=tolerance)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"thickness": 0.6 * mm}, "other heights: it has no level at z = 0.6 mm"),
        ({"width": 6 * mm}, "other sizes: part 'chip' has 4.8 mm3 on the mesh and 10.8 mm3 in its description"),
        ({"at": (1 * mm, 0)}, "other places: the least x of part 'chip' is -2 mm on the mesh and -1 mm in its"),
        ({"name": "die"}, "other parts"),
    ],
)
def test_a_mesh_of_another_package_is_refused(changed: dict[str, Any], words: str) -> None:
    """By whoever solves on it or draws it: the answer would be that of the package it was made for."""

    def package(
        thickness: float = 0.3 * mm, width: float = 4 * mm, at: tuple[float, float] = (0, 0), name: str = "chip"
    ) -> mt.Package:
        board = mt.Part("board", mt.rectangle(10 * mm), z=(-1 * mm, 0), material="fr4")
        chip = mt.Part(name, mt.rectangle(width, at=at), z=(0, thickness), material="silicon")
        return mt.Package.from_parts([board, chip])

    mesh, other = mt.generate_mesh(package(), "coarse"), package(**changed)
    case = mt.Case(other, [mt.Power(changed.get("name", "chip"), 0.5), mt.Convection("bottom", h=1e3, ambient=300.0)])
    with pytest.raises(InputError, match=re.escape(words)):
        mt.solve_steady(case, mesh)
    with pytest.raises(InputError, match=re.escape(words)):
        mt.plot_package(other, mesh=mesh, off_screen=True)


def test_threads_mesh_one_after_the_other() -> None:
    """Gmsh has one state: two at once end the process."""
    packages = [
        mt.Package.from_parts([mt.Part("slab", mt.rectangle(side * mm), (0.0, 0.5 * mm), "silicon")])
        for side in (1.0, 2.0, 3.0, 4.0)
    ]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda package: mt.generate_mesh(package, "coarse"), packages * 3))
    for package, mesh in zip(packages * 3, found, strict=True):
        assert np.array_equal(mesh.triangles, mt.generate_mesh(package, "coarse").triangles)


def test_holes_and_notches_may_go_through_everything() -> None:
    plate = mt.Part("plate", mt.rectangle(2 * mm), (0.0, 1 * mm), "silicon")
    for hole, taken in (
        (mt.Part("hole", mt.circle(0.5 * mm), (0.0, 1 * mm), None), np.pi / 4 * (0.5 * mm) ** 2),
        (mt.Part("notch", mt.rectangle(1 * mm, at=(1 * mm, 0.0)), (0.0, 1 * mm), None), 0.5 * mm * 1 * mm),
    ):
        mesh = mt.generate_mesh(mt.Package.from_parts([plate, hole]), "coarse")
        assert mesh.volumes()[0] == pytest.approx((4 * mm**2 - taken) * 1 * mm, rel=1e-6)


def test_equal_specs_have_one_hash() -> None:
    one = mt.MeshSpec("coarse", sizes={"a": 1 * um, "b": 2 * um})
    other = mt.MeshSpec("coarse", sizes={"b": 2 * um, "a": 1 * um})
    assert one == other and hash(one) == hash(other) and hash(mt.MeshSpec()) != hash(one)


def test_outlines_of_separate_heights_may_cross_at_any_angle() -> None:
    """Polygons of bumps above and below a chip leave slivers of 14 nm between them, in which no part ends twice."""
    square = mt.rectangle
    parts = [
        mt.Part("lower", square(6 * mm), (0.0, 0.2 * mm), "silicon"),
        mt.Part("below", mt.circles(0.15 * mm, mt.grid(8, 8, pitch=0.5 * mm)), (0.2 * mm, 0.26 * mm), "sac305"),
        mt.Part("middle", square(5 * mm), (0.26 * mm, 0.4 * mm), "silicon"),
    ]
    for x, y in ((46.6e-6, 6.2e-6), (-25.4e-6, 7.4e-6)):
        holes = mt.circles(0.12 * mm, mt.grid(9, 9, pitch=0.41 * mm, at=(x, y)))
        above = [
            mt.Part("above", holes, (0.4 * mm, 0.46 * mm), "sac305"),
            mt.Part("upper", square(4 * mm, at=(x, y)), (0.46 * mm, 0.6 * mm), "silicon"),
        ]
        mesh = mt.generate_mesh(mt.Package.from_parts([*parts, *above]), "coarse")
        assert mesh.areas.min() > 0.0
