import jax
from train.helpers import small_hybrid, small_task
from train.test_step import same

import seqconv_jax as sc


def test_what_is_compiled_for_one_call_has_the_same_bits():
    """Uniform and orthogonal kernels, in the program of its own and in another's."""
    model, example = small_hybrid(), small_task().example
    tx = sc.optim.rmsprop(1e-3)

    def start():
        return sc.train.init_state(model, tx, example, seed=3).params

    state = start()
    assert same(state, jax.jit(start)())
