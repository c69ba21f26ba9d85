"""Electro-thermal multiphysics of multi-chip packages.

Describe a package the way it is fabricated, put loads on it, mesh it, solve it, look at it:

>>> import mcpthermal as mt
>>> package = mt.Process(mt.Carrier(size=("10 mm", "10 mm"), thickness="0.5 mm")).package()
>>> case = mt.Case(package, loads=[mt.Power("carrier", 1.0), mt.Convection("bottom", h=1000.0, ambient="25 degC")])

Heavy libraries (gmsh, pyvista) are loaded when they are first needed.
"""

from __future__ import annotations

import importlib
from typing import Any

_PUBLIC = {
    "mcpthermal.errors": (
        "BalanceError",
        "CaseFileError",
        "CouplingError",
        "GeometryError",
        "InputError",
        "LinearSolveError",
        "LoadError",
        "MaterialError",
        "McpThermalError",
        "McpThermalWarning",
        "MeshError",
        "MissingLibraryError",
        "NoSteadyState",
        "OutputError",
        "RangeWarning",
        "SolveError",
        "StudyError",
        "ThermalRunaway",
        "UnitError",
    ),
    "mcpthermal.units": ("celsius", "um", "mm"),
    "mcpthermal.materials": (
        "Constant",
        "Exponential",
        "Linear",
        "Material",
        "Metal",
        "Polynomial",
        "PowerLaw",
        "Table",
        "material",
        "materials",
        "read_materials",
    ),
    "mcpthermal.package": (
        "Attach",
        "Bridge",
        "Carrier",
        "Chip",
        "Contact",
        "CrackedBump",
        "Delamination",
        "Fault",
        "FlipChip",
        "Footprint",
        "MissingBump",
        "Module",
        "Opening",
        "Package",
        "Part",
        "Patch",
        "PoorVia",
        "Process",
        "ThinTrace",
        "Trace",
        "Void",
        "circle",
        "circles",
        "grid",
        "polygon",
        "rectangle",
        "ring",
    ),
    "mcpthermal.loads": (
        "Block",
        "ConstantFilm",
        "Convection",
        "Current",
        "CurrentLoad",
        "Film",
        "FixedTemperature",
        "HeatFlux",
        "HeatSink",
        "Interface",
        "LawFilm",
        "Leakage",
        "NaturalConvection",
        "Power",
        "PowerFilm",
        "PowerMap",
        "PowerTrace",
        "Radiation",
        "Resistor",
        "Voltage",
        "Waveform",
    ),
    "mcpthermal.case": ("AccuracySpec", "Case", "TransientSpec"),
    "mcpthermal.mesh": (
        "ColumnMesh",
        "MeshSpec",
        "TetMesh",
        "common_meshes",
        "generate_mesh",
        "read_mesh",
        "write_mesh",
    ),
    "mcpthermal.study": ("grid_points", "latin_hypercube", "one_at_a_time", "read_study", "sobol", "sweep"),
    "mcpthermal.result": (
        "Cauer",
        "Foster",
        "GoalEstimate",
        "HeatOut",
        "MaxTemperature",
        "MeanTemperature",
        "Resistance",
        "SteadyResult",
        "Study",
        "StudyPoint",
        "TemperatureAt",
        "TerminalCurrent",
        "TerminalVoltage",
        "ThermalImpedance",
        "TransientResult",
        "ViaCurrent",
    ),
    "mcpthermal.solve": (
        "AdaptiveSteps",
        "FixedSteps",
        "Limit",
        "ResistanceMatrix",
        "Reuse",
        "Save",
        "Stability",
        "estimate_error",
        "find_limit",
        "gradient",
        "lowest_eigenvalue",
        "resistance_matrix",
        "solve_adaptive",
        "solve_steady",
        "solve_transient",
        "stability",
        "thermal_impedance",
    ),
    "mcpthermal.screening": (
        "Chuck",
        "Costs",
        "CurrentPulse",
        "FaultDictionary",
        "FaultRate",
        "FourWire",
        "Isolation",
        "ModuleTest",
        "PowerPulse",
        "Screening",
        "StillAir",
        "TestReport",
        "fault_dictionary",
        "run_test",
    ),
    "mcpthermal.viz": (
        "plot_convergence",
        "plot_dictionary",
        "plot_field",
        "plot_impedance",
        "plot_package",
        "plot_probes",
        "plot_responses",
        "plot_screening",
        "plot_structure",
        "plot_study",
        "plot_tornado",
    ),
    "mcpthermal.io": ("Series", "export", "read_case"),
}
_HOME = {name: module for module, names in _PUBLIC.items() for name in names}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'mcpthermal' has no attribute '{name}'")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
