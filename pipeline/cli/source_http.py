"""`news-pipeline source http` and `source http-key`."""

from importlib.util import find_spec
from typing import Annotated

from cyclopts import Parameter

from pipeline.cli.arguments import UsageError
from pipeline.errors import ConfigError
from pipeline.settings import load_settings

__all__ = ["http", "http_key"]


def http() -> int:
    """Run the service that takes articles over HTTP until SIGTERM or Ctrl-C: POST and DELETE /v1/articles.

    It answers 202 after all replicas of the raw topic have an article. Callers show a key of the file
    NEWS_SOURCE_HTTP__KEYS_FILE, which `source http-key` makes; each key is bound to sources. /openapi.json describes
    everything. It needs the extra `sources` (`pip install news-pipeline[sources]`).
    """
    if find_spec("aiohttp") is None:
        raise ConfigError("the extra `sources` is not installed: pip install 'news-pipeline[sources]'")
    from pipeline.sources.http.serving import serve  # noqa: PLC0415  # needs the extra
    from pipeline.sources.service import Source, run_source  # noqa: PLC0415

    return run_source(load_settings(), Source(name="http", work=serve))


def http_key(
    name: str, *, source: Annotated[list[str], Parameter(negative="")], domain: list[str] | None = None
) -> int:
    """Make an API key: print it, and the lines to add to the file of keys, which has only its hash.

    Parameters
    ----------
    name:
        Whose key it is: the principal that every record of it carries.
    source:
        Source whose articles it may send and withdraw; repeat the option for more. The first is the default.
    domain:
        Registrable domain to which the URLs of its articles must belong; repeat the option for more; any by default.
    """
    import yaml  # noqa: PLC0415

    from pipeline.sources.http.keys import digest, new_key  # noqa: PLC0415

    if not source:
        raise UsageError("--source: a key is bound to at least one source")
    key = new_key()
    entry: dict[str, object] = {"name": name, "sha256": digest(key), "sources": source}
    if domain:
        entry["domains"] = domain
    print(f"# The key, which is shown only now: {key}")
    print("# For the file of keys, below `keys:`:")
    print(yaml.safe_dump([entry], sort_keys=False, allow_unicode=True), end="")
    return 0
