"""States of PyTorch's layers, as zeros to be filled or damaged."""

from typing import Any

import numpy as np
from numerics import normal


def zeros(**shapes):
    return {name: np.zeros(shape) for name, shape in shapes.items()}


GRU = zeros(
    weight_ih_l0=(15, 4), weight_hh_l0=(15, 5), bias_ih_l0=(15,), bias_hh_l0=(15,)
)


BOTH = GRU | {f"{name}_reverse": array for name, array in GRU.items()}


OURS = zeros(kernel=(4, 15), recurrent_kernel=(5, 15), bias=(2, 15))


def without(arrays, *names):
    return {name: array for name, array in arrays.items() if name not in names}


def random(arrays) -> Any:
    return {
        name: random(array)
        if isinstance(array, dict)
        else normal(*array.shape, seed=seed)
        for seed, (name, array) in enumerate(arrays.items())
    }
