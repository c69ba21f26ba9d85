"""The daisy chain of `time_to_accuracy.py` in NGSolve, on Netgen's meshes of the same geometry.

``python peer_adaptive.py adaptive|uniform TARGET BAND`` refines (by a Zienkiewicz-Zhu indicator of the heat flux, or
all sizes of a graded mesh alike) until the upper chip's highest rise is within BAND of TARGET (K), and prints one line
of JSON for each mesh: unknowns, rise, seconds since the beginning (adaptive) or of this mesh alone (uniform). Lengths
in mm.
"""

import json
import sys
import time

import numpy as np
from netgen.occ import Axes, Box, Cylinder, Fuse, Glue, OCCGeometry, Pnt, X, Z
from ngsolve import (
    CF,
    H1,
    BilinearForm,
    CGSolver,
    GridFunction,
    HDiv,
    Integrate,
    LinearForm,
    Mesh,
    Preconditioner,
    SetNumThreads,
    TaskManager,
    ds,
    dx,
    grad,
    ngsglobals,
)

K = {"carrier": 0.8, "dieA": 130, "dieB": 130, "underfill": 0.6, "bumps": 57, "mould": 0.9, "copper": 398}
SIZES = {"copper": 0.09, "bumps": 0.06, "underfill": 0.16, "dieB": 0.25, "dieA": 0.25, "carrier": 0.5, "mould": 0.5}
COLUMNS = [-3.75, -2.25, -0.75, 0.75, 2.25, 3.75]
VIAS = [(x, -4.0) for x in COLUMNS] + [(x, 4.0) for x in reversed(COLUMNS)]
T, TRACE, PAD = 0.035, 0.15, 0.2
SWEEPS, DIRECT = 4, 60_000
COARSE = {"curvaturesafety": 1.0, "segmentsperedge": 0.5, "grading": 0.5}
"""For Netgen, which by default begins with 200,000 tetrahedra for the sake of round bumps."""


def geometry(sizes: dict[str, float] | None) -> OCCGeometry:
    """All solids, glued, with names on materials and faces."""

    def box(x0: float, x1: float, y0: float, y1: float, z0: float, z1: float) -> Box:
        return Box(Pnt(x0, y0, z0), Pnt(x1, y1, z1))

    def link(ends: list[tuple[float, float]], half: float, z: float) -> Box:
        x, y = zip(*ends, strict=True)
        return box(min(x) - half, max(x) + half, min(y) - half, max(y) + half, z, z + T)

    copper = [Cylinder(Axes(Pnt(x, y, 0), Z, X), 0.1, 1.0) for x, y in VIAS]
    copper += [link(VIAS[k : k + 2], PAD, 0.0) for k in range(0, 12, 2)]
    copper += [link(VIAS[k : k + 2], TRACE, 1.0) for k in range(1, 11, 2)]
    copper += [box(-5, -3.75 + TRACE, y - TRACE, y + TRACE, 1.0, 1.0 + T) for y in (-4, 4)]
    solid = {"copper": Fuse(copper)}
    grid = [-1.5 + 0.6 * i for i in range(6)]
    solid["bumps"] = Fuse([Cylinder(Axes(Pnt(x, y, 0.3), Z, X), 0.05, 0.08) for x in grid for y in grid])
    solid["dieA"], solid["dieB"] = box(-2.5, 2.5, -2.5, 2.5, 0, 0.3), box(-2, 2, -2, 2, 0.38, 0.58)
    filled = box(-2, 2, -2, 2, 0.3, 0.38)
    solid["underfill"] = filled - solid["bumps"]
    solid["carrier"] = box(-5, 5, -5, 5, -0.5, 0)
    solid["mould"] = box(-5, 5, -5, 5, 0, 1.0) - solid["dieA"] - solid["dieB"] - filled - solid["copper"]
    for name, item in solid.items():
        item.mat(name)
        if sizes is not None:
            item.maxh = sizes[name]
    whole = Glue(list(solid.values()))
    level = [face for face in whole.faces if abs(face.center.z - 1.0) < 1e-6]
    for face in whole.faces:
        face.name = "inner"
        x, y, z = face.center
        if abs(z + 0.5) < 1e-6:
            face.name = "bottom"
        elif abs(z - 1.0 - T) < 1e-6:
            face.name = "top"
        elif abs(x + 5) < 1e-6 and z > 1.0 and abs(abs(y) - 4) < 1e-6:
            face.name = "term_in" if y < 0 else "term_out"
    max(level, key=lambda face: face.mass).name = "top"
    return OCCGeometry(whole)


def solve(mesh: Mesh) -> tuple[GridFunction, object, int]:
    """The temperature, the conductivity (W/(mm K)) and the unknowns."""
    heat, space = H1(mesh, order=2), H1(mesh, order=2, definedon="copper", dirichlet="term_out")
    u, v = heat.TnT()
    k = mesh.MaterialCF({name: 1e-3 * value for name, value in K.items()})
    conduction = BilinearForm(heat, symmetric=True)
    conduction += k * grad(u) * grad(v) * dx + 1e-3 * u * v * ds("bottom") + 2e-5 * u * v * ds("top")
    direct = heat.ndof <= DIRECT
    made = None if direct else Preconditioner(conduction, "bddc")
    conduction.Assemble()
    power = mesh.MaterialCF(
        {
            name: watt / Integrate(CF(1), mesh, definedon=mesh.Materials(name))
            for name, watt in (("dieA", 2), ("dieB", 1))
        },
        default=0.0,
    )
    temperature, potential = GridFunction(heat), GridFunction(space)
    sigma = 5.8e4 / (1.0 + 0.0039 * (temperature + 5.0))
    w, z = space.TnT()
    current = BilinearForm(space, symmetric=True)
    current += sigma * grad(w) * grad(z) * dx("copper")
    source = LinearForm(space)
    source += 2.0 / Integrate(CF(1), mesh, definedon=mesh.Boundaries("term_in")) * z * ds("term_in")
    source.Assemble()
    right = LinearForm(heat)
    right += power * v * dx + sigma * grad(potential) * grad(potential) * v * dx("copper")
    inverse = conduction.mat.Inverse(inverse="sparsecholesky") if direct else None
    for _ in range(SWEEPS):
        current.Assemble()
        potential.vec.data = current.mat.Inverse(space.FreeDofs(), inverse="sparsecholesky") * source.vec
        right.Assemble()
        rest = right.vec.CreateVector()
        rest.data = right.vec - conduction.mat * temperature.vec
        if inverse is None:
            inverse = CGSolver(conduction.mat, made.mat, tol=1e-6, maxiter=2000)
        temperature.vec.data += inverse * rest
    return temperature, k, heat.ndof + space.ndof


def highest(mesh: Mesh, temperature: GridFunction) -> float:
    """The highest rise in the upper chip, on a grid."""
    line, best = np.linspace(-1.9, 1.9, 21), -1e9
    for z in (0.40, 0.48, 0.56):
        best = max(best, max(float(temperature(mesh(x, y, z))) for x in line for y in line))
    return best


def main(kind: str, target: float, band: float) -> None:
    """Refine until the rise is as exact as is asked for."""
    begin, scale = time.perf_counter(), 2.0
    sizes = None if kind == "adaptive" else {name: scale * size for name, size in SIZES.items()}
    mesh = Mesh(geometry(sizes).GenerateMesh(maxh=1.0, **COARSE))
    while True:
        temperature, k, unknowns = solve(mesh)
        rise, seconds = highest(mesh, temperature), time.perf_counter() - begin
        print(json.dumps({"unknowns": unknowns, "rise": rise, "seconds": seconds}), flush=True)
        if abs(rise - target) <= band:
            return
        if kind == "adaptive":
            flux, smooth = k * grad(temperature), GridFunction(HDiv(mesh, order=2))
            smooth.Set(flux)
            error = Integrate((flux - smooth) * (flux - smooth) / k, mesh, element_wise=True).NumPy()
            mesh.ngmesh.Elements3D().NumPy()["refine"] = error > 0.25 * error.max()
            mesh.Refine()
        else:
            begin, scale = time.perf_counter(), scale * 0.7
            mesh = Mesh(geometry({name: scale * size for name, size in SIZES.items()}).GenerateMesh(maxh=1.0, **COARSE))


if __name__ == "__main__":
    ngsglobals.msg_level = 0
    SetNumThreads(2)
    with TaskManager():
        main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]))
