"""What was found: temperatures, currents, balances, errors."""

from __future__ import annotations

from typing import Any

from mcpthermal.report.page import Number, figure, number, paragraph, table
from mcpthermal.result.balance import Balance
from mcpthermal.result.estimates import decimals
from mcpthermal.result.steady import SteadyResult
from mcpthermal.result.summary import resistances
from mcpthermal.viz.charts import plot_convergence

ZERO = 273.15


def celsius(kelvin: float) -> Number:
    """A temperature for people: degC with two decimals, sorted as it stands."""
    return Number(kelvin - ZERO, f"{kelvin - ZERO:.2f}")


def kelvins(difference: float) -> Number:
    """A difference of temperatures, with two decimals."""
    return Number(difference, f"{difference:.2f}")


def headline(facts: list[tuple[str, str]]) -> str:
    """The few numbers that are asked for first."""
    return (
        '<div class="headline">'
        + "".join(f"<div><b>{value}</b><span>{name}</span></div>" for name, value in facts)
        + "</div>"
    )


def steady_headline(result: SteadyResult) -> list[tuple[str, str]]:
    """Hottest chip, its rise, heat, and the busiest via."""
    hottest = max(result.reported_parts(), key=result.max_temperature)
    highest = result.max_temperature(hottest)
    found = [
        (f"highest in {hottest}", f"{highest - ZERO:.1f} degC"),
        (f"rise over {result.ambient - ZERO:.1f} degC", f"{highest - result.ambient:.1f} K"),
        ("heat in", number(result.balance.heat_in, 4, "W").text),
    ]
    vias = result.vias()
    if result.electrical is not None:
        found.append(("Joule heat in conductors", number(result.balance.joule_power * 1e3, 4, "mW").text))
        if vias:
            busiest = max(vias, key=lambda row: abs(row.current_density))
            density = number(abs(busiest.current_density) * 1e-4, 4, "A/cm2").text
            found.append((f"mean in {busiest.name}, the busiest via", density))
    return found


def temperature_table(result: SteadyResult) -> str:
    """Chips first, then all parts."""
    reported = list(result.reported_parts())
    others = [part.name for part in result.case.package.parts if not part.is_void and part.name not in reported]
    rows = [
        [
            name,
            result.case.package[name].material.name,
            celsius(result.max_temperature(name)),
            celsius(result.mean_temperature(name)),
            celsius(result.min_temperature(name)),
            kelvins(result.max_temperature(name) - result.ambient),
            number(result.joule_power(name) * 1e3, 4),
        ]
        for name in (*reported, *others)
    ]
    heads = ("Part", "Material", "Max, degC", "Mean, degC", "Min, degC", "Max rise, K", "Joule, mW")
    return table(f"Temperatures, rise over {result.ambient - ZERO:.2f} degC", heads, rows)


def electrical_tables(result: SteadyResult) -> str:
    """Vias, terminals, resistances, resistors, interfaces."""
    vias = [
        [
            row.name,
            row.family,
            number(row.current),
            number(row.current_density * 1e-4),
            number(row.joule_power * 1e3, 4),
            celsius(row.max_temperature),
        ]
        for row in result.vias()
    ]
    terminals = [
        [row["name"], number(row["voltage"] * 1e3, 7), number(row["current"]), number(row["power"], 5)]
        for row in result.terminals()
    ]
    pairs = [[f"{a} to {b}", number(ohm * 1e3, 6)] for a, b, ohm in resistances(result)]
    resistors = [
        [f"{row['a']} to {row['b']}", number(row["resistance"]), number(row["current"]), number(row["power"])]
        for row in result.elements
    ]
    interfaces = [
        [
            row["name"],
            number(row["area"] * 1e6),
            number(row["mean_jump"]),
            number(row["max_jump"]),
            "-" if row["heat"] is None else number(row["heat"]),
            number(row["current"]),
            number(row["joule_power"] * 1e3, 4),
        ]
        for row in result.interfaces()
    ]
    heads = ("Via", "Family", "Current up, A", "Density, A/cm2", "Joule, mW", "Max, degC")
    jumps = ("Interface", "Area, mm2", "Mean jump, K", "Greatest, K", "Heat, W", "Current, A", "Joule, mW")
    return "".join(
        (
            table("Vias", heads, vias if result.electrical is not None else []),
            table("Terminals", ("Terminal", "Potential, mV", "Current in, A", "Power in, W"), terminals),
            table("Resistances, by the voltage and the current between terminals", ("From, to", "mohm"), pairs),
            table("Resistors of the circuit", ("Resistor", "ohm", "Current, A", "Power, W"), resistors),
            table("Interfaces, from the first side to the second", jumps, interfaces),
        )
    )


def balance_tables(balance: Balance) -> str:
    """Heat by place and what is missing, then the currents."""
    rows = [[place, kind, number(watt, 6)] for place, kind, watt in balance.heat]
    if balance.stored:
        rows.append(["store", "heat content", number(-balance.stored, 6)])
    text = (
        f"Heat in {balance.heat_in:.6g} W, out {balance.heat_out:.6g} W; the balance closes to "
        f"{balance.relative_defect:.1e} of it."
    )
    if balance.currents:
        text += (
            f" Currents add up to {balance.charge_defect:.1e} A, {balance.relative_charge_defect:.1e} of what flows. "
            f"Electric power {balance.electric_power:.6g} W, Joule heat {balance.joule_power:.6g} W."
        )
    return paragraph(text) + table("Heat into the package", ("Place", "Kind", "W"), rows)


def accuracy(result: SteadyResult) -> str:
    """Estimated errors of outputs, and how the mesh was adapted."""
    if not result.estimates:
        return paragraph(
            "No error of the mesh was estimated for this result; estimate_error, solve_adaptive or "
            "'mcpthermal run --tolerance' give it."
        )
    rows = [_estimate(item) for item in result.estimates.values()]
    heads = ("Output", "Value", "Estimated error", "Corrected", "Unit", "Certain bounds")
    text = table("Outputs with the estimated error of the mesh", heads, rows)
    if result.adaptation is not None:
        text += paragraph(result.adaptation.reason[:1].upper() + result.adaptation.reason[1:] + ".")
        alt = "Estimated errors, in units of their tolerances, over the unknowns of each mesh."
        text += figure(plot_convergence(result), alt)
    return text


def _estimate(item: Any) -> list[Any]:
    shift, unit = (ZERO, "degC") if item.unit == "K" else (0.0, item.unit)
    digits = decimals(item.bar)
    bounds = "-" if item.bounds is None else " to ".join(f"{bound - shift:.6g}" for bound in item.bounds)
    value, corrected = (Number(v - shift, f"{v - shift:.{digits}f}") for v in (item.value, item.corrected))
    return [item.name, value, Number(item.error, f"{item.error:+.{digits}f}"), corrected, unit, bounds]
