"""Published and recomputed answers of others: spreading resistances, a chip stack, standards.

Each test states where its reference comes from; the numbers are series in closed form or values
recomputed by independent high-order programs.
"""

from __future__ import annotations

from typing import Any

import pytest

import mcpthermal as mt
from mcpthermal.units import mm, um

AMBIENT = 300.0


def near(found: float, expected: float, relative: float, what: str) -> None:
    error = found / expected - 1
    print(f"{what}: {found:.7g}, reference {expected:.7g}, relative error {error:+.2e}")
    assert abs(error) < relative, f"{what}: {found:.7g}, reference {expected:.7g}, relative error {error:+.2e}"


# Spreading resistance of a centred planar source on a plate with a convective base: double Fourier series
# (Muzychka, Culham and Yovanovich, Thermal spreading resistance of eccentric heat sources, J. Electronic
# Packaging 125, 2003), mean and greatest over the source.
PLATES = {
    "S1": ((40.0, 40.0, 3.0), (10.0, 10.0), (390.0, 390.0, 390.0), 1000.0, 0.7720069221, 0.8074153299),
    "S4": ((40.0, 30.0, 1.0), (8.0, 6.0), (400.0, 400.0, 5.0), 800.0, 2.3671106420, 2.6484461912),
}


@pytest.mark.parametrize("name", PLATES)
def test_spreading_resistance(name: str) -> None:
    (width, depth, height), source, k, h, mean, highest = PLATES[name]
    plate = mt.Material("plate", k)
    skin = 1.0 * um
    parts = [
        mt.Part("plate", mt.rectangle((width * mm, depth * mm)), (0.0, height * mm), plate),
        mt.Part("source", mt.rectangle((source[0] * mm, source[1] * mm)), (height * mm - skin, height * mm), plate),
    ]
    package = mt.Package.from_parts(parts)
    case = mt.Case(package, [mt.Power("source.top", 1.0), mt.Convection("bottom", h, AMBIENT)])
    # Where conduction across is poor, heat spreads in a shallow depth.
    layer = None if k[2] == k[0] else 0.05 * mm
    result = mt.solve_steady(case, mt.generate_mesh(package, mt.MeshSpec(layer_size=layer)))
    near(result.max_temperature() - AMBIENT, highest, 1e-3, f"{name}, greatest")
    # The mean over the skin under the source lies below that of its face by half of the drop through the skin.
    drop = skin / 2 / (k[2] * source[0] * source[1] * mm**2)
    near(result.mean_temperature("source") - AMBIENT + drop, mean, 1e-3, f"{name}, mean")


# 3D-ICE, test/solid/steady (Sridhar et al., IEEE Trans. Computers 63, 2014): two thin sources in a silicon
# stack; exact answers by double Fourier series. Cooled faces, temperature of the cells of die 1 and die 2.
STACKS = {
    "both": (("top", "bottom"), 303.7585, 305.0026),
    "bottom": (("bottom",), 307.4556, 310.3833),
    "top": (("top",), 307.8325, 310.0064),
}


def ice_stack() -> mt.Package:
    silicon = mt.Material("silicon", 130.0)
    whole = mt.rectangle((10 * mm, 10 * mm), at=(5 * mm, 5 * mm))
    die1, silicon_top, die2 = 2 * um, 98 * um, 100 * um

    def quarter(x: float, y: float) -> mt.Footprint:
        return mt.rectangle((5 * mm, 5 * mm), at=(x * mm, y * mm))

    return mt.Package.from_parts(
        [
            mt.Part("die1", whole, (0.0, die1), silicon),
            mt.Part("bulk", whole, (die1, silicon_top), silicon),
            mt.Part("die2", whole, (silicon_top, die2), silicon),
            mt.Part("south_west", quarter(2.5, 2.5), (silicon_top, die2), silicon),
            mt.Part("north_east", quarter(7.5, 7.5), (silicon_top, die2), silicon),
        ]
    )


def cell_mean(result: mt.SteadyResult, x: tuple[float, float], y: tuple[float, float], z: float) -> float:
    """The mean over a rectangle (mm) at a height by a rule that is exact for cubic functions."""
    nodes = (0.5 - 12**-0.5, 0.5 + 12**-0.5)
    points = [((x[0] + (x[1] - x[0]) * s) * mm, (y[0] + (y[1] - y[0]) * t) * mm, z) for s in nodes for t in nodes]
    return float(result.temperature_at(points).mean())


@pytest.fixture(scope="module")
def ice_mesh() -> tuple[mt.Package, mt.ColumnMesh]:
    package = ice_stack()
    return package, mt.generate_mesh(package)


@pytest.mark.parametrize("cooled", STACKS)
def test_3d_ice_stack(cooled: str, ice_mesh: tuple[mt.Package, mt.ColumnMesh]) -> None:
    package, mesh = ice_mesh
    faces, die1, die2 = STACKS[cooled]
    case = mt.Case(
        package,
        [
            mt.Power("die1", 50.0),
            mt.Power("south_west", 12.5),
            mt.Power("north_east", 12.5),
            *(mt.Convection(face, 1.0e5, AMBIENT) for face in faces),
        ],
    )
    result = mt.solve_steady(case, mesh)
    found = cell_mean(result, (5.0, 5.05), (4.8, 5.0), 1 * um)
    near(found - AMBIENT, die1 - AMBIENT, 1e-3, f"cooled: {cooled}, die 1")
    found = cell_mean(result, (0.0, 0.05), (0.0, 0.2), 99 * um)
    near(found - AMBIENT, die2 - AMBIENT, 1e-3, f"cooled: {cooled}, die 2")


def test_iron_bar_through_insulation() -> None:
    """EN ISO 10211:2017, annex A, case 4; recomputed by high-order elements: 0.54000 W, 0.80408 degC."""
    cold, warm = 273.15, 274.15
    insulation, iron = mt.Material("insulation", 0.1), mt.Material("iron", 50.0)
    bar = mt.rectangle((100 * mm, 50 * mm))
    parts = [
        mt.Part("insulation", mt.rectangle((1000 * mm, 1000 * mm)), (0.0, 200 * mm), insulation),
        mt.Part("bar", bar, (0.0, 200 * mm), iron),
        mt.Part("stub", bar, (200 * mm, 600 * mm), iron),
    ]
    package = mt.Package.from_parts(parts)
    loads: list[Any] = [
        mt.Convection("bottom", 10.0, cold),
        mt.Convection("insulation.top", 10.0, warm),
        mt.Convection("stub.sides", 10.0, warm),
        mt.Convection("stub.top", 10.0, warm),
    ]
    spec = mt.MeshSpec(edge_size=5 * mm, layer_size=5 * mm)
    result = mt.solve_steady(mt.Case(package, loads), mt.generate_mesh(package, spec))
    near(result.heat_out("bottom"), 0.54000, 5e-4, "heat")
    near(result.temperature_at([(0.0, 0.0, 0.0)])[0] - cold, 0.80408, 5e-4, "highest temperature outside")


def test_nafems_t4() -> None:
    """NAFEMS benchmark T4 (Cameron, Casey and Simpson, 1986): 18.3 degC at E; exact 18.2537565.

    The boundary condition changes at a corner, which limits the order at E.
    """
    plate = mt.Part("plate", mt.rectangle((0.6, 1.0), at=(0.3, 0.5)), (0.0, 0.1), mt.Material("steel", 52.0))
    package = mt.Package.from_parts([plate])
    loads = [
        mt.FixedTemperature("plate.y_min", 373.15),
        mt.Convection("plate.x_max", 750.0, 273.15),
        mt.Convection("plate.y_max", 750.0, 273.15),
    ]
    mesh = mt.generate_mesh(package, mt.MeshSpec(max_size=0.02, layer_size=0.1))
    result = mt.solve_steady(mt.Case(package, loads), mesh)
    near(result.temperature_at([(0.6, 0.2, 0.05)])[0] - 273.15, 18.2537565, 3e-3, "temperature at E")
    # Constant along z.
    assert result.temperature_at([(0.6, 0.2, 0.1)])[0] - 273.15 == pytest.approx(
        result.temperature_at([(0.6, 0.2, 0.0)])[0] - 273.15, rel=1e-9
    )
