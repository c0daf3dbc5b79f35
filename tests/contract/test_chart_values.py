"""Values that cannot work are refused, with the value that is wrong."""

import pytest

from tests.harness.kubernetes import refusal, render

pytestmark = pytest.mark.timeout(900)  # the first run builds Helm


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (['services.publish.stages=["publish","classify"]'], "stage classify"),
        (['services.ingest.stages=["ingest","detect-language"]'], "does not read what ingest emits"),
        (['services.ingest.stages=["dedupe","ingest"]'], "does not read what dedupe emits"),
        (['services.more.stages=["publish"]'], "is also in services."),
        (["services.publish=null"], "no service has the stage publish"),
        (["services.cluster=null", 'services.x.stages=["dedupe","cluster"]'], "stage"),
        (['services.ingest.stages=["ingest","Dedupe"]'], "stages"),
        (['services.Ingest.stages=["ingest"]'], "Ingest"),
        (["services.ingest.replica=3"], "replica"),
        (['services.monitor.stages=["publish"]', "services.publish=null"], "part of this name"),
        (['settings.NEWS_KAFKA__INSTANCE_ID="worker"'], "NEWS_KAFKA__INSTANCE_ID"),
        (['metricsJob="my news"'], "metricsJob"),
        (['services.ingest.settings={"NEWS_LANE":"a"}'], "NEWS_LANE must be the same"),
        (['settings.NEWS_KAFKA__BOOTSTRAP_SERVER="a:1"'], "NEWS_KAFKA__BOOTSTRAP_SERVER"),
        (["settings.NEWS_WORK__MAX_BATCH_RECORDS=10"], "NEWS_WORK__MAX_BATCH_RECORDS"),
        (['settings.NEWS_KAFKA__SSL_CA_FILE="/x"'], "NEWS_KAFKA__SSL_CA_FILE"),
        (['settings.NEWS_KAFKA__SASL_PASSWORD="x"'], "NEWS_KAFKA__SASL_PASSWORD"),
        (['worker.extraEnv=[{"name":"NEWS_LANE","value":"a"}]'], "extraEnv"),
        (['image.digest="sha256:1"'], "digest"),
        (["services.cluster.autoscaling.enabled=true"], "has one partition"),
        (['services.ingest.snapshots={"type":"forever"}'], "snapshots"),
        (["topics.partitions=0"], "partitions"),
        (
            [
                'settings.NEWS_KAFKA__SECURITY_PROTOCOL="SASL_SSL"',
                "services.classify.autoscaling.enabled=true",
            ],
            "needs secretName",
        ),
        (["search.enabled=true"], "search.tokenSecretName"),
        (["alert.enabled=true", 'alert.queriesConfigMap="queries"'], "alert.tokenSecretName"),
        (["alert.enabled=true", 'alert.tokenSecretName="token"'], "either alert.queries, or alert.queriesConfigMap"),
        (["sources.feeds.enabled=true"], "either sources.feeds.list, or sources.feeds.listConfigMap"),
        (['sources.feeds.list=["a"]', 'sources.feeds.listConfigMap="b"', "sources.feeds.enabled=true"], "either"),
        (
            ["sources.feeds.enabled=true", 'sources.feeds.list=["a"]', "sources.feeds.ingress.enabled=true"],
            "NEWS_WEBSUB__HUBS",
        ),
        (["sources.http.enabled=true"], "sources.http.keysSecretName"),
        (
            [
                "search.enabled=true",
                'search.tokenSecretName="token"',
                'search.ingress={"enabled":true,"host":"search.example.com"}',
            ],
            "ingress.tlsSecretName",
        ),
        (['services.story.stages=["sketch","story"]'], "must be a service of its own"),
        (['services.source-http.stages=["sketch"]'], "part of this name"),
        (['search.settings={"NEWS_SEARCH__HOST":"127.0.0.1"}'], "NEWS_SEARCH__HOST"),
        (["strimzi.users.enabled=true", 'strimzi.namespace="kafka"'], "strimzi.users.mount"),
    ],
)
def test_values_that_cannot_work_are_refused(changes: list[str], message: str) -> None:
    assert message in refusal(changes=changes)


def test_a_part_of_the_pipeline_can_be_a_release() -> None:
    changes = ["services.ingest=null", "services.publish=null", "requireAllStages=false", "monitor.enabled=false"]
    names = [found["metadata"]["name"] for found in render(changes=changes) if found["kind"] == "Deployment"]
    assert sorted(names) == ["news-pipeline-classify", "news-pipeline-cluster"]


def test_settings_of_a_service_take_precedence() -> None:
    changes = ['settings.NEWS_LOG__LEVEL="warning"', 'services.classify.settings={"NEWS_LOG__LEVEL":"debug"}']
    for found in render(changes=changes):
        if found["kind"] == "Deployment" and found["metadata"]["labels"]["app.kubernetes.io/component"] != "monitor":
            (container,) = found["spec"]["template"]["spec"]["containers"]
            levels = [item["value"] for item in container["env"] if item["name"] == "NEWS_LOG__LEVEL"]
            assert levels == (["debug"] if container["args"] == ["worker", "classify"] else ["warning"])
