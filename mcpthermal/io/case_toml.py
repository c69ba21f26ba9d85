"""Case files: the same description as the Python builder, in TOML; every key is checked.

See ``cases/stacked_module/case.toml`` and the README for the form. A key that is not known is an error that
offers the near misses; a value may be a number in SI units or a string with its unit. A chip with wiring:
``{ name = "logic", ..., wiring = [{ name = "link", path = [...], width = "60 um" }, { name = "pad", outline =
{ circle = { diameter = "80 um" } } }], wiring_thickness = "2 um", wiring_material = "copper" }``. An imported mesh,
with files beside it: ``[mesh]`` with ``file = "package.msh"``, ``unit = "mm"``, ``geometry = "package.step"`` and
``materials = { die = "silicon", ... }``; unit and geometry may be left out.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mcpthermal import loads as load_kinds
from mcpthermal.case import AccuracySpec, Case, TransientSpec
from mcpthermal.errors import CaseFileError, InputError, near_misses
from mcpthermal.io import waveform_toml
from mcpthermal.materials import Material, law_from_table, material_from_table
from mcpthermal.mesh import TetMesh, read_mesh
from mcpthermal.package import chips, footprint, grid, metal
from mcpthermal.package.package import Package
from mcpthermal.package.parts import Part
from mcpthermal.package.process import Process
from mcpthermal.package.records import ModuleTestRecord
from mcpthermal.result.probes import check_goals, goal_of

TABLES = (
    "name",
    "materials",
    "carrier",
    "modules",
    "insulation",
    "vias",
    "metal",
    "passivation",
    "contacts",
    "parts",
    "mesh",
    "loads",
    "transient",
    "accuracy",
)
OTHERS = {"parts": "[[parts]]", "mesh": "[mesh]"}
"""What describes a package in other ways than by fabrication steps."""
STEPS = ("modules", "insulation", "vias", "metal", "passivation", "contacts")
LOADS = {kind.__name__: kind for kind in (*load_kinds.THERMAL, *load_kinds.ELECTRICAL, load_kinds.Interface)}
LAWS = {
    ("Convection", "h"): "W/(m2 K)",
    ("Radiation", "emissivity"): "",
    ("Leakage", "power"): "W",
    ("Interface", "thermal_resistance"): "m2 K/W",
    ("Interface", "electrical_resistivity"): "ohm m2",
}
"""What of the loads may be a law, and its SI unit."""
FILMS: dict[str, Callable[..., Any]] = {
    "natural_convection": load_kinds.NaturalConvection,
    "power_film": load_kinds.PowerFilm,
}
SHAPES: dict[str, Callable[..., Any]] = {
    name: getattr(footprint, name) for name in ("rectangle", "circle", "circles", "polygon", "ring")
}


def case_from_tables(
    tables: Mapping[str, Any],
    where: str,
    default_name: str = "case",
    change: Callable[[Process], Process] | None = None,
) -> Case:
    """A case from the tables of a TOML file.

    Parameters
    ----------
    tables : mapping
    where : str
        The file, for messages.
    default_name : str
    change : callable, optional
        What is done to the process before it makes the package.
    """
    reader = _reader(tables, where)
    other = next((key for key in OTHERS if key in tables), None)
    if change is not None and other is not None:
        raise CaseFileError(
            f"{where}: heights move in fabrication steps; with {OTHERS[other]} give the way to each height"
        )
    if other is not None:
        package = reader.package_of_parts(tables) if other == "parts" else reader.package_of_mesh(tables)
    else:
        process = reader.process(tables)
        package = (process if change is None else change(process)).package()
    loads = [reader.load(table, number) for number, table in enumerate(reader.list(tables, "loads"))]
    name = tables.get("name", default_name)
    if not isinstance(name, str):
        raise CaseFileError(f"{where}: name = {name!r} must be a string")
    transient = None
    if "transient" in tables:
        transient = reader.build(TransientSpec, reader.table(tables, "transient"), "[transient]")
    accuracy = None
    if "accuracy" in tables:
        accuracy = reader.build(AccuracySpec, reader.table(tables, "accuracy"), "[accuracy]")
    case = Case(package, tuple(loads), name=name, transient=transient, accuracy=accuracy)
    if accuracy is not None:
        check_goals(case, [goal_of(text) for text in accuracy.goal])
    return case


def process_from_tables(tables: Mapping[str, Any], where: str) -> Process:
    """The fabrication steps from the tables of a TOML file that has a carrier."""
    return _reader(tables, where).process(tables)


def _reader(tables: Mapping[str, Any], where: str) -> _Reader:
    """A reader that knows the materials of a file, whose tables are known ones."""
    reader = _Reader(where, {})
    reader.refuse_unknown(tables, TABLES, "the file")
    reader.materials = {
        name: material_from_table(name, table, f"{where}, [materials.{name}]")
        for name, table in reader.table(tables, "materials", default={}).items()
    }
    if sum(key in tables for key in ("carrier", *OTHERS)) != 1:
        raise CaseFileError(f"{where}: give either a [carrier] with its fabrication steps, or [[parts]], or a [mesh]")
    return reader


class _Reader:
    """Turns tables into descriptions; knows the file for its messages."""

    def __init__(self, where: str, materials: dict[str, Material]) -> None:
        self.where, self.materials = where, materials

    def table(self, tables: Mapping[str, Any], key: str, what: str = "", default: Any = None) -> Any:
        """A table of the file, or of what is described there."""
        found = tables.get(key, default)
        if found is None:
            raise CaseFileError(f"{self.where}: {what or 'the file'} needs the table '{key}'")
        if not isinstance(found, Mapping):
            place = f"{what}, {key}," if what else f"[{key}]"
            raise CaseFileError(f"{self.where}: {place} must be a table, not {found!r}")
        return found

    def list(self, tables: Mapping[str, Any], key: str, what: str = "") -> list[Any]:
        """A list of tables of the file, or of what is described there; empty if there is none."""
        found = tables.get(key, [])
        if not isinstance(found, list) or not all(isinstance(item, Mapping) for item in found):
            place = f"{what}, {key}," if what else f"[[{key}]]"
            raise CaseFileError(f"{self.where}: {place} must be a list of tables, not {found!r}")
        return found

    def refuse_unknown(self, table: Mapping[str, Any], known: Any, what: str) -> None:
        for key in table:
            if key not in known:
                raise CaseFileError(f"{self.where}: {what} has the unknown key '{key}'; {near_misses(str(key), known)}")

    def build(self, make: Callable[..., Any], table: Mapping[str, Any], what: str, **more: Any) -> Any:
        """Call a constructor with the keys of a table; what it refuses is told with its place in the file."""
        parameters = inspect.signature(make).parameters
        known = {name.rstrip("_"): name for name in parameters if name != "self" and name not in more}
        self.refuse_unknown(table, known, what)
        missing = [
            key
            for key, name in known.items()
            if parameters[name].default is inspect.Parameter.empty and key not in table
        ]
        if missing:
            raise CaseFileError(f"{self.where}: {what} needs the key '{missing[0]}'")
        values = {known[key]: self.value(key, value) for key, value in table.items()}
        try:
            return make(**values, **more)
        except InputError as error:
            # Of the same kind with the same attributes: studies tell wrong units and materials from other mistakes.
            if not str(error).startswith(f"{self.where}: "):
                error.args = (f"{self.where}: {what}: {error}",)
            raise
        except (TypeError, ValueError, AttributeError) as error:
            raise CaseFileError(f"{self.where}: {what} cannot be understood: {error}") from error

    def value(self, key: str, value: Any) -> Any:
        """A material of the file, or the value itself."""
        if key in ("material", "underfill", "wiring_material") and isinstance(value, str):
            return self.materials.get(value, value)
        return value

    # --- the fabrication steps ------------------------------------------------------------------------------

    def process(self, tables: Mapping[str, Any]) -> Process:
        process = Process(self.carrier(self.table(tables, "carrier")))
        for number, table in enumerate(self.list(tables, "modules")):
            process = self.attach(process, table, f"[[modules]] number {number + 1}")
        if "insulation" in tables:
            process = self.build(process.insulate, self.table(tables, "insulation"), "[insulation]")
        for number, table in enumerate(self.list(tables, "vias")):
            process = self.vias(process, table, f"[[vias]] number {number + 1}")
        if "metal" in tables:
            process = self.metal(process, self.table(tables, "metal"))
        if "passivation" in tables:
            table = dict(self.table(tables, "passivation"))
            holes = [
                self.build(metal.Opening, item, f"[[passivation.openings]] number {number + 1}")
                for number, item in enumerate(self.list(table, "openings", "[passivation]"))
            ]
            table.pop("openings", None)
            process = self.build(process.passivate, table, "[passivation]", openings=holes)
        if "contacts" in tables:
            process = self.build(process.attach_contacts, self.table(tables, "contacts"), "[contacts]")
        return process

    def carrier(self, table: Mapping[str, Any]) -> Any:
        values = dict(table)
        kind = values.pop("kind", "substrate")
        kinds = ("substrate", "chip")
        if not isinstance(kind, str) or kind not in kinds:
            raise CaseFileError(f"{self.where}: [carrier] kind = {kind!r}; {near_misses(str(kind), kinds)}")
        return self.chip(values, "[carrier]") if kind == "chip" else self.build(chips.Carrier, values, "[carrier]")

    def chip(self, table: Mapping[str, Any], what: str) -> Any:
        values = dict(table)
        if "wiring" in values:
            values["wiring"] = self.pattern(self.list(values, "wiring", what), f"{what}, wiring")
        return self.build(chips.Chip, values, what)

    def attach(self, process: Process, table: Mapping[str, Any], what: str) -> Process:
        self.refuse_unknown(table, ("name", "at", "chips", "bonds", "attach", "tested"), what)
        parts = {
            "chips": self.numbered(self.chip, table, "chips", what),
            "bonds": self.numbered(self.flip_chip, table, "bonds", what),
            "attach": self.bond(self.table(table, "attach", what), f"{what}, attach"),
        }
        module = self.build(chips.Module, {k: v for k, v in table.items() if k == "name"}, what, **parts)
        tested = None
        if "tested" in table:
            values = self.table(table, "tested", what)
            tested = self.build(ModuleTestRecord, values, f"{what}, tested", module=module.name)
        place = {key: value for key, value in table.items() if key == "at"}
        return self.build(process.attach, place, what, module=module, tested=tested)

    def numbered(self, make: Callable[..., Any], table: Mapping[str, Any], key: str, what: str) -> Sequence[Any]:
        """What is made of each table of a list."""
        tables = self.list(table, key, what)
        return [make(item, f"{what}, {key} number {number}") for number, item in enumerate(tables, start=1)]

    def bond(self, table: Mapping[str, Any], what: str) -> Any:
        return self.flip_chip(table, what) if "bumps" in table else self.build(chips.Attach, table, what)

    def flip_chip(self, table: Mapping[str, Any], what: str) -> Any:
        values = dict(table)
        bumps = values.get("bumps")
        if isinstance(bumps, Mapping):
            values["bumps"] = self.build(grid, bumps, f"{what}, bumps")
        if values.get("underfill") == "none":
            values["underfill"] = None
        return self.build(chips.FlipChip, values, what)

    def vias(self, process: Process, table: Mapping[str, Any], what: str) -> Process:
        values = dict(table)
        if "contact" in values:
            values["contact"] = self.build(metal.Contact, self.table(values, "contact", what), f"{what}, contact")
        if isinstance(values.get("at"), Mapping):
            values["at"] = self.build(grid, values["at"], f"{what}, at")
        return self.build(process.open_vias, values, what)

    def metal(self, process: Process, table: Mapping[str, Any]) -> Process:
        values = dict(table)
        traces = self.pattern(self.list(values, "traces", "[metal]"), "[[metal.traces]]")
        values.pop("traces", None)
        return self.build(process.metallise, values, "[metal]", traces=traces)

    def pattern(self, tables: Sequence[Any], where: str) -> tuple[Any, ...]:
        """Traces, and patches where an outline is given."""
        found: Any = []
        for number, item in enumerate(tables):
            what = f"{where} number {number + 1}"
            if "outline" in item:
                named = {key: value for key, value in item.items() if key != "outline"}
                found.append(self.build(metal.Patch, named, what, outline=self.shape(item["outline"], what)))
            else:
                found.append(self.build(metal.Trace, item, what))
        return tuple(found)

    # --- general parts and loads ----------------------------------------------------------------------------

    def shape(self, table: Any, what: str) -> Any:
        """A footprint: a table such as {rectangle = {size = [...]}}."""
        if not isinstance(table, Mapping) or len(table) != 1:
            raise CaseFileError(
                f"{self.where}: {what}: the outline must be one of {', '.join(SHAPES)}, such as circle = {{...}}"
            )
        ((kind, values),) = table.items()
        self.refuse_unknown(table, SHAPES, f"{what}, outline")
        if not isinstance(values, Mapping):
            raise CaseFileError(f"{self.where}: {what}: outline.{kind} must be a table")
        return self.build(SHAPES[kind], values, f"{what}, outline.{kind}")

    def package_of_parts(self, tables: Mapping[str, Any]) -> Package:
        self.refuse_steps(tables, "[[parts]]")
        parts = []
        for number, table in enumerate(self.list(tables, "parts")):
            what = f"[[parts]] number {number + 1}"
            if "outline" not in table:
                raise CaseFileError(f"{self.where}: {what} needs the key 'outline'")
            if "material" not in table:
                raise CaseFileError(f"{self.where}: {what} needs the key 'material'; \"none\" makes it a hole")
            values = {key: value for key, value in table.items() if key != "outline"}
            self.refuse_unknown(values, ("name", "z", "material"), what)
            parts.append(self.build(_part, values, what, footprint=self.shape(table["outline"], what)))
        return self.build(Package, {}, "[[parts]]", parts=tuple(parts), mesh=None)

    def package_of_mesh(self, tables: Mapping[str, Any]) -> Package:
        self.refuse_steps(tables, "[mesh]")
        values = dict(self.table(tables, "mesh"))
        materials = self.table(values, "materials", "[mesh]", {})
        values.pop("materials", None)
        for key in ("file", "geometry"):
            if key in values:
                if not isinstance(values[key], str):
                    raise CaseFileError(f"{self.where}: [mesh] {key} = {values[key]!r} must be the name of a file")
                values[key] = Path(self.where).parent / values[key]
        mesh = self.build(_mesh, values, "[mesh]")
        known = {name: self.value("material", value) for name, value in materials.items()}
        return self.build(Package.from_mesh, {}, "[mesh]", mesh=mesh, materials=known)

    def refuse_steps(self, tables: Mapping[str, Any], what: str) -> None:
        steps = [key for key in STEPS if key in tables]
        if steps:
            raise CaseFileError(f"{self.where}: {what} and [{steps[0]}] exclude each other")

    def load(self, table: Mapping[str, Any], number: int) -> Any:
        what = f"[[loads]] number {number + 1}"
        values = dict(table)
        kind = values.pop("type", None)
        if not isinstance(kind, str) or kind not in LOADS:
            raise CaseFileError(f"{self.where}: {what}: type = {kind!r} is no load; {near_misses(str(kind), LOADS)}")
        for key, value in values.items():
            is_table, where = isinstance(value, Mapping), (kind, key)
            if is_table and where in waveform_toml.UNITS and (where not in LAWS or waveform_toml.is_waveform(value)):
                values[key] = waveform_toml.read_waveform(self, value, waveform_toml.UNITS[where], f"{what}, {key}")
            elif is_table and where in LAWS:
                values[key] = self.law(value, LAWS[where], f"{what}, {key}")
        if kind == "PowerMap" and isinstance(values.get("powers"), str):
            values["powers"] = Path(self.where).parent / values["powers"]
        if kind == "PowerTrace" and "file" in values:
            values["path"] = waveform_toml.file_beside(self, values.pop("file"), what)
            return self.build(load_kinds.PowerTrace.read, values, what)
        return self.build(LOADS[kind], values, what)

    def law(self, table: Mapping[str, Any], unit: str, what: str) -> Any:
        """A law, or for a heat transfer coefficient a film such as {natural_convection = {...}}."""
        if unit == LAWS["Convection", "h"] and len(table) == 1 and "law" not in table:
            ((kind, values),) = table.items()
            self.refuse_unknown(table, (*FILMS, *waveform_toml.KINDS), what)
            if not isinstance(values, Mapping):
                raise CaseFileError(f"{self.where}: {what}.{kind} must be a table")
            return self.build(FILMS[kind], values, f"{what}.{kind}")
        return law_from_table(table, unit, f"{self.where}: {what}")


def _part(name: str, footprint: Any, z: Any, material: Any) -> Part:
    """A general part; of the material "none" it is a hole. To leave it out is more likely forgotten than meant."""
    return Part(name, footprint, z, None if material == "none" else material)


def _mesh(file: Path, unit: Any = "m", geometry: Path | None = None) -> TetMesh:
    """An imported mesh."""
    return read_mesh(file, unit, geometry=geometry)
