"""What a package is: footprints, parts, fabrication steps, and its arrangement in the plane."""

from mcpthermal.package.chips import Attach, Carrier, Chip, FlipChip, Module
from mcpthermal.package.claims import Claim, Claims, Limitation
from mcpthermal.package.footprint import Footprint, circle, circles, polygon, rectangle, ring
from mcpthermal.package.metal import Contact, Opening, Patch, Trace
from mcpthermal.package.package import Package
from mcpthermal.package.parts import Part
from mcpthermal.package.points import grid
from mcpthermal.package.process import Process
from mcpthermal.package.records import ModuleTestRecord

__all__ = [
    "Attach",
    "Carrier",
    "Chip",
    "Claim",
    "Claims",
    "Contact",
    "FlipChip",
    "Footprint",
    "Limitation",
    "Module",
    "ModuleTestRecord",
    "Opening",
    "Package",
    "Part",
    "Patch",
    "Process",
    "Trace",
    "circle",
    "circles",
    "grid",
    "polygon",
    "rectangle",
    "ring",
]
