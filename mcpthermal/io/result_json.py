"""A result as JSON, in SI units.

Schema (``schema`` = 1)
-----------------------
``case``: name. ``ambient_K``: from which rises are counted.
``parts``: for each part ``max_K``, ``mean_K``, ``min_K``, ``joule_W``, ``material``, ``role``.
``vias``: list of ``name``, ``current_A`` (upwards), ``current_density_A_per_m2``, ``joule_W``, ``max_K``.
``terminals``: list of ``name``, ``voltage`` (V), ``current`` (A, into the conductor), ``power`` (W).
``interfaces``: list of ``name`` (a|b), ``area`` (m2), ``mean_jump``, ``max_jump`` (K, from a to b), ``heat`` across
(W, from a to b; null without a thermal resistance), ``current`` from a to b (A), ``joule_power`` of the contact (W).
``nodes_V``: potential of each terminal and circuit node. ``resistors``: list of ``a``, ``b``, ``resistance`` (ohm),
``current`` from a to b (A), ``power`` (W).
``estimates``: list of ``goal``, ``unit``, ``value``, ``error``, ``corrected``, ``bounds`` (low and high, or null).
``adaptation``: null, or ``reached``, ``reason`` and ``steps`` (``unknowns``, ``cells``, ``values``, ``errors``,
``tolerances``, ``seconds``).
``balance``: ``heat`` (list of ``place``, ``kind``, ``W`` into the body), ``heat_in_W``, ``heat_out_W``, ``stored_W``,
``defect_W``, ``relative_defect``, ``currents_A``, ``charge_defect_A``, ``relative_charge_defect``,
``electric_power_W``, ``joule_power_W``.
``history``: for each coupling iteration ``change`` (K), ``max_temperature`` (K), ``thermal_iterations``,
``electrical_iterations``.
``provenance``: ``case_hash``, ``sizes``, ``solves``, ``seconds``, ``versions``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mcpthermal.mesh.writing import write_whole
from mcpthermal.result.steady import SteadyResult

SCHEMA = 1


def result_text(result: SteadyResult) -> str:
    """The JSON text of a result; numbers are written so that they read back exactly."""
    return json.dumps({"schema": SCHEMA, **result.to_dict()}, indent=1, allow_nan=False) + "\n"


def rows_text(rows: Iterable[Mapping[str, Any]]) -> str:
    """The JSON text of the rows of a table."""
    return json.dumps([dict(row) for row in rows], indent=1, allow_nan=False)


def write_result(result: SteadyResult, path: str | os.PathLike[str]) -> Path:
    """Write a result as JSON, whole or not at all."""
    text = result_text(result)
    return write_whole(path, lambda file: file.write_text(text, encoding="utf-8"))
