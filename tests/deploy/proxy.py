"""nginx as deploy/compose has it, with the addresses of a test, and a certificate that it makes for itself."""

import re
import subprocess
from pathlib import Path

from tests.deploy.tools import DEPLOY, done, from_apt

CERTIFICATE = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"


def nginx(folder: Path, one: str, two: str, *, https: int = 443, http: int = 80) -> list[str]:
    """The command that runs it in the foreground, in `folder`, before the Lineups at `one` and `two` (HOST:PORT)."""
    program = from_apt("nginx")
    tls = folder / "tls"
    tls.mkdir()
    done("openssl", *CERTIFICATE.split(), "-keyout", tls / "privkey.pem", "-out", tls / "fullchain.pem")
    said = (DEPLOY / "compose" / "nginx.conf").read_text()
    ours = {
        "lineup-1:8484": one,
        "lineup-2:8484": two,
        "listen 443 ssl": f"listen 127.0.0.1:{https} ssl",
        "listen 80": f"listen 127.0.0.1:{http}",
    }
    for theirs, here in ours.items():
        assert theirs in said
        said = said.replace(theirs, here)
    if _version(program) < (1, 25):  # where `http2 on` does not exist yet
        said = said.replace("http2 on;", "")
    file = folder / "nginx.conf"
    file.write_text(said)
    log = folder / "nginx.log"
    return [program, "-p", str(folder), "-c", str(file), "-g", f"daemon off; pid {folder}/pid; error_log {log};"]


def _version(program: str) -> tuple[int, int]:
    told = subprocess.run([program, "-v"], capture_output=True, text=True, check=False).stderr
    major, minor = re.findall(r"nginx/(\d+)\.(\d+)", told)[0]
    return int(major), int(minor)
