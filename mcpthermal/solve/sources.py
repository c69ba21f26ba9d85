"""Heat that does not depend on the temperature: powers, maps, traces and fluxes as loads on a space."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcpthermal.case import Case
from mcpthermal.fem.discretisation import Space
from mcpthermal.fem.power_maps import map_load
from mcpthermal.fem.surfaces import patch_load
from mcpthermal.loads import HeatFlux, Power, PowerMap, PowerTrace
from mcpthermal.solve.leakage import release_place, release_region

Floats = NDArray[np.float64]

KINDS = {Power: "power", HeatFlux: "flux", PowerMap: "power map", PowerTrace: "power trace"}


class Source:
    """One load on a space: unit loads, and how much of each there is at a time.

    Attributes
    ----------
    place, kind : str
        For the balance.
    load : raw array (W)
        At the time that was set last.
    """

    def __init__(self, case: Case, space: Space, load: Any) -> None:
        self.place, self.kind, self.given = load.place, KINDS[type(load)], load
        self._units = self._unit_loads(case, space)
        self.set_time(0.0)

    def _unit_loads(self, case: Case, space: Space) -> Floats:
        """(n, size) loads of 1 W, of 1 W/m2, of the map as it is, or of 1 W in each block of a trace."""
        given = self.given
        if isinstance(given, HeatFlux):
            return patch_load(space.patches(space.mesh.faces_of(case.place(given.place))), 1.0, space.size)[None]
        if isinstance(given, Power):
            cells, patches, measure = release_region(case, space, given)
            if patches is None:
                return space.volume_load(cells, 1.0 / measure)[None]
            return patch_load(patches, 1.0 / measure, space.size)[None]
        cells, faces, _ = release_place(case, space, given)
        part = case.package.parts[case.place(given.place).parts[0]]
        blocks = given.blocks(part.footprint.bounds)
        if isinstance(given, PowerMap):
            return map_load(space, cells, faces, blocks)[None]
        return np.stack([map_load(space, cells, faces, [block]) for block in blocks])

    def _amounts(self, time: float) -> Floats:
        given = self.given
        if isinstance(given, PowerTrace):
            return np.asarray(given.power_at(time), float)
        if isinstance(given, PowerMap):
            return np.array([1.0 if given.scale is None else given.scale(time)])
        load = given.at(time)
        return np.array([load.flux if isinstance(load, HeatFlux) else load.power])

    def set_time(self, time: float) -> None:
        """Take the values of a time (s)."""
        self.load = self._amounts(time) @ self._units
