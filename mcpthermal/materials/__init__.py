"""Materials: laws of temperature, materials made of them, and a library with sources."""

from __future__ import annotations

from mcpthermal.materials.base import Law
from mcpthermal.materials.capacity import HeatCapacity, heat_capacity
from mcpthermal.materials.law import Constant, Exponential, Linear, Metal, Polynomial, PowerLaw, Table, as_law
from mcpthermal.materials.library import material, materials
from mcpthermal.materials.material import Material
from mcpthermal.materials.reader import law_from_table, material_from_table, read_materials

__all__ = [
    "Constant",
    "Exponential",
    "HeatCapacity",
    "Law",
    "Linear",
    "Material",
    "Metal",
    "Polynomial",
    "PowerLaw",
    "Table",
    "as_law",
    "heat_capacity",
    "law_from_table",
    "material",
    "material_from_table",
    "materials",
    "read_materials",
]
