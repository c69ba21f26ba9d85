"""The daisy chain of `same_mesh.py` in DOLFINx with PETSc: six sweeps of the potential, then of the temperature.

``python peer_dolfinx.py mesh.msh ORDER SOLVER`` prints one line of JSON; solvers are mumps and gamg (by conjugate
gradients). Under ``mpiexec -n 2`` it uses two processes.
"""

import json
import sys
import time

import numpy as np
import ufl
from dolfinx import default_scalar_type, fem, io, mesh
from dolfinx.fem.petsc import apply_lifting, assemble_matrix, assemble_vector, set_bc
from mpi4py import MPI
from petsc4py import PETSc

TAGS = {"carrier": 1, "dieA": 2, "dieB": 3, "underfill": 4, "bumps": 5, "mould": 6, "copper": 7}
CONDUCTIVITY = {1: 0.8, 2: 130.0, 3: 130.0, 4: 0.6, 5: 57.0, 6: 0.9, 7: 398.0}
BOTTOM, TOP, TERM_IN, TERM_OUT = 11, 12, 13, 14
AMBIENT, SWEEPS, STOP, RTOL = 298.15, 6, 1e-8, 1e-10
COMM = MPI.COMM_WORLD


def solver_of(matrix: PETSc.Mat, kind: str) -> PETSc.KSP:
    """Factors by MUMPS, or conjugate gradients with smoothed aggregation."""
    ksp = PETSc.KSP().create(COMM)
    ksp.setOperators(matrix)
    ksp.setErrorIfNotConverged(True)
    if kind == "mumps":
        ksp.setType("preonly")
        ksp.getPC().setType("cholesky")
        ksp.getPC().setFactorSolverType("mumps")
    else:
        ksp.setType("cg")
        ksp.getPC().setType("gamg")
        ksp.setTolerances(rtol=RTOL, max_it=2000)
        ksp.setInitialGuessNonzero(True)
    return ksp


def total(form) -> float:
    """An integral over all processes."""
    return COMM.allreduce(fem.assemble_scalar(fem.form(form)), op=MPI.SUM)


def main(path: str, order: int, kind: str) -> dict[str, float]:
    """Read, assemble, solve; temperatures in kelvin, volts, seconds."""
    begin = time.perf_counter()
    data = io.gmsh.read_from_msh(path, COMM, 0, gdim=3)
    body, cells, facets = data.mesh, data.cell_tags, data.facet_tags
    read = time.perf_counter()
    dx = ufl.Measure("dx", body, subdomain_data=cells)
    ds = ufl.Measure("ds", body, subdomain_data=facets)
    space = fem.functionspace(body, ("Lagrange", order))
    u, v = ufl.TrialFunction(space), ufl.TestFunction(space)
    heat = sum(k * ufl.inner(ufl.grad(u), ufl.grad(v)) * dx(tag) for tag, k in CONDUCTIVITY.items())
    heat += 1000.0 * u * v * ds(BOTTOM) + 20.0 * u * v * ds(TOP)
    conduction = assemble_matrix(fem.form(heat))
    conduction.assemble()
    one = fem.Constant(body, default_scalar_type(1.0))
    volume = {tag: total(one * dx(tag)) for tag in (2, 3)}
    temperature, potential = fem.Function(space), fem.Function(space)
    temperature.x.array[:] = AMBIENT

    metal, to_body, _, _ = mesh.create_submesh(body, 3, cells.find(TAGS["copper"]))
    own = np.arange(metal.topology.index_map(3).size_local + metal.topology.index_map(3).num_ghosts, dtype=np.int32)
    parents = to_body.sub_topology_to_topology(own, inverse=False)
    carrier = fem.functionspace(metal, ("Lagrange", order))
    hot, drop = fem.Function(carrier), fem.Function(carrier)
    w, z = ufl.TrialFunction(carrier), ufl.TestFunction(carrier)

    def sigma(kelvin):
        return 5.8e7 / (1.0 + 0.0039 * (kelvin - 293.15))

    metal.topology.create_connectivity(2, 3)
    entry = total(one * ds(TERM_IN))
    current = fem.form(sigma(hot) * ufl.inner(ufl.grad(w), ufl.grad(z)) * ufl.dx(metal))
    exits = mesh.locate_entities_boundary(metal, 2, face_of(body, facets.find(TERM_OUT)))
    grounded = fem.locate_dofs_topological(carrier, 2, exits)
    ground = fem.dirichletbc(default_scalar_type(0.0), grounded, carrier)
    enters = np.sort(mesh.locate_entities_boundary(metal, 2, face_of(body, facets.find(TERM_IN))))
    marks = mesh.meshtags(metal, 2, enters, np.full(len(enters), TERM_IN, dtype=np.int32))
    source = fem.form(2.0 / entry * z * ufl.Measure("ds", metal, subdomain_data=marks)(TERM_IN))
    load = 2.0 / volume[2] * v * dx(2) + 1.0 / volume[3] * v * dx(3)
    load += 1000.0 * AMBIENT * v * ds(BOTTOM) + 20.0 * AMBIENT * v * ds(TOP)
    load += sigma(temperature) * ufl.inner(ufl.grad(potential), ufl.grad(potential)) * v * dx(TAGS["copper"])
    right_form = fem.form(load)
    ksp = solver_of(conduction, kind)
    assembled = time.perf_counter()
    for _ in range(SWEEPS):
        hot.interpolate(temperature, cells0=parents, cells1=own)
        matrix = assemble_matrix(current, bcs=[ground])
        matrix.assemble()
        right = assemble_vector(source)
        apply_lifting(right, [current], [[ground]])
        right.ghostUpdate(PETSc.InsertMode.ADD, PETSc.ScatterMode.REVERSE)
        set_bc(right, [ground])
        solver_of(matrix, "mumps").solve(right, drop.x.petsc_vec)
        drop.x.scatter_forward()
        potential.interpolate(drop, cells0=own, cells1=parents)
        right = assemble_vector(right_form)
        right.ghostUpdate(PETSc.InsertMode.ADD, PETSc.ScatterMode.REVERSE)
        before = temperature.x.petsc_vec.copy()
        ksp.solve(right, temperature.x.petsc_vec)
        temperature.x.scatter_forward()
        before.axpy(-1.0, temperature.x.petsc_vec)
        if before.norm() <= STOP * temperature.x.petsc_vec.norm():
            break
    solved = time.perf_counter()
    return {
        "temperature": total(temperature * dx(TAGS["dieB"])) / volume[3],
        "voltage": total(potential * ds(TERM_IN)) / entry,
        "read": read - begin,
        "assembly": assembled - read,
        "solve": solved - assembled,
    }


def face_of(body: mesh.Mesh, facets: np.ndarray):
    """A marker of points in the box around facets: a terminal is a whole plane face of its box."""
    body.topology.create_connectivity(2, 0)
    nodes = mesh.entities_to_geometry(body, 2, facets).ravel()
    places = body.geometry.x[nodes]
    low = np.array([COMM.allreduce(x, op=MPI.MIN) for x in (places.min(axis=0) if len(places) else np.full(3, 1e9))])
    high = np.array([COMM.allreduce(x, op=MPI.MAX) for x in (places.max(axis=0) if len(places) else np.full(3, -1e9))])
    slack = 1e-9
    return lambda x: ((x.T >= low - slack) & (x.T <= high + slack)).all(axis=1)


if __name__ == "__main__":
    found = main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
    if COMM.rank == 0:
        print(json.dumps(found))
