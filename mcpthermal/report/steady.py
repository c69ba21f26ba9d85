"""The page of a steady result, and the sections that other pages share with it."""

from __future__ import annotations

from typing import Any

from mcpthermal.case import Case
from mcpthermal.report.answers import (
    accuracy,
    balance_tables,
    electrical_tables,
    headline,
    steady_headline,
    temperature_table,
)
from mcpthermal.report.described import layer_table, load_table, material_table
from mcpthermal.report.page import figure, page, paragraph, section, viewer
from mcpthermal.report.record import mesh_audit, numerics
from mcpthermal.report.view import view_data
from mcpthermal.result.steady import SteadyResult
from mcpthermal.viz import plot_field, plot_mesh, plot_package, plot_section
from mcpthermal.viz.style import STRETCH, current_flows, stretched


def steady_page(result: SteadyResult, question: str) -> str:
    """Question, answer, 3-D view, tables, pictures, balance, errors, description, mesh, record."""
    lead = paragraph(question) + headline(steady_headline(result))
    content = [
        section("3-D view", look_inside(result)),
        section("Temperatures", temperature_table(result)),
        section("Currents", electrical_tables(result)),
        section("Pictures", pictures(result)),
        section("Balances", balance_tables(result.balance)),
        section("Errors", accuracy(result)),
        *description(result.case),
        section("Mesh", mesh_audit(result), mesh_picture(result)),
        section("Record", numerics(result)),
    ]
    return page(result.case.name, lead, content)


def description(case: Case) -> list[str]:
    """What was given."""
    return [
        section("Layers", layer_table(case.package)),
        section("Materials", material_table(case.package)),
        section("Loads", load_table(case)),
    ]


def look_inside(result: SteadyResult) -> str:
    """The 3-D view; paper shows the pictures."""
    hottest = f"{result.case.name}, highest temperature {result.max_temperature() - 273.15:.1f} degC."
    return viewer(view_data(result), f"3-D view of {hottest}")


def pictures(result: SteadyResult) -> str:
    """Package, temperature, section through the hottest place, currents."""
    name, package = result.case.name, result.case.package
    drawn: list[tuple[Any, str]] = [
        (
            plot_package(package, result.mesh, off_screen=True),
            f"The package of {name} with its parts coloured by material, a quarter cut away, {stretched(STRETCH)}.",
        ),
        (
            plot_package(package, result.mesh, cut=False, explode=0.5, labels=True, off_screen=True),
            f"The parts of {name} pulled apart in the order of fabrication, each with its name, {stretched(STRETCH)}.",
        ),
        (
            plot_field(result, "temperature", contours=8, off_screen=True),
            f"Temperature of {name}, a quarter cut away; white lines join equal temperatures.",
        ),
        (
            plot_field(result, "heat_flux", flow="tubes", off_screen=True),
            f"Where the heat of the chips of {name} goes; colours show the heat flux, each decade in equal steps.",
        ),
    ]
    if current_flows(result):
        drawn += [
            (
                plot_field(result, "current_density", off_screen=True),
                f"Current density in the conductors of {name}, on a logarithmic scale.",
            ),
            (
                plot_field(result, "joule_density", off_screen=True),
                f"Joule heat in the conductors of {name}, on a logarithmic scale.",
            ),
        ]
    flat = plot_section(result, "y", hottest_y(result), "temperature", stretch=STRETCH)
    drawn.append((flat, f"Temperature of {name} on the vertical section through its hottest place."))
    return '<div class="figures">' + "".join(figure(picture, alt) for picture, alt in drawn) + "</div>"


def hottest_y(result: SteadyResult) -> float:
    """Where on the y axis the highest node is (m)."""
    fields = result.fields
    return float(fields.points[fields.point_values["temperature"].argmax(), 1])


def mesh_picture(result: SteadyResult) -> str:
    """The cells by their shape."""
    return figure(plot_mesh(result.mesh, off_screen=True), f"The mesh of {result.case.name}, a quarter cut away.")
