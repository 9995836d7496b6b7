"""Which rows train, validate and test, as the origin of forecasts moves on."""

from dataclasses import dataclass

from seqconv_jax._checks import UserError, non_negative_int, positive_int

__all__ = ["Fold", "rolling_folds"]


@dataclass(frozen=True)
class Fold:
    """The rows of one fold, as ranges of a time axis; they rise and never overlap.

    A window belongs to the part that all of its targets lie in. Its inputs may look
    back into the part before, as they do in use.

    Attributes:
        train: what is fitted, scales included.
        validation: what chooses an epoch or a penalty.
        test: what is scored.
    """

    train: range
    validation: range
    test: range


def rolling_folds(
    length: int,
    *,
    test: int,
    validation: int,
    folds: int = 5,
    stride: int | None = None,
    train: int | None = None,
    gap: int = 0,
) -> list[Fold]:
    """Return the folds of a rolling origin, the last of which ends with the series.

    Args:
        length: the rows of the time axis.
        test: rows to test on, in each fold.
        validation: rows before those to validate on.
        folds: how many.
        stride: rows that the origin moves on from fold to fold; None for `test`, so
            that every row of the end is tested once.
        train: the rows of a sliding window to train on; None for all from the first,
            an expanding window.
        gap: rows between two parts that are in neither.

    Returns:
        The folds, the earliest first.

    Raises:
        UserError: for numbers out of range, and more folds than the rows allow.

    Reference:
        L. Tashman, "Out-of-sample tests of forecasting accuracy", International Journal
        of Forecasting 16 (2000).

    Example:
        >>> for fold in rolling_folds(20, test=3, validation=2, folds=2, gap=1):
        ...     print(fold.train, fold.validation, fold.test)
        range(0, 10) range(11, 13) range(14, 17)
        range(0, 13) range(14, 16) range(17, 20)
        >>> rolling_folds(20, test=3, validation=2, folds=2, stride=1, train=8)[0].train
        range(6, 14)
    """
    for name, value in {"length": length, "test": test, "folds": folds}.items():
        positive_int(name, value)
    positive_int("validation", validation)
    non_negative_int("gap", gap)
    stride = positive_int("stride", test if stride is None else stride)
    found = []
    for index in range(folds):
        stop = length - (folds - 1 - index) * stride
        tested = range(stop - test, stop)
        validated = range(tested.start - gap - validation, tested.start - gap)
        last = validated.start - gap
        first = 0 if train is None else last - positive_int("train", train)
        if not 0 <= first < last:
            need = (folds - 1) * stride + test + validation + 2 * gap
            raise UserError(
                f"`folds` = {folds} need {need:,} rows behind what the first trains "
                f"on, and {train or 1:,} for that, got {length:,} in all; take fewer, "
                "or shorter parts"
            )
        found.append(Fold(range(first, last), validated, tested))
    return found
