"""Small files in the form of `imdb.npz`, and what Keras makes of them, in loops."""

import numpy as np

X_TRAIN = [[5, 1, 9], [2], [], [7, 7, 4, 1, 3, 20, 8], [6, 11]]
X_TEST = [[3, 2, 1], [12, 5], [1]]


def objects(rows):
    array = np.empty(len(rows), object)
    array[:] = rows
    return array


def write_reviews(
    path, x_train=X_TRAIN, y_train=(1, 0, 1, 0, 1), x_test=X_TEST, y_test=(0, 1, 0)
):
    np.savez(
        path,
        x_train=objects(x_train),
        y_train=np.array(y_train),
        x_test=objects(x_test),
        y_test=np.array(y_test),
    )
    return path


def plain_keras(x, order, *, num_words, skip_top, start, oov, shift):
    """Say in plain loops what `keras.datasets.imdb.load_data` does with one split."""
    result = []
    for row in order:
        ids = ([] if start is None else [start]) + [word + shift for word in x[row]]
        if oov is None:
            ids = [one for one in ids if skip_top <= one < num_words]
        else:
            ids = [one if skip_top <= one < num_words else oov for one in ids]
        result.append(ids)
    return result


def plain_pad(rows, maxlen, padding="pre", truncating="pre"):
    padded = []
    for row in rows:
        row = row[-maxlen:] if truncating == "pre" else row[:maxlen]
        zeros = [0] * (maxlen - len(row))
        padded.append(zeros + row if padding == "pre" else row + zeros)
    return padded


def keras_orders(seed, *lengths):
    generator = np.random.RandomState(seed)
    orders = [np.arange(length) for length in lengths]
    for order in orders:
        generator.shuffle(order)
    return orders
