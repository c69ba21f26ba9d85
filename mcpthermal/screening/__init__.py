"""The electrical test of a free module: its program, its readings, which faults it finds, and what that is worth."""

from mcpthermal.screening.dictionary import FaultDictionary, FaultEntry, fault_dictionary
from mcpthermal.screening.fixture import Chuck, StillAir
from mcpthermal.screening.program import CurrentPulse, FourWire, Isolation, ModuleTest, PowerPulse
from mcpthermal.screening.readings import Reading, TestReport
from mcpthermal.screening.tester import run_test
from mcpthermal.screening.yields import Costs, FaultRate, Screening, ScreeningResult, Simulation

__all__ = [
    "Chuck",
    "Costs",
    "CurrentPulse",
    "FaultDictionary",
    "FaultEntry",
    "FaultRate",
    "FourWire",
    "Isolation",
    "ModuleTest",
    "PowerPulse",
    "Reading",
    "Screening",
    "ScreeningResult",
    "Simulation",
    "StillAir",
    "TestReport",
    "fault_dictionary",
    "run_test",
]
