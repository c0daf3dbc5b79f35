"""Dashboards: Grafana can load them, on any data source, and no panel hides another."""

import itertools
import re
from typing import Any

import pytest
import yaml

from tests.harness.deployment import DASHBOARDS, DEPLOY, compose, dashboards

BOARDS = dashboards()
WIDTH = 24  # columns of Grafana's grid


def _panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    return [*board["panels"], *(inner for panel in board["panels"] for inner in panel.get("panels", []))]


def _overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    return (
        one["x"] < other["x"] + other["w"]
        and other["x"] < one["x"] + one["w"]
        and one["y"] < other["y"] + other["h"]
        and other["y"] < one["y"] + one["h"]
    )


def test_there_is_an_overview_and_it_is_the_home_page() -> None:
    grafana = compose()["services"]["grafana"]
    home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    folder, name = home.rsplit("/", 1)
    assert name in BOARDS
    assert f"./deploy/grafana/dashboards:{folder}:ro" in grafana["volumes"]
    provider = yaml.safe_load((DEPLOY / "grafana/provisioning/dashboards/files.yml").read_text("utf-8"))
    assert provider["providers"][0]["options"]["path"] == folder


@pytest.mark.parametrize("name", BOARDS)
def test_a_dashboard_has_a_fixed_identity_and_a_data_source_variable(name: str) -> None:
    board = BOARDS[name]
    assert re.fullmatch(r"[a-z0-9-]{1,40}", board["uid"])
    assert board["schemaVersion"] >= 39
    assert "id" not in board  # that of one installation
    assert board["editable"] is False
    assert board["templating"]["list"][0]["type"] == "datasource"
    assert board["templating"]["list"][0]["query"] == "prometheus"


@pytest.mark.parametrize("name", BOARDS)
def test_panels_have_ids_titles_and_a_place_of_their_own(name: str) -> None:
    panels = _panels(BOARDS[name])
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        place = panel["gridPos"]
        assert panel["title"]
        assert min(place["x"], place["y"]) >= 0
        assert place["x"] + place["w"] <= WIDTH
    for one, other in itertools.combinations(panels, 2):
        assert not _overlap(one["gridPos"], other["gridPos"]), f"{one['title']} and {other['title']}"


@pytest.mark.parametrize("name", BOARDS)
def test_panels_ask_the_chosen_data_source_and_explain_themselves(name: str) -> None:
    for panel in _panels(BOARDS[name]):
        if panel["type"] == "row":
            continue
        assert panel["description"].endswith("."), panel["title"]
        assert panel["datasource"]["uid"] == "${datasource}"
        assert panel["targets"]
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
        assert all(target["datasource"]["uid"] == "${datasource}" for target in panel["targets"])


@pytest.mark.parametrize("name", BOARDS)
def test_variables_that_are_used_are_declared(name: str) -> None:
    text = next(path for path in DASHBOARDS if path.name == name).read_text("utf-8")
    declared = {variable["name"] for variable in BOARDS[name]["templating"]["list"]}
    used = set(re.findall(r"\$\{?([a-z]\w*)", text))
    assert used == declared


def test_identities_differ() -> None:
    assert len({board["uid"] for board in BOARDS.values()}) == len(BOARDS)


def _unit(expression: str) -> str:
    """The unit of what a query gives, by the names of metrics (they end in theirs) and by whether it is a rate."""
    if "process_cpu_seconds_total" in expression:
        return "none"  # seconds a second: cores
    if "_bytes" in expression:
        return "Bps" if "rate(" in expression else "bytes"
    if "_seconds" in expression:
        return "s"
    if "_confidence" in expression:
        return "percentunit"
    if "_articles_bucket" in expression or "_records_bucket" in expression:
        return "short"  # a quantile of numbers, not their rate
    return "cps" if "rate(" in expression else "short"


@pytest.mark.parametrize("name", BOARDS)
def test_a_panel_shows_its_numbers_in_their_unit(name: str) -> None:
    for panel in _panels(BOARDS[name]):
        if panel["type"] != "row":
            units = {_unit(target["expr"]) for target in panel["targets"]}
            assert units == {panel["fieldConfig"]["defaults"]["unit"]}, panel["title"]


def test_the_overview_shows_what_everybody_asks_for_first() -> None:
    """The funnel, rates, lag, latency and dead letters: each for every stage or topic, and one number at the top."""
    panels = _panels(BOARDS["overview.json"])
    asked = {panel["title"]: [target["expr"] for target in panel.get("targets", [])] for panel in panels}
    (funnel,) = (panel["title"] for panel in panels if panel["type"] == "table" and "stage" in asked[panel["title"]][0])
    for part in ("consumed_total{", 'outcome="drop"', 'outcome="reject"', 'outcome="emit"'):
        assert any(part in expression for expression in asked[funnel]), part
    shown = [expression for expressions in asked.values() for expression in expressions]
    for wanted in (
        r"sum by \(stage\) \(rate\(news_records_consumed_total",
        r"sum by \(stage, outcome\) \(rate\(news_records_processed_total",
        r"sum by \(topic\) \(max by \(topic, partition\) \(news_consumer_lag_records",
        *(rf"histogram_quantile\({q}, sum by \(stage, le\) \(rate\(news_end_to_end_latency" for q in (0.5, 0.95, 0.99)),
        r"sum by \(stage, reason\) \(increase\(news_dead_letters_produced_total",
    ):
        assert any(re.search(wanted, expression) for expression in shown), wanted
    top = " ".join(asked[panel["title"]][0] for panel in panels if panel["type"] == "stat")
    for metric in ("records_processed", "end_to_end_latency", "consumer_lag", "dead_letters_produced"):
        assert f"news_{metric}" in top
