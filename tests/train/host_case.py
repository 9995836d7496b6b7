"""One of several processes that train a tiny model together; see test_hosts.

`python -m train.host_case RUN SLEEP EPOCHS COORDINATOR PROCESSES PROCESS [DEVICES]`
"""

import os
import sys
import time

import numpy as np
from train.tiny import Line, tiny_fit

import seqconv_jax as sc


def train(path, sleep, epochs, mesh):
    def callback(state, record):
        print(f"epoch {record['epoch']}", flush=True)
        time.sleep(sleep)

    options = {"epochs": epochs, "callback": callback, "mesh": mesh}
    if not sc.train.is_first():
        return tiny_fit(Line(0.3), **options)
    with sc.runs.open(path, resume=True) as run:
        return tiny_fit(Line(0.3), run=run, **options)


def main(path, sleep, epochs, coordinator, processes, process, devices="1"):
    sc.train.join_hosts(coordinator, int(processes), int(process))
    mesh = sc.train.data_mesh(int(devices))
    try:
        result = train(path, float(sleep), int(epochs), mesh)
    except (KeyboardInterrupt, sc.train.ProcessLostError, sc.UserError) as error:
        import traceback

        traceback.print_exc()
        print(f"{type(error).__name__}: {error}", flush=True)
        os._exit(3)
    kernel = np.asarray(result.best.params["Dense_0"]["kernel"])
    print(f"done {result.history[-1]['loss']!r} {float(kernel.sum())!r}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
