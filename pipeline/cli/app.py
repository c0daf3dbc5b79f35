"""The `news-pipeline` command: its parts by name, loaded when asked for, and what the shell is told at the end."""

import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib.metadata import entry_points

from cyclopts import App, CycloptsError, UnknownCommandError

from pipeline import __version__
from pipeline.cli.dash import hide_dashes
from pipeline.cli.exits import CONFIGURATION, CRASH, INTERRUPTED, USAGE, UsageError
from pipeline.errors import ConfigError, PipelineError
from pipeline.offline.output import OutputError
from pipeline.sources.errors import InputError

__all__ = ["build_app", "run_command"]

_EPILOGUE = """\
Settings come from NEWS_* environment variables: see `news-pipeline config show`.

Exit codes: 0 done, 1 failure, 2 wrong usage or unreadable input, 70 ended by the watchdog, 78 wrong configuration."""

# Named as text, so that `--help` and the small commands do not wait for the models and the stream engine.
_COMMANDS: tuple[tuple[str, str, str], ...] = (
    ("worker", "pipeline.cli.worker:worker", "Run a service: one or several consecutive stages on Kafka."),
    ("run", "pipeline.cli.run:run", "Take files through all stages, without a broker."),
    ("topics", "pipeline.cli.topics:app", "Plan, create and list the topics."),
    ("produce", "pipeline.cli.produce:produce", "Send files to the raw topic."),
    ("tail", "pipeline.cli.tail:tail", "Print the records of a topic as they come."),
    ("dlq", "pipeline.cli.dlq:app", "List, show, count and send back dead letters."),
    ("dedupe", "pipeline.cli.dedupe:app", "Count, explain, check and switch what deduplication decides."),
    ("replay", "pipeline.cli.replay:replay", "Copy raw records of a time into a lane, to process them again."),
    ("demo", "pipeline.cli.demo:demo", "Show the whole pipeline at work on its samples, on an embedded broker."),
    ("broker", "pipeline.cli.broker:broker", "Run the embedded broker, for trying out and for tests."),
    ("learn", "pipeline.cli.learn:app", "Learn data files from articles, offline."),
    ("schema", "pipeline.cli.schema:app", "Check the published schemas against earlier releases."),
    ("config", "pipeline.cli.config:app", "Show or check the settings."),
    ("version", "pipeline.cli.version:version", "Print the version of the pipeline, its models and its taxonomy."),
)

# Commands of the distribution `news-pipeline-research`, which need not be installed.
_RESEARCH = {"eval": "Measure quality on labelled data.", "train": "Train the models from corpora, offline."}
_ENTRY_POINTS = "news_pipeline.commands"


def build_app(chosen: str | None = None) -> App:
    """Return the command with all its parts; the chosen one speaks for itself, with its whole description."""
    app = App(
        name="news-pipeline",
        help="Raw news articles in; clean, deduplicated, language-tagged, subject-classified events out.",
        help_epilogue=_EPILOGUE,
        help_format="markdown",
        version=__version__,
        result_action="return_value",
        suppress_keyboard_interrupt=False,
    )
    for name, target, text in _COMMANDS:
        app.command(target, name=name, help=None if name == chosen else text)
    for point in entry_points(group=_ENTRY_POINTS):
        app.command(point.value, name=point.name, help=None if point.name == chosen else _RESEARCH.get(point.name))
    return app


def run_command(tokens: Sequence[str] | None = None) -> int:
    """Run a command line; return its exit code. What the user can mend is said in one line, without a traceback."""
    try:
        line = hide_dashes(sys.argv[1:] if tokens is None else tokens)
        result = build_app(line[0] if line else None)(line, exit_on_error=False, print_error=False)
        sys.stdout.flush()
    except CycloptsError as error:
        return _say(_usage(error), USAGE)
    except PipelineError as error:
        return _say(str(error) or type(error).__name__, _code(error))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader went away (`| head`): nothing to say, and nobody to flush the rest to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CRASH
    return result if isinstance(result, int) else 0


def _code(error: PipelineError) -> int:
    if isinstance(error, UsageError | InputError | OutputError):
        return USAGE
    return CONFIGURATION if isinstance(error, ConfigError) else CRASH


def _usage(error: CycloptsError) -> str:
    hint = "; --help says what there is"
    if not isinstance(error, UnknownCommandError) or error.app is None or not error.unused_tokens:
        return f"{str(error).rstrip('.')}{hint}"
    # Its own text would load every command to tell them apart.
    wrong = error.unused_tokens[0]
    if wrong in _RESEARCH:
        return f"{wrong} comes with the distribution news-pipeline-research, which is not installed"
    close = get_close_matches(wrong, [name for name in error.app if not name.startswith("-")], n=1)
    return f"no command {wrong}" + (f"; did you mean {close[0]}?" if close else hint)


def _say(text: str, code: int) -> int:
    for line in text.splitlines():
        print(f"news-pipeline: {line}", file=sys.stderr)
    return code
