"""Made-up texts with labels, and the files that people keep such in."""

import csv
import gzip
import io
import json

import numpy as np

OPINIONS = {
    "bad": ("dull", "awful", "boring"),
    "good": ("fine", "great", "lovely"),
    "mixed": ("odd", "uneven", "curious"),
    "none": ("the", "plot", "is"),
}
FILLER = "a film of its time with an actor and some music at the end".split()


def made(count=40, classes=2, seed=0):
    """Return texts and their labels, sorted by label as the folders' are."""
    rng = np.random.default_rng(seed)
    names = sorted(OPINIONS)[:classes]
    rows = []
    for index in range(count):
        name = names[index * classes // count]
        words = list(rng.choice(FILLER, rng.integers(4, 12)))
        for word in rng.choice(OPINIONS[name], 2):
            words.insert(rng.integers(len(words) + 1), word)
        rows.append((f"No. {index}, " + " ".join(words) + "!", name))
    return [text for text, _ in rows], [label for _, label in rows]


def write_folder(path, texts, labels):
    for index, (text, label) in enumerate(zip(texts, labels, strict=True)):
        folder = path / label
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{index:04}.txt").write_text(text, encoding="utf-8")
    return path


def write_csv(path, texts, labels, separator=",", names=("review", "mood")):
    text = io.StringIO()
    rows = csv.writer(text, delimiter=separator)
    rows.writerow(names)
    rows.writerows(zip(texts, labels, strict=True))
    path.write_text(text.getvalue(), encoding="utf-8")
    return path


def write_jsonl(path, texts, labels, names=("review", "mood")):
    lines = [
        json.dumps(dict(zip(names, row, strict=True)))
        for row in zip(texts, labels, strict=True)
    ]
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n\n")
    return path


def write_parquet(path, texts, labels, names=("review", "mood")):
    import pandas as pd

    columns = dict(zip(names, (texts, labels), strict=True))
    pd.DataFrame(columns).to_parquet(path)
    return path
