"""Thermal impedances: step responses of every heated part at every probe, and networks that behave like them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.errors import InputError, near_misses
from mcpthermal.units import describe, quantity, whole_number

Floats = NDArray[np.float64]

LARGEST_MISFIT = 0.02
"""Of the last value: what the best sum of positive elements may miss an impedance by."""

SAME_ELEMENT = 0.05
"""Of the logarithm of time constants: elements that are nearer are one."""


@dataclass(frozen=True, eq=False)
class Foster:
    """A chain of parallel RC elements, Z(t) = sum R_i (1 - exp(-t / tau_i)).

    Attributes
    ----------
    resistances : (n,) array
        (K/W)
    time_constants : (n,) array
        (s), ascending.
    error : float
        The largest difference to the impedance it was made from, relative to the steady value.
    """

    resistances: Floats
    time_constants: Floats
    error: float

    @property
    def capacities(self) -> Floats:
        """(n,) tau / R (J/K)."""
        return self.time_constants / self.resistances

    def __call__(self, time: Any) -> Floats:
        """The impedance (K/W) at times (s).

        Raises
        ------
        InputError
            If a time is negative.
        """
        ratio = np.multiply.outer(_seconds(time, minimum=0.0), 1 / self.time_constants)
        return np.asarray(-np.expm1(-ratio) @ self.resistances)

    def cauer(self) -> Cauer:
        """The ladder with the same impedance.

        By Lanczos' method on the poles: its tridiagonal matrix is that of the ladder's nodes (Gragg and Harrod, The
        numerically stable reconstruction of Jacobi matrices from spectral data, Numer. Math. 44, 1984).
        """
        order = np.argsort(-1 / self.time_constants)
        poles, weights = 1 / self.time_constants[order], 1 / self.capacities[order]
        diagonal, beside = _jacobi(poles, np.sqrt(weights / weights.sum()))
        capacities, resistances = [1 / weights.sum()], []
        through = 0.0
        for n, entry in enumerate(diagonal):
            conductance = entry * capacities[n] - through
            if not conductance > 0:
                break
            resistances.append(1 / conductance)
            through = conductance
            if n + 1 < len(diagonal):
                capacities.append(conductance**2 / (beside[n] ** 2 * capacities[n]))
        return Cauer(np.array(resistances), np.array(capacities[: len(resistances)]))


@dataclass(frozen=True, eq=False)
class Cauer:
    """A ladder from the junction to the surroundings: a capacity to ground at each node, then a resistance to the next.

    Attributes
    ----------
    resistances, capacities : (n,) arrays
        (K/W), (J/K)
    """

    resistances: Floats
    capacities: Floats

    def structure(self) -> tuple[Floats, Floats]:
        """The cumulative structure function: resistance (K/W) and capacity (J/K) summed from the junction.

        Szekely and Van Bien, Fine structure of heat flow path in semiconductor devices, Solid-State Electronics 31,
        1988.
        """
        return np.cumsum(self.resistances), np.cumsum(self.capacities)

    def differential_structure(self) -> tuple[Floats, Floats]:
        """The differential structure function: summed resistance (K/W), and dC/dR (W2 s/K2) there."""
        return np.cumsum(self.resistances), self.capacities / self.resistances


@dataclass(frozen=True, eq=False)
class ThermalImpedance:
    """Step responses.

    Attributes
    ----------
    times : (n,) array
        (s), ascending.
    heated, probes : tuple of str
    values : (n_heated, n_probes, n) array
        Rise of a probe per watt in a heated part (K/W).
    steady : (n_heated, n_probes) array
        Their limits: the theta matrix (K/W).
    poles : (m,) array or None
        Decay rates of the reduced model (1/s), None where the impedance was found by stepping.
    residues : (n_heated, n_probes, m) array or None
        Resistance of each pole (K/W).
    error : float
        The largest relative residual of the reduced model over all frequencies that were checked, or the relative
        tolerance of the steps.
    method : str
    solves : int
        Linear solves that were made.
    seconds : float
    """

    times: Floats
    heated: tuple[str, ...]
    probes: tuple[str, ...]
    values: Floats
    steady: Floats
    poles: Floats | None
    residues: Floats | None
    error: float
    method: str
    solves: int
    seconds: float

    def _index(self, heated: str, probe: str | None) -> tuple[int, int]:
        if heated not in self.heated:
            raise InputError(f"'{heated}' was not heated; {near_misses(str(heated), self.heated)}")
        number = self.heated.index(heated)
        if probe is None:
            own = [name for name in (heated, f"max({heated})") if name in self.probes]
            if not own and len(self.probes) > 1:
                raise InputError(f"'{heated}' has no probe of its own; name one of {', '.join(self.probes)}")
            return number, self.probes.index(own[0]) if own else 0
        if probe not in self.probes:
            raise InputError(f"'{probe}' is no probe; {near_misses(str(probe), self.probes)}")
        return number, self.probes.index(probe)

    def curve(self, heated: str, probe: str | None = None) -> Floats:
        """(n,) Z_th (K/W) of a probe (default: the heated part's own, or the only one) at `times`."""
        i, j = self._index(heated, probe)
        return np.asarray(self.values[i, j])

    def resistance(self, heated: str, probe: str | None = None) -> float:
        """The steady value (K/W)."""
        i, j = self._index(heated, probe)
        return float(self.steady[i, j])

    def at(self, time: Any, heated: str, probe: str | None = None) -> Floats:
        """Z_th (K/W) at times (s), by the model's poles or between the computed times on a logarithmic scale.

        Raises
        ------
        InputError
            If a time is negative, or of an impedance found by stepping outside of its times.
        """
        i, j = self._index(heated, probe)
        seconds = _seconds(time)
        low, high = (0.0, np.inf) if self.poles is not None else (self.times[0], self.times[-1])
        if not ((seconds >= low * (1 - 1e-9)) & (seconds <= high * (1 + 1e-9))).all():
            span = f"{describe(float(low), 's')} to {describe(float(high), 's')}"
            raise InputError(f"times of an impedance: {time!r} must be from {span}; compute it with times=[...]")
        if self.poles is not None and self.residues is not None:
            return np.asarray(-np.expm1(-np.multiply.outer(seconds, self.poles)) @ self.residues[i, j])
        return np.interp(np.log(seconds), np.log(self.times), self.values[i, j])

    def foster(self, elements: int = 6, heated: str | None = None, probe: str | None = None) -> Foster:
        """A Foster network of few elements fitted to an impedance.

        Parameters
        ----------
        elements : int
        heated, probe : str, optional
            Default the first.

        Raises
        ------
        InputError
            If the number is not from 1 to 30, or no positive elements describe the impedance, as between different
            places.
        """
        count = whole_number(elements, "number of Foster elements", 1, 30)
        return fit_foster(self.times, self.curve(heated or self.heated[0], probe), count)

    def full_foster(self, heated: str | None = None, probe: str | None = None) -> Foster:
        """The Foster network with all poles of the reduced model, for structure functions.

        Raises
        ------
        InputError
            If the impedance was found by stepping, or is one between different places, which has no such network.
        """
        i, j = self._index(heated or self.heated[0], probe)
        if self.poles is None or self.residues is None:
            raise InputError("an impedance found by stepping has no poles; fit it with foster(elements)")
        residues = self.residues[i, j]
        keep = residues > 1e-9 * residues.max()
        if residues[~keep].sum() < -1e-3 * residues.sum():
            raise InputError("this impedance is between different places and has no Foster network; fit it instead")
        order = np.argsort(1 / self.poles[keep])
        foster = Foster(residues[keep][order], (1 / self.poles[keep])[order], 0.0)
        error = np.abs(foster(self.times) - self.values[i, j]).max() / self.steady[i, j]
        return Foster(foster.resistances, foster.time_constants, float(error))

    def cauer(self, heated: str | None = None, probe: str | None = None) -> Cauer:
        """The ladder of an impedance with all poles of the reduced model."""
        return self.full_foster(heated, probe).cauer()

    def summary(self) -> str:
        """The steady matrix and the method as text."""
        width = max(len(name) for name in (*self.heated, *self.probes)) + 2
        lines = ["Thermal resistances, K/W (rows: heated; columns: probes)"]
        lines.append(" " * (width + 2) + "".join(name.rjust(width + 2) for name in self.probes))
        for name, row in zip(self.heated, self.steady, strict=True):
            lines.append(f"  {name:<{width}}" + "".join(f"{value:{width + 2}.4f}" for value in row))
        span = f"{describe(float(self.times[0]), 's')} to {describe(float(self.times[-1]), 's')}"
        lines.append(
            f"{span}; {self.method}: {self.solves} linear solves, {self.seconds:.1f} s, error {self.error:.1e}"
        )
        return "\n".join(lines) + "\n"

    def to_dict(self) -> Mapping[str, Any]:
        """For JSON files."""
        return {
            "times_s": self.times.tolist(),
            "heated": list(self.heated),
            "probes": list(self.probes),
            "values_K_per_W": self.values.tolist(),
            "steady_K_per_W": self.steady.tolist(),
            "error": self.error,
            "method": self.method,
        }


def _seconds(time: Any, minimum: float | None = None) -> Floats:
    """A time or an array of them (s), from numbers or strings with units."""
    given = np.asarray(time, object)
    seconds = [quantity(item, "s", "time of an impedance", minimum=minimum) for item in given.ravel()]
    return np.array(seconds, float).reshape(given.shape)


def fit_foster(times: Floats, values: Floats, count: int) -> Foster:
    """Fit a Foster network: a spectrum of time constants without negative parts, gathered, then refined."""
    from scipy.optimize import least_squares  # loaded where it is needed: it takes a moment

    final = float(values[-1])
    if not final > 0:
        raise InputError("this impedance is not positive at its end; a Foster network cannot describe it")
    spectrum = np.geomspace(0.3 * times[0], 3 * times[-1], 200)
    shapes = -np.expm1(-np.multiply.outer(times, 1 / spectrum))
    weights = _positive_weights(shapes, values)
    if np.abs(shapes @ weights - values).max() > LARGEST_MISFIT * final:
        raise InputError("no Foster network of positive elements describes this impedance, as between different places")
    used = np.flatnonzero(weights > 1e-9 * final)
    groups = _gather(np.log(spectrum[used]), weights[used], count)
    start = _joined(np.log(spectrum[used]), weights[used], groups)

    def misfit(parameters: Floats) -> Floats:
        resistance, tau = np.exp(np.clip(parameters.reshape(-1, 2).T, -200, 200))
        return (-np.expm1(-np.multiply.outer(times, 1 / tau)) @ resistance - values) / final

    while True:
        best = least_squares(misfit, start.ravel(), method="trf", x_scale="jac", max_nfev=400).x.reshape(-1, 2)
        best = best[np.argsort(best[:, 1])]
        # Elements that have come together are one: of equal time constants any share is as good.
        apart = np.flatnonzero(np.diff(best[:, 1]) > SAME_ELEMENT) + 1
        if len(apart) + 1 == len(best):
            break
        start = _joined(best[:, 1], np.exp(best[:, 0]), np.split(np.arange(len(best)), apart))
    best = np.exp(best)
    fitted = Foster(best[:, 0], best[:, 1], 0.0)
    return Foster(best[:, 0], best[:, 1], float(np.abs(fitted(times) - values).max() / final))


def _positive_weights(shapes: Floats, values: Floats) -> Floats:
    """Weights without negative ones of shapes (n, m) that add up to values (n,), by least squares."""
    from scipy.optimize import lsq_linear, nnls  # loaded where it is needed: it takes a moment

    try:
        return np.asarray(nnls(shapes, values)[0])
    except RuntimeError:  # it may go round in circles among shapes that are nearly alike
        return np.asarray(lsq_linear(shapes, values, (0.0, np.inf)).x)


def _joined(place: Floats, weight: Floats, groups: list[Floats]) -> Floats:
    """For each group the logarithm of its weight, and its mean place."""
    return np.array([(np.log(weight[g].sum()), np.average(place[g], weights=weight[g])) for g in groups])


def _gather(place: Floats, weight: Floats, count: int) -> list[Floats]:
    """Neighbours joined, the cheapest pair first, until there are few groups."""
    groups = [np.array([n]) for n in range(len(place))]
    while len(groups) > count:
        cost = []
        for a, b in pairwise(groups):
            wa, wb = weight[a].sum(), weight[b].sum()
            gap = np.average(place[b], weights=weight[b]) - np.average(place[a], weights=weight[a])
            cost.append(wa * wb / (wa + wb) * gap**2)
        n = int(np.argmin(cost))
        groups[n : n + 2] = [np.concatenate(groups[n : n + 2])]
    return groups


def _jacobi(poles: Floats, start: Floats) -> tuple[Floats, Floats]:
    """Lanczos' tridiagonal matrix of diag(poles) from a unit vector, orthogonalised twice against all before."""
    basis = [start / np.linalg.norm(start)]
    diagonal, beside = [], []
    for n in range(len(poles)):
        vector = poles * basis[n]
        diagonal.append(float(vector @ basis[n]))
        for _ in range(2):
            for other in basis:
                vector = vector - (vector @ other) * other
        length = float(np.linalg.norm(vector))
        if n + 1 == len(poles) or length <= 1e-13 * diagonal[-1]:
            break
        beside.append(length)
        basis.append(vector / length)
    return np.array(diagonal), np.array(beside)
