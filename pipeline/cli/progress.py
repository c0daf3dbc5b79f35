"""A line of progress, on a terminal only."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

__all__ = ["show_progress"]


@contextmanager
def show_progress(what: str) -> Iterator[Callable[[int], None]]:
    """Give a function that shows how many articles are done; it shows nothing where standard error is no terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} {task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(f"articles {what}", total=None)
        yield lambda done: progress.update(task, completed=done)
