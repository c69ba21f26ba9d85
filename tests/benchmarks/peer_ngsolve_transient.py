"""The daisy chain of `transient.py` in NGSolve: TR-BDF2 with one kept factorisation of the heat problem.

``python peer_ngsolve_transient.py mesh.msh ORDER SOLVER STEPS SIZE`` prints one line of JSON. The potential follows
with the factors of the first step as preconditioner; its heat lags by one stage.
"""

import json
import math
import sys
import time

from netgen.read_gmsh import ReadGmsh
from ngsolve import (
    CF,
    H1,
    BilinearForm,
    CGSolver,
    GridFunction,
    Integrate,
    LinearForm,
    Mesh,
    SetNumThreads,
    TaskManager,
    ds,
    dx,
    grad,
    ngsglobals,
)
from peer_ngsolve import AMBIENT, CONDUCTIVITY, POWER

CAPACITY = 2.0e6
"""Of all parts (J/m3K)."""

GAMMA = 2 - math.sqrt(2)
STAGE = GAMMA / 2


def main(path: str, order: int, solver: str, steps: int, size: float) -> dict[str, float]:
    """Read, assemble, step; kelvin, seconds."""
    mesh = Mesh(ReadGmsh(path))
    space, carrier = H1(mesh, order=order), H1(mesh, order=order, definedon="copper", dirichlet="term_out")
    u, v = space.TnT()
    conductivity = mesh.MaterialCF(CONDUCTIVITY)
    conduction, implicit, mass = (BilinearForm(space, symmetric=True) for _ in range(3))
    flow = conductivity * grad(u) * grad(v)
    for form, rate in ((conduction, 0.0), (implicit, CAPACITY / (STAGE * size))):
        form += (flow + rate * u * v) * dx if rate else flow * dx
        form += 1000.0 * u * v * ds("bottom") + 20.0 * u * v * ds("top")
        form.Assemble()
    mass += CAPACITY * u * v * dx
    mass.Assemble()
    volumes = {name: Integrate(CF(1.0), mesh, definedon=mesh.Materials(name)) for name in POWER}
    power = mesh.MaterialCF({name: watt / volumes[name] for name, watt in POWER.items()}, default=0.0)
    load = LinearForm(space)
    load += power * v * dx + 1000.0 * AMBIENT * v * ds("bottom") + 20.0 * AMBIENT * v * ds("top")
    load.Assemble()
    temperature, potential = GridFunction(space), GridFunction(carrier)
    temperature.Set(AMBIENT)
    sigma = 5.8e7 / (1.0 + 0.0039 * (temperature - 293.15))
    w, z = carrier.TnT()
    current = BilinearForm(carrier, symmetric=True)
    current += sigma * grad(w) * grad(z) * dx("copper")
    entry = Integrate(CF(1.0), mesh, definedon=mesh.Boundaries("term_in"))
    source = LinearForm(carrier)
    source += 2.0 / entry * z * ds("term_in")
    source.Assemble()
    joule = LinearForm(space)
    joule += sigma * grad(potential) * grad(potential) * v * dx("copper")
    current.Assemble()
    inverse = implicit.mat.Inverse(inverse=solver)
    kept = current.mat.Inverse(carrier.FreeDofs(), inverse=solver)
    potential.vec.data = kept * source.vec
    joule.Assemble()
    start = time.perf_counter()

    def follow() -> None:
        current.Assemble()
        residual = source.vec.CreateVector()
        residual.data = source.vec - current.mat * potential.vec
        potential.vec.data += CGSolver(current.mat, kept, tol=1e-8, maxiter=50) * residual
        joule.Assemble()

    now, old, middle, flux, right = (temperature.vec.CreateVector() for _ in range(5))
    for _ in range(steps):
        old.data = temperature.vec
        flux.data = load.vec + joule.vec - conduction.mat * old
        right.data = 1.0 / (STAGE * size) * (mass.mat * old) + flux + load.vec + joule.vec
        middle.data = inverse * right
        temperature.vec.data = middle
        follow()
        now.data = 1 / (GAMMA * (2 - GAMMA)) * middle - (1 - GAMMA) ** 2 / (GAMMA * (2 - GAMMA)) * old
        right.data = 1.0 / (STAGE * size) * (mass.mat * now) + load.vec + joule.vec
        temperature.vec.data = inverse * right
        follow()
    seconds = time.perf_counter() - start
    mean = Integrate(temperature, mesh, definedon=mesh.Materials("dieB")) / volumes["dieB"]
    return {"temperature": float(mean), "step": seconds / steps}


if __name__ == "__main__":
    ngsglobals.msg_level = 0
    SetNumThreads(2)
    with TaskManager():
        print(json.dumps(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), float(sys.argv[5]))))
