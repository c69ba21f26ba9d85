"""The page of a transient: probes in time, the energy, and its last state."""

from __future__ import annotations

from mcpthermal.report.answers import ZERO, accuracy, electrical_tables, headline, temperature_table
from mcpthermal.report.page import Number, figure, number, page, paragraph, section, table
from mcpthermal.report.record import mesh_audit, numerics
from mcpthermal.report.steady import description, look_inside, mesh_picture, pictures
from mcpthermal.result.transient import TransientResult
from mcpthermal.units import describe
from mcpthermal.viz.charts import plot_probes


def transient_page(result: TransientResult, question: str) -> str:
    """Question, probes in time, 3-D view of the last state, its tables, the energy, the description."""
    last, end = result.final, describe(float(result.times[-1]), "s")
    lead = paragraph(question) + headline(_headline(result))
    chart = figure(plot_probes(result), f"All probes of {result.case.name} over the time, up to {end}.")
    content = [
        section("In time", chart, _probe_table(result)),
        section("3-D view", paragraph(f"The state at the end, {end}."), look_inside(last)),
        section("Temperatures", paragraph(f"At {end}."), temperature_table(last)),
        section("Currents", electrical_tables(last)),
        section("Pictures", pictures(last)),
        section("Balances", _energy(result)),
        section("Errors", accuracy(last)) if last.estimates else "",
        *description(result.case),
        section("Mesh", mesh_audit(last), mesh_picture(last)),
        section("Record", numerics(last)),
    ]
    return page(result.case.name, lead, content)


def _headline(result: TransientResult) -> list[tuple[str, str]]:
    hot = {name: values for name, values in result.probes.items() if result.units[name] == "K"}
    found = [("simulated time", describe(float(result.times[-1]), "s"))]
    if hot:
        name = max(hot, key=lambda name: float(hot[name].max()))
        when = describe(float(result.times[int(hot[name].argmax())]), "s")
        found.append((f"greatest {name}, at {when}", f"{float(hot[name].max()) - ZERO:.1f} degC"))
    found.append(("heat in", number(result.energy.energy_in, 4, "J").text))
    return found


def _probe_table(result: TransientResult) -> str:
    rows = []
    for name, values in result.probes.items():
        kelvin = result.units[name] == "K"
        shift, unit = (ZERO, "degC") if kelvin else (0.0, result.units[name])
        shown = [
            Number(v - shift, f"{v - shift:.6g}") for v in (float(values[0]), float(values.max()), float(values[-1]))
        ]
        when = float(result.times[int(values.argmax())])
        rows.append([name, unit, *shown, Number(when, describe(when, "s"))])
    return table("Probes", ("Probe", "Unit", "Begin", "Greatest", "End", "Greatest at"), rows)


def _energy(result: TransientResult) -> str:
    energy = result.energy
    text = (
        f"Stored {energy.stored:.6g} J. The balance of the whole run closes to {energy.relative_defect:.1e}, that of "
        f"each single step to {result.largest_defect:.1e}. Steps: "
        + ", ".join(f"{count:,} {name}" for name, count in result.steps.items())
        + f"; {result.seconds:.1f} s."
    )
    rows = [[place, kind, number(joule, 6)] for place, kind, joule in energy.heat]
    return paragraph(text) + table("Energy into the package", ("Place", "Kind", "J"), rows)
