"""What reports are made of in tests: a study of many points."""

from __future__ import annotations

import numpy as np

import mcpthermal as mt
from mcpthermal.result.study import StudyPoint


def large_study(count: int = 1000) -> mt.Study:
    """As many points over two heights, every twentieth infeasible."""
    random = np.random.default_rng(5)
    points = []
    for n in range(count):
        depth, height = random.uniform(6e-4, 1.1e-3), random.uniform(4e-4, 8e-4)
        parameters = {"via_depth": depth, "module_height": height}
        if n % 20 == 7:
            points.append(StudyPoint(n, parameters, "infeasible", reason="the via is too short; make it deeper"))
            continue
        values = {"memory.max": 400 + 1e4 * (depth - height), "supply": 0.99 + depth, "joule": 0.02 + height}
        heights = {"via_depth": depth, "module_height": height}
        points.append(StudyPoint(n, parameters, "solved", values, heights=heights, seconds=0.2))
    return mt.Study(tuple(points), {"memory.max": "K", "supply": "V", "joule": "W"}, "many designs")
