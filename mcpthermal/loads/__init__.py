"""What is done to a package: powers, electrical terminals and thermal boundaries, each at a named place."""

from mcpthermal.loads.electrical import Current, CurrentLoad, Voltage
from mcpthermal.loads.power import Power
from mcpthermal.loads.thermal import Convection, FixedTemperature, HeatFlux

__all__ = ["Convection", "Current", "CurrentLoad", "FixedTemperature", "HeatFlux", "Power", "Voltage"]
