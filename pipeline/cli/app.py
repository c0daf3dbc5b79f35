"""The `news-pipeline` command: its subcommands, loaded when they are used, and its exit codes."""

import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib.metadata import entry_points

from cyclopts import App, CycloptsError, UnknownCommandError

from pipeline import __version__
from pipeline.cli.arguments import UsageError, hide_dashes
from pipeline.errors import ConfigError, PipelineError
from pipeline.exit_codes import ExitCode
from pipeline.offline.output import OutputError
from pipeline.sources.errors import InputError

__all__ = ["build_app", "run_command"]

_EPILOGUE = """\
Settings come from NEWS_* environment variables: see `news-pipeline config show`.

Exit codes: 0 done, 1 failure, 2 wrong usage or unreadable input, 70 ended by the watchdog, 78 wrong configuration,
130 ended by Ctrl-C, 143 ended by SIGTERM."""

# Import paths as text, so that `--help` and the small commands do not import the models and the stream engine.
_COMMANDS: tuple[tuple[str, str, str], ...] = (
    ("worker", "pipeline.cli.worker:worker", "Run a service: one or several consecutive stages on Kafka."),
    ("search", "pipeline.cli.search:search", "Serve a search over the articles: a page, and JSON."),
    ("alert", "pipeline.cli.alert:alert", "Notify of articles that match saved queries."),
    ("run", "pipeline.cli.run:run", "Process files with all stages, without a broker."),
    ("topics", "pipeline.cli.topics:app", "Plan, create and list the topics."),
    ("source", "pipeline.cli.source:app", "Get articles from feeds and elsewhere into the raw topic."),
    ("produce", "pipeline.cli.produce:produce", "Send files to the raw topic."),
    ("tail", "pipeline.cli.tail:tail", "Print the records of a topic as they arrive."),
    ("top", "pipeline.cli.top:top", "Show all workers in the terminal: rates, lag, latency, dead letters."),
    ("lag", "pipeline.cli.lag:lag", "Print how far the consumer groups are behind."),
    ("status", "pipeline.cli.status:status", "Print the state of groups, logs and retention, as the brokers know it."),
    ("monitor", "pipeline.cli.monitor:monitor", "Export that state, and the rhythm of sources, as metrics."),
    ("dlq", "pipeline.cli.dlq:app", "List, show, count and send back dead letters."),
    ("dedupe", "pipeline.cli.dedupe:app", "Count, explain and check verdicts; switch the version of the fold."),
    ("story", "pipeline.cli.story:app", "Explain the stories of articles."),
    ("replay", "pipeline.cli.replay:replay", "Copy raw records of a time range into a lane, to process them again."),
    ("retract", "pipeline.cli.retract:retract", "Retract all articles of a source."),
    ("erase", "pipeline.cli.erase:erase", "Erase an article, and report where records of it remain."),
    ("demo", "pipeline.cli.demo:demo", "Run the whole pipeline on its samples, on an embedded broker."),
    ("broker", "pipeline.cli.broker:broker", "Run the embedded broker, for trials and tests."),
    ("learn", "pipeline.cli.learn:app", "Learn data files from articles, offline."),
    ("schema", "pipeline.cli.schema:app", "Compare the published schemas with earlier releases."),
    ("config", "pipeline.cli.config:app", "Show or check the settings."),
    ("version", "pipeline.cli.version:version", "Print the version of the pipeline, its models and its taxonomy."),
)

# Commands of the distribution `news-pipeline-research`, which is optional.
_RESEARCH = {"eval": "Measure quality on labelled data.", "train": "Train the models from corpora, offline."}
_ENTRY_POINTS = "news_pipeline.commands"


def build_app(chosen: str | None = None) -> App:
    """Return the command with all subcommands.

    Args:
        chosen: The subcommand that will run, if known: its help is its whole docstring, that of the others one line.
    """
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
    """Run a command line and return its exit code.

    Errors that a user can correct are printed without a traceback. Exceptions that are no `PipelineError` are raised.

    Args:
        tokens: The command line; that of this process by default.
    """
    try:
        line = hide_dashes(sys.argv[1:] if tokens is None else tokens)
        result = build_app(line[0] if line else None)(line, exit_on_error=False, print_error=False)
        sys.stdout.flush()
    except CycloptsError as error:
        return _print_error(_usage(error), ExitCode.USAGE)
    except PipelineError as error:
        return _print_error(str(error) or type(error).__name__, _code(error))
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader has closed the pipe (`| head`). Python would fail again when it flushes standard output at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.CRASH
    return result if isinstance(result, int) else 0


def _code(error: PipelineError) -> ExitCode:
    if isinstance(error, UsageError | InputError | OutputError):
        return ExitCode.USAGE
    return ExitCode.CONFIG if isinstance(error, ConfigError) else ExitCode.CRASH


def _usage(error: CycloptsError) -> str:
    hint = "; see --help"
    if not isinstance(error, UnknownCommandError) or error.app is None or not error.unused_tokens:
        return f"{str(error).rstrip('.')}{hint}"
    # The message of cyclopts would import every command, so this one is made from the names alone.
    wrong = error.unused_tokens[0]
    if wrong in _RESEARCH:
        return f"the command {wrong} is in the distribution news-pipeline-research, which is not installed"
    close = get_close_matches(wrong, [name for name in error.app if not name.startswith("-")], n=1)
    return f"no command {wrong}" + (f"; did you mean {close[0]}?" if close else hint)


def _print_error(text: str, code: ExitCode) -> int:
    for line in text.splitlines():
        print(f"news-pipeline: {line}", file=sys.stderr)
    return code
