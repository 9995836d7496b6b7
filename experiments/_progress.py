"""Who is shown how a training goes on: the terminal, and TensorBoard."""

import time
from collections.abc import Callable
from typing import Any


def reporter(settings: Any, run: Any) -> Any:
    """Return who is shown the training of a run: the terminal, and TensorBoard."""
    bar = ProgressBar(settings.batch_size)
    if not settings.tensorboard:
        return bar
    from seqconv_jax import train

    return train.Reporters(bar, train.TensorBoard(run.path / "tensorboard"))


class ProgressBar:
    """Draws a bar with the loss and the speed, and prints a line for every epoch."""

    def __init__(self, batch_size: int, refresh_seconds: float = 0.5):
        """Draw nothing yet."""
        from rich.console import Console

        self._batch_size = batch_size
        self._refresh = refresh_seconds
        self._console = Console()
        self._bar: Any = None

    def begin(self, epoch: int, epochs: int, done: int, steps: int) -> None:
        """Start the epoch's bar."""
        from rich import progress

        columns = (
            progress.TextColumn(f"epoch {epoch}/{epochs}"),
            progress.BarColumn(bar_width=30),
            progress.MofNCompleteColumn(),
            progress.TextColumn("{task.fields[note]}"),
            progress.TimeRemainingColumn(compact=True),
        )
        self._bar = progress.Progress(
            *columns,
            console=self._console,
            transient=True,
            auto_refresh=False,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("", total=steps, completed=done, note="")
        self._started, self._steps, self._shown = time.perf_counter(), 0, 0.0
        self._bar.start()

    def advance(self, steps: int, loss: Callable[[], float]) -> None:
        """Move the bar, redrawing it a few times a second at the most."""
        self._steps += steps
        self._bar.advance(self._task, steps)
        now = time.perf_counter()
        if now - self._shown >= self._refresh:
            speed = self._steps * self._batch_size / (now - self._started)
            note = f"loss {loss():.4f}  {speed:,.0f} examples/s"
            self._bar.update(self._task, note=note, refresh=True)
            self._shown = now

    def end(self, record: dict[str, Any]) -> None:
        """Replace the bar by the epoch's line."""
        self._bar.stop()
        scores = "  ".join(
            f"{name} {value:.4f}"
            for name, value in record.items()
            if isinstance(value, float)
            and name not in ("seconds", "examples_per_second", "gradient_norm")
        )
        print(
            f"epoch {record['epoch']:>2}  {scores}  {record['seconds']:.1f} s  "
            f"{record['examples_per_second']:,.0f} examples/s",
            flush=True,
        )
