"""What a package is: footprints, parts, fabrication steps, and its arrangement in the plane."""

from mcpthermal.package.chips import Attach, Carrier, Chip, FlipChip, Module
from mcpthermal.package.claims import Claim, Claims, Limitation
from mcpthermal.package.fault import Fault
from mcpthermal.package.faults import Bridge, CrackedBump, Delamination, MissingBump, PoorVia, ThinTrace, Void
from mcpthermal.package.footprint import Footprint, circle, circles, polygon, rectangle, ring
from mcpthermal.package.metal import Contact, Opening, Patch, Trace
from mcpthermal.package.package import Package
from mcpthermal.package.parts import Part
from mcpthermal.package.points import grid
from mcpthermal.package.process import Process
from mcpthermal.package.records import ModuleTestRecord

__all__ = [
    "Attach",
    "Bridge",
    "Carrier",
    "Chip",
    "Claim",
    "Claims",
    "Contact",
    "CrackedBump",
    "Delamination",
    "Fault",
    "FlipChip",
    "Footprint",
    "Limitation",
    "MissingBump",
    "Module",
    "ModuleTestRecord",
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
]
