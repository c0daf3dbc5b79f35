"""Links of the documentation site lead to its pages, or to the repository for files that have none."""

import pytest

from scripts.site_hooks import rewritten

REPOSITORY_URL = "https://host.example/project"


@pytest.mark.parametrize(
    ("source", "uri", "link", "found"),
    [
        ("README.md", "index.md", "docs/events.md#clusters", "events.md#clusters"),
        ("README.md", "index.md", "LICENSE", f"{REPOSITORY_URL}/blob/main/LICENSE"),
        ("README.md", "index.md", "schemas", f"{REPOSITORY_URL}/tree/main/schemas"),
        ("docs/models/language.md", "models/language.md", "../dedup.md", "../dedup.md"),
        ("docs/operations.md", "operations.md", "../SECURITY.md", "project/security.md"),
        ("docs/operations.md", "operations.md", "../deploy/runbooks/NewsNoInput.md", "runbooks/NewsNoInput.md"),
        ("CONTRIBUTING.md", "project/contributing.md", "docs/glossary.md", "../glossary.md"),
        ("docs/adr/README.md", "adr/README.md", "../../CONTRIBUTING.md", "../project/contributing.md"),
        ("docs/events.md", "events.md", "https://example.com/docs/x.md", "https://example.com/docs/x.md"),
        ("docs/events.md", "events.md", "#clusters", "#clusters"),
        ("docs/events.md", "events.md", "nowhere.md", "nowhere.md"),
    ],
)
def test_a_link_is_rewritten_for_its_page(source: str, uri: str, link: str, found: str) -> None:
    assert rewritten(f"see [it]({link}).", source, uri, REPOSITORY_URL) == f"see [it]({found})."


def test_code_is_left_as_it_is() -> None:
    page = "[a](docs/events.md)\n```md\n[b](docs/events.md)\n```\n![c](docs/assets/architecture.svg)\n"
    assert rewritten(page, "README.md", "index.md", REPOSITORY_URL) == (
        "[a](events.md)\n```md\n[b](docs/events.md)\n```\n![c](assets/architecture.svg)\n"
    )
