"""References for `lstm` and `simple_rnn`, in the manner of `oracles`."""

import numpy as np
from oracles import GATES, float64


def _recurrent(step, x, states, mask, reverse, return_sequences):
    """Walk every sequence of the batch alone; states lie in the order of the input."""
    batch, time, _ = x.shape
    outputs = np.zeros((batch, time, states[0].shape[1]))
    last = np.zeros_like(states[0])
    for b in range(batch):
        state = tuple(s[b] for s in states)
        for t in reversed(range(time)) if reverse else range(time):
            if mask is None or mask[b, t]:
                state = step(b, x[b, t], *state)
            outputs[b, t] = state[0]
        last[b] = state[0]
    return outputs if return_sequences else last


def lstm(
    x,
    kernel,
    recurrent_kernel,
    bias=None,
    *,
    gate_activation="sigmoid",
    initial_state=None,
    mask=None,
    reverse=False,
    return_sequences=False,
    input_dropout_mask=None,
    recurrent_dropout_mask=None,
):
    x, kernel, recurrent = map(float64, (x, kernel, recurrent_kernel))
    units, gate = recurrent.shape[0], GATES[gate_activation]
    bias = np.zeros(4 * units) if bias is None else float64(bias)

    def step(b, v, h, c):
        sums = []
        for k in range(4):
            part = slice(k * units, (k + 1) * units)
            n = 1 if input_dropout_mask is None else input_dropout_mask[k][b]
            m = 1 if recurrent_dropout_mask is None else recurrent_dropout_mask[k][b]
            sums.append((n * v) @ kernel[:, part] + (m * h) @ recurrent[:, part])
            sums[k] = sums[k] + bias[part]
        c = gate(sums[1]) * c + gate(sums[0]) * np.tanh(sums[2])
        return gate(sums[3]) * np.tanh(c), c

    states = [np.zeros((len(x), units))] * 2 if initial_state is None else initial_state
    states = [float64(s) for s in states]
    return _recurrent(step, x, states, mask, reverse, return_sequences)


def simple_rnn(
    x,
    kernel,
    recurrent_kernel,
    bias=None,
    *,
    activation="tanh",
    initial_state=None,
    mask=None,
    reverse=False,
    return_sequences=False,
    input_dropout_mask=None,
    recurrent_dropout_mask=None,
):
    x, kernel, recurrent = map(float64, (x, kernel, recurrent_kernel))
    function = {"tanh": np.tanh, "relu": lambda a: np.maximum(a, 0)}[activation]

    def step(b, v, h):
        n = 1 if input_dropout_mask is None else input_dropout_mask[b]
        m = 1 if recurrent_dropout_mask is None else recurrent_dropout_mask[b]
        total = (n * v) @ kernel + (m * h) @ recurrent
        return (function(total if bias is None else total + float64(bias)),)

    state = np.zeros((len(x), len(recurrent)))
    state = state if initial_state is None else float64(initial_state)
    return _recurrent(step, x, [state], mask, reverse, return_sequences)
