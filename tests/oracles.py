"""References in plain NumPy loops, written from the formulas and nothing else.

They compute in float64, index one element or one vector at a time, and share no code
with the package.
"""

import math
from typing import Any

import numpy as np


def float64(array) -> Any:
    return np.asarray(array, np.float64)


def padding_sides(length, window, stride, padding, dilation=1):
    """Return the steps added before and after the sequence."""
    span = (window - 1) * dilation + 1
    if padding == "valid":
        return 0, 0
    if padding == "causal":
        return span - 1, 0
    total = max((math.ceil(length / stride) - 1) * stride + span - length, 0)
    return total // 2, total - total // 2


def output_length(length, window, stride=1, padding="valid", dilation=1):
    """Count the windows by placing them one after another."""
    span = (window - 1) * dilation + 1
    before, after = padding_sides(length, window, stride, padding, dilation)
    count, start = 0, -before
    while start + span <= length + after:
        count, start = count + 1, start + stride
    return count


def conv1d(x, kernel, bias=None, *, stride=1, padding="valid", dilation=1):
    x, kernel = float64(x), float64(kernel)
    taps, filters = kernel.shape[0], kernel.shape[2]
    before, _ = padding_sides(x.shape[1], taps, stride, padding, dilation)
    steps = output_length(x.shape[1], taps, stride, padding, dilation)
    y = np.zeros((x.shape[0], steps, filters))
    for b in range(x.shape[0]):
        for t in range(steps):
            for k in range(taps):
                source = t * stride + k * dilation - before
                if 0 <= source < x.shape[1]:
                    y[b, t] += x[b, source] @ kernel[k]
    return y if bias is None else y + float64(bias)


def _windows(x, window, stride, padding, mask):
    """Yield every window's place and the values of its real steps."""
    stride = window if stride is None else stride
    before, _ = padding_sides(x.shape[1], window, stride, padding)
    for b in range(x.shape[0]):
        for t in range(output_length(x.shape[1], window, stride, padding)):
            steps = [t * stride + k - before for k in range(window)]
            real = [
                x[b, s]
                for s in steps
                if 0 <= s < x.shape[1] and (mask is None or mask[b, s])
            ]
            yield b, t, real


def _pool(reduce, x, window, stride, padding, mask):
    x = float64(x)
    steps = output_length(x.shape[1], window, stride or window, padding)
    y = np.zeros((x.shape[0], steps, x.shape[2]))
    for b, t, real in _windows(x, window, stride, padding, mask):
        if real:
            y[b, t] = reduce(real, axis=0)
    return y


def max_pool(x, window, *, stride=None, padding="valid", mask=None):
    return _pool(np.max, x, window, stride, padding, mask)


def avg_pool(x, window, *, stride=None, padding="valid", mask=None):
    return _pool(np.mean, x, window, stride, padding, mask)


def pool_mask(mask, window, *, stride=None, padding="valid"):
    x = np.zeros((*mask.shape, 1))
    steps = output_length(mask.shape[1], window, stride or window, padding)
    y = np.zeros((mask.shape[0], steps), bool)
    for b, t, real in _windows(x, window, stride, padding, mask):
        y[b, t] = bool(real)
    return y


def _global_pool(reduce, x, mask):
    y = np.zeros((x.shape[0], x.shape[2]))
    for b in range(x.shape[0]):
        real = [x[b, t] for t in range(x.shape[1]) if mask is None or mask[b, t]]
        if real:
            y[b] = reduce(float64(real), axis=0)
    return y


def global_max_pool(x, *, mask=None):
    return _global_pool(np.max, x, mask)


def global_avg_pool(x, *, mask=None):
    return _global_pool(np.mean, x, mask)


GATES = {
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "hard_sigmoid": lambda a: np.minimum(np.maximum(a + 3, 0), 6) / 6,
    "hard_sigmoid_keras2": lambda a: np.minimum(np.maximum(0.2 * a + 0.5, 0), 1),
}


def gru(
    x,
    kernel,
    recurrent_kernel,
    bias=None,
    *,
    reset_after=False,
    gate_activation="sigmoid",
    initial_state=None,
    mask=None,
    reverse=False,
    return_sequences=False,
    input_dropout_mask=None,
    recurrent_dropout_mask=None,
):
    """Walk every sequence of the batch alone; states lie in the order of the input."""
    x, kernel, recurrent = map(float64, (x, kernel, recurrent_kernel))
    batch, time, features = x.shape
    units = recurrent.shape[0]
    gate = GATES[gate_activation]
    columns = [slice(i * units, (i + 1) * units) for i in range(3)]
    w_z, w_r, w_h = (kernel[:, c] for c in columns)
    u_z, u_r, u_h = (recurrent[:, c] for c in columns)
    both = np.zeros((2, 3 * units))
    if bias is not None:
        both[: 2 if reset_after else 1] = bias
    (a_z, a_r, a_h), (b_z, b_r, b_h) = ([row[c] for c in columns] for row in both)
    if input_dropout_mask is None:
        input_dropout_mask = np.ones((3, batch, features))
    if recurrent_dropout_mask is None:
        recurrent_dropout_mask = np.ones((3, batch, units))

    states = np.zeros((batch, time, units))
    last = np.zeros((batch, units))
    for b in range(batch):
        n_z, n_r, n_h = float64(input_dropout_mask)[:, b]
        m_z, m_r, m_h = float64(recurrent_dropout_mask)[:, b]
        h = np.zeros(units) if initial_state is None else float64(initial_state[b])
        for t in reversed(range(time)) if reverse else range(time):
            if mask is None or mask[b, t]:
                v = x[b, t]
                z = gate((v * n_z) @ w_z + a_z + (h * m_z) @ u_z + b_z)
                r = gate((v * n_r) @ w_r + a_r + (h * m_r) @ u_r + b_r)
                if reset_after:
                    inner = r * ((h * m_h) @ u_h + b_h)
                else:
                    inner = (r * h * m_h) @ u_h
                candidate = np.tanh((v * n_h) @ w_h + a_h + inner)
                h = z * h + (1 - z) * candidate
            states[b, t] = h
        last[b] = h
    return states if return_sequences else last


def rmsprop(
    start,
    gradients,
    learning_rate,
    *,
    decay=0.9,
    epsilon=1e-7,
    epsilon_in_root=True,
    momentum=0.0,
    centered=False,
):
    """Return the parameter after every gradient."""
    p = float64(start)
    square, mean, speed = np.zeros_like(p), np.zeros_like(p), np.zeros_like(p)
    path = []
    for step, gradient in enumerate(gradients):
        g = float64(gradient)
        square = decay * square + (1 - decay) * g * g
        mean = decay * mean + (1 - decay) * g
        variance = square - mean * mean if centered else square
        if epsilon_in_root:
            root = np.sqrt(variance + epsilon)
        else:
            root = np.sqrt(variance) + epsilon
        rate = learning_rate(step) if callable(learning_rate) else learning_rate
        speed = momentum * speed + rate * g / root
        p = p - speed
        path.append(p)
    return np.stack(path)


def binary_cross_entropy(logits, labels):
    """Return the mean over the outputs of -log of the labels' probability."""
    loss = np.zeros(logits.shape)
    for place in np.ndindex(logits.shape):
        # The probability of the label is sigmoid(x) or sigmoid(-x).
        x = float(logits[place]) * (1 if labels[place] == 1 else -1)
        loss[place] = math.log1p(math.exp(-x)) if x > 0 else math.log1p(math.exp(x)) - x
    return loss.mean(axis=-1)
