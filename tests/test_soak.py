"""A slice of the soak, and that it would see what it looks for."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from soaking import samples
from soaking.cases import HANG, LOST, RIGHT, Result, answered, random_of
from soaking.outcomes import difference
from soaking.process_cases import INJECT
from soaking.readers import READERS, FileKind
from soaking.tally import Tally

from seqconv_jax import UserError

SOAK = Path(__file__).with_name("soak.py")
DAY = np.timedelta64(1, "D")
MINUTES = os.environ.get("SEQCONV_SOAK_MINUTES", "2")


def test_a_slice(tmp_path):
    command = [sys.executable, SOAK, "--minutes", MINUTES, "--workers", "1"]
    command += ["--programs", "1", "--seed", "15", "--out", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    kinds = json.loads((tmp_path / "soak.json").read_text())["kinds"]
    assert sum(sum(kind["outcomes"].values()) for kind in kinds.values()) > 1


def test_a_case_is_a_function_of_its_seed_and_number(tmp_path):
    kind = FileKind(READERS["csv"], tmp_path)

    def inputs(seed):
        for number in range(20):
            (path, *_), how = kind.damage(random_of(seed, "csv", number), tmp_path)
            yield path.read_bytes(), how

    assert list(inputs(1)) == list(inputs(1)) != list(inputs(2))


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        (lambda value: value, RIGHT),
        (lambda value: value | {"values": value["values"][:-1]}, LOST),
        (lambda value: value | {"values": value["values"] + 1e-6}, LOST),
        (lambda value: value | {"times": value["times"] + DAY}, LOST),
    ],
)
def test_a_csv_that_is_misread_is_seen(tmp_path, change, outcome):
    honest = READERS["csv"]
    kind = FileKind(honest, tmp_path)
    kind._reader = honest._replace(read=lambda path: change(honest.read(path)))
    path = tmp_path / "x.csv"
    path.write_bytes(samples.csv_of(31))
    assert kind.run((path, 0, False))[0] == outcome


def test_other_content_of_a_sealed_file_is_seen(tmp_path):
    kind = FileKind(READERS["csv.gz"], tmp_path)
    path = tmp_path / "x.csv.gz"
    path.write_bytes(samples.gz_of(samples.csv_of(31)))
    assert kind.run((path, 0, True))[0] == LOST


def test_damage_ends_in_no_other_number(tmp_path):
    kind = FileKind(READERS["npz"], tmp_path)
    outcomes = set()
    for number in range(30):
        case, _ = kind.damage(random_of(0, "npz", number), tmp_path)
        try:
            outcomes.add(kind.run(case)[0])
        except UserError:
            outcomes.add("refused")
        except Exception:  # whatever else is raised is for the soak itself to find
            pass
    assert "refused" in outcomes and LOST not in outcomes


def test_a_difference_is_told_but_not_a_checkpoint_too_many():
    want = {". epoch 1": {"loss": 0.5}, ". checkpoint 6": "a"}
    assert difference({**want, ". checkpoint 7": "b"}, want) == ""
    assert "epoch 1" in difference({**want, ". epoch 1": {"loss": 0.25}}, want)
    assert "checkpoint 6" in difference({". epoch 1": {"loss": 0.5}}, want)


@pytest.mark.parametrize(
    ("action", "code", "left"),
    [
        ({"action": "kill"}, -9, ["0"]),
        ({"action": "error", "number": 28}, 28, ["0", "2"]),
    ],
)
def test_a_fault_meets_the_change_it_is_meant_for(tmp_path, action, code, left):
    program = """
import sys
last = 0
for i in range(3):
    try:
        open(f"{sys.argv[1]}/{i}", "w").close()
    except OSError as error:
        last = error.errno
sys.exit(last)
"""
    fault = {"root": str(tmp_path), "first": 2, "last": 2, **action}
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path],
        env=os.environ | {"PYTHONPATH": str(INJECT), "SOAK_FAULT": json.dumps(fault)},
    )
    assert done.returncode == code
    assert sorted(path.name for path in tmp_path.iterdir()) == left


def test_the_table_counts_and_keeps_what_must_not_be(tmp_path):
    tally = Tally(tmp_path / "out", seed=3)
    (tmp_path / "case").mkdir()
    (tmp_path / "case" / "input.csv").write_bytes(b"a\n1\n")
    tally.add(Result("csv", 4, RIGHT), tmp_path / "case")
    assert tally.faults == 0
    tally.add(Result("csv", 5, LOST, "cut", "2 for 1", "row"), tmp_path / "case")
    tally.write()
    assert tally.faults == 1
    assert "--seed 3 --only csv --case 5" in tally.findings()[0]
    assert np.loadtxt(tmp_path / "out/findings/csv-5/input.csv", skiprows=1) == 1
    counts = tally.table().splitlines()[1].split()
    assert counts[:2] == ["csv", "2"]


@pytest.mark.parametrize(
    ("ends", "outcome"), [([HANG, RIGHT], RIGHT), ([HANG] * 2, HANG)]
)
def test_what_gave_no_answer_is_asked_once_more(ends, outcome):
    ends = iter(ends)
    result = answered(lambda kind, number: Result(kind, number, next(ends)), "csv", 7)
    assert (result.outcome, result.counts) == (outcome, (("slow", 1),))
