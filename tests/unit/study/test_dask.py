"""The same study on a Dask cluster, a process of which is killed."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest
from study_cases import MESH, slab, slow_slab

import mcpthermal as mt
from mcpthermal.errors import StudyError

distributed = pytest.importorskip("distributed")


def test_a_cluster_that_loses_a_process_gives_the_same_values(tmp_path: Path) -> None:
    powers = [float(n) for n in range(1, 13)]
    options = {"outputs": ["slab.max"], "mesh": MESH, "progress": False, "power": powers}
    here = str(Path(__file__).parent)
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, env={"PYTHONPATH": here}
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        pids = [worker["pid"] for worker in client.run(lambda: {"pid": os.getpid()}).values()]
        folder = tmp_path / "study"

        def kill() -> None:
            while len(list(folder.glob("points/[0-9]*.json"))) < 2:
                time.sleep(0.02)
            os.kill(pids[0], signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        study = mt.sweep(slow_slab, workers=client, folder=folder, **options)  # type: ignore[arg-type]
        killer.join()
        assert pids[0] not in [worker["pid"] for worker in client.run(lambda: {"pid": os.getpid()}).values()]
        address = "dask://" + cluster.scheduler_address.removeprefix("tcp://")
        again = mt.sweep(slab, workers=address, **{**options, "power": powers[:2]})  # type: ignore[arg-type]
    assert [point.status for point in study.points] == ["solved"] * 12
    assert study.column("slab.max") == pytest.approx([300.0 + 15.0 * power for power in powers])
    assert list(again.column("slab.max")) == pytest.approx([315.0, 330.0])


def test_a_cluster_that_does_not_answer_is_told() -> None:
    with pytest.raises(StudyError, match="no Dask scheduler answers at 'dask:"):
        mt.sweep(slab, power=[1.0], mesh=MESH, workers="dask://127.0.0.1:9", progress=False)
