"""What a solve answers."""

from mcpthermal.result.impedance import Cauer, Foster, ThermalImpedance
from mcpthermal.result.probes import (
    MaxTemperature,
    MeanTemperature,
    TemperatureAt,
    TerminalCurrent,
    TerminalVoltage,
    ViaCurrent,
)
from mcpthermal.result.steady import SteadyResult
from mcpthermal.result.study import Study, StudyPoint
from mcpthermal.result.transient import TransientResult

__all__ = [
    "Cauer",
    "Foster",
    "MaxTemperature",
    "MeanTemperature",
    "SteadyResult",
    "Study",
    "StudyPoint",
    "TemperatureAt",
    "TerminalCurrent",
    "TerminalVoltage",
    "ThermalImpedance",
    "TransientResult",
    "ViaCurrent",
]
