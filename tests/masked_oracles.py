"""References for masked sequences, window by window, in the manner of `oracles`."""

import numpy as np
from oracles import float64, output_length, padding_sides


def masked_windows(mask, size, stride=1, padding="valid", dilation=1):
    """Yield the row, the place of the output and the steps under each tap.

    A tap outside the bare sequence, from the first real step to the last, has None.
    """
    stays = stride == 1 and (padding != "valid" or size == 1)
    for b, row in enumerate(mask):
        real = [t for t in range(len(row)) if row[t]]
        if not real:
            continue
        first, length = real[0], real[-1] - real[0] + 1
        windows = output_length(length, size, stride, padding, dilation)
        before, _ = padding_sides(length, size, stride, padding, dilation)
        for j in range(max(windows, 1)):
            steps = [j * stride + k * dilation - before for k in range(size)]
            steps = [first + s if 0 <= s < length else None for s in steps]
            yield b, (first + j if stays else j), steps


def window_mask(mask, size, **options):
    """Count windows with a real step, and those that lie in the padding alone."""
    y = np.zeros((len(mask), output_length(mask.shape[1], size, **options)), bool)
    for b, j, steps in masked_windows(mask, size, **options):
        within = [s for s in steps if s is not None]
        y[b, j] = not within or any(mask[b, s] for s in within)
    return y


def masked_conv1d(x, kernel, mask, **options):
    """Return the windows that there are; zeros elsewhere."""
    x, kernel = float64(x), float64(kernel)
    outputs = output_length(x.shape[1], len(kernel), **options)
    y = np.zeros((len(x), outputs, kernel.shape[2]))
    for b, j, steps in masked_windows(mask, len(kernel), **options):
        for k, s in enumerate(steps):
            if s is not None and mask[b, s]:
                y[b, j] += x[b, s] @ kernel[k]
    return y


def masked_pool(reduce, x, window, mask, **options):
    """Return the windows with a real step; zeros elsewhere."""
    outputs = output_length(x.shape[1], window, **options)
    y = np.zeros((len(x), outputs, x.shape[2]))
    for b, j, steps in masked_windows(mask, window, **options):
        real = [x[b, s] for s in steps if s is not None and mask[b, s]]
        if real:
            y[b, j] = reduce(float64(real), axis=0)
    return y
