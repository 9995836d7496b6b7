"""Peers beside us on a GPU: made ready all at once, and left out where they fail."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import compare
from _data import Problem
from _peers import OURS, PEERS
from _worker import Worker
from _workloads import Workload

from seqconv_jax import UserError


def beside_peers(
    settings: compare.Settings,
    workload: Workload,
    problem: Problem,
    peers: list[str],
    *,
    timeout: float,
    together: bool,
) -> dict[str, Any]:
    """Return what `compare.compare` does of a workload, without memory and start-up.

    Args:
        settings: how often what is timed.
        workload: what to build.
        problem: the examples.
        peers: who, us among them.
        timeout: seconds that any answer may take.
        together: whether all compile at once, or one after the other.

    Raises:
        UserError: where we fail; of others the first line of the error is kept.
    """
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        path = Path(folder) / "problem.npz"
        problem.save(path)

        def ready(peer: str) -> Worker | str:
            try:
                worker = stack.enter_context(
                    Worker(
                        peer,
                        workload,
                        path,
                        epoch_steps=settings.epoch_steps,
                        timeout=timeout,
                    )
                )
                worker.ask("epoch")
                worker.ask("train", 1)
                for size in (1, workload.batch_size):
                    worker.ask("infer", size, 1)
            except UserError as error:
                return str(error)
            return worker

        with ThreadPoolExecutor(len(peers) if together else 1) as pool:
            found = dict(zip(peers, pool.map(ready, peers), strict=True))
        workers = {p: each for p, each in found.items() if isinstance(each, Worker)}
        failed = {p: each for p, each in found.items() if isinstance(each, str)}
        if OURS in failed:
            raise UserError(failed[OURS])
        deviations: dict[str, float] = {}
        for peer in list(workers):
            try:
                deviations |= _deviation(settings, workers, peer)
            except UserError as error:
                failed[peer] = str(error)
                del workers[peer]
        return {
            "title": workload.title,
            "seconds": compare.in_turns(settings, workers),
            "deviation": deviations,
            "notes": {peer: PEERS[peer].note(workload) for peer in workers},
            "failed": {p: " ".join(each.split())[:300] for p, each in failed.items()},
        }


def _deviation(
    settings: compare.Settings, workers: dict[str, Worker], peer: str
) -> dict[str, float]:
    reset_after = PEERS[peer].reset_after
    references = {reset_after: workers[OURS].ask("reference", reset_after)}
    tolerance = compare.TOLERANCE[settings.precision]
    return compare.check({peer: workers[peer]}, references, tolerance)
