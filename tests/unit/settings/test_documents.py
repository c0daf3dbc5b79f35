"""What is generated from the settings is current, and nobody else reads the environment."""

import re

from pipeline.settings.variables import unknown_variables, variables
from scripts.generate_settings import REPOSITORY, example_file, settings_page


def test_the_settings_page_is_current() -> None:
    assert (REPOSITORY / "docs" / "settings.md").read_text("utf-8") == settings_page(), "run make docs"


def test_the_example_is_current() -> None:
    assert (REPOSITORY / ".env.example").read_text("utf-8") == example_file(), "run make docs"


def test_every_setting_is_described() -> None:
    for variable in variables():
        description = variable.field.description or ""
        assert description.endswith("."), f"{variable.name} has no description"


def test_the_example_names_only_settings() -> None:
    names = re.findall(r"^#?([A-Z0-9_]+)=", example_file(), re.MULTILINE)
    assert unknown_variables(dict.fromkeys(names, "x")) == []
    assert set(names) == {variable.name for variable in variables()}


def test_only_the_settings_read_the_environment() -> None:
    package = REPOSITORY / "pipeline"
    others = [path for path in package.rglob("*.py") if not path.is_relative_to(package / "settings")]
    assert others
    guilty = [path.name for path in others if re.search(r"\b(environ|getenv)\b", path.read_text("utf-8"))]
    assert guilty == []
