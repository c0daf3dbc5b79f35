"""The Helm chart with several values files: accepted by Kubernetes and operators, hardened, probed, and true."""

from base64 import b64encode
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline import __version__
from pipeline.alert.query_file import load_queries
from pipeline.cli.app import build_app
from pipeline.domain.stage import STAGES
from pipeline.settings import Settings, load_settings
from pipeline.settings.variables import SECRETS_DIR, unknown_variables, variables
from pipeline.sources.feeds.feed_list import read_feed_list
from scripts import generate_chart
from scripts.render_rules import rendered
from tests.harness.deployment import RULES
from tests.harness.kubernetes import CASES, CHART, Manifest, complaints, helm, render
from tests.harness.tools import run

pytestmark = pytest.mark.timeout(900)  # the first run builds Helm and fetches what it compares with

NOWHERE = ("PodMonitor", "PrometheusRule", "ScaledObject", "TriggerAuthentication")
SELECTOR = ("app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component")


@pytest.fixture(scope="module", params=CASES)
def manifests(request: pytest.FixtureRequest) -> list[Manifest]:
    return render(CASES[request.param])


def _of(manifests: list[Manifest], *kinds: str) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest["kind"] in kinds]


def _workers(manifests: list[Manifest]) -> list[Manifest]:
    return _of(manifests, "Deployment", "StatefulSet")


def _pods(manifests: list[Manifest]) -> list[dict[str, Any]]:
    return [found["spec"]["template"]["spec"] for found in _of(manifests, "Deployment", "StatefulSet", "Job")]


def _environment(pod: dict[str, Any]) -> dict[str, str]:
    """Return the variables with values of their own."""
    return {item["name"]: item["value"] for item in pod["containers"][0]["env"] if "value" in item}


def _settings(pod: dict[str, Any], monkeypatch: pytest.MonkeyPatch, secrets: Path) -> Settings:
    """Load the settings that the pod has, with a directory of secrets in place of its own."""
    for variable in variables():
        monkeypatch.delenv(variable.name, raising=False)
    environment = _environment(pod)
    if SECRETS_DIR in environment:
        environment[SECRETS_DIR] = str(secrets)
        password = "OAUTH__CLIENT_SECRET" if "NEWS_KAFKA__OAUTH__CLIENT_ID" in environment else "SASL_PASSWORD"
        (secrets / f"NEWS_KAFKA__{password}").write_text("secret")
    referred = [item["name"] for item in pod["containers"][0]["env"] if "valueFrom" in item]
    for name, value in {**environment, **dict.fromkeys(referred, "a-secret-of-the-test")}.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def _scraped(manifests: list[Manifest]) -> dict[str, Any]:
    """Return the endpoint that the PodMonitor has."""
    (monitor,) = _of(manifests, "PodMonitor")
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    return dict(endpoint)


def test_the_generated_files_are_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert generate_chart.main(["--check"]) == 0
    (tmp_path / "values.schema.json").write_bytes((CHART / "values.schema.json").read_bytes())
    monkeypatch.setattr(generate_chart, "CHART", tmp_path)
    assert generate_chart.main(["--check"]) == 1
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "old.yml").touch()
    assert generate_chart.main([]) == 0
    assert not (tmp_path / "files" / "old.yml").exists()
    assert generate_chart.main(["--check"]) == 0


def test_the_chart_has_the_version_of_the_code() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))
    assert chart["version"] == chart["appVersion"] == __version__


@pytest.mark.parametrize("case", CASES)
def test_the_linter_finds_nothing(case: str) -> None:
    done = run([helm(), "lint", "--strict", str(CHART), "--kube-version", "1.37.0", "--values", str(CASES[case])])
    assert done.returncode == 0, done.stdout


def test_kubernetes_and_the_operators_accept_the_resources(manifests: list[Manifest], tmp_path: Path) -> None:
    assert complaints(manifests, tmp_path) == []


def test_all_kinds_are_rendered_by_some_values() -> None:
    kinds = {manifest["kind"] for case in CASES.values() for manifest in render(case)}
    core = {"Deployment", "StatefulSet", "Job", "Service", "ServiceAccount", "PodDisruptionBudget", "NetworkPolicy"}
    assert kinds == core | {"ConfigMap", "Ingress", "Secret", "KafkaTopic", "KafkaUser", *NOWHERE}


@pytest.mark.parametrize(
    ("case", "kind", "path", "value"),
    [
        ("stages", "Deployment", ("spec", "template", "spec", "containers", 0, "readinesProbe"), {}),
        ("stages", "StatefulSet", ("spec", "serviceName"), 7),
        ("stages", "PodMonitor", ("spec", "podMetricsEndpoints", 0, "intervall"), "5s"),
        ("stages", "PrometheusRule", ("spec", "groups", 0, "rules", 0, "expr"), None),
        ("stages", "ScaledObject", ("spec", "maxReplicaCount"), "many"),
        ("strimzi", "KafkaTopic", ("spec", "partition"), 3),
        ("strimzi", "KafkaUser", ("spec", "authorization", "type"), "complex"),
        ("single", "NetworkPolicy", ("spec", "egres"), []),
        ("single", "Job", ("kind",), "Jib"),
        ("downstream", "Ingress", ("spec", "rules", 0, "http", "paths", 0, "pathType"), 5),
    ],
)
def test_a_wrong_resource_is_noticed(
    case: str, kind: str, path: tuple[str | int, ...], value: object, tmp_path: Path
) -> None:
    wrong = deepcopy(_of(render(CASES[case]), kind)[:1])
    place: Any = wrong[0]
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert len(complaints(wrong, tmp_path)) >= 1


def test_every_stage_runs_once_with_a_command_that_exists(manifests: list[Manifest]) -> None:
    found = [pod["containers"][0]["args"] for pod in _pods(manifests)]
    for arguments in found:
        command, bound, _ = build_app().parse_args(arguments, exit_on_error=False, print_error=False)
        words = arguments[:2] if arguments[0] == "source" else arguments[:1]
        assert command.__module__ == f"pipeline.cli.{'_'.join(words)}"
        assert bound.arguments or " ".join(words) in ("topics", "search", "monitor", "alert", "source http")
    words = [word for arguments in found if arguments[0] == "worker" for word in arguments[1:]]
    assert sorted(word for word in words if word in (*STAGES, "cluster")) == sorted((*STAGES, "cluster"))


def test_settings_are_known_and_valid(
    manifests: list[Manifest], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for pod in _pods(manifests):
        assert unknown_variables(_environment(pod)) == []
        settings = _settings(pod, monkeypatch, tmp_path)
        assert settings.web.host == "0.0.0.0"  # noqa: S104  # inside the pod's own network
        mounts = {mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}
        for path in (settings.kafka.ssl_ca_file, settings.kafka.ssl_cert_file, settings.kafka.ssl_key_file):
            assert path is None or str(path.parent) in mounts
        for stage, kept in (("dedupe", settings.dedup.snapshot_dir), ("story", settings.stories.snapshot_dir)):
            assert kept is None or str(kept) in mounts
            assert (stage in pod["containers"][0]["args"]) == (kept is not None)


def test_no_password_is_in_an_environment(manifests: list[Manifest]) -> None:
    for pod in _pods(manifests):
        secret = {variable.name for variable in variables() if "Secret" in str(variable.field.annotation)}
        assert secret.isdisjoint(_environment(pod))


def test_pods_have_no_privileges(manifests: list[Manifest]) -> None:
    for pod in _pods(manifests):
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == 10001  # as the image
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        (container,) = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"requests", "limits"} <= container["resources"].keys()
        assert {"name": "tmp", "mountPath": "/tmp"} in container["volumeMounts"]  # noqa: S108  # the container's own
        volumes = [volume["name"] for volume in pod["volumes"]]
        assert len(volumes) == len(set(volumes))


def test_workers_are_probed_and_given_time_to_drain(
    manifests: list[Manifest], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for worker in _workers(manifests):
        pod = worker["spec"]["template"]["spec"]
        settings = _settings(pod, monkeypatch, tmp_path)
        (container,) = pod["containers"]
        serving = {
            "search": {"name": "search", "containerPort": settings.search.port},
            "alert": {"name": "alert", "containerPort": settings.alert.port},
            "source http": {"name": "articles", "containerPort": settings.source_http.port},
            "source feeds": {"name": "pushes", "containerPort": settings.websub.port},
        }.get(" ".join(container["args"][:2]))
        assert container["ports"] == [
            {"name": "http", "containerPort": settings.web.port},
            *([serving] if serving else []),
        ]
        probes = {name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "readiness", "liveness")}
        paths = {"startup": "/startupz", "readiness": "/readyz", "liveness": "/livez"}
        assert probes == {name: {"path": path, "port": "http"} for name, path in paths.items()}
        startup = container["startupProbe"]
        assert startup["periodSeconds"] * startup["failureThreshold"] > settings.watchdog.start_stall_secs
        assert pod["terminationGracePeriodSeconds"] >= settings.shutdown.grace_secs + 10


def test_what_selects_pods_selects_those_of_one_service(manifests: list[Manifest]) -> None:
    for worker in _workers(manifests):
        labels = worker["spec"]["template"]["metadata"]["labels"]
        wanted = {name: labels[name] for name in SELECTOR}
        name = worker["metadata"]["name"]
        assert worker["spec"]["selector"]["matchLabels"] == wanted
        budgets = [found for found in _of(manifests, "PodDisruptionBudget") if found["metadata"]["name"] == name]
        # One pod that may be away for a while needs no budget.
        assert len(budgets) == (0 if name.endswith("-monitor") else 1)
        assert all(budget["spec"]["selector"]["matchLabels"] == wanted for budget in budgets)
    names = [worker["metadata"]["name"] for worker in _workers(manifests)]
    assert len(names) == len(set(names))


def test_every_service_account_and_volume_exists(manifests: list[Manifest]) -> None:
    accounts = {found["metadata"]["name"] for found in _of(manifests, "ServiceAccount")}
    for found in _of(manifests, "Deployment", "StatefulSet", "Job"):
        pod = found["spec"]["template"]["spec"]
        assert pod["serviceAccountName"] in accounts
        claims = [claim["metadata"]["name"] for claim in found["spec"].get("volumeClaimTemplates", [])]
        there = {*claims, *(volume["name"] for volume in pod["volumes"])}
        assert {mount["name"] for mount in pod["containers"][0]["volumeMounts"]} == there


def test_traffic_goes_to_the_workers_port_and_to_the_brokers(manifests: list[Manifest]) -> None:
    policy, *others = _of(manifests, "NetworkPolicy")
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    ports = [[port["port"] for port in rule["ports"]] for rule in policy["spec"]["ingress"]]
    commands = [" ".join(pod["containers"][0]["args"][:2]) for pod in _pods(manifests)]
    serving = {"search": 8080, "alert": 8081, "source http": 8090, "source feeds": 8091}
    assert ports == [[9464], *([port] for command, port in serving.items() if command in commands)]
    assert all(other["spec"]["policyTypes"] == ["Egress"] for other in others)
    allowed = {port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]}
    for pod in _pods(manifests):
        servers = _environment(pod)["NEWS_KAFKA__BOOTSTRAP_SERVERS"].split(",")
        assert {int(server.rpartition(":")[2]) for server in servers} <= allowed


def test_the_search_listens_with_a_token_and_keeps_its_index_on_its_volume(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    manifests = render(CASES["single"])
    (workload,) = [found for found in _of(manifests, "StatefulSet") if found["metadata"]["name"].endswith("-search")]
    pod = workload["spec"]["template"]["spec"]
    search = _settings(pod, monkeypatch, tmp_path).search
    assert search.host == "0.0.0.0"  # noqa: S104  # inside the pod's own network
    (mount,) = [mount for mount in pod["containers"][0]["volumeMounts"] if mount["name"] == "index"]
    assert mount["mountPath"] == str(search.index_dir)
    (token,) = [item for item in pod["containers"][0]["env"] if item["name"] == "NEWS_SEARCH__TOKEN"]
    assert token["valueFrom"] == {"secretKeyRef": {"name": "search-token", "key": "token"}}
    (service,) = [found for found in _of(manifests, "Service") if found["metadata"]["name"].endswith("-search")]
    assert service["spec"]["selector"] == workload["spec"]["selector"]["matchLabels"]
    assert service["spec"]["ports"] == [{"name": "search", "port": search.port, "targetPort": "search"}]


def test_what_is_around_the_workers_keeps_what_cannot_be_made_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    manifests = render(CASES["downstream"])
    keeping = {
        found["metadata"]["name"].removeprefix("news-pipeline-"): found for found in _of(manifests, "StatefulSet")
    }
    assert keeping.keys() == {"alert", "search", "source-feeds", "source-http", "story"}
    for name, found in keeping.items():
        pod = found["spec"]["template"]["spec"]
        settings = _settings(pod, monkeypatch, tmp_path)
        kept = {
            "alert": settings.alert.state_dir,
            "search": settings.search.index_dir,
            "source-feeds": settings.feeds.state_dir,
            "source-http": settings.source_http.state_dir,
            "story": settings.stories.snapshot_dir,
        }[name]
        (claim,) = found["spec"]["volumeClaimTemplates"]
        mounts = {mount["name"]: mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}
        assert mounts[claim["metadata"]["name"]] == str(kept)
        made_again = "Delete" if name in ("search", "story") else "Retain"
        wanted = {"whenDeleted": made_again, "whenScaled": made_again}
        assert found["spec"]["persistentVolumeClaimRetentionPolicy"] == wanted
    # Two would notify of everything twice, and ask every site twice.
    assert [keeping[name]["spec"]["replicas"] for name in ("alert", "source-feeds")] == [1, 1]


def _file(manifests: list[Manifest], name: str, file: str) -> str:
    (found,) = [one for one in _of(manifests, "ConfigMap") if one["metadata"]["name"] == f"news-pipeline-{name}"]
    return str(found["data"][file])


def _container(manifests: list[Manifest], name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    (found,) = [one for one in _workers(manifests) if one["metadata"]["name"] == f"news-pipeline-{name}"]
    pod = found["spec"]["template"]["spec"]
    return pod, pod["containers"][0]


def test_the_alerts_read_queries_that_are_valid_beside_the_secrets_of_their_webhooks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    manifests = render(CASES["downstream"])
    pod, container = _container(manifests, "alert")
    alert = _settings(pod, monkeypatch, tmp_path).alert
    assert alert.queries is not None
    (mount,) = [mount for mount in container["volumeMounts"] if mount["name"] == "queries"]
    assert mount["mountPath"] == str(alert.queries.parent)
    (volume,) = [volume["projected"]["sources"] for volume in pod["volumes"] if volume["name"] == "queries"]
    assert volume[1] == {"secret": {"name": "alert-webhooks"}}
    assert volume[0]["configMap"] == {
        "name": "news-pipeline-alert",
        "items": [{"key": "queries.yaml", "path": alert.queries.name}],
    }
    queries = tmp_path / "queries.yaml"
    queries.write_text(_file(manifests, "alert", "queries.yaml"), "utf-8")
    (tmp_path / "desk.secret").write_text(f"whsec_{b64encode(bytes(32)).decode()}", "utf-8")
    assert [query.saved.id for query in load_queries(queries).queries] == ["ferries"]
    (policy,) = [one for one in _of(manifests, "NetworkPolicy") if one["metadata"]["name"] == "news-pipeline-alert"]
    assert [port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]] == list(alert.webhook_ports)


def test_a_changed_list_of_feeds_starts_their_source_again(tmp_path: Path) -> None:
    manifests = render(CASES["downstream"])
    _, container = _container(manifests, "source-feeds")
    (mount,) = [mount for mount in container["volumeMounts"] if mount["name"] == "list"]
    assert container["args"][-1] == f"{mount['mountPath']}/feeds.yaml"
    file = tmp_path / "feeds.yaml"
    file.write_text(_file(manifests, "source-feeds", "feeds.yaml"), "utf-8")
    assert [feed.url for feed in read_feed_list(file)] == [
        "https://www.example.org/feed.xml",
        "https://gazette.example/sitemap.xml",
    ]
    changed = render(CASES["downstream"], changes=['sources.feeds.list=["https://www.example.org/other.xml"]'])
    sums = [
        one["spec"]["template"]["metadata"]["annotations"]["checksum/feeds"]
        for one in (*_workers(manifests), *_workers(changed))
        if one["metadata"]["name"] == "news-pipeline-source-feeds"
    ]
    assert len(set(sums)) == 2
    (policy,) = [
        one for one in _of(manifests, "NetworkPolicy") if one["metadata"]["name"] == "news-pipeline-source-feeds"
    ]
    assert [port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]] == [80, 443]


def test_hubs_push_feeds_through_an_ingress_with_tls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    manifests = render(CASES["downstream"])
    pod, container = _container(manifests, "source-feeds")
    websub = _settings(pod, monkeypatch, tmp_path).websub
    assert (websub.host, websub.callback_url) == ("0.0.0.0", "https://hubs.example.com")  # noqa: S104  in the pod's network
    assert {"name": "pushes", "containerPort": websub.port} in container["ports"]
    (service,) = [one for one in _of(manifests, "Service") if one["metadata"]["name"] == "news-pipeline-source-feeds"]
    assert service["spec"]["ports"] == [{"name": "pushes", "port": websub.port, "targetPort": "pushes"}]
    (policy,) = [one for one in _of(manifests, "NetworkPolicy") if one["metadata"]["name"] == "news-pipeline"]
    assert websub.port in [port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]]
    polled = render(
        CASES["downstream"],
        changes=['sources.feeds.settings.NEWS_WEBSUB__HUBS=""', "sources.feeds.ingress.enabled=false"],
    )
    (service,) = [one for one in _of(polled, "Service") if one["metadata"]["name"] == "news-pipeline-source-feeds"]
    assert [port["name"] for port in service["spec"]["ports"]] == ["http"]


def test_articles_over_http_need_keys_and_come_through_an_ingress_with_tls(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    manifests = render(CASES["downstream"])
    pod, container = _container(manifests, "source-http")
    http = _settings(pod, monkeypatch, tmp_path).source_http
    assert http.host == "0.0.0.0"  # noqa: S104  # inside the pod's own network
    assert http.keys_file is not None
    (mount,) = [mount for mount in container["volumeMounts"] if mount["name"] == "keys"]
    assert mount["mountPath"] == str(http.keys_file.parent)
    (volume,) = [volume["secret"] for volume in pod["volumes"] if volume["name"] == "keys"]
    assert (volume["secretName"], volume["items"]) == (
        "article-keys",
        [{"key": "keys.yaml", "path": http.keys_file.name}],
    )
    (service,) = [one for one in _of(manifests, "Service") if one["metadata"]["name"] == "news-pipeline-source-http"]
    assert service["spec"]["ports"] == [{"name": "articles", "port": http.port, "targetPort": "articles"}]
    assert service["spec"]["sessionAffinity"] == "ClientIP"
    for ingress in _of(manifests, "Ingress"):
        (rule,), (secured,) = ingress["spec"]["rules"], ingress["spec"]["tls"]
        assert secured["hosts"] == [rule["host"]]
        backend = rule["http"]["paths"][0]["backend"]["service"]
        (behind,) = [one for one in _of(manifests, "Service") if one["metadata"]["name"] == backend["name"]]
        assert backend["port"] == {"name": behind["spec"]["ports"][0]["name"]}


def test_scaling_follows_the_lag_and_stops_at_the_partitions() -> None:
    found = {
        (case, scaled["metadata"]["name"]): scaled["spec"]
        for case in ("stages", "strimzi", "strimzi-mutual-tls")
        for scaled in _of(render(CASES[case]), "ScaledObject")
    }
    limits = {key: spec["maxReplicaCount"] for key, spec in found.items()}
    assert limits == {
        ("stages", "news-pipeline-classify"): 24,
        ("strimzi", "news-pipeline-classify"): 6,
        ("strimzi-mutual-tls", "news-pipeline-ingest"): 12,
    }
    trigger = found["stages", "news-pipeline-classify"]["triggers"][0]["metadata"]
    assert (trigger["consumerGroup"], trigger["topic"]) == (
        "staging.news-classify",
        "staging.news.articles.localized.v1",
    )
    assert (trigger["sasl"], trigger["tls"]) == ("scram_sha512", "enable")
    lane = found["strimzi-mutual-tls", "news-pipeline-ingest"]["triggers"][0]["metadata"]
    assert (lane["consumerGroup"], lane["topic"]) == ("archive-2019.news-ingest", "archive-2019.news.articles.raw.v1")
    for manifest in _workers(render(CASES["stages"])):
        assert ("replicas" in manifest["spec"]) == (manifest["metadata"]["name"] != "news-pipeline-classify")


def test_the_rules_are_the_shipped_ones_and_metrics_have_the_labels_that_they_expect() -> None:
    manifests = render(CASES["stages"])
    (rule,) = _of(manifests, "PrometheusRule")
    shipped = [group for path in RULES for group in yaml.safe_load(path.read_text("utf-8"))["groups"]]
    text = rendered(yaml.safe_dump(shipped), runbooks="https://wiki.example.com/runbooks/")
    assert rule["spec"]["groups"] == yaml.safe_load(text)
    (relabeling,) = [item for item in _scraped(manifests)["relabelings"] if item["targetLabel"] == "job"]
    assert relabeling == {"targetLabel": "job", "replacement": "news-pipeline"}


def test_another_job_is_that_of_the_metrics_and_of_the_rules() -> None:
    manifests = render(CASES["stages"], changes=['metricsJob="my-news"', 'prometheusRule.runbookUrl=""'])
    (rule,) = _of(manifests, "PrometheusRule")
    shipped = [group for path in RULES for group in yaml.safe_load(path.read_text("utf-8"))["groups"]]
    text = yaml.safe_dump(shipped)
    assert rule["spec"]["groups"] == yaml.safe_load(rendered(text, job="my-news")) != yaml.safe_load(text)
    assert {"targetLabel": "job", "replacement": "my-news"} in _scraped(manifests)["relabelings"]


def test_all_that_stays_is_scraped_and_the_topics_job_is_not() -> None:
    manifests = render(CASES["single"], changes=["podMonitor.enabled=true"])
    (monitor,) = _of(manifests, "PodMonitor")
    selector = monitor["spec"]["selector"]
    (without,) = selector["matchExpressions"]
    assert (without["key"], without["operator"]) == ("app.kubernetes.io/component", "NotIn")
    scraped = []
    for found in _of(manifests, "Deployment", "StatefulSet", "Job"):
        labels = found["spec"]["template"]["metadata"]["labels"]
        if selector["matchLabels"].items() <= labels.items() and labels[without["key"]] not in without["values"]:
            ports = found["spec"]["template"]["spec"]["containers"][0]["ports"]
            assert [port["containerPort"] for port in ports if port["name"] == _scraped(manifests)["port"]] == [9464]
            scraped.append(labels[without["key"]])
    assert sorted(scraped) == ["cluster", "ingest", "monitor", "search"]


def test_the_monitor_is_one_pod_that_keeps_what_it_learned(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for changes, kind in (
        ([], {"emptyDir": {"sizeLimit": "256Mi"}}),
        (['monitor.state.claimName="rhythm"'], {"persistentVolumeClaim": {"claimName": "rhythm"}}),
    ):
        manifests = render(CASES["stages"], changes=changes)
        (monitor,) = [found for found in _workers(manifests) if found["metadata"]["name"].endswith("-monitor")]
        assert (monitor["spec"]["replicas"], monitor["spec"]["strategy"]) == (1, {"type": "Recreate"})
        pod = monitor["spec"]["template"]["spec"]
        state_file = _settings(pod, monkeypatch, tmp_path).monitor.state_file
        assert state_file is not None
        (mount,) = [mount for mount in pod["containers"][0]["volumeMounts"] if mount["name"] == "state"]
        assert mount["mountPath"] == str(state_file.parent)
        assert [volume for volume in pod["volumes"] if volume["name"] == "state"] == [{"name": "state", **kind}]
        assert pod["priorityClassName"] == "news", "as the workers"
    (own,) = [
        found
        for found in _workers(render(CASES["stages"], changes=['monitor.priorityClassName="watch"']))
        if found["metadata"]["name"].endswith("-monitor")
    ]
    assert own["spec"]["template"]["spec"]["priorityClassName"] == "watch"
    assert not [found for found in render(changes=["monitor.enabled=false"]) if "-monitor" in found["metadata"]["name"]]


def test_pods_that_keep_their_names_keep_their_partitions(manifests: list[Manifest]) -> None:
    for found in _workers(manifests):
        (container,) = found["spec"]["template"]["spec"]["containers"]
        names = [item["valueFrom"] for item in container["env"] if item["name"] == "NEWS_KAFKA__INSTANCE_ID"]
        lasting = found["kind"] == "StatefulSet" and container["args"][0] == "worker"
        assert names == ([{"fieldRef": {"fieldPath": "metadata.name"}}] if lasting else [])
