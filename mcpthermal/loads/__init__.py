"""What is done to a package at named places: powers, electrical terminals, circuits, thermal boundaries, contacts."""

from mcpthermal.loads.electrical import GROUND, Current, CurrentLoad, Resistor, Voltage, is_node
from mcpthermal.loads.film import ConstantFilm, Film, LawFilm, NaturalConvection, PowerFilm
from mcpthermal.loads.interface import Interface
from mcpthermal.loads.power import Leakage, Power
from mcpthermal.loads.power_map import Block, PowerMap
from mcpthermal.loads.power_trace import PowerTrace
from mcpthermal.loads.thermal import Convection, FixedTemperature, HeatFlux, HeatSink, Radiation
from mcpthermal.loads.varying import Load
from mcpthermal.loads.waveform import Waveform

THERMAL = (Power, Leakage, PowerMap, PowerTrace, HeatFlux, Convection, Radiation, HeatSink, FixedTemperature)
"""The types of thermal loads."""

ELECTRICAL = (Voltage, Current, CurrentLoad, Resistor)
"""The types of electrical loads and circuit elements."""

__all__ = [
    "ELECTRICAL",
    "GROUND",
    "THERMAL",
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
    "Load",
    "NaturalConvection",
    "Power",
    "PowerFilm",
    "PowerMap",
    "PowerTrace",
    "Radiation",
    "Resistor",
    "Voltage",
    "Waveform",
    "is_node",
]
