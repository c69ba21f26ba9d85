"""Fields for ParaView: quadratic cells, nodal temperature and potential, cell-wise fluxes and part names."""

from __future__ import annotations

import os
from pathlib import Path

import meshio
import numpy as np

from mcpthermal.mesh.writing import write_whole
from mcpthermal.result.steady import SteadyResult

_TYPES = {"wedge18": "wedge18", "tetra": "tetra", "tetra10": "tetra10"}

UNITS = {
    "temperature": "K",
    "potential": "V",
    "current_density": "A/m2",
    "heat_flux": "W/m2",
    "joule_density": "W/m3",
}
"""The unit of each array in the file."""


def write_vtu(result: SteadyResult, path: str | os.PathLike[str]) -> Path:
    """Write the fields of a result as ``.vtu``, whole or not at all.

    The array ``part`` numbers the parts; the field data ``part_names`` lists their names, one per line, as
    character codes, which ParaView shows as text.
    """
    fields = result.fields
    names = np.frombuffer("\n".join(fields.part_names).encode(), np.uint8)
    mesh = meshio.Mesh(
        fields.points,
        [(_TYPES[fields.kind], fields.cells)],
        point_data=dict(fields.point_values),
        cell_data={
            "part": [fields.part.astype(np.int32)],
            **{name: [values] for name, values in fields.cell_values.items()},
        },
    )
    return write_whole(path, lambda file: _write(mesh, file, names))


def _write(mesh: meshio.Mesh, file: Path, names: np.ndarray) -> None:
    meshio.write(file, mesh, file_format="vtu", binary=True, compression="zlib")
    text = file.read_bytes()
    values = " ".join(str(code) for code in names.tolist())
    block = (
        f'<FieldData><DataArray type="UInt8" Name="part_names" NumberOfTuples="{len(names)}" format="ascii">'
        f"{values}</DataArray></FieldData>"
    )
    marker = b"<UnstructuredGrid>"
    file.write_bytes(text.replace(marker, marker + block.encode(), 1))
