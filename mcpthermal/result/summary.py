"""The answer as text for people: degC beside kelvin, A/cm2, tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mcpthermal.linalg import pardiso_available
from mcpthermal.result.estimates import table
from mcpthermal.units import describe

if TYPE_CHECKING:
    from mcpthermal.result.steady import SteadyResult


def summarise(result: SteadyResult) -> str:
    """The text of `SteadyResult.summary`."""
    blocks = [
        f"{result.case.name}: steady electro-thermal solution",
        _temperatures(result),
        _estimates(result),
        _vias(result),
        _terminals(result),
        _resistors(result),
        _interfaces(result),
        "Energy balance (heat into the package)\n" + result.balance.table(),
        _charge(result),
        _numerics(result),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _temperatures(result: SteadyResult) -> str:
    ambient = result.ambient
    names = list(result.reported_parts())
    width = max(len(name) for name in names)
    lines = [
        f"Temperatures (rise over {ambient - 273.15:.2f} degC)",
        f"  {'part':<{width}}  {'max':>11} {'mean':>11} {'max rise':>10}",
    ]
    for name in names:
        highest, mean = result.max_temperature(name), result.mean_temperature(name)
        lines.append(
            f"  {name:<{width}}  {highest - 273.15:6.2f} degC {mean - 273.15:6.2f} degC {highest - ambient:8.3f} K"
        )
    return "\n".join(lines)


def _estimates(result: SteadyResult) -> str:
    if not result.estimates:
        return ""
    text = "Outputs with the estimated error of the mesh\n" + table(result.estimates.values())
    if result.adaptation is not None:
        text += "\n\nMeshes (value and estimated error of each output)\n" + result.adaptation.table()
    return text


def _vias(result: SteadyResult) -> str:
    rows = result.vias()
    if not rows:
        return ""
    names = list(dict.fromkeys(row.family for row in rows))
    width = max(len(row.name) for row in rows)
    lines = ["Vias (current upwards)", f"  {'via':<{width}}  {'current':>10} {'density':>14} {'Joule':>12} {'max':>11}"]
    for family in names:
        members = [row for row in rows if row.family == family]
        current = sum(row.current for row in members)
        mean = np.mean([row.current_density for row in members]) * 1e-4
        joule = sum(row.joule_power for row in members)
        hottest = max(row.max_temperature for row in members) - 273.15
        lines.append(
            f"  {family:<{width}}  {current:+8.4f} A {mean:+9.1f} A/cm2 {joule * 1e3:9.4f} mW {hottest:6.2f} degC"
        )
        for row in members:
            density = row.current_density * 1e-4
            lines.append(
                f"    {row.name:<{width - 2}}  {row.current:+8.4f} A {density:+9.1f} A/cm2 "
                f"{row.joule_power * 1e3:9.4f} mW {row.max_temperature - 273.15:6.2f} degC"
            )
    return "\n".join(lines)


def _terminals(result: SteadyResult) -> str:
    rows = result.terminals()
    if not rows:
        return ""
    width = max(len(row["name"]) for row in rows)
    lines = ["Terminals (current into the conductor)", f"  {'terminal':<{width}}  {'voltage':>14} {'current':>12}"]
    lines += [f"  {row['name']:<{width}}  {row['voltage'] * 1e3:+11.5f} mV {row['current']:+10.5f} A" for row in rows]
    drops = [f"  {source} to {sink}: {ohm * 1e3:.5f} mohm" for source, sink, ohm in resistances(result)]
    if drops:
        lines += ["Resistances (voltage between the terminals per current)", *drops]
    return "\n".join(lines)


def _resistors(result: SteadyResult) -> str:
    if not result.elements:
        return ""
    rows = [(f"{row['a']} to {row['b']}", row) for row in result.elements]
    width = max(len(name) for name, _ in rows)
    lines = ["Resistors of the circuit (their heat is outside the package)"]
    lines += [
        f"  {name:<{width}}  {describe(row['resistance'], 'ohm'):>12} {row['current']:+10.5f} A {row['power']:12.6g} W"
        for name, row in rows
    ]
    return "\n".join(lines)


def _interfaces(result: SteadyResult) -> str:
    rows = result.interfaces()
    if not rows:
        return ""
    width = max(len(row["name"]) for row in rows)
    lines = ["Interfaces (from the first side to the second)"]
    head = f"  {'interface':<{width}}  {'area':>11} {'mean jump':>11} {'greatest':>11} {'heat':>13} {'current':>12}"
    lines.append(head + f" {'Joule':>12}")
    for row in rows:
        heat = "-" if row["heat"] is None else f"{row['heat']:+.6g} W"
        size = f"{row['area'] * 1e6:7.4g} mm2 {row['mean_jump']:+9.4f} K {row['max_jump']:9.4f} K"
        lines.append(
            f"  {row['name']:<{width}}  {size} {heat:>13} {row['current']:+10.5f} A {row['joule_power']:10.4g} W"
        )
    return "\n".join(lines)


def resistances(result: SteadyResult) -> list[tuple[str, str, float]]:
    """Of each conductor that current enters at one terminal and leaves at another: (one, other, ohm)."""
    if result.electrical is None:
        return []
    case, mesh = result.case, result.mesh
    _, group = mesh.components(case.current_cells(mesh))
    nets: dict[int, list[str]] = {}
    for terminal in case.terminals:
        faces = case.terminal_faces(mesh, terminal)
        nets.setdefault(int(group[faces.cells][0]), []).append(terminal.name)
    rows = []
    for names in nets.values():
        live = [name for name in names if result.takes_current(name)]
        # With more of them a voltage per current is no property of the conductor: `resistance_matrix` tells.
        if len(live) == 2:
            held = [item.name for item in case.terminals if item.name in live and item.voltage is not None]
            one, other = sorted(live, key=lambda name: name not in held[:1])
            low, high = result.voltage(one), result.voltage(other)
            if abs(high - low) > 1e-12 * (abs(high) + abs(low)):
                rows.append((one, other, result.resistance(other, one)))
    return rows


def _charge(result: SteadyResult) -> str:
    if not result.terminal_values:
        return ""
    balance = result.balance
    return (
        "Charge balance\n"
        f"  currents add up to {balance.charge_defect:.2e} A ({balance.relative_charge_defect:.1e}); "
        f"electric power {balance.electric_power:.6g} W, Joule heat {balance.joule_power:.6g} W"
    )


def _numerics(result: SteadyResult) -> str:
    record = result.provenance
    lines = ["Numerics", f"  mesh: {result.mesh.summary()}"]
    unknowns = {name: count for name, count in record.sizes.items() if name != "cells"}
    lines.append("  unknowns: " + ", ".join(f"{name} {count:,}" for name, count in unknowns.items()))
    if result.history:
        last = result.history[-1]
        lines.append(f"  {len(result.history)} iterations of Newton's method, last change {last.change:.1e} K")
    final = {
        str(item["field"]): str(item["reason"])
        if item["method"] == "none"
        else f"{item['method']}, {item['iterations']} iterations, residual {item['residual']:.0e}"
        for item in record.solves
    }
    lines += [f"  {field}: {text}" for field, text in final.items()]
    if not pardiso_available():
        lines.append("  PARDISO is not installed: SuperLU and pyamg were used, which is slower (pip install pypardiso)")
    lines.append("  seconds: " + ", ".join(f"{name} {value:.2f}" for name, value in record.seconds.items()))
    return "\n".join(lines)
