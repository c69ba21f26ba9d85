"""What a solve answers."""

from mcpthermal.result.estimates import GoalEstimate
from mcpthermal.result.impedance import Cauer, Foster, ThermalImpedance
from mcpthermal.result.probes import (
    HeatOut,
    MaxTemperature,
    MeanTemperature,
    Resistance,
    TemperatureAt,
    TerminalCurrent,
    TerminalVoltage,
    ViaCurrent,
)
from mcpthermal.result.stages import Stages
from mcpthermal.result.steady import SteadyResult
from mcpthermal.result.study import Study, StudyPoint
from mcpthermal.result.transient import TransientResult

__all__ = [
    "Cauer",
    "Foster",
    "GoalEstimate",
    "HeatOut",
    "MaxTemperature",
    "MeanTemperature",
    "Resistance",
    "Stages",
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
