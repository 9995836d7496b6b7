"""The benchmarks' workloads, made small enough for tests."""

from dataclasses import replace

from _workloads import WORKLOADS

TINY = {
    name: replace(
        workload,
        length=90,
        columns=3,
        vocabulary=50,
        units=4,
        dilations=(1, 2),
        batch_size=4,
    )
    for name, workload in WORKLOADS.items()
}
