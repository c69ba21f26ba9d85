"""The command line: ``mcpthermal run | check | claims | mesh | sweep | report | view``.

Exit codes: 0 done; 1 a study cannot go on; 2 the description or the command is wrong; 3 the mesh cannot be made or
read; 4 the solution cannot be had or trusted; 5 a library is missing; 6 a file cannot be written; 130 Ctrl-C.
"""

from __future__ import annotations

import csv
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from mcpthermal.errors import (
    InputError,
    McpThermalError,
    MeshError,
    MissingLibraryError,
    OutputError,
    SolveError,
)

app = typer.Typer(
    help="Electro-thermal multiphysics of multi-chip packages.", no_args_is_help=True, add_completion=False
)
_messages = Console(stderr=True, highlight=False)

EXIT_CODES: tuple[tuple[type[McpThermalError], int], ...] = (
    (MissingLibraryError, 5),
    (InputError, 2),
    (MeshError, 3),
    (SolveError, 4),
    (OutputError, 6),
    (McpThermalError, 1),
)

INTERRUPTED = 130
"""As of other programs that Ctrl-C ends."""

LONGEST_NAME = 200
"""Bytes of the name of a folder."""

EARLIER = ("solution.npz", "convergence.png", "probes.csv", "probes.png", "fields.pvd")
"""Files of `run` that not every run writes."""

CasePath = Annotated[Path, typer.Argument(help="A case.toml, a case.py, or a folder with one of them.")]
_LEVEL = typer.Option("--level", help="How fine the mesh is: coarse, normal or fine.")


@contextmanager
def _explained(kept: str = "") -> Iterator[None]:
    """Turn errors into a message and an exit code, warnings into messages, Ctrl-C into what is kept."""
    try:
        with warnings.catch_warnings(record=True) as caught:
            try:
                yield
            finally:
                for item in dict.fromkeys(str(warning.message) for warning in caught):
                    _messages.print(f"warning: {item}", style="yellow", markup=False, soft_wrap=True)
    except KeyboardInterrupt:
        _messages.print(f"interrupted{kept}", soft_wrap=True)
        raise typer.Exit(INTERRUPTED) from None
    except McpThermalError as error:
        _messages.print(f"error: {error}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(next(code for kind, code in EXIT_CODES if isinstance(error, kind))) from None


def _mesh_of(case: Any, level: str | None, folder: Path) -> Any:
    from mcpthermal.mesh import MeshSpec
    from mcpthermal.mesh.cache import cached_mesh
    from mcpthermal.mesh.maps import with_maps

    if case.package.mesh is not None:
        if level is not None:
            raise InputError(f"--level {level}: the mesh of case '{case.name}' is imported, and taken as it is")
        return case.package.mesh
    mesh, found = cached_mesh(case.package, with_maps(case, MeshSpec(level or "normal")), folder)
    _messages.print(f"mesh: {mesh.summary()}" + (" (kept from an earlier run)" if found else ""))
    return mesh


@app.command()
def run(
    path: CasePath,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder; default results/<case>.")] = None,
    level: Annotated[str | None, _LEVEL] = None,
    until: Annotated[str | None, typer.Option("--until", help="Solve in time up to here, such as 10s.")] = None,
    tolerance: Annotated[
        str | None, typer.Option("--tolerance", help="Adapt the mesh until outputs are as exact: 0.2K, or 0.5%.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON instead of the summary.")] = False,
    pictures: Annotated[bool, typer.Option(help="Draw the pictures.")] = True,
    report: Annotated[bool, typer.Option("--report", help="Write report.html as well.")] = False,
) -> None:
    """Solve a case, in time if it says so; write summary, JSON, fields and pictures."""
    with _explained(": what was finished is kept; the same command goes on from it where it can"):
        from mcpthermal.io import read_case, write_result
        from mcpthermal.io.result_json import result_text
        from mcpthermal.mesh.writing import check_folder, write_whole

        start, begun = time.perf_counter(), time.time()
        case = read_case(path)
        folder = output or _results(case.name)
        spec, accuracy = _transient(case, until), _accuracy(case, tolerance)
        with _messages.status("meshing") as status:
            adapts = accuracy is not None and spec is None
            if tolerance is not None and not adapts:
                raise InputError(
                    f"--tolerance {tolerance} adapts the mesh of a steady state, and case '{case.name}' is solved in "
                    "time; choose its mesh by --level"
                )
            if accuracy is not None and not adapts:
                _messages.print("note: the accuracy that the case asks for is of steady states; in time the mesh stays")
            check_folder(folder)
            again = (folder / "result.json").is_file()
            # Adaptive solutions begin with a mesh of their own unless one is asked for.
            mesh = None if adapts and level is None else _mesh_of(case, level, folder)
            if spec is None:
                solve = partial(_solve_adaptively, accuracy) if adapts else _solve_steady
            else:
                solve = partial(_solve_in_time, spec)
            result = solve(case, mesh, folder, pictures, status)
            status.update("writing")
            # What an earlier run of another kind has left is no answer to this one.
            for file in (folder / name for name in EARLIER if again):
                if file.is_file() and file.stat().st_mtime < begun:
                    file.unlink()
            summary = result.summary()
            write_whole(folder / "summary.txt", lambda file: file.write_text(summary, encoding="utf-8"))
            write_result(result, folder / "result.json")
            if hasattr(result, "mesh"):
                _keep(result, folder / "solution.npz", path)
            if report:
                from mcpthermal.io import question_of
                from mcpthermal.report import write_report

                status.update("reporting")
                write_report(result, folder / "report.html", question_of(path))
        print(result_text(result) if json else summary, end="")
        _messages.print(f"results in {folder} after {time.perf_counter() - start:.1f} s")


def _results(name: str) -> Path:
    """The folder of a case's results, unless its name cannot be that of a folder."""
    if Path(name).name != name or name in (".", "..") or len(name.encode()) > LONGEST_NAME:
        raise InputError(f"the case's name '{name}' cannot be that of a folder for its results; give one by --output")
    return Path("results") / name


def _keep(result: Any, file: Path, path: Path) -> None:
    """The solution for later reports and views, where it can be kept."""
    from mcpthermal.io import write_solution

    try:
        write_solution(result, file, path)
    except InputError as error:
        _messages.print(f"note: {error}", markup=False, soft_wrap=True)


def _transient(case: Any, until: str | None) -> Any:
    """What is asked for in time: by the case, with another end by the command; None for a steady state."""
    from mcpthermal.case import TransientSpec
    from mcpthermal.materials import heat_capacity

    if until is None and case.transient is None:
        if case.varies:
            raise InputError(
                f"case '{case.name}' has loads that vary in time and no [transient]; give one, or how far by "
                "'run --until', such as --until 10s"
            )
        return None
    for part in case.package.parts:
        if not part.is_void:
            heat_capacity(part.material, part.name)
    return case.transient if until is None else replace(case.transient or TransientSpec(1.0), until=until)


def _accuracy(case: Any, tolerance: str | None) -> Any:
    """How exact outputs shall be: by the case, with another tolerance by the command; None without either."""
    from mcpthermal.case import AccuracySpec

    if tolerance is None:
        return case.accuracy
    return replace(case.accuracy or AccuracySpec(), tolerance=tolerance)


def _goals(case: Any, accuracy: Any) -> list[Any]:
    from mcpthermal.result.probes import goal_of

    return [goal_of(text) for text in accuracy.goal] or list(case.package.reported)


def _solve_adaptively(accuracy: Any, case: Any, mesh: Any, folder: Path, pictures: bool, status: Any) -> Any:
    """The steady state on a mesh that is adapted, begun with a given one or None, and the chart of its convergence."""
    from mcpthermal.solve import solve_adaptive

    result = solve_adaptive(
        case,
        _goals(case, accuracy),
        accuracy.tolerance,
        mesh=mesh,
        max_unknowns=accuracy.max_unknowns,
        max_seconds=accuracy.max_seconds,
        progress=lambda text: status.update(text),
    )
    if result.adaptation is not None:
        _messages.print(f"{len(result.adaptation.steps)} meshes: {result.adaptation.reason}")
    if pictures:
        from mcpthermal.viz import plot_convergence

        plot_convergence(result, path=folder / "convergence.png")
    _write_fields(result, folder, pictures, status)
    return result


def _solve_steady(case: Any, mesh: Any, folder: Path, pictures: bool, status: Any) -> Any:
    """The steady state; its fields and pictures go into the folder."""
    from mcpthermal.solve import solve_steady

    result = solve_steady(case, mesh, progress=lambda text: status.update(f"solving: {text}"))
    _write_fields(result, folder, pictures, status)
    return result


def _write_fields(result: Any, folder: Path, pictures: bool, status: Any) -> None:
    from mcpthermal.io import write_vtu

    status.update("writing")
    write_vtu(result, folder / "fields.vtu")
    if pictures:
        status.update("drawing")
        from mcpthermal.viz import save_pictures

        save_pictures(result, folder)


def _solve_in_time(spec: Any, case: Any, mesh: Any, folder: Path, pictures: bool, status: Any) -> Any:
    """A transient, from its checkpoint if it was interrupted; its fields, probes and chart go into the folder."""
    from mcpthermal.io import Series, write_vtu
    from mcpthermal.mesh.writing import write_whole
    from mcpthermal.solve import AdaptiveSteps, Save, solve_transient

    given = {"absolute": spec.tolerance, "relative": spec.relative_tolerance}
    save = Save(
        () if spec.save is None else spec.save, to=Series(folder / "fields"), checkpoint=folder / "checkpoint.npz"
    )
    result = solve_transient(
        case,
        mesh,
        spec.until,
        initial=spec.initial,
        steps=AdaptiveSteps(**{name: value for name, value in given.items() if value is not None}),
        save=save,
        progress=lambda text: status.update(f"solving: {text}"),
    )
    status.update("writing")
    write_vtu(result.final, folder / "fields.vtu")
    write_whole(folder / "probes.csv", partial(_write_probes, result))
    if pictures:
        status.update("drawing")
        from mcpthermal.viz import plot_probes

        plot_probes(result, path=folder / "probes.png")
    return result


def _write_probes(result: Any, file: Path) -> None:
    """A column for the time and for each probe; numbers read back exactly."""
    heads = ["time (s)", *(f"{name} ({result.units[name]})" for name in result.probes)]
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(heads)
        writer.writerows(
            zip(result.times.tolist(), *(values.tolist() for values in result.probes.values()), strict=True)
        )


@app.command()
def check(path: CasePath) -> None:
    """Check a case without meshing or solving it, and print its parts."""
    with _explained():
        from mcpthermal.io import read_case
        from mcpthermal.solve.adaptive import check_accuracy

        case = read_case(path)
        _results(case.name)
        _transient(case, None)
        if case.accuracy is not None:
            check_accuracy(case, _goals(case, case.accuracy), case.accuracy.tolerance)
        print(case.package)
        counts = f"{len(case.package.parts)} parts, {len(case.loads)} loads, {len(case.terminals)} terminals"
        print(f"\n{case.name}: {counts}: valid")


@app.command()
def claims(
    path: CasePath,
    json: Annotated[bool, typer.Option("--json", help="Print one row for each limitation as JSON.")] = False,
) -> None:
    """Check the claims of US 6,960,826 on a case's package, and on its fabrication steps if it is described by them."""
    with _explained():
        from mcpthermal.io import read_description
        from mcpthermal.io.result_json import rows_text

        found = read_description(path).claims()
        print(rows_text(found.rows()) if json else found)


@app.command()
def mesh(
    path: CasePath,
    output: Annotated[Path, typer.Option("--output", "-o", help="The .msh file to write.")],
    level: Annotated[str, _LEVEL] = "normal",
    cells: Annotated[str, typer.Option("--cells", help="prisms or tetrahedra.")] = "prisms",
) -> None:
    """Mesh a case and write it as a Gmsh file (MSH 4.1) with named physical groups."""
    with _explained():
        from mcpthermal.io import read_case
        from mcpthermal.mesh import generate_mesh, write_mesh

        made = generate_mesh(read_case(path), level)
        write_mesh(made, output, cells)
        print(f"{output}: {made.summary()}")


@app.command()
def sweep(
    path: Annotated[Path, typer.Argument(help="A study.toml; its form is in mcpthermal/io/study_toml.py.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder; default studies/<name>.")] = None,
    workers: Annotated[str, typer.Option("--workers", help="Processes, or dask://host:port; default all cores.")] = "",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a study that is in the folder.")] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="The same; try failed points again.")] = False,
) -> None:
    """Solve a case for many values of its parameters; write a table, and keep each point when it has finished."""
    with _explained(": finished points are kept; the same command with --resume goes on from them"):
        from mcpthermal.io import read_study_file
        from mcpthermal.study import grid_points, latin_hypercube, sobol
        from mcpthermal.study import sweep as run_sweep

        asked = read_study_file(path)
        asked.make_case.check(asked.values)  # type: ignore[attr-defined]
        folder = output or Path("studies") / (path.resolve().parent.name if path.stem == "study" else path.stem)
        if any(folder.glob("points/*.json")) and not (resume or retry_failed):
            raise InputError(f"'{folder}' holds a study; give --resume to go on with it, or another --output")
        if asked.sample:
            sample = {"sobol": sobol, "latin_hypercube": latin_hypercube}[asked.sample["kind"]]
            ranges = {name: _range(name, values) for name, values in asked.values.items()}
            points = sample(asked.sample["count"], asked.sample.get("seed", 0), **ranges)
        else:
            points = grid_points(**asked.values)
        number = None if not workers else int(workers) if workers.isdecimal() else workers
        where: dict[str, Any] = {"workers": number, "folder": folder, "retry_failed": retry_failed}
        study = run_sweep(asked.make_case, points, outputs=asked.outputs, mesh=asked.mesh, **where)
        study.to_csv(folder / "table.csv")
        print(study.summary(), end="")
        _messages.print(f"table and points in {folder}")
        failed = study.of("failed")
        if failed and not study.of("solved"):
            raise SolveError(f"no point was solved; the first that failed says: {failed[0].reason}")


def _range(name: str, values: list[Any]) -> tuple[Any, Any]:
    """The lowest and the highest value of a parameter."""
    if len(values) != 2 and not all(isinstance(value, int | float) for value in values):
        raise InputError(f"parameter '{name}' of a sample has {len(values)} values; give the lowest and the highest")
    return (values[0], values[1]) if len(values) == 2 else (min(values), max(values))


Answer = Annotated[Path, typer.Argument(help="A folder of 'mcpthermal run' or 'sweep', or a solution.npz.")]


def _answer(path: Path) -> tuple[Any, str]:
    """The result or study of a folder, and what was asked."""
    from mcpthermal.io import read_solution
    from mcpthermal.io.solution import question_in
    from mcpthermal.study import read_study

    if (path / "study.json").is_file():
        return read_study(path), ""
    if (path / "probes.csv").is_file() and not (path / "solution.npz").is_file():
        raise InputError(f"'{path}' holds a run in time, which is not kept whole; use 'mcpthermal run CASE --report'")
    return read_solution(path), question_in(path)


@app.command()
def report(
    path: Answer,
    output: Annotated[Path, typer.Option("--output", "-o", help="The .html file to write.")] = Path("report.html"),
    question: Annotated[str, typer.Option("--question", help="What was asked; default the case's own words.")] = "",
) -> None:
    """Write a result or a study as one HTML file, with a 3-D view, tables and pictures."""
    with _explained():
        from mcpthermal.report import write_report

        with _messages.status("reading"):
            answer, asked = _answer(path)
        with _messages.status("writing"):
            write_report(answer, output, question or asked)
        _messages.print(f"{output}: {output.stat().st_size / 1e6:.1f} MB")


@app.command()
def view(
    path: Answer,
    port: Annotated[int, typer.Option("--port", help="Of localhost; 0 takes a free one.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the browser.")] = True,
    window: Annotated[
        str, typer.Option("--window", help="Show this field in a window instead, e.g. temperature.")
    ] = "",
) -> None:
    """Look at a result in the browser: turn, cut, switch fields and parts, read values; Ctrl-C ends it."""
    with _explained():
        import tempfile
        import webbrowser

        result, _ = _answer(path)
        if not hasattr(result, "fields"):
            raise InputError(f"'{path}' holds a study, which has no 3-D view; 'mcpthermal report {path}' shows it")
        if window:
            from mcpthermal.viz import plot_field

            plot_field(result, window).show()
            return
        from mcpthermal.report import write_view
        from mcpthermal.report.serve import make_server

        with tempfile.TemporaryDirectory() as folder:
            write_view(result, Path(folder) / "index.html")
            with make_server(Path(folder), port) as server:
                address = f"http://127.0.0.1:{server.server_port}/"
                print(address, flush=True)
                if browser:
                    webbrowser.open(address)
                try:
                    server.serve_forever()
                except KeyboardInterrupt:
                    _messages.print("stopped")


def main() -> None:
    """The entry point of the command ``mcpthermal``."""
    app()
