"""What testing modules before they are attached is worth: yields and costs, exact and simulated.

A module has n_i places at which a fault of class i may be, each with a probability p_i by itself; the test finds such a
fault with probability c_i (its coverage), and fails a good module with probability a. With m modules in a package, and
all that comes later good with probability q,

    good = prod (1 - p_i)^n_i,      passing = (1 - a) prod (1 - c_i p_i)^n_i,
    yield without test = good^m q,  with test = (good (1 - a) / passing)^m q,
    cost of a good package = (m C_module + C_rest) / yield,  or  (m (C_module + C_test) / passing + C_rest) / yield.

Williams and Brown, Defect level as a function of fault coverage, IEEE Trans. Computers C-30, 1981, is the case of equal
coverage; money is in any unit, the same for all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from mcpthermal.errors import InputError
from mcpthermal.package.points import is_list
from mcpthermal.screening.dictionary import FaultDictionary
from mcpthermal.screening.readings import table
from mcpthermal.units import quantity, whole_number

MOST = 10_000_000
"""Modules of a simulation, places of a fault in one, and the like."""


@dataclass(frozen=True)
class FaultRate:
    """How often a class of faults occurs, and how often the test finds one.

    Parameters
    ----------
    name : str
        Such as ``"cracked bump"``.
    probability : float
        Of a fault at one place, from 0 to 1.
    places : int
        How many such places a module has: bumps, bonds, chips.
    coverage : float
        The part of these faults that the test finds, from 0 to 1.
    """

    name: str
    probability: float
    places: int = 1
    coverage: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise InputError(f"name of a fault rate: {self.name!r} is not allowed; give words such as 'open bump'")
        for field in ("probability", "coverage"):
            value = quantity(getattr(self, field), "", f"{field} of '{self.name}'", minimum=0.0, maximum=1.0)
            object.__setattr__(self, field, value)
        object.__setattr__(self, "places", whole_number(self.places, f"places of '{self.name}'", 1, MOST))

    @classmethod
    def of(cls, dictionary: FaultDictionary, kind: str, probability: float, places: int = 1) -> FaultRate:
        """The rate of a kind of faults that a dictionary holds; its sizes are taken to be equally frequent."""
        if not isinstance(dictionary, FaultDictionary):
            raise InputError(f"FaultRate.of needs a FaultDictionary, not {type(dictionary).__name__}")
        return cls(kind, probability, places, dictionary.coverage(kind))


@dataclass(frozen=True)
class Costs:
    """What things cost, in any unit of money.

    Parameters
    ----------
    module : float
        To make one.
    test : float
        To test one.
    rest : float
        Carrier, attaching, insulating, metal and final test of a package.
    """

    module: float
    test: float
    rest: float

    def __post_init__(self) -> None:
        for field in ("module", "test", "rest"):
            object.__setattr__(self, field, quantity(getattr(self, field), "", f"cost of {field}", minimum=0.0))


@dataclass(frozen=True)
class ScreeningResult:
    """Yields and costs.

    Attributes
    ----------
    good : float
        The part of modules without a fault.
    passing : float
        The part of modules that pass the test.
    escapes : float
        The part of passing modules that have a fault.
    yield_without, yield_with : float
        The part of packages that are good.
    cost_without, cost_with : float
        Of a good package; infinite where there is none.
    """

    good: float
    passing: float
    escapes: float
    yield_without: float
    yield_with: float
    cost_without: float
    cost_with: float

    def __str__(self) -> str:
        rows = [
            ("", "without test", "with test"),
            ("modules that are attached", "all", f"{100 * self.passing:.4g} %"),
            ("of these faulty", f"{100 * (1 - self.good):.4g} %", f"{100 * self.escapes:.4g} %"),
            ("yield of packages", f"{100 * self.yield_without:.4g} %", f"{100 * self.yield_with:.4g} %"),
            ("cost of a good package", f"{self.cost_without:.6g}", f"{self.cost_with:.6g}"),
        ]
        return table(rows)


@dataclass(frozen=True)
class Simulation:
    """Numbers of a simulated production, and intervals for what they estimate.

    Attributes
    ----------
    packages, modules : int
        How many were begun.
    passing, good_with, good_without : int
        Modules that passed; good packages of tested modules, and of untested ones.
    confidence : float
        Of the intervals, by Clopper and Pearson.
    passing_interval, yield_with_interval, yield_without_interval : (float, float)
    cost_with, cost_without : float
        Spent per good package.
    """

    packages: int
    modules: int
    passing: int
    good_with: int
    good_without: int
    confidence: float
    passing_interval: tuple[float, float]
    yield_with_interval: tuple[float, float]
    yield_without_interval: tuple[float, float]
    cost_with: float
    cost_without: float

    def __str__(self) -> str:
        def interval(ends: tuple[float, float]) -> str:
            return f"{100 * ends[0]:.2f} to {100 * ends[1]:.2f} %"

        return (
            f"{self.packages:,} packages simulated, {self.modules:,} modules ({100 * self.confidence:g} % intervals)\n"
            f"  modules that pass           {interval(self.passing_interval)}\n"
            f"  yield of packages, tested   {interval(self.yield_with_interval)}, cost {self.cost_with:.6g}\n"
            f"  yield of packages, untested {interval(self.yield_without_interval)}, cost {self.cost_without:.6g}"
        )


@dataclass(frozen=True)
class Screening:
    """A production with and without a test of its modules.

    Parameters
    ----------
    rates : sequence of FaultRate
        Of a module.
    costs : Costs
    modules : int
        In a package.
    later : float
        The probability that all that comes after the test is good.
    false_alarm : float
        The probability that a good module fails.
    """

    rates: tuple[FaultRate, ...]
    costs: Costs
    modules: int = 1
    later: float = 1.0
    false_alarm: float = 0.0

    def __post_init__(self) -> None:
        rates = tuple(self.rates) if is_list(self.rates) else (self.rates,)
        if not all(isinstance(rate, FaultRate) for rate in rates):
            raise InputError(f"rates of a screening: {self.rates!r} must be a list of FaultRate")
        if not isinstance(self.costs, Costs):
            raise InputError(f"costs of a screening: {self.costs!r} must be Costs(module=, test=, rest=)")
        object.__setattr__(self, "rates", rates)
        object.__setattr__(self, "modules", whole_number(self.modules, "modules of a package", 1, MOST))
        for field in ("later", "false_alarm"):
            value = quantity(getattr(self, field), "", f"{field} of a screening", minimum=0.0, maximum=1.0)
            object.__setattr__(self, field, value)

    def scaled(self, factor: float) -> Screening:
        """The same with all fault probabilities times a factor.

        Raises
        ------
        InputError
            If one of them would pass 1.
        """
        number = quantity(factor, "", "factor of fault probabilities", minimum=0.0)
        rates = [FaultRate(rate.name, number * rate.probability, rate.places, rate.coverage) for rate in self.rates]
        return Screening(tuple(rates), self.costs, self.modules, self.later, self.false_alarm)

    def solve(self) -> ScreeningResult:
        """Yields and costs by the formulas of this module's first lines."""
        good = math.prod((1 - rate.probability) ** rate.places for rate in self.rates)
        unfound = math.prod((1 - rate.coverage * rate.probability) ** rate.places for rate in self.rates)
        passing = (1 - self.false_alarm) * unfound
        sound = good / unfound if unfound > 0 else 0.0
        yields = [self.later * share**self.modules for share in (good, sound if passing > 0 else 0.0)]
        costs, count = self.costs, self.modules
        tested = (costs.module + costs.test) / passing if passing > 0 else math.inf
        spent = (count * costs.module + costs.rest, count * tested + costs.rest)
        without, tested_cost = (
            money / share if share > 0 else math.inf for money, share in zip(spent, yields, strict=True)
        )
        return ScreeningResult(good, passing, 1 - sound, yields[0], yields[1], without, tested_cost)

    def simulate(self, packages: int, seed: int = 0, confidence: float = 0.95) -> Simulation:
        """Draw the faults of many modules, test them, and build packages of those that pass, and of all.

        Parameters
        ----------
        packages : int
            How many are built of untested modules, and at most of tested ones.
        seed : int
        confidence : float
            Of the intervals.
        """
        count = whole_number(packages, "packages of a simulation", 1, MOST)
        level = quantity(confidence, "", "confidence of a simulation", above=0.0, maximum=0.999999)
        random = np.random.default_rng(whole_number(seed, "seed of a simulation", 0, MOST))
        made = whole_number(count * self.modules, "modules of a simulation, packages times modules of each", 1, MOST)
        faults, found = np.zeros(made, np.int64), np.zeros(made, np.int64)
        for rate in self.rates:
            drawn = random.binomial(rate.places, rate.probability, made)
            faults += drawn
            found += random.binomial(drawn, rate.coverage)
        good = faults == 0
        passes = (found == 0) & (random.random(made) >= self.false_alarm)
        later = random.random(count) < self.later
        without = int((good.reshape(count, self.modules).all(axis=1) & later).sum())
        taken = good[passes]
        built = len(taken) // self.modules
        rows = taken[: built * self.modules].reshape(built, self.modules).all(axis=1)
        tested = int((rows & (random.random(built) < self.later)).sum())

        def interval(hits: int, trials: int) -> tuple[float, float]:
            if not trials:
                return (0.0, 1.0)
            found_interval = binomtest(hits, trials).proportion_ci(level, method="exact")
            return (float(found_interval.low), float(found_interval.high))

        costs = self.costs
        # Modules that passed and wait for a package are not its cost.
        tried = made * (built * self.modules / max(1, len(taken)))
        spent_with = tried * (costs.module + costs.test) + built * costs.rest
        spent_without = made * costs.module + count * costs.rest
        return Simulation(
            count,
            made,
            int(passes.sum()),
            tested,
            without,
            level,
            interval(int(passes.sum()), made),
            interval(tested, built),
            interval(without, count),
            spent_with / tested if tested else math.inf,
            spent_without / without if without else math.inf,
        )
