"""Rules and dashboards: they name only metrics and labels that exist, they are valid PromQL, alerts have runbooks."""

import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from pipeline.domain.stage import STAGES, StageName
from pipeline.observability.downstream_table import DOWNSTREAM_METRICS
from pipeline.observability.feeds_table import FEEDS_METRICS
from pipeline.observability.metric import PREFIX
from pipeline.observability.metric_table import METRICS
from pipeline.observability.metrics import Metrics
from pipeline.observability.monitor_table import MONITOR_METRICS
from pipeline.observability.source_table import SOURCE_METRICS
from pipeline.settings.variables import unknown_variables
from scripts.render_rules import main, rendered
from tests.harness.deployment import DEPLOY, RULES, compose, dashboards, panel_queries, rules, scraped
from tests.harness.tools import REPOSITORY, program, run

RECORDS = {rule["record"] for rule in rules() if "record" in rule}
ALERTS = {rule["alert"]: rule for rule in rules() if "alert" in rule}
RUNBOOKS = DEPLOY / "runbooks"
PROMETHEUS: dict[str, Any] = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text("utf-8"))

ALL_METRICS = (*METRICS, *MONITOR_METRICS, *DOWNSTREAM_METRICS, *SOURCE_METRICS, *FEEDS_METRICS)
# By Prometheus, as in prometheus.yml, and by the process for all its series
TARGET_LABELS = {"job", "instance", "service", "environment", "lane", "group"}
OF_KIND = {"counter": ("",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
LABELS = {
    f"{PREFIX}{metric.name}{suffix}": {*metric.labels, *TARGET_LABELS, *({"le"} if suffix == "_bucket" else ())}
    for metric in ALL_METRICS
    for suffix in OF_KIND[metric.kind]
}
PROCESS = {sample.name for family in Metrics().registry.collect() for sample in family.samples} - LABELS.keys()
SELECTOR = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\{([^}]*)\}")
MATCHER = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
BY = re.compile(r"\b(?:by|on)\s*\(([^)]*)\)")


def _dashboard_expressions() -> list[str]:
    found = []
    for board in dashboards().values():
        for panel in board["panels"]:
            found += [target["expr"] for target in panel.get("targets", [])]
        found += [note["expr"] for note in board["annotations"]["list"]]
    return found


def _variable_queries() -> list[str]:
    boards = dashboards().values()
    return [item["definition"] for board in boards for item in board["templating"]["list"] if item["type"] == "query"]


EXPRESSIONS = sorted({*(rule["expr"] for rule in rules()), *_dashboard_expressions(), *_variable_queries()})


def _names(expression: str) -> set[str]:
    """Names of metrics and rules, which differ from functions and labels by their prefix or colon."""
    plain = re.sub(r'"[^"]*"', '""', expression)
    return {name for name in NAME.findall(plain) if name.startswith((PREFIX, "process_")) or ":" in name}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_expressions_name_only_what_exists(expression: str) -> None:
    names = _names(expression)
    assert names or re.search(r"\b(up|ALERTS)\b", expression)
    assert names <= LABELS.keys() | PROCESS | RECORDS
    plain = re.sub(r'"[^"]*"', '""', expression)
    for name, matchers in SELECTOR.findall(plain):
        if name in LABELS:
            assert set(MATCHER.findall(matchers)) <= LABELS[name], name
    labels = set().union(*LABELS.values())
    for group in BY.findall(plain):
        assert {label.strip() for label in group.split(",") if label.strip()} <= labels


@pytest.mark.parametrize(
    "stage", sorted({name for text in EXPRESSIONS for name in re.findall(r'stage="([^"]+)"', text)})
)
def test_expressions_name_only_stages_that_exist(stage: str) -> None:
    assert stage in get_args(StageName)


def test_the_check_finds_a_wrong_name() -> None:
    assert not _names("rate(news_record_consumed_total[5m])") <= LABELS.keys()
    assert "news_stage_duration_seconds" not in LABELS  # of a histogram there are only buckets, sum and count


def test_every_metric_is_shown_or_watched() -> None:
    named = set().union(*(_names(expression) for expression in EXPRESSIONS))
    unseen = [
        metric.name
        for metric in ALL_METRICS
        if not any(f"{PREFIX}{metric.name}{suffix}" in named for suffix in OF_KIND[metric.kind])
    ]
    assert unseen == []


def test_every_recording_is_used() -> None:
    used = set().union(*(_names(expression) for expression in EXPRESSIONS))
    assert used >= RECORDS


def _repository_url() -> str:
    urls: dict[str, str] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]["urls"]
    return urls["Repository"]


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_has_a_severity_and_a_runbook(name: str) -> None:
    rule = ALERTS[name]
    assert re.fullmatch(r"News[A-Z][A-Za-z]+", name)
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
    assert rule["annotations"]["runbook_url"] == f"{_repository_url()}/blob/main/deploy/runbooks/{name}.md"
    page = (RUNBOOKS / f"{name}.md").read_text("utf-8")
    assert page.startswith(f"# {name}\n")
    assert [line for line in page.splitlines() if line.startswith("## ")] == [
        "## Meaning",
        "## Diagnosis",
        "## Resolution",
    ]


def test_every_runbook_belongs_to_an_alert_and_is_listed() -> None:
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == ALERTS.keys()
    operations = (REPOSITORY / "docs" / "operations.md").read_text("utf-8")
    for name, rule in ALERTS.items():
        assert f"| [{name}](../deploy/runbooks/{name}.md) | {rule['labels']['severity']} |" in operations


@pytest.mark.parametrize("path", sorted(RUNBOOKS.glob("*.md")), ids=lambda path: path.stem)
def test_a_runbook_names_only_what_exists(path: Path) -> None:
    text = path.read_text("utf-8")
    for target, anchor in re.findall(r"\]\(([^)#]+)#?([^)]*)\)", text):
        page = (path.parent / target).read_text("utf-8")
        found = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
        headings = {title.lower().replace("`", "").replace(" ", "-") for title in found}
        assert not anchor or anchor in headings, anchor
    assert unknown_variables(dict.fromkeys(re.findall(r"\bNEWS_[A-Z0-9_]+", text), "x")) == []
    titles = {panel["title"] for board in dashboards().values() for panel in board["panels"]}
    assert set(re.findall(r"(?<!\*)\*([A-Z][^*]+)\*(?!\*)", text)) - {"Worker started"} <= titles | _short(titles)


def _short(titles: set[str]) -> set[str]:
    """Titles without what follows a comma: a runbook may contain *Time of a batch*."""
    return {title.split(",")[0] for title in titles}


def test_every_alert_has_a_unit_test_that_sees_it_fire() -> None:
    fired = set()
    for path in (DEPLOY / "prometheus" / "tests").glob("*.yml"):
        for case in yaml.safe_load(path.read_text("utf-8"))["tests"]:
            fired |= {item["alertname"] for item in case["alert_rule_test"] if item["exp_alerts"]}
    assert fired == ALERTS.keys()


def test_a_stage_that_is_missing_is_noticed_for_every_stage_that_a_pipeline_must_have() -> None:
    assert re.findall(r'stage="([^"]+)"', ALERTS["NewsStageMissing"]["expr"]) == [*STAGES, "cluster"]


def test_prometheus_finds_every_worker_and_grafana_finds_prometheus() -> None:
    (job,) = (item for item in PROMETHEUS["scrape_configs"] if item["job_name"] == "news-pipeline")
    (found,) = job["dns_sd_configs"]
    assert sorted(found["names"]) == sorted(scraped())
    assert {service["environment"]["NEWS_WEB__PORT"] for service in scraped().values()} == {str(found["port"])}
    provisioned = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yml").read_text("utf-8"))
    (source,) = provisioned["datasources"]
    assert source["url"] == "http://prometheus:9090"
    assert "127.0.0.1:9090:9090" in compose()["services"]["prometheus"]["ports"]
    assert source["jsonData"]["timeInterval"] == PROMETHEUS["global"]["scrape_interval"]


def test_promtool_takes_configuration_and_rules() -> None:
    done = run([program("promtool", "prometheus"), "check", "config", str(DEPLOY / "prometheus" / "prometheus.yml")])
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("rules found") == len(RULES)


@pytest.mark.parametrize("path", sorted((DEPLOY / "prometheus" / "tests").glob("*.yml")), ids=lambda path: path.stem)
def test_the_rules_pass_their_unit_tests(path: Path) -> None:
    done = run([program("promtool", "prometheus"), "test", "rules", str(path)])
    assert done.returncode == 0, done.stdout + done.stderr


def test_expressions_of_dashboards_are_valid(tmp_path: Path) -> None:
    tool = program("promtool", "prometheus")
    replaced = [expression for _, expression in panel_queries(rate_interval="1m", over="6h")]
    assert not any("$" in expression for expression in replaced)
    group = {"name": "panels", "rules": [{"record": f"panel:{n}", "expr": text} for n, text in enumerate(replaced)]}
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [group]}), "utf-8")
    done = run([tool, "check", "rules", str(tmp_path / "panels.yml")])
    assert done.returncode == 0, done.stdout + done.stderr


def test_rendered_rules_have_another_job_other_runbooks_and_shorter_times_and_are_valid(tmp_path: Path) -> None:
    main(["--output", str(tmp_path), "--job", "mine", "--runbooks", "https://wiki.example.com/r/", "--scale", "0.1"])
    written = {path.name: path.read_text("utf-8") for path in tmp_path.glob("*.yml")}
    assert written.keys() == {path.name for path in RULES}
    text = "".join(written.values())
    assert 'job="news-pipeline"' not in text
    assert 'up{job="mine"}' in text
    assert "runbook_url: https://wiki.example.com/r/NewsWorkerDown.md" in text
    shipped = {alert: rule for alert, rule in ALERTS.items() if "for" in rule}
    for group in (group for one in written.values() for group in yaml.safe_load(one)["groups"]):
        for rule in group["rules"]:
            if rule.get("alert") in shipped:
                assert _seconds(rule["for"]) == pytest.approx(_seconds(shipped[rule["alert"]]["for"]) / 10)
    assert "[5m]" not in text
    assert "[30s]" in text
    done = run([program("promtool", "prometheus"), "check", "rules", *map(str, tmp_path.glob("*.yml"))])
    assert done.returncode == 0, done.stdout + done.stderr


def test_rules_are_as_shipped_when_nothing_is_chosen() -> None:
    assert [path for path in RULES if rendered(path.read_text("utf-8")) != path.read_text("utf-8")] == []


def _seconds(time: str) -> int:
    return int(time[:-1]) * {"s": 1, "m": 60, "h": 3600}[time[-1]]
