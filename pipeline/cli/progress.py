"""A progress line, on terminals only."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

__all__ = ["show_progress"]


@contextmanager
def show_progress(what: str) -> Iterator[Callable[[int], None]]:
    """Yield a function that shows a number of processed articles; it does nothing if standard error is no terminal.

    Args:
        what: What happened to them, such as "sent".
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} {task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(f"articles {what}", total=None)
        yield lambda done: progress.update(task, completed=done)
