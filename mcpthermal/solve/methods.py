"""One-step methods in time: singly diagonally implicit Runge-Kutta tableaux with an explicit first stage.

All are L-stable and stiffly accurate: the last stage is the new state. The embedded formula of another order gives the
error of a step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RungeKutta:
    """A tableau; the last row of `stages` are also the weights of the step.

    Attributes
    ----------
    name : str
    stages : tuple of rows
        Coefficients a_ij, lower triangular; the first row is (0,).
    embedded : tuple of float
        Weights of the formula that the step is compared with.
    order : int
        Of the step; its error estimate behaves like the step to the power `order` + 1 or, for a lower embedded formula,
        to the power `order`.
    estimate_power : int
        That power.
    source : str
    """

    name: str
    stages: tuple[tuple[float, ...], ...]
    embedded: tuple[float, ...]
    order: int
    estimate_power: int
    source: str

    @property
    def gamma(self) -> float:
        """The diagonal coefficient of all implicit stages."""
        return self.stages[-1][-1]

    @property
    def error_power(self) -> float:
        """How the error of a step goes with the error that steps add up to."""
        return self.estimate_power / self.order

    @property
    def weights(self) -> Floats:
        """Weights of the stages in the step."""
        return np.array(self.stages[-1])

    @property
    def times(self) -> Floats:
        """When in the step each stage is."""
        return np.array([sum(row) for row in self.stages])


def _tr_bdf2() -> RungeKutta:
    d, w = 1 - 0.5 * 2**0.5, 0.25 * 2**0.5
    return RungeKutta(
        "TR-BDF2",
        ((0.0,), (d, d), (w, w, d)),
        ((1 - w) / 3, (3 * w + 1) / 3, d / 3),
        2,
        3,
        "Bank et al., IEEE Trans. Electron Devices 32, 1985; Hosea and Shampine, Appl. Numer. Math. 20, 1996",
    )


TR_BDF2 = _tr_bdf2()
"""Trapezoidal rule and second-order backward differences in one step; order two."""

ESDIRK43 = RungeKutta(
    "ESDIRK4(3)6L[2]SA",
    (
        (0.0,),
        (0.25, 0.25),
        (8611 / 62500, -1743 / 31250, 0.25),
        (5012029 / 34652500, -654441 / 2922500, 174375 / 388108, 0.25),
        (15267082809 / 155376265600, -71443401 / 120774400, 730878875 / 902184768, 2285395 / 8070912, 0.25),
        (82889 / 524892, 0.0, 15625 / 83664, 69875 / 102672, -2260 / 8211, 0.25),
    ),
    (
        4586570599 / 29645900160,
        0.0,
        178811875 / 945068544,
        814220225 / 1159782912,
        -3700637 / 11593932,
        61727 / 225920,
    ),
    4,
    4,
    "Kennedy and Carpenter, Additive Runge-Kutta schemes, Appl. Numer. Math. 44, 2003",
)
"""Six stages, order four: for tight tolerances."""

METHODS = {"tr_bdf2": TR_BDF2, "esdirk43": ESDIRK43}
