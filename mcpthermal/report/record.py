"""How it was computed: mesh, iterations, versions, hashes."""

from __future__ import annotations

from typing import Any

from mcpthermal.report.page import Number, facts, number, table
from mcpthermal.result.provenance import versions
from mcpthermal.result.steady import SteadyResult
from mcpthermal.viz.meshes import mesh_quality


def mesh_audit(result: SteadyResult) -> str:
    """Cells and volume of each part, beside the description's, and the shape of the cells."""
    mesh, package = result.mesh, result.case.package
    quality = mesh_quality(mesh)
    flat = [part for part in package.parts if not part.is_void]
    described = package.volumes() if package.mesh is None else {}
    numbers = mesh.cell_part[mesh.solid]
    volumes = mesh.cell_volumes[mesh.solid]
    rows: list[list[Any]] = []
    for part in flat:
        own = numbers == package.index[part.name]
        volume = float(volumes[own].sum())
        known = described.get(part.name)
        off = "-" if not known else Number((volume / known - 1) * 100, f"{(volume / known - 1) * 100:+.3f} %")
        rows.append(
            [part.name, int(own.sum()), number(volume * 1e9, 6), "-" if known is None else number(known * 1e9, 6), off]
        )
    heads = ("Part", "Cells", "Volume, mm3", "Described, mm3", "Difference")
    text = facts(
        [
            ("Mesh", mesh.summary()),
            (
                "Shape of the cells",
                f"scaled Jacobian from {quality.min():.3g}, mean {quality.mean():.3g} (1: regular, 0: flat)",
            ),
        ]
    )
    return text + table("Cells and volumes (circles are polygons of equal area)", heads, rows)


def numerics(result: SteadyResult) -> str:
    """Unknowns, iterations, residuals, seconds, versions, hash of the description."""
    record = result.provenance
    solves = [
        [
            n,
            str(item.get("field", "")),
            str(item.get("method", "")),
            str(item.get("reason", "")),
            int(item.get("iterations", 0)),
            number(float(item.get("residual", 0.0)), 2),
            number(float(item.get("seconds", 0.0)), 3),
        ]
        for n, item in enumerate(record.solves, start=1)
    ]
    rows = [
        ("Unknowns", ", ".join(f"{name} {count:,}" for name, count in record.sizes.items())),
        ("Seconds", ", ".join(f"{name} {value:.2f}" for name, value in record.seconds.items())),
        ("Iterations", f"{len(result.history)} of Newton's method"),
    ]
    if result.history:
        rows.append(("Last change", f"{result.history[-1].change:.1e} K"))
    heads = ("No.", "Field", "Method", "Reason", "Iterations", "Residual", "Seconds")
    return facts(rows) + table("Linear solves", heads, solves) + facts(origin(record.case_hash))


def origin(case_hash: str = "") -> list[tuple[str, str]]:
    """Versions of everything that numbers depend on, and the hash of the description."""
    rows = [("Versions", ", ".join(f"{name} {version}" for name, version in versions().items()))]
    return [*rows, ("SHA-256 of the description", case_hash)] if case_hash else rows
