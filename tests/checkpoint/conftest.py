import pytest
from checkpoint.helpers import make_tree

from seqconv_jax.checkpoint import Checkpoints


@pytest.fixture
def saved(tmp_path):
    """A directory with steps 10 (the best) and 20 (the latest)."""
    with Checkpoints(tmp_path / "c") as checkpoints:
        checkpoints.save(10, make_tree(10), {"val_loss": 0.5})
        checkpoints.save(20, make_tree(20), {"val_loss": 0.75})
    return tmp_path / "c"
