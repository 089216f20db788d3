"""The Helm chart, rendered and held against Kubernetes' own schemas.

Helm itself cannot be had here: `rendering/main.go` does what Helm does with a chart like this one, with Go's templates
and sprig's functions, of which Helm is made. No cluster has run it.
"""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.tools import CHART, done, from_apt, from_lock
from tests.fakes.counts import HARD

ON_POSTGRES = {"database": {"existingSecret": "db"}, "keyring": {"existingSecret": "ring"}}
EVERYTHING = ON_POSTGRES | {
    "replicas": 3,
    "workers": 2,
    "firstAdmin": {"existingSecret": "first"},
    "settings": {"public_url": "https://lineup.example.com", "streams": 3000},
    "settingsFrom": [{"secretRef": {"name": "more"}}],
    "image": {"tag": "9.9.9", "pullSecrets": [{"name": "registry"}]},
    "ingress": {"enabled": True, "className": "nginx", "tlsSecret": "tls"},
    "podAnnotations": {"a": "b"},
    "nodeSelector": {"disk": "fast"},
    "tolerations": [{"key": "k", "operator": "Exists"}],
    "affinity": {"podAntiAffinity": {}},
}
Render = Callable[[dict[str, Any]], "subprocess.CompletedProcess[str]"]

pytestmark = [pytest.mark.hard, pytest.mark.skipif(not HARD, reason="Go is installed and a program built for it")]


@pytest.fixture(scope="module")
def render(tmp_path_factory: pytest.TempPathFactory) -> Render:
    go = from_apt("go", "golang-go", "golang-github-masterminds-sprig-dev")
    folder = tmp_path_factory.mktemp("chart")
    program = folder / "render"
    environment = {
        **os.environ,
        "GO111MODULE": "off",
        "GOPATH": "/usr/share/gocode",
        "GOCACHE": str(folder / "cache"),
        "GOFLAGS": "",
    }
    done(go, "build", "-o", program, Path(__file__).parent / "rendering" / "main.go", env=environment)
    templates = sorted((CHART / "templates").iterdir())

    def with_values(values: dict[str, Any]) -> "subprocess.CompletedProcess[str]":
        chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
        given = {
            "values": _merged(yaml.safe_load((CHART / "values.yaml").read_text()), values),
            "chart": {name[0].upper() + name[1:]: value for name, value in chart.items()},
            "release": {"Name": "our", "Namespace": "models", "Service": "Helm"},
        }
        return subprocess.run(
            [program, *templates], input=json.dumps(given), capture_output=True, text=True, check=False
        )

    return with_values


def _merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    both = {**under, **over}
    return both | {
        name: _merged(under[name], over[name])
        for name in over
        if isinstance(under.get(name), dict) and isinstance(over[name], dict)
    }


def objects(rendered: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    """By kind; what `NOTES.txt` says to the user is left out."""
    assert rendered.returncode == 0, rendered.stderr
    files = rendered.stdout.split("--- # ")
    manifests = [one.partition("\n")[2] for one in files if one and not one.startswith("NOTES")]
    read = [one for text in manifests for one in yaml.safe_load_all(text) if one]
    return {one["kind"]: one for one in read}


@pytest.mark.parametrize("values", [{}, ON_POSTGRES, EVERYTHING], ids=["sqlite", "postgres", "everything"])
def test_what_is_rendered_is_what_kubernetes_takes(render: Render, values: dict[str, Any], tmp_path: Path) -> None:
    for kind, one in objects(render(values)).items():
        file = tmp_path / f"{kind}.yaml"
        file.write_text(yaml.safe_dump(one))
        done(from_lock("kubernetes-validate"), "--strict", file)


def test_sqlite_has_a_volume_and_one_pod(render: Render) -> None:
    made = objects(render({}))
    assert set(made) == {"StatefulSet", "Service"}
    assert made["StatefulSet"]["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"] == "10Gi"
    refused = render({"replicas": 2})
    assert refused.returncode == 1
    assert "More than one replica wants PostgreSQL" in refused.stderr


def test_pods_on_postgres_share_a_ring(render: Render) -> None:
    refused = render({"database": {"existingSecret": "db"}})
    assert "set keyring.existingSecret" in refused.stderr
    made = objects(render(EVERYTHING))
    assert set(made) == {"Deployment", "PodDisruptionBudget", "Service", "Ingress"}
    pod = made["Deployment"]["spec"]["template"]["spec"]
    assert pod["initContainers"][0]["command"][0:2] == ["install", "--mode=0600"]
    environment = {one["name"]: one.get("value", one.get("valueFrom")) for one in pod["containers"][0]["env"]}
    assert environment["LINEUP_DATABASE_URL"] == {"secretKeyRef": {"name": "db", "key": "url"}}
    assert environment["LINEUP_KEYRING_FILE"] == "/keyring/keyring.json"
    assert environment["LINEUP_PUBLIC_URL"] == "https://lineup.example.com"
    assert environment["LINEUP_STREAMS"] == "3000"
    assert pod["containers"][0]["image"] == "lineup:9.9.9"


@pytest.mark.parametrize("values", [{}, EVERYTHING], ids=["sqlite", "everything"])
def test_no_pod_may_more_than_it_must(render: Render, values: dict[str, Any]) -> None:
    made = objects(render(values))
    pod = (made.get("Deployment") or made["StatefulSet"])["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    for container in (*pod.get("initContainers", ()), *pod["containers"]):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
