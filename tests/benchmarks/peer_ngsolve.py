"""The daisy chain of `same_mesh.py` in NGSolve: six sweeps of the potential, then of the temperature.

``python peer_ngsolve.py mesh.msh ORDER SOLVER`` prints one line of JSON; solvers are sparsecholesky, pardiso and bddc.
"""

import json
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
    Preconditioner,
    SetNumThreads,
    TaskManager,
    ds,
    dx,
    grad,
    ngsglobals,
)

CONDUCTIVITY = {
    "carrier": 0.8,
    "dieA": 130.0,
    "dieB": 130.0,
    "underfill": 0.6,
    "bumps": 57.0,
    "mould": 0.9,
    "copper": 398.0,
}
POWER = {"dieA": 2.0, "dieB": 1.0}
AMBIENT, SWEEPS, STOP, RTOL = 298.15, 6, 1e-8, 1e-10


def main(path: str, order: int, solver: str) -> dict[str, float]:
    """Read, assemble, solve; temperatures in kelvin, volts, seconds."""
    begin = time.perf_counter()
    mesh = Mesh(ReadGmsh(path))
    read = time.perf_counter()
    heat_space = H1(mesh, order=order)
    space = H1(mesh, order=order, definedon="copper", dirichlet="term_out")
    u, v = heat_space.TnT()
    conductivity = mesh.MaterialCF(CONDUCTIVITY)
    conduction = BilinearForm(heat_space, symmetric=True)
    conduction += conductivity * grad(u) * grad(v) * dx
    conduction += 1000.0 * u * v * ds("bottom") + 20.0 * u * v * ds("top")
    made = Preconditioner(conduction, "bddc") if solver == "bddc" else None
    volumes = {name: Integrate(CF(1.0), mesh, definedon=mesh.Materials(name)) for name in POWER}
    power = mesh.MaterialCF({name: watt / volumes[name] for name, watt in POWER.items()}, default=0.0)
    fixed_load = LinearForm(heat_space)
    fixed_load += power * v * dx + 1000.0 * AMBIENT * v * ds("bottom") + 20.0 * AMBIENT * v * ds("top")
    conduction.Assemble()
    fixed_load.Assemble()
    temperature, potential = GridFunction(heat_space), GridFunction(space)
    temperature.Set(AMBIENT)
    sigma = 5.8e7 / (1.0 + 0.0039 * (temperature - 293.15))
    w, z = space.TnT()
    current = BilinearForm(space, symmetric=True)
    current += sigma * grad(w) * grad(z) * dx("copper")
    entry = Integrate(CF(1.0), mesh, definedon=mesh.Boundaries("term_in"))
    source = LinearForm(space)
    source += 2.0 / entry * z * ds("term_in")
    source.Assemble()
    joule = LinearForm(heat_space)
    joule += sigma * grad(potential) * grad(potential) * v * dx("copper")
    assembled = time.perf_counter()
    inverse = conduction.mat.Inverse(inverse=solver) if made is None else None
    direct = "sparsecholesky" if solver == "bddc" else solver
    for _ in range(SWEEPS):
        current.Assemble()
        potential.vec.data = current.mat.Inverse(space.FreeDofs(), inverse=direct) * source.vec
        joule.Assemble()
        right = fixed_load.vec.CreateVector()
        right.data = fixed_load.vec + joule.vec
        before = temperature.vec.CreateVector()
        before.data = temperature.vec
        if inverse is not None:
            temperature.vec.data = inverse * right
        else:
            residual = right.CreateVector()
            residual.data = right - conduction.mat * temperature.vec
            iterate = CGSolver(conduction.mat, made.mat, tol=RTOL * float(right.Norm() / residual.Norm()), maxiter=2000)
            temperature.vec.data += iterate * residual
        before.data -= temperature.vec
        if before.Norm() <= STOP * temperature.vec.Norm():
            break
    solved = time.perf_counter()
    chip = mesh.Materials("dieB")
    mean = Integrate(temperature, mesh, definedon=chip) / volumes["dieB"]
    volt = Integrate(potential, mesh, definedon=mesh.Boundaries("term_in")) / entry
    return {
        "temperature": float(mean),
        "voltage": float(volt),
        "read": read - begin,
        "assembly": assembled - read,
        "solve": solved - assembled,
    }


if __name__ == "__main__":
    ngsglobals.msg_level = 0
    SetNumThreads(2)
    with TaskManager():
        print(json.dumps(main(sys.argv[1], int(sys.argv[2]), sys.argv[3])))
