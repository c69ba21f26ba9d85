"""Imports go downwards without cycles, and each foreign library has one home.

Faults are changes of a package and lie with it; the test of a module (`screening/`: its program, its readings, the
fault dictionary, yields) stands on the solvers and below pictures, studies and files, none of which it knows.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "mcpthermal"

# Lowest first; the modules of one set do not know each other.
LAYERS: list[set[str]] = [
    {"errors"},
    {"units"},
    {"materials"},
    {"package"},
    {"loads"},
    {"case"},
    {"mesh", "physics", "linalg"},
    {"fem"},
    {"result"},
    {"solve"},
    {"screening"},
    {"study", "viz", "io"},
    {"report"},
    {"cli"},
]
# Loads are descriptions of their own; a package does not know them.
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}

HOMES = {
    "gmsh": {"mesh/gmsh_backend.py"},
    "skfem": {"physics/", "fem/"},
    "meshio": {"mesh/files.py", "io/"},
    "pyvista": {"viz/", "io/vtu.py"},
    "vtk": {"viz/", "io/vtu.py"},
    "vtkmodules": {"viz/", "io/vtu.py"},
    "pypardiso": {"linalg/"},
    "pyamg": {"linalg/"},
    "shapely": {"package/footprint.py", "mesh/partition.py"},
    "pint": {"units.py"},
    "typer": {"cli.py"},
    "rich": {"cli.py", "study/progress.py"},
    "pandas": {"result/study.py"},
    "dask": {"study/dask_cluster.py"},
    "matplotlib": {"viz/"},
    "PIL": {"viz/", "report/page.py"},
    "imageio_ffmpeg": {"viz/animation.py"},
}

FILES = sorted(ROOT.rglob("*.py"))


def imports(file: Path) -> set[str]:
    """The dotted names that a file imports, relative ones resolved."""
    package = ["mcpthermal", *file.relative_to(ROOT).parts[:-1]]
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return found


def layer(name: str) -> str:
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else ""


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_go_downwards(file: Path) -> None:
    relative = file.relative_to(ROOT)
    own = relative.parts[0].removesuffix(".py")
    if own == "__init__":
        return
    assert own in RANK, f"{own} has no place in the order of layers"
    for name in imports(file):
        other = layer(name) if name.startswith("mcpthermal.") else ""
        if other in RANK and other != own:
            assert RANK[other] < RANK[own], f"{relative} imports {name}, which is not below it"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_foreign_libraries_stay_at_home(file: Path) -> None:
    relative = file.relative_to(ROOT).as_posix()
    for name in imports(file):
        homes = HOMES.get(name.split(".")[0])
        if homes is not None:
            assert any(relative == home or (home.endswith("/") and relative.startswith(home)) for home in homes), (
                f"{relative} imports {name}; its home is {', '.join(sorted(homes))}"
            )


def test_no_cycles_between_modules() -> None:
    names = {
        ".".join(("mcpthermal", *f.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__"): f for f in FILES
    }
    graph = {
        name: {other for other in imports(file) if other in names and other != name} for name, file in names.items()
    }
    # A module that names its own package in an import is loaded after it; only modules count.
    for name in graph:
        graph[name] = {other for other in graph[name] if not name.startswith(other + ".")}
    runtime = {name: graph[name] - type_checking_only(names[name]) for name in graph}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join((*path, name))
        if name not in done:
            for other in sorted(runtime[name]):
                visit(other, (*path, name))
            done.add(name)

    for name in sorted(graph):
        visit(name, ())


def type_checking_only(file: Path) -> set[str]:
    """What a file imports for its annotations alone."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            for item in ast.walk(node):
                if isinstance(item, ast.ImportFrom) and item.module:
                    found |= {item.module, *(f"{item.module}.{alias.name}" for alias in item.names)}
    return found


def test_heavy_libraries_are_lazy() -> None:
    """Describing and checking a case needs neither gmsh nor pyvista, nor does importing every public module."""
    script = (
        "import sys, mcpthermal, mcpthermal.solve, mcpthermal.io, mcpthermal.mesh, mcpthermal.viz, mcpthermal.cli;"
        "print([name for name in ('gmsh', 'pyvista', 'vtk', 'vtkmodules', 'matplotlib') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_importing_the_package_loads_no_numerics() -> None:
    script = "import sys, mcpthermal; print([n for n in ('numpy', 'scipy', 'skfem', 'shapely') if n in sys.modules])"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_every_public_name_resolves_and_is_documented() -> None:
    import mcpthermal

    for name in mcpthermal.__all__:
        item = getattr(mcpthermal, name)
        assert isinstance(item, float) or (item.__doc__ and len(item.__doc__) > 10), name


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_files_stay_short(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 450
