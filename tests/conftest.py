"""Settings and fixtures of all tests. JAX and Keras read the environment at import."""

import fcntl
import json
import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "jax"
if "cuda" in os.environ.setdefault("JAX_PLATFORMS", "cpu"):
    # Else an embedding's gradient has other bits in every run.
    os.environ["XLA_FLAGS"] = (
        f"{os.environ.get('XLA_FLAGS', '')} --xla_gpu_deterministic_ops=true"
    )

import jax  # noqa: E402
import pytest  # noqa: E402
from hypothesis import settings  # noqa: E402

# Products of float32 are rounded to TF32 on a GPU unless asked for in full, and differ
# by 3e-4 from what the tests compare them with. No change on a CPU.
jax.config.update("jax_default_matmul_precision", "highest")

settings.register_profile(
    "seqconv", derandomize=True, deadline=None, max_examples=20, database=None
)
settings.load_profile("seqconv")

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_directory(tmp_path_factory, worker_id):
    """A directory of all workers of this session."""
    root = tmp_path_factory.getbasetemp()
    return root if worker_id == "master" else root.parent


@pytest.fixture(scope="session")
def once(shared_directory):
    """Return a function that has one worker compute something; others read its JSON."""

    def found(name, compute):
        file = shared_directory / f"{name}.json"
        with file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not file.exists():
                file.write_text(json.dumps(compute()))
        return json.loads(file.read_text())

    return found


@pytest.fixture(autouse=True, scope="session")
def compilation_cache(shared_directory):
    """Compile a program once a session, however many functions and workers need it."""
    jax.config.update("jax_compilation_cache_dir", str(shared_directory / "xla"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)


@pytest.fixture(autouse=True)
def strict_rank_promotion():
    """Raise at silent broadcasting; `keras_reference` leaves it where Keras must."""
    with jax.numpy_rank_promotion("raise"):
        yield


@pytest.fixture
def x64():
    """Compute in float64, as gradient checks need."""
    with jax.enable_x64(True):
        yield


@pytest.fixture
def data_file():
    """Return a function from parts of a path to a real data file, or skip the test."""
    root = Path(os.environ.get("SEQCONV_DATA") or SHARED)

    def find(*parts: str) -> Path:
        path = root.joinpath(*parts)
        if not path.exists():
            pytest.skip(f"{'/'.join(parts)} is not in {root} (set $SEQCONV_DATA)")
        return path

    return find


@pytest.fixture
def figures(monkeypatch):
    """The figures that were drawn."""
    from matplotlib.figure import Figure

    drawn = []
    savefig = Figure.savefig
    monkeypatch.setattr(
        Figure,
        "savefig",
        lambda self, *args, **kw: (drawn.append(self), savefig(self, *args, **kw))[1],
    )
    return drawn
