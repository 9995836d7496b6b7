"""The header of a `.ts` file: what it says of the data, checked against the data."""

from dataclasses import dataclass

from seqconv_jax._checks import UserError

__all__ = ["Header", "header_line"]

_FLAGS = {
    "timestamps": "timestamps",
    "missing": "missing",
    "univariate": "univariate",
    "equallength": "equal_length",
}
_NUMBERS = {
    "dimensions": "channels",
    "dimension": "channels",
    "serieslength": "length",
}


@dataclass
class Header:
    """What a header says; None for what it leaves out.

    Attributes:
        name: the data set's.
        timestamps: whether values come with times.
        missing: whether values are missing.
        univariate: whether there is one channel.
        channels: how many there are.
        equal_length: whether all series are of one length.
        length: that length.
        labelled: whether the last field of a case is its class.
        classes: what it may be.
    """

    name: str | None = None
    timestamps: bool | None = None
    missing: bool | None = None
    univariate: bool | None = None
    channels: int | None = None
    equal_length: bool | None = None
    length: int | None = None
    labelled: bool | None = None
    classes: tuple[str, ...] | None = None

    def check_case(self, channels: int, lengths: list[int], where: str) -> None:
        """Raise where a case is not what the header, or the case before, says.

        Args:
            channels: those of the case.
            lengths: the steps of each of them.
            where: the file and line.
        """
        if self.univariate and channels > 1:
            raise UserError(
                f"{where} has {channels} channels, but the header says @univariate true"
            )
        self.channels = channels if self.channels is None else self.channels
        if channels != self.channels:
            raise UserError(
                f"{where} has {channels} channels, expected {self.channels}, as the "
                "header or the cases before have (is the class missing?)"
            )
        for length in lengths:
            if self.equal_length and self.length is None:
                self.length = length
            fixed = self.equal_length is not False and self.length is not None
            if fixed and length != self.length:
                raise UserError(
                    f"{where} has {length} steps, expected {self.length}, as the "
                    "header says or the cases before have"
                )

    def check_label(self, label: str, where: str) -> None:
        """Raise for a class that the header does not list."""
        if not label:
            raise UserError(f"{where} has no class behind its last ':'")
        if self.classes is not None and label not in self.classes:
            few = " ".join(self.classes[:9])
            raise UserError(
                f"{where} has class {label!r}, but the header lists @classLabel true "
                f"{few}{' ...' if len(self.classes) > 9 else ''}"
            )


def header_line(header: Header, line: str, where: str) -> str | None:
    """Take over what a line that begins with `@` says.

    Args:
        header: what is filled in.
        line: the line.
        where: the file and line, for messages.

    Returns:
        A note, for a line that means nothing here.

    Raises:
        UserError: for a line that cannot be true, or means data that is not read.

    Example:
        >>> header = Header()
        >>> header_line(header, "@dimensions 12", "x.ts line 1")
        >>> header.channels
        12
    """
    key, *values = line[1:].split()
    key = key.lower()
    if key == "problemname":
        header.name = " ".join(values) or None
    elif key in _FLAGS:
        setattr(header, _FLAGS[key], _flag(line, values[:1], where))
    elif key in _NUMBERS:
        if len(values) != 1 or not values[0].isdecimal() or int(values[0]) < 1:
            raise UserError(f"{where} must say a number of at least 1, got {line!r}")
        setattr(header, _NUMBERS[key], int(values[0]))
    elif key == "classlabel":
        header.labelled = _flag(line, values[:1], where)
        header.classes = tuple(values[1:]) or None
        if header.labelled and len(set(values[1:])) != len(values[1:]):
            raise UserError(f"{where} lists a class twice: {line!r}")
    elif key == "targetlabel":
        if _flag(line, values[:1], where):
            raise UserError(
                f"{where}: the targets are numbers (@targetLabel true), and only "
                "classes (@classLabel true ...) are read"
            )
    else:
        return f"{where}: @{key} means nothing here, and was passed over"
    if header.timestamps:
        raise UserError(
            f"{where}: values with times (@timeStamps true) are not read; write them "
            "without, sampled evenly"
        )
    return None


def _flag(line: str, values: list[str], where: str) -> bool:
    text = "".join(values).lower()
    if text not in ("true", "false"):
        raise UserError(f"{where} must say true or false, got {line!r}")
    return text == "true"
