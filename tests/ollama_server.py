"""A small real HTTP server that speaks Ollama's protocol, for tests: answers on script, faults on demand.

It listens on 127.0.0.1 on a free port, in a thread. What it answers is decided by `script`, a function from the
request to the text of the model; how it fails is decided by `faults`, taken one by one, the last one staying.
"""

import json
import re
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

MODEL = "harbor-test:latest"
DIGEST = "f00dfeed" * 8
FAULTS = ("none", "slow", "drip", "die", "truncated", "malformed", "garbage", "empty", "error", "huge", "wrong_model")

_PASSAGE = re.compile(
    r'<passage chunk_id="(?P<id>[^"]+)" kind="(?P<kind>[^"]+)" title="[^"]*">\n(?P<text>.*?)\n</passage>', re.DOTALL
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_RATE = re.compile(r"\d+\.\d+%")

Script = Callable[[dict[str, Any]], str]


@dataclass(frozen=True)
class Passage:
    """A passage as it stands in a prompt."""

    id: str
    kind: str
    text: str

    @property
    def sentences(self) -> list[str]:
        """Its sentences, without list markers."""
        return [part.strip() for part in _SENTENCE.split(self.text) if part.strip()]


def passages_of(request: dict[str, Any]) -> list[Passage]:
    """Read the passages of a prompt's last message back: the one before it is an example."""
    prompt = request["messages"][-1]["content"] if request.get("messages") else request.get("prompt", "")
    return [Passage(match["id"], match["kind"], match["text"]) for match in _PASSAGE.finditer(prompt)]


def answer_of(subject: str, *sentences: tuple[str, str, str]) -> str:
    """Build an answer from (text, chunk_id, quote)."""
    rows = [{"chunk_id": name, "quote": quote, "text": text} for text, name, quote in sentences]
    return json.dumps({"subject": subject, "sentences": rows})


def good_answer(request: dict[str, Any]) -> str:
    """Answer as a careful model would: an approved line and sentences with numbers, quoted from the prompt.

    The seed of the request turns the choice of the fact, so that candidates differ.
    """
    seed = int(request.get("options", {}).get("seed", 0))
    passages = passages_of(request)
    voice = [item for item in passages if item.kind == "brand_voice" and "{link}" not in item.text]
    subjects = [item for item in voice if not item.text.endswith((".", "?", "!", ","))]
    openings = [item for item in voice if item not in subjects]
    facts = [
        item for item in passages if item.kind == "rate_sheet" and item.text.endswith(".") and "- " not in item.text
    ]
    chosen: list[tuple[str, str, str]] = []
    if openings:
        chosen += [(text, openings[0].id, text) for text in openings[0].sentences]
    if facts:
        fact = facts[seed % len(facts)]
        chosen += [(text, fact.id, text) for text in fact.sentences if re.search(r"\d|approval|underwriting", text)]
    return answer_of(subjects[0].text if subjects else "", *chosen)


def false_rate_answer(request: dict[str, Any]) -> str:
    """Answer as a lying model would: the percentages of a good answer are raised, the quotes are left true."""
    answer = json.loads(good_answer(request))
    rates = [row for row in answer["sentences"] if _RATE.search(row["text"])]
    if not rates:
        row = {**answer["sentences"][-1], "text": "It earns 9.99% annual percentage yield."}
        answer["sentences"].append(row)
    for row in rates:
        row["text"] = _RATE.sub("9.99%", row["text"])
    return json.dumps(answer)


def false_quote_answer(request: dict[str, Any]) -> str:
    """Answer as a forger would: rates and quotes are raised together, the passage cited is the true one."""
    answer = json.loads(false_rate_answer(request))
    for row in answer["sentences"]:
        row["quote"] = row["text"]
    return json.dumps(answer)


@dataclass
class OllamaServer:
    """The running server.

    Attributes
    ----------
    script : callable
        From the request's body to the text the model answers.
    faults : list of str
        Of `FAULTS`; each generating request takes the first, and the last one stays.
    models : list of str
        Models it has.
    requests : list of dict
        Bodies of the generating requests so far.
    slow_seconds : float
        What 'slow' waits before answering and 'drip' between pieces.
    """

    script: Script = good_answer
    faults: list[str] = field(default_factory=lambda: ["none"])
    models: list[str] = field(default_factory=lambda: [MODEL])
    requests: list[dict[str, Any]] = field(default_factory=list)
    slow_seconds: float = 1.0
    host: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def next_fault(self) -> str:
        """Take the next fault; the last one stays."""
        with self._lock:
            return self.faults.pop(0) if len(self.faults) > 1 else self.faults[0]

    def has_model(self, name: str) -> bool:
        """Tell whether a model is there, with or without ':latest'."""
        return name in self.models or f"{name}:latest" in self.models


def _missing(name: str) -> JSONResponse:
    return JSONResponse({"error": f"model '{name}' not found"}, status_code=404)


def _pieces(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)] or [""]


def _line(kind: str, model: str, text: str, done: bool) -> dict[str, Any]:
    said: dict[str, Any] = {"message": {"role": "assistant", "content": text}} if kind == "chat" else {"response": text}
    end = {"done_reason": "stop", "eval_count": 1, "prompt_eval_count": 1} if done else {}
    return {"model": model, "created_at": "2026-01-01T00:00:00Z", **said, "done": done, **end}


async def _generate(server: OllamaServer, request: Request, kind: str) -> Response:
    body = await request.json()
    with server._lock:
        server.requests.append(body)
    model, fault = str(body.get("model", "")), server.next_fault()
    if fault == "wrong_model" or not server.has_model(model):
        return _missing(model)
    if fault == "error":
        return JSONResponse({"error": "llama runner process has terminated"}, status_code=500)
    if fault == "slow":
        await anyio.sleep(server.slow_seconds)
    if fault == "garbage":
        return PlainTextResponse("<html>not this server</html>\n", status_code=200)
    text = {"empty": "", "malformed": '{"subject": "x", "sentences": [{"text": ', "huge": "x" * 2_000_000}.get(fault)
    text = server.script(body) if text is None else text
    if not body.get("stream", True):
        return JSONResponse(_line(kind, model, text, done=True))
    pause = server.slow_seconds if fault == "drip" else 0.0
    return StreamingResponse(_stream(kind, model, text, fault, pause), media_type="application/x-ndjson")


async def _stream(kind: str, model: str, text: str, fault: str, pause: float) -> AsyncIterator[bytes]:
    """Send an answer in pieces; 'die' and 'truncated' stop in the middle, the first by breaking the connection."""
    pieces = _pieces(text, 64 if fault != "huge" else 65_536)
    for number, piece in enumerate(pieces):
        if fault in ("die", "truncated") and number >= max(1, len(pieces) // 2):
            if fault == "die":
                raise ConnectionAbortedError("the test server dies here")
            return
        await anyio.sleep(pause)
        yield json.dumps(_line(kind, model, piece, done=False)).encode() + b"\n"
    yield json.dumps(_line(kind, model, "", done=True)).encode() + b"\n"


def build_app(server: OllamaServer) -> Starlette:
    """Build the application around the state of a server."""

    async def chat(request: Request) -> Response:
        return await _generate(server, request, "chat")

    async def generate(request: Request) -> Response:
        return await _generate(server, request, "generate")

    async def embed(request: Request) -> Response:
        body = await request.json()
        if not server.has_model(str(body.get("model", ""))):
            return _missing(str(body.get("model", "")))
        texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
        vectors = [[float(len(text) % 7), float(text.count("e")), 1.0] for text in texts]
        return JSONResponse({"model": body["model"], "embeddings": vectors})

    async def tags(_: Request) -> Response:
        rows = [
            {"name": name, "model": name, "modified_at": "2026-01-01T00:00:00Z", "size": 1, "digest": DIGEST}
            for name in server.models
        ]
        return JSONResponse({"models": rows})

    async def version(_: Request) -> Response:
        return JSONResponse({"version": "0.13.0"})

    return Starlette(
        routes=[
            Route("/api/chat", chat, methods=["POST"]),
            Route("/api/generate", generate, methods=["POST"]),
            Route("/api/embed", embed, methods=["POST"]),
            Route("/api/tags", tags),
            Route("/api/version", version),
        ]
    )


@contextmanager
def running_server(script: Script = good_answer, faults: list[str] | None = None) -> Iterator[OllamaServer]:
    """Run a server for the length of a `with` block."""
    server = OllamaServer(script=script, faults=list(faults or ["none"]))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server.host = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(build_app(server), log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
        runner = uvicorn.Server(config)
        thread = threading.Thread(target=runner.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 10
        while not runner.started:
            if time.monotonic() > deadline:
                raise RuntimeError("the test server did not start within 10 s")
            time.sleep(0.01)
        try:
            yield server
        finally:
            runner.should_exit = True
            thread.join(timeout=5)


def refused_host() -> str:
    """Return an address on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
