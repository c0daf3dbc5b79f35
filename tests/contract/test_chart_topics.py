"""Topics and access of the Helm chart are those of the catalogue, in every cut, environment and lane."""

import json
from collections.abc import Iterable, Sequence

import msgspec
import pytest
import yaml

from pipeline.ops.access import Grant, grants
from pipeline.settings import Settings
from pipeline.wire.catalogue import load_catalogue, topic_prefix
from pipeline.wire.topic_override import TopicOverride
from tests.harness.kubernetes import CASES, Manifest, render

pytestmark = pytest.mark.timeout(900)  # the first run builds Helm

ENRICHED, LETTERS = "news.articles.enriched.v1", "news.dlq.ingest.v1"
STRIMZI = CASES["strimzi"]
ONE = [
    'services.ingest.stages=["ingest","dedupe","detect-language","classify","publish"]',
    "services.classify=null",
    "services.publish=null",
]
EACH = [f'services.{stage}.stages=["{stage}"]' for stage in ("ingest", "dedupe", "detect-language")]
AROUND = [
    "alert.enabled=true",
    'alert.tokenSecretName="alert-token"',
    'alert.queriesConfigMap="queries"',
    'services.sketch.stages=["sketch"]',
    'services.story.stages=["story"]',
]
SEARCH = ["search.enabled=true", 'search.tokenSecretName="search-token"']
NAMES = ['settings.NEWS_KAFKA__TOPIC_PREFIX="eu."', 'settings.NEWS_GROUP_PREFIX="blue-"', 'settings.NEWS_LANE="again"']


def _settings(manifests: Iterable[Manifest]) -> Settings:
    """Return what names depend on, as the first worker has it."""
    worker = next(found for found in manifests if found["kind"] == "Deployment")
    environment = {
        item["name"]: item.get("value") for item in worker["spec"]["template"]["spec"]["containers"][0]["env"]
    }
    return Settings.model_construct(
        lane=environment.get("NEWS_LANE", ""), group_prefix=environment.get("NEWS_GROUP_PREFIX", "")
    )


def _prefix(changes: Sequence[str]) -> str:
    return topic_prefix("eu.", "again") if changes[-len(NAMES) :] == NAMES else ""


def _grants(user: Manifest) -> Iterable[Grant]:
    for acl in user["spec"]["authorization"]["acls"]:
        resource = acl["resource"]
        for operation in acl["operations"]:
            yield Grant(
                user["metadata"]["name"],
                "transactional-id" if resource["type"] == "transactionalId" else resource["type"],
                operation,
                resource["name"],
                resource["patternType"] == "prefix",
            )


@pytest.mark.parametrize("names", [[], NAMES], ids=["live", "lane"])
@pytest.mark.parametrize(
    "cut", [[], [*ONE, *AROUND], [*EACH, *SEARCH]], ids=["default", "one-and-around", "each-and-search"]
)
def test_users_have_the_least_access_that_the_command_grants(cut: list[str], names: list[str]) -> None:
    changes = [*cut, *names]
    manifests = render(STRIMZI, changes=changes)
    services = [
        found["spec"]["template"]["spec"]["containers"][0]["args"][1:]
        for found in manifests
        if found["kind"] in ("Deployment", "StatefulSet")
        and found["spec"]["template"]["spec"]["containers"][0]["args"][0] == "worker"
    ]
    settings = _settings(manifests)
    all_users = grants(load_catalogue(_prefix(changes)), services, settings.group, lambda name: f"news-{name}")
    absent = {who for who, part in (("news-alert", AROUND), ("news-search", SEARCH)) if not set(part) <= set(cut)}
    wanted = [grant for grant in all_users if grant.principal not in absent]
    users = [found for found in manifests if found["kind"] == "KafkaUser"]
    assert sorted(grant for user in users for grant in _grants(user)) == wanted


@pytest.mark.parametrize(
    ("changes", "partitions", "copies"),
    [([], 6, 3), (["topics.partitions=24", "topics.replicationFactor=1", *NAMES], 24, 1)],
    ids=["live", "lane"],
)
def test_topics_are_those_of_the_catalogue(changes: list[str], partitions: int, copies: int) -> None:
    catalogue = load_catalogue(_prefix(changes)).sized(article_partitions=partitions, replication_factor=copies)
    found = {
        topic["spec"]["topicName"]: topic["spec"]
        for topic in render(STRIMZI, changes=changes)
        if topic["kind"] == "KafkaTopic"
    }
    assert found == {
        spec.name: {
            "topicName": spec.name,
            "partitions": catalogue.partitions(spec),
            "replicas": copies,
            "config": catalogue.configs(spec),
        }
        for spec in catalogue.topics
    }


def test_values_of_single_topics_go_to_strimzi_and_to_the_job() -> None:
    values = {ENRICHED: {"retention_hours": 1440}, LETTERS: {"partitions": 3}}
    change = [f"topics.override={json.dumps(values)}"]
    topics = {
        topic["metadata"]["name"]: topic["spec"]
        for topic in render(STRIMZI, changes=change)
        if topic["kind"] == "KafkaTopic"
    }
    override = msgspec.convert({"topics": values}, TopicOverride)
    catalogue = override.applied_to(load_catalogue().sized(article_partitions=6), 168)
    for spec in catalogue.topics:
        assert topics[spec.name]["config"] == catalogue.configs(spec)
        assert topics[spec.name]["partitions"] == catalogue.partitions(spec)
    manifests = render(CASES["single"], changes=change)
    (file,) = [
        found["data"]["topics.override.yaml"]
        for found in manifests
        if found["kind"] == "ConfigMap" and "topics.override.yaml" in found["data"]
    ]
    assert msgspec.convert(yaml.safe_load(file), TopicOverride) == override
    (job,) = [found for found in manifests if found["kind"] == "Job"]
    (container,) = job["spec"]["template"]["spec"]["containers"]
    (mount,) = [one["mountPath"] for one in container["volumeMounts"] if one["name"] == "topics"]
    variables = {item["name"]: item.get("value") for item in container["env"]}
    assert variables["NEWS_TOPICS_OVERRIDE_FILE"] == f"{mount}/topics.override.yaml"


def test_topics_are_made_by_the_job_or_by_strimzi() -> None:
    (job,) = [found for found in render(CASES["single"]) if found["kind"] == "Job"]
    arguments = job["spec"]["template"]["spec"]["containers"][0]["args"]
    assert arguments == ["topics", "apply", "--partitions", "3", "--replication-factor", "1"]
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert not [found for found in render(STRIMZI) if found["kind"] == "Job"]
    assert not [found for found in render(changes=["topics.job.enabled=false"]) if found["kind"] == "Job"]


def test_workers_use_the_credentials_of_their_own_user() -> None:
    for found in render(STRIMZI):
        if found["kind"] == "Deployment":
            (container,) = found["spec"]["template"]["spec"]["containers"]
            variables = {item["name"]: item for item in container["env"]}
            user = f"news-{container['args'][-1 if container['args'][0] == 'monitor' else 1]}"
            assert variables["NEWS_KAFKA__SASL_USERNAME"]["value"] == user
            reference = variables["NEWS_KAFKA__SASL_PASSWORD"]["valueFrom"]["secretKeyRef"]
            assert reference == {"name": user, "key": "password"}
    around = {
        found["metadata"]["name"].removeprefix("news-pipeline-"): item["value"]
        for found in render(CASES["downstream"])
        if found["kind"] == "StatefulSet"
        for item in found["spec"]["template"]["spec"]["containers"][0]["env"]
        if item["name"] == "NEWS_KAFKA__SASL_USERNAME"
    }
    assert around == {
        "alert": "news-alert",
        "search": "news-search",
        "source-feeds": "news-fetcher",
        "source-http": "news-fetcher",
        "story": "news-story",
    }
    for found in render(CASES["strimzi-mutual-tls"]):
        if found["kind"] == "Deployment":
            pod = found["spec"]["template"]["spec"]
            (volume,) = [volume["secret"] for volume in pod["volumes"] if volume["name"] == "client"]
            arguments = pod["containers"][0]["args"]
            assert volume["secretName"] == f"archive-{arguments[-1 if arguments[0] == 'monitor' else 1]}"
            assert {item["key"]: item["path"] for item in volume["items"]} == {
                "user.crt": "tls.crt",
                "user.key": "tls.key",
            }
