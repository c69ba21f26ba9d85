"""Studies: one question put to many designs."""

from mcpthermal.study.samples import grid_points, latin_hypercube, one_at_a_time, sobol
from mcpthermal.study.store import read_study
from mcpthermal.study.sweep import sweep

__all__ = ["grid_points", "latin_hypercube", "one_at_a_time", "read_study", "sobol", "sweep"]
