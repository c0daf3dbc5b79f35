"""Hooks of mkdocs: pages from outside `docs/`, and links that work both on the site and in the repository.

The sources are plain Markdown whose relative links resolve in a checkout. Here, each link becomes one to the page on
the site where its target has a page, and one to the public repository otherwise. A link whose target does not exist is
left unchanged, and fails the strict build.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

__all__ = ["on_config", "on_files", "on_page_markdown", "rewritten"]

REPOSITORY = Path(__file__).resolve().parents[1]
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "project/changelog.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "RELEASING.md": "project/releasing.md",
    "SECURITY.md": "project/security.md",
    "benchmarks/README.md": "project/benchmarks.md",
    "benchmarks/results/dedup.md": "results/dedup.md",
    "benchmarks/results/extraction.md": "results/extraction.md",
}
"""Page on the site by its path in the repository."""
RUNBOOKS = "deploy/runbooks"
LISTED = {"runbooks/": RUNBOOKS, "adr/": "docs/adr"}
"""Directories that the navigation lists whole, by their entry in `nav`."""

_LINK = re.compile(r"(!?\[[^\]]*\])\(([^)\s]+)\)")
_FENCE = re.compile(r"^(```|~~~).*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|#|/", re.IGNORECASE)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Replace each directory in the navigation by its files, in order of name."""
    for section in config.nav or []:
        for title, items in section.items():
            section[title] = _listed(items) if isinstance(items, str) else _with_directories(items)
    return config


def _with_directories(items: list[dict[str, str]]) -> list[dict[str, object]]:
    return [{title: _listed(target) for title, target in item.items()} for item in items]


def _listed(target: str) -> object:
    if target not in LISTED:
        return target
    # A README comes first: capitals sort before small letters, and digits, so it needs to be named.
    found = sorted((REPOSITORY / LISTED[target]).glob("*.md"), key=lambda path: (path.name != "README.md", path.name))
    return [f"{target}{path.name}" for path in found]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages whose sources are outside `docs/`."""
    for source, uri in _outside().items():
        files.append(File.generated(config, uri, abs_src_path=str(REPOSITORY / source)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Rewrite the links of a page."""
    del files
    uri = page.file.src_uri
    sources = {page_uri: source for source, page_uri in _outside().items()}
    return rewritten(markdown, sources.get(uri, f"docs/{uri}"), uri, str(config.repo_url).rstrip("/"))


def rewritten(markdown: str, source: str, uri: str, repository_url: str) -> str:
    """Return a page's text with links that work on the site; code blocks stay as they are.

    Args:
        markdown: The text of the page.
        source: Its path in the repository, which relative links start from.
        uri: Its path on the site.
        repository_url: Address of the public repository, without a slash at its end.
    """

    def link(match: re.Match[str]) -> str:
        text, target = match.groups()
        if _ELSEWHERE.match(target):
            return match[0]
        path, mark, anchor = target.partition("#")
        found = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        if (page := _page(found)) is not None:
            return f"{text}({posixpath.relpath(page, posixpath.dirname(uri) or '.')}{mark}{anchor})"
        if not (REPOSITORY / found).exists():
            return match[0]
        kind = "tree" if (REPOSITORY / found).is_dir() else "blob"
        return f"{text}({repository_url}/{kind}/main/{found}{mark}{anchor})"

    parts, start = [], 0
    for fence in _FENCE.finditer(markdown):
        parts += [_LINK.sub(link, markdown[start : fence.start()]), fence[0]]
        start = fence.end()
    return "".join([*parts, _LINK.sub(link, markdown[start:])])


def _page(source: str) -> str | None:
    """Return the page of a file of the repository, or None when it has none."""
    if source.startswith("docs/") and (REPOSITORY / source).is_file():
        return source.removeprefix("docs/")
    return _outside().get(source)


def _outside() -> dict[str, str]:
    runbooks = {f"{RUNBOOKS}/{path.name}": f"runbooks/{path.name}" for path in (REPOSITORY / RUNBOOKS).glob("*.md")}
    return PAGES | runbooks
