"""What goes to another process acts there as here."""

import sys
import threading
from types import FunctionType

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import seqconv_jax as sc
from seqconv_jax import UserError
from seqconv_jax._sent import receive, send


def update(tx):
    params = {"w": jnp.arange(3.0)}
    grads = {"w": jnp.ones(3)}
    updates, _ = tx.update(grads, tx.init(params), params)
    return updates["w"].tolist()


@pytest.mark.parametrize(
    "tx",
    [
        sc.optim.rmsprop(1e-3),
        optax.adam(optax.cosine_decay_schedule(1e-3, 10)),
        optax.chain(optax.clip_by_global_norm(1.0), optax.sgd(0.1, momentum=0.9)),
        optax.inject_hyperparams(optax.adam)(1e-3),
    ],
    ids=["rmsprop", "schedule", "chain", "injected"],
)
def test_optimizers(tx):
    assert update(receive(send(tx, "optimizer"))) == update(tx)


def test_functions_of_all_kinds():
    count = 3

    def power(x, n=count):
        return x if n == 0 else 2 * power(x, n - 1)

    assert receive(send(power, "f"))(1) == 8
    assert receive(send(jax.jit(lambda x: x + count), "f"))(1) == 4
    assert receive(send(sc.losses.mae, "f")) is sc.losses.mae
    assert receive(send(jax.nn.relu, "f")) is jax.nn.relu


@pytest.mark.parametrize("file", [None, "<stdin>"])
def test_what_an_interactive_session_defines(file, monkeypatch):
    monkeypatch.setattr(sys.modules["__main__"], "__file__", file, raising=False)
    function = FunctionType((lambda x: x).__code__, {"__name__": "__main__"})
    with pytest.raises(UserError, match="<lambda> must be defined in a file"):
        send([function], "metrics")


def test_what_cannot_be_sent_is_named():
    with pytest.raises(UserError, match="`loss` must be sent to other processes, got"):
        send({"held": threading.Lock()}, "loss")


def test_a_mapped_array_is_sent_as_its_file(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(6000.0).reshape(2000, 3))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    content = send(mapped, "x")
    again = receive(content)
    assert len(content) < 1000 and isinstance(again, np.memmap)
    assert not again.flags.writeable
    np.testing.assert_array_equal(again, mapped)
    part = receive(send(mapped[5:9], "x"))
    np.testing.assert_array_equal(part, mapped[5:9])
