"""Variants of a process in its two heights: the via depth and the height of its modules.

::

        ____________________   top of the insulation
       |   |      cover     |
       |   |  ____________  |            via depth = module height + cover
     depth | |   module   | | height     aspect ratio of a via = its depth : its diameter
       |___|_|____________|_|
       |      carrier       |

Which of the others stays when one height moves is another question each time:

============== ============================================ ============================================
hold           `with_module_height`                         `with_via_depth`
============== ============================================ ============================================
"via_depth"    a higher module under less cover             -
"module"       -                                            deeper vias, more cover over the same module
"cover"        a higher module, and as much deeper vias     deeper vias, and as much higher a module
"aspect_ratio" as "cover", and the vias as much wider as    as "module", and the vias as much wider as
               they are deeper                              they are deeper
============== ============================================ ============================================
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mcpthermal.errors import GeometryError, InputError, near_misses
from mcpthermal.package.chips import Module
from mcpthermal.units import describe, quantity

if TYPE_CHECKING:
    from mcpthermal.package.process import Process

MODULE_HOLDS = ("via_depth", "cover", "aspect_ratio")
DEPTH_HOLDS = ("module", "cover", "aspect_ratio")


def with_module_height(process: Process, height: Any, hold: str, module: str | None) -> Process:
    """See `Process.with_module_height`."""
    _check_hold(hold, MODULE_HOLDS, "with_module_height")
    old = _module(process, module)
    new = old.with_height(height)
    modules = [new if item is old else item for item, _ in process.modules]
    depth = _depth(process)
    if hold != "via_depth":
        depth = new.height + depth - old.height
    return _made_anew(process, modules, depth, hold == "aspect_ratio")


def with_via_depth(process: Process, depth: Any, hold: str, module: str | None) -> Process:
    """See `Process.with_via_depth`."""
    _check_hold(hold, DEPTH_HOLDS, "with_via_depth")
    new = quantity(depth, "m", "via depth", above=0.0)
    modules, before = [item for item, _ in process.modules], _depth(process)
    if hold == "cover":
        old = _module(process, module)
        height = new - (before - old.height)
        if height <= 0:
            raise GeometryError(
                f"a via depth of {describe(new, 'm')} leaves no room for module '{old.name}' under its cover of "
                f"{describe(before - old.height, 'm')}; make the vias deeper, or hold the module"
            )
        modules = [item.with_height(height) if item is old else item for item in modules]
    return _made_anew(process, modules, new, hold == "aspect_ratio")


def _check_hold(hold: Any, known: tuple[str, ...], what: str) -> None:
    if not isinstance(hold, str) or hold not in known:
        raise InputError(f"{what}: hold={hold!r} is none of its modes; {near_misses(str(hold), known)}")


def _depth(process: Process) -> float:
    if process.insulation is None:
        raise GeometryError("the process has no insulation yet, and so no via depth; call insulate first")
    return process.insulation.z[1]


def _module(process: Process, name: str | None) -> Module:
    """The module of a name, or the only one."""
    found = {module.name: module for module, _ in process.modules}
    if name is None and len(found) == 1:
        return next(iter(found.values()))
    if not isinstance(name, str) or name not in found:
        raise InputError(f"module={name!r}: name one of the process's modules; {near_misses(str(name), found)}")
    return found[name]


def _landing(process: Process, onto: str) -> float:
    """The height (m) of the chip on which a via ends, 0 for the carrier."""
    parts = [part for module, at in process.modules for part in module.parts(at)]
    return next((part.z[1] for part in parts if part.name == onto), 0.0)


def _made_anew(process: Process, modules: list[Module], depth: float, holds_aspect: bool) -> Process:
    """The same steps with other modules and another via depth, each checked again."""
    bare: dict[str, Any] = {"insulation": None, "vias": (), "metal_layer": None, "passivation": None, "contacts": None}
    made = replace(process, modules=(), tests=(), **bare)
    records = {record.module: record for record in process.tests}
    for module, (_, at) in zip(modules, process.modules, strict=True):
        made = made.attach(module, at, records.get(module.name))
    assert process.insulation is not None
    made = made.insulate(depth, process.insulation.material)
    for via in process.vias:
        wider: Callable[[float], float] = float
        if holds_aspect:
            ratio = (depth - _landing(made, via.onto)) / (process.insulation.z[1] - via.bottom)
            wider = ratio.__mul__
        stud = via.contact
        if stud is not None:
            stud = replace(stud, diameter=wider(stud.diameter))
        made = made.open_vias(via.name, via.at, wider(via.diameter), via.onto, stud)
    if process.metal_layer is not None:
        layer = process.metal_layer
        made = made.metallise(layer.z[1] - layer.z[0], layer.material, layer.content)
    if process.passivation is not None and process.metal_layer is not None:
        layer = process.passivation
        made = made.passivate(layer.z[1] - process.metal_layer.z[1], layer.material, layer.content)
    if process.contacts is not None:
        stud = process.contacts
        made = made.attach_contacts(stud.height, stud.diameter, stud.material)
    return made
