"""What the chips of the cases warm up by, extrapolated from finer meshes: no exact answers are known.

Each is the highest rise over the ambient (K) on an adapted or fine mesh of 0.4 to 0.9 million unknowns, with the
correction of `estimate_error`, which was 0.1 to 0.3 %; a third of that is what they may be off by.
"""

from __future__ import annotations

RISES = {
    "stacked_module": {"logic": 115.68, "memory": 117.21},
    "chip_on_chip": {"driver": 30.76, "memory": 33.17},
    "two_modules": {"cpu": 31.43, "cache": 32.95, "radio": 22.60, "filter": 23.39},
    "three_chips": {"processor": 110.72, "memory": 113.64, "sensor": 115.14},
    "four_chips": {"controller": 31.12, "memory_1": 32.96, "memory_2": 34.36, "memory_3": 35.08},
}
