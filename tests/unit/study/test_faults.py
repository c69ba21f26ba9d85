"""Whatever happens to a study: what is finished stays, the rest is done again, and the message is clear."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from study_cases import MESH, fragile, hungry, slab

import mcpthermal as mt
from mcpthermal.errors import McpThermalWarning, OutputError, StudyError

HERE = Path(__file__).parent
POWERS = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


def quick(make_case: Any, folder: Path | None, workers: int = 0, **more: Any) -> mt.Study:
    more = {"power": POWERS, "outputs": ["slab.max"], **more}
    return mt.sweep(make_case, folder=folder, workers=workers, mesh=MESH, progress=False, **more)


def script(folder: Path, body: str) -> list[str]:
    """A command that runs a study of slow slabs with two workers."""
    file = folder / "run.py"
    file.write_text(
        f"import sys; sys.path.insert(0, {str(HERE)!r})\n"
        "import mcpthermal as mt\nfrom study_cases import *\n"
        f"if __name__ == '__main__':\n    {body}\n"
    )
    return [sys.executable, str(file)]


def whole(study: mt.Study) -> None:
    assert [point.status for point in study.points] == ["solved"] * len(study.points)
    for point in study.points:
        assert point.values["slab.max"] == pytest.approx(300.0 + 15.0 * point.parameters["power"])


def test_a_killed_worker_is_replaced_and_its_point_done_again(tmp_path: Path) -> None:
    folder = tmp_path / "marks"
    folder.mkdir()
    study = quick(fragile, tmp_path / "study", workers=2, folder_of_marks=[str(folder)], kills=[2])
    whole(study)
    assert len(list(folder.iterdir())) == 2


def test_a_worker_without_memory_is_a_failed_point() -> None:
    study = quick(hungry, None, workers=1, memory=10e9)
    assert [point.status for point in study.points].count("solved") == 5
    assert study.points[2].status == "failed" and study.points[2].reason.startswith("out of memory")


def test_a_study_killed_at_any_moment_goes_on(tmp_path: Path) -> None:
    """Kill all of it again and again; finished files are never written twice."""
    folder, seen = tmp_path / "study", {}
    body = (
        f"mt.sweep(slab, power=[float(n) for n in range(1, 201)], outputs=['slab.max'], mesh=MESH, workers=2, "
        f"folder={str(folder)!r}, progress=False)"
    )
    command, rng = script(tmp_path, body), random.Random(1)
    for _ in range(2):
        process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
        target = len(seen) + rng.randint(1, 4)
        limit = time.monotonic() + 60
        while len(list(folder.glob("points/[0-9]*.json"))) < target and time.monotonic() < limit:
            time.sleep(0.01)
        time.sleep(rng.random() * 0.1)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        now = {file.name: file.stat().st_mtime_ns for file in folder.glob("points/[0-9]*.json")}
        assert seen.items() <= now.items()
        seen = now
    assert 2 <= len(seen) < 200
    assert {point.status for point in mt.read_study(folder).points} == {"solved", "open"}
    subprocess.run(command, check=True)
    now = {file.name: file.stat().st_mtime_ns for file in folder.glob("points/[0-9]*.json")}
    assert seen.items() <= now.items() and len(now) == 200
    whole(mt.read_study(folder))


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    """No file may grow beyond some bytes: the study stops with a clear message, and goes on when there is room."""
    folder = tmp_path / "study"
    call = f"mt.sweep(slab, power={POWERS}, outputs=['slab.max'], mesh=MESH, workers=0, folder={str(folder)!r})"
    body = (
        "import resource\n"
        "    import mcpthermal.study.store as store\n"
        "    keep = store.Store.keep\n"
        "    def until_full(self, point):\n"
        "        if len(list(self.folder.glob('points/[0-9]*'))) == 3:\n"
        "            resource.setrlimit(resource.RLIMIT_FSIZE, (40, 40))\n"
        "        keep(self, point)\n"
        "    store.Store.keep = until_full\n"
        "    try:\n"
        f"        {call}\n"
        "    except mt.OutputError as error:\n"
        "        print(error)"
    )
    done = subprocess.run(script(tmp_path, body), check=True, capture_output=True, text=True)
    assert "cannot be written: File too large; free space or choose another folder" in done.stdout
    assert len(list(folder.glob("points/*"))) == 3
    whole(quick(slab, folder))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with 400 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_fills_up_loses_nothing(small_disk: Path) -> None:
    """The same on a disk without room, for workers in processes: what is there stays, the rest follows when it can."""
    folder, filler = small_disk / "study", small_disk / "other"
    filler.write_bytes(b"x" * (400 * 1024 - 15 * 4096))
    with pytest.raises(OutputError, match="No space left on device; free space or choose another folder"):
        quick(slab, folder, workers=2, power=[float(n) for n in range(1, 41)])
    finished = {file.name: file.read_bytes() for file in folder.glob("points/[0-9]*.json")}
    assert 0 < len(finished) < 40 and all(json.loads(content) for content in finished.values())
    assert len(finished) == len(list(folder.glob("points/*")))
    filler.unlink()
    whole(quick(slab, folder, workers=2, power=[float(n) for n in range(1, 41)]))
    assert finished.items() <= {file.name: file.read_bytes() for file in folder.glob("points/[0-9]*.json")}.items()


def test_a_damaged_file_is_reported_and_its_point_computed_again(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    whole(quick(slab, folder))
    files = sorted(folder.glob("points/*.json"))
    files[1].write_text(files[1].read_text()[:60])
    files[3].write_text(files[3].read_text().replace('"slab.max": 3', '"slab.max": 4'))
    files[4].write_bytes(b"\xff\xfe\x00")
    record = json.loads(files[5].read_text())
    files[5].unlink()
    with pytest.warns(McpThermalWarning, match="is damaged: its checksum or content is wrong") as caught:
        study = quick(slab, folder)
    assert len([item for item in caught if "is damaged" in str(item.message)]) == 3
    whole(study)
    assert json.loads(files[5].read_text())["content"]["values"] == pytest.approx(record["content"]["values"])


def test_a_finished_study_is_not_computed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import mcpthermal.study.work as work

    first = quick(slab, tmp_path)
    monkeypatch.setattr(work, "solve_steady", None)
    again = quick(slab, tmp_path)
    assert again.rows() == first.rows() == mt.read_study(tmp_path).rows()


def test_a_point_that_always_ends_its_worker_has_failed_until_it_is_tried_again(tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    options = {"folder_of_marks": [str(marks)], "kills": [3]}
    study = quick(fragile, tmp_path / "study", workers=1, **options)
    assert [point.status for point in study.points] == ["solved", "solved", "failed", "solved", "solved", "solved"]
    assert "its worker process ended 3 times at this point (SIGKILL" in study.points[2].reason
    assert quick(fragile, tmp_path / "study", workers=1, **options).of("failed")
    whole(quick(fragile, tmp_path / "study", workers=1, retry_failed=True, **options))


def test_two_studies_in_one_folder_are_refused(tmp_path: Path) -> None:
    from mcpthermal.study.store import Store

    quick(slab, tmp_path)
    with pytest.raises(StudyError, match="holds another study: its points and outputs differ"):
        mt.sweep(slab, power=[1.0], folder=tmp_path, workers=0, outputs=["slab.mean"], mesh=MESH)
    description = json.loads((tmp_path / "study.json").read_text())["content"]
    with Store(tmp_path, description), pytest.raises(StudyError, match="another study is running in"):
        quick(slab, tmp_path)
    whole(quick(slab, tmp_path))


def test_a_study_whose_cases_or_functions_have_changed_is_refused(tmp_path: Path) -> None:
    """All points are there: without the check the answers would be those of an earlier case."""
    conductivity = 100.0

    def block(power: float) -> mt.Case:
        stuff = mt.Material("m", conductivity)
        package = mt.Package.from_parts([mt.Part("slab", mt.rectangle(1e-3), (0.0, 1e-3), stuff)])
        return mt.Case(package, [mt.Power("slab", power), mt.Convection("bottom", h=1e5, ambient=300.0)])

    def study(rule: Any) -> mt.Study:
        return quick(block, tmp_path / "study", outputs={"hot": rule})

    def rule(result: mt.SteadyResult) -> float:
        return 1.0 * result.max_temperature("slab")

    first = study(rule)
    assert study(rule).points == first.points
    with pytest.raises(StudyError, match="holds another study: its questions differ"):
        study(lambda result: 2.0 * result.max_temperature("slab"))
    with pytest.raises(StudyError, match="holds another study: its outputs differ"):
        quick(block, tmp_path / "study", outputs=["slab.mean"])
    conductivity = 1.0
    with pytest.raises(StudyError, match=r"make_case now gives another case for point 0, \{'power': 1.0\}"):
        study(rule)
    conductivity = float("nan")
    with pytest.raises(StudyError, match=r"make_case now gives no case .*nan"):
        study(rule)
    conductivity = 100.0
    assert study(rule).points == first.points


def test_all_cases_are_compared_before_a_study_goes_on(tmp_path: Path) -> None:
    """One of many that differs, and points that had no case for one reason and now have another, or have one."""
    reasons, odd = {3.0: "too high", 8.0: "too wide"}, 0.0

    def make_case(power: float) -> mt.Case:
        if power in reasons:
            raise mt.GeometryError(reasons[power])
        return slab(power + 0.1 * (power == odd))

    def study() -> mt.Study:
        return quick(make_case, tmp_path, power=[float(n) for n in range(1, 13)])

    first = study()
    assert len(first.of("infeasible")) == 2 and study().points == first.points
    odd = 6.0
    with pytest.raises(StudyError, match="gives another case for point 5"):
        study()
    odd, reasons[3.0] = 0.0, "too low"
    with pytest.raises(StudyError, match=r"gives no case \(too low\) for point 2"):
        study()
    del reasons[3.0]
    with pytest.raises(StudyError, match="gives another case for point 2"):
        study()


def test_a_study_without_points_may_ask_something_else(tmp_path: Path) -> None:
    """What a mistyped output has left in the folder does not stand in the way of the right one."""
    with pytest.raises(mt.InputError, match="did you mean 'slab'"):
        quick(slab, tmp_path, outputs=["slob.max"])
    whole(quick(slab, tmp_path))
    with pytest.raises(StudyError, match="holds another study: its outputs differ"):
        quick(slab, tmp_path, outputs=["slab.mean"])


def test_folders_that_cannot_be_used_say_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StudyError, match="cannot be used"):
        quick(slab, tmp_path / "file" / "study")
    with pytest.raises(StudyError, match="holds no study that can be read"):
        mt.read_study(tmp_path)
    with pytest.raises(StudyError, match="None is no path"):
        mt.read_study(None)  # type: ignore[arg-type]
    with pytest.raises(mt.InputError, match="folder=3 is no path"):
        quick(slab, 3)  # type: ignore[arg-type]
    (tmp_path / "study.json").write_text("{}")
    with pytest.raises(StudyError, match="cannot be read; restore it"):
        quick(slab, tmp_path)


def test_a_script_without_a_guard_is_told_so(tmp_path: Path) -> None:
    file = tmp_path / "run.py"
    file.write_text(
        f"import sys; sys.path.insert(0, {str(HERE)!r})\n"
        "import mcpthermal as mt\nfrom study_cases import *\n"
        "mt.sweep(slab, power=[1.0, 2.0], mesh=MESH, workers=1)\n"
    )
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True)
    assert done.returncode != 0
    assert "the workers of the study end as they start (exit code 1); a script that calls sweep" in done.stderr


def test_a_mesh_that_cannot_be_kept_ends_the_study_and_is_no_fault_of_a_point(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "meshes").touch()
    with pytest.raises(OutputError, match=r"meshes/mesh-.*\.npz' cannot be written"):
        quick(slab, folder, workers=1)
    assert not list(folder.glob("points/*"))
    (folder / "meshes").unlink()
    whole(quick(slab, folder))


def test_what_workers_cannot_import_is_told_without_their_tracebacks(capfd: pytest.CaptureFixture[str]) -> None:
    """As a make_case below the guard of a script, which is found where it is packed but not where it is unpacked."""
    from mcpthermal.study.executors import Processes
    from mcpthermal.study.work import Task

    with (
        Processes(b"cmcpthermal\nmissing\n.", 1, None) as processes,
        pytest.raises(mt.InputError, match=r"cannot be imported in the workers.*missing.*not below if __name__"),
    ):
        processes.run([Task(0, {})], lambda task, outcome: None)
    assert "Traceback" not in capfd.readouterr().err


def test_what_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import mcpthermal.mesh.writing as writing

    def full(*arguments: Any, **options: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing.tempfile, "mkstemp", full)
    with pytest.raises(OutputError, match="No space left on device; free space"):
        quick(slab, tmp_path)
