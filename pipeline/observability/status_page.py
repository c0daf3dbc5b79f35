"""The status page: what one worker does, as a page for people, read-only, without scripts and without other resources.

Everything that is shown is escaped, and the page forbids browsers to run or load anything but its own style sheet. It
contains numbers, names of topics and groups, and versions, as /metrics does; no content of articles, no credentials.
"""

import base64
import hashlib
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from types import MappingProxyType

import msgspec
from prometheus_client.registry import Collector

from pipeline import __version__
from pipeline.domain.article import Versions
from pipeline.observability.progress import Progress
from pipeline.observability.samples import Samples, of_registry
from pipeline.observability.status_html import HtmlView, page_html
from pipeline.observability.worker_view import Reading, view_of
from pipeline.settings import Settings

__all__ = ["PAGE_HEADERS", "StatusPage"]

_STYLE = resources.files("pipeline.observability").joinpath("status_page.css").read_text("utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode("ascii")
PAGE_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
)
"""Headers of the page, beside those of all answers."""

_KEEP_EVERY_SECS = 5.0
_RATE_SECS = (10.0, 300.0)
"""Rates are about the time since an earlier look that was so long ago; without one, about the time since the start."""
_KEPT = 64

_SHOWN: tuple[tuple[str, ...], ...] = (
    ("guarantee",),
    ("environment",),
    ("lane",),
    ("group_prefix",),
    ("extraction",),
    ("kafka", "bootstrap_servers"),
    ("kafka", "topic_prefix"),
    ("kafka", "security_protocol"),
    ("kafka", "compression"),
    ("work", "unit_secs"),
    ("dedup", "near_window_secs"),
    ("dedup", "exact_window_secs"),
    ("dedup", "published"),
    ("dedup", "enrich_copies"),
    ("subjects", "reader"),
    ("shutdown", "grace_secs"),
    ("log", "level"),
)
"""The settings that are shown: a list of what may be seen, so that a new secret is never on the page by accident."""


class StatusPage:
    """Renders the page; called by the threads of the health server."""

    def __init__(
        self,
        settings: Settings,
        stages: Sequence[str],
        group: str,
        progress: Progress,
        registry: Collector,
    ) -> None:
        """Know what does not change.

        Args:
            settings: The settings of the worker.
            stages: Its stages.
            group: Its consumer group.
            progress: Its progress.
            registry: Its metrics.
        """
        self._facts = {
            "group": group,
            "lane": settings.lane or "live",
            "guarantee": settings.guarantee.replace("_", " "),
            "topic prefix": settings.kafka.topic_prefix or "none",
        }
        self._settings = tuple(_shown(settings, path) for path in _SHOWN)
        self._stages = tuple(stages)
        self._progress = progress
        self._registry = registry
        self._versions: Mapping[str, str] = {"pipeline": __version__}
        self._fold_version: Callable[[], int | None] = lambda: None
        self._looks: deque[tuple[float, Samples]] = deque(maxlen=_KEPT)
        self._lock = threading.Lock()

    def know(self, versions: Versions | None, fold_version: Callable[[], int | None]) -> None:
        """Show versions from now on.

        Args:
            versions: Those of models and data; None for services without any.
            fold_version: Returns the version of the fold that is in force; None where nothing is folded.
        """
        named = msgspec.structs.asdict(versions) if versions is not None else {}
        self._versions = {**self._versions, **{name.replace("_", " "): text for name, text in named.items() if text}}
        self._fold_version = fold_version

    def render(self, problems: Sequence[str] = (), refresh_secs: int | None = None) -> bytes:
        """Return the page.

        Args:
            problems: Why the worker is not ready.
            refresh_secs: Seconds after which a browser loads it again; None for never.
        """
        reading = self._look()
        status = self._progress.status
        text = page_html(
            HtmlView(
                stages=self._stages,
                state=status.state,
                problems=problems,
                facts=self._facts,
                status=status,
                view=view_of([reading]),
                since_start=reading.before is None,
                settings=self._settings,
                versions={**self._versions, **self._fold()},
                now=time.time(),
                style=_STYLE,
                refresh_secs=refresh_secs,
            )
        )
        return text.encode()

    def _fold(self) -> dict[str, str]:
        version = self._fold_version()
        return {} if version is None else {"fold": str(version)}

    def _look(self) -> Reading:
        """Read the metrics, and choose an earlier look to compare them with."""
        samples, at = of_registry(self._registry), time.monotonic()
        with self._lock:
            shortest, longest = _RATE_SECS
            earlier = [look for look in self._looks if shortest <= at - look[0] <= longest]
            if not self._looks or at - self._looks[-1][0] >= _KEEP_EVERY_SECS:
                self._looks.append((at, samples))
        if earlier:
            then, before = earlier[-1]
            return Reading(samples, before, at - then)
        started = samples.of_process("start_time_seconds")
        return Reading(samples, None, max(1.0, time.time() - started) if started else 1.0)


def _shown(settings: Settings, path: tuple[str, ...]) -> tuple[str, str, bool]:
    """Return the variable of a setting, its value, and whether that is the default."""
    group: object = settings
    for name in path[:-1]:
        group = getattr(group, name)
    value = getattr(group, path[-1])
    default = type(group).model_fields[path[-1]].default  # type: ignore[attr-defined]  # all groups are pydantic models
    text = "not set" if value in (None, "") else str(value)
    return "NEWS_" + "__".join(path).upper(), text, value == default
