"""docker-compose.yml: valid, hardened, and true to the settings, stages, versions and files that it names."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from pipeline.cli.app import build_app
from pipeline.domain.stage import STAGES
from pipeline.settings import Settings, load_settings
from pipeline.settings.variables import unknown_variables, variables
from pipeline.sources.feeds.feed_list import read_feed_list
from pipeline.sources.http.keys import ApiKeys
from pipeline.stages.chain import consecutive
from tests.brokers.apache import KAFKA_VERSION
from tests.harness.deployment import compose, kafka_properties, scraped, workers
from tests.harness.tools import REPOSITORY, run, uv_tool

SERVICES: dict[str, dict[str, Any]] = compose()["services"]
# The site of the samples only uses the image's Python.
OURS = {
    name: service
    for name, service in SERVICES.items()
    if service["image"].startswith("news-pipeline:") and "entrypoint" not in service
}
AROUND = {name: service for name, service in scraped().items() if name not in workers()}
WORKERS = workers()


def _seconds(duration: str) -> float:
    found = re.fullmatch(r"(\d+)s", duration)
    assert found, f"{duration} is not in seconds"
    return float(found[1])


def _settings(service: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Settings:
    for variable in variables():
        monkeypatch.delenv(variable.name, raising=False)
    for name, value in service["environment"].items():
        monkeypatch.setenv(name, value)
    return load_settings()


def test_it_is_valid_by_the_compose_specification() -> None:
    tool = uv_tool("check-jsonschema==0.39.0", "check-jsonschema")
    done = run([*tool, "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"])
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_check_by_the_specification_can_fail(tmp_path: Path) -> None:
    tool = uv_tool("check-jsonschema==0.39.0", "check-jsonschema")
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text("services: {kafka: {image: kafka, helthcheck: {}}}", "utf-8")
    assert run([*tool, "--builtin-schema", "vendor.compose-spec", str(wrong)]).returncode == 1


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_pinned_and_without_privileges(name: str) -> None:
    service = SERVICES[name]
    assert re.fullmatch(r"[a-z/-]+:(v?\d+\.\d+\.\d+|local)", service["image"])
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert "container_name" not in service  # or it could not have replicas
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - {"kafka"}))  # the image of kafka writes its own configuration
def test_every_other_service_runs_on_a_read_only_disk_and_not_as_root(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert "/tmp" in service["tmpfs"]  # noqa: S108  # the container's own
    assert int(service["user"].split(":")[0]) > 0


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - {"topics"}))
def test_every_service_that_stays_has_a_health_check(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", OURS)
def test_our_services_have_known_and_fitting_settings(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = OURS[name]["environment"]
    assert unknown_variables(environment) == []
    assert all(variable.startswith("NEWS_") for variable in environment)
    settings = _settings(OURS[name], monkeypatch)
    advertised = kafka_properties(SERVICES["kafka"]["environment"])["advertised.listeners"]
    assert f"PLAINTEXT://{settings.kafka.bootstrap_servers}" in advertised.split(",")
    assert settings.kafka.bootstrap_servers.split(":")[0] == SERVICES["kafka"]["hostname"]


@pytest.mark.parametrize("name", OURS)
def test_our_commands_are_commands(name: str) -> None:
    tokens = OURS[name]["command"]
    command, bound, _ = build_app().parse_args(tokens, exit_on_error=False, print_error=False)
    words = tokens[:2] if tokens[0] == "source" else tokens[:1]
    assert command.__module__ == f"pipeline.cli.{'_'.join(words)}"
    assert bool(bound.arguments) == (len(tokens) > len(words))


@pytest.mark.parametrize("name", scraped())
def test_a_service_is_probed_scraped_and_given_time_to_drain(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    service = scraped()[name]
    settings = _settings(service, monkeypatch)
    assert f"http://127.0.0.1:{settings.web.port}/readyz" in service["healthcheck"]["test"][-1]
    assert settings.web.host == "0.0.0.0"  # noqa: S104  # inside the container's own network
    assert service["expose"] == [str(settings.web.port)]
    assert _seconds(service["stop_grace_period"]) > settings.shutdown.grace_secs
    assert service["depends_on"] == {"topics": {"condition": "service_completed_successfully"}}


@pytest.mark.parametrize(("profile", "services"), [("single", 2), ("stages", 6)])
def test_a_profile_runs_every_stage_once(profile: str, services: int) -> None:
    chosen = workers(profile)
    assert len(chosen) == services
    *cuts, last = [service["command"][1:] for service in chosen.values()]
    assert [stage for cut in cuts for stage in consecutive(cut)] == list(STAGES)
    assert last == ["cluster"]
    assert all(profile in service["profiles"] for service in chosen.values())
    assert sum(service["profiles"] == [profile] for service in chosen.values()) == services - 1


def test_other_profiles_add_services_to_either() -> None:
    assert [service["command"][1] for service in workers("stories").values()] == ["sketch", "story"]
    assert {name for name, service in AROUND.items() if service["profiles"] == ["sources"]} == {"feeds", "http"}
    assert all(AROUND[name]["profiles"] == ["single", "stages"] for name in ("monitor", "search", "alert"))


@pytest.mark.parametrize("name", ["search", "alert", "story", "feeds", "http"])
def test_what_a_service_keeps_is_in_its_volume_and_belongs_to_its_user(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = _settings(SERVICES[name], monkeypatch)
    kept = {
        "search": settings.search.index_dir,
        "alert": settings.alert.state_dir,
        "story": settings.stories.snapshot_dir,
        "feeds": settings.feeds.state_dir,
        "http": settings.source_http.state_dir,
    }[name]
    assert kept is not None
    mounted = [volume.split(":") for volume in SERVICES[name]["volumes"]]
    assert [source for source, place, *_ in mounted if place == str(kept)] == [kept.name]
    (made,) = re.findall(
        r"install --directory (?:.*\\\n)*.*", (REPOSITORY / "deploy/docker/Dockerfile").read_text("utf-8")
    )
    assert str(kept) in made.split()


def test_the_files_of_the_sources_are_valid_and_fit_the_sample_site(monkeypatch: pytest.MonkeyPatch) -> None:
    (feed,) = read_feed_list(REPOSITORY / "deploy" / "feeds" / "feeds.yaml")
    address = urlsplit(feed.url)
    assert address.hostname in SERVICES
    site = SERVICES[address.hostname]
    assert str(address.port) in site["entrypoint"]
    assert (REPOSITORY / site["volumes"][0].split(":")[0] / address.path[1:]).is_file()
    settings = _settings(SERVICES["feeds"], monkeypatch).feeds
    assert address.port in settings.ports
    (network,) = site["networks"]
    assert network in SERVICES["feeds"]["networks"]
    (subnet,) = compose()["networks"][network]["ipam"]["config"]
    assert [str(own) for own in settings.own_networks] == [subnet["subnet"]]
    keys = ApiKeys(REPOSITORY / "deploy" / "source-http" / "keys.yaml")
    trial = keys.find("for-trials-on-this-machine")
    assert trial is not None
    assert trial.name == "trial"


def test_workers_wait_for_topics_and_those_for_kafka() -> None:
    assert SERVICES["topics"]["depends_on"] == {"kafka": {"condition": "service_healthy"}}
    assert SERVICES["topics"]["restart"] == "no"
    assert "profiles" not in SERVICES["topics"]
    assert "profiles" not in SERVICES["kafka"]


def test_kafka_is_the_version_that_tests_run_on_and_keeps_its_data() -> None:
    kafka = SERVICES["kafka"]
    assert kafka["image"] == f"apache/kafka:{KAFKA_VERSION}"
    properties = kafka_properties(kafka["environment"])
    assert f"kafka-data:{properties['log.dirs']}" in kafka["volumes"]
    assert properties["auto.create.topics.enable"] == "false"
    copies = {name: value for name, value in properties.items() if re.search(r"replication\.factor|min\.isr", name)}
    assert len(copies) == 6
    assert set(copies.values()) == {"1"}


def test_variables_of_kafka_become_properties_by_the_images_rule() -> None:
    assert kafka_properties({"KAFKA_A_B": "1", "KAFKA_A__B": "2", "KAFKA_A___B": "3", "CLUSTER_ID": "x"}) == {
        "a.b": "1",
        "a_b": "2",
        "a-b": "3",
    }


def test_what_is_mounted_exists() -> None:
    declared = compose()["volumes"].keys()
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (REPOSITORY / source).is_dir() if source.startswith("./") else source in declared, volume
            assert not source.startswith("./") or volume.endswith(":ro"), volume
