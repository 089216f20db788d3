"""AIPerf and GuideLLM, each in a throw-away environment of its own, on the same upstream; never a part of Lineup.

Both want a tokenizer, so a small one is trained here, out of random words. Both are asked for each request's figures,
so that their warm-up can be left out as ours is. They may use every core, also the upstream's.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import rmtree
from typing import Any

from bench.truth.cases import Case, Spread, spread, truth_of
from bench.truth.provider import paced_upstream, records_of

VERSIONS = {"aiperf": "0.13.0", "guidellm": "0.8.1"}
_LONGEST_RUN_S = 300
_QUIET = {"DO_NOT_TRACK": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "HF_DATASETS_OFFLINE": "1"}
_TRAIN = """
import json, pathlib, random, string, sys
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
source, folder = random.Random(1), pathlib.Path(sys.argv[1])
words = ["".join(source.choices(string.ascii_lowercase, k=source.randint(2, 9))) for _ in range(2000)]
tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
special, alphabet = ["<unk>", "<s>", "</s>"], pre_tokenizers.ByteLevel.alphabet()
trainer = trainers.BpeTrainer(vocab_size=2000, special_tokens=special, initial_alphabet=alphabet)
tokenizer.train_from_iterator([" ".join(source.choices(words, k=40)) for _ in range(2000)], trainer)
folder.mkdir(exist_ok=True)
tokenizer.save(str(folder / "tokenizer.json"))
names = dict(zip(("unk_token", "bos_token", "eos_token"), special))
settings = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 4096, **names}
(folder / "tokenizer_config.json").write_text(json.dumps(settings))
"""


class Unavailable(Exception):
    """The peer cannot be installed or run here; says why."""


def measure_peer(name: str, case: Case, cache: Path) -> dict[str, Any]:
    """What `Part` wants to know. Raises Unavailable."""
    if case.tls:
        raise Unavailable("over TLS only Lineup is measured")
    home = installed(name, cache)
    out = cache / "out" / name
    rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    count = case.requests + case.streams
    with paced_upstream(case.options) as base_url:
        command = _COMMANDS[name](base_url, case.streams, count, out)
        began_at, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        _run([str(home / "bin" / command[0]), *command[1:]], f"{name} failed", cwd=cache, environment=_QUIET)
        after, ended_at = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        records = records_of(base_url)
    if len(records) != count:
        raise Unavailable(f"{name} sent {len(records)} requests instead of {count}")
    return {
        "version": VERSIONS[name],
        **truth_of(records[-case.requests :]),
        "measured": _READERS[name](out, case.requests),
        "start_up_s": records[0]["came_at"] - began_at,
        "cpu_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "wall_s": ended_at - began_at,
    }


def installed(name: str, cache: Path) -> Path:
    """The peer's environment, made if it is not there. Raises Unavailable."""
    home = cache / name
    if not (home / "bin" / name).exists():
        wanted = f"{name}=={VERSIONS[name]}"
        print(f"Installing {wanted} into the cache; this takes minutes ...", file=sys.stderr)
        _run([sys.executable, "-m", "venv", str(home)], f"no environment for {name}")
        _run([str(home / "bin" / "pip"), "install", "-q", wanted, "tokenizers"], f"{wanted} cannot be installed")
    if not (cache / "tokenizer" / "tokenizer.json").exists():
        _run([str(home / "bin" / "python"), "-c", _TRAIN, str(cache / "tokenizer")], "no tokenizer could be trained")
    return home


def _run(command: Sequence[str], what: str, *, cwd: Path | None = None, environment: Mapping[str, str] = {}) -> None:
    """Raises Unavailable with the last line that the command said."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=cwd, env={**os.environ, **environment}, timeout=_LONGEST_RUN_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{what}: {error}") from None
    if done.returncode:
        said = [line.strip(" │╭╰─╮╯") for line in (done.stderr + done.stdout).splitlines() if line.strip(" │╭╰─╮╯")]
        raise Unavailable(f"{what} with code {done.returncode}: {said[-1] if said else 'nothing was said'}")


def _aiperf(base_url: str, streams: int, count: int, out: Path) -> list[str]:
    return [
        *("aiperf", "profile", "-m", "paced-echo", "--url", base_url, "--endpoint-type", "chat", "--streaming"),
        *("--tokenizer", str(out.parent.parent / "tokenizer"), "--use-server-token-count", "--ui", "none"),
        *("--concurrency", str(streams), "--request-count", str(count), "--isl", "16", "--osl", "100"),
        *("--artifact-dir", str(out)),
    ]


def _guidellm(base_url: str, streams: int, count: int, out: Path) -> list[str]:
    return [
        *("guidellm", "run", "--backend", f"kind=openai_http,target={base_url},model=paced-echo"),
        *("--profile", f"kind=concurrent,streams={streams}", "--constraint", f"kind=max_requests,count={count}"),
        *("--data", "kind=synthetic_text,prompt_tokens=16,output_tokens=100"),
        *("--tokenizer", f"kind=huggingface_auto,model={out.parent.parent / 'tokenizer'}"),
        *("--output", f"kind=json,path={out / 'report.json'}", "--disable-console"),
    ]


def _read_aiperf(out: Path, last: int) -> dict[str, Spread]:
    """`itl` is its inter_token_latency, one mean per request; `gap` its inter_chunk_latency, every gap."""
    lines = (out / "profile_export.jsonl").read_text().splitlines()
    requests = [json.loads(line) for line in lines]
    requests.sort(key=lambda request: request["metadata"]["request_start_ns"])
    figures = [request["metrics"] for request in requests[-last:]]
    return {
        "ttft": spread([figure["time_to_first_token"]["value"] for figure in figures]),
        "itl": spread([figure["inter_token_latency"]["value"] for figure in figures]),
        "gap": spread([gap for figure in figures for gap in figure["inter_chunk_latency"]["value"]]),
    }


def _read_guidellm(out: Path, last: int) -> dict[str, Spread]:
    """`itl` is its inter_token_latency_ms, one mean per request; it does not tell single gaps."""
    report = json.loads((out / "report.json").read_text())
    requests = report["benchmarks"][0]["requests"]["successful"]
    requests.sort(key=lambda request: request["request_start_time"])
    return {
        "ttft": spread([request["time_to_first_token_ms"] for request in requests[-last:]]),
        "itl": spread([request["inter_token_latency_ms"] for request in requests[-last:]]),
    }


_COMMANDS = {"aiperf": _aiperf, "guidellm": _guidellm}
_READERS = {"aiperf": _read_aiperf, "guidellm": _read_guidellm}
