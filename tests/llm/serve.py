"""A small real language model behind Ollama's protocol, on 127.0.0.1: `python serve.py WEIGHTS PORT`.

It runs in the environment of `make test-llm`, which has llama.cpp and nothing of the project. Belongs here: the part
of the protocol that a writer uses (/api/tags, /api/chat with a schema, seed, temperature and length, streamed).
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn
from llama_cpp import Llama
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

MODEL = "smollm2:latest"
CONTEXT_TOKENS = 4096
"""The prompt of a brief has up to 2,200 tokens, its answer some 500."""
THREADS = 1
"""Two threads of so small a model wait for each other: on a busy machine that costs tenfold (1 to the cores)."""


_read: dict[str, Any] = {}
"""The prompt that the model has read: asked again, it is not read again, and every answer begins at the same state."""


def make_app(weights: Path) -> Starlette:
    """Return the server of one model."""
    model = Llama(str(weights), n_ctx=CONTEXT_TOKENS, n_threads=THREADS, n_threads_batch=THREADS, verbose=False)
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()

    async def tags(_: Request) -> Response:
        listed = {"name": MODEL, "model": MODEL, "digest": digest, "size": weights.stat().st_size}
        return JSONResponse({"models": [listed]})

    async def chat(request: Request) -> Response:
        asked = await request.json()
        if asked["model"] not in (MODEL, MODEL.removesuffix(":latest")):
            return JSONResponse({"error": f"model '{asked['model']}' not found"}, status_code=404)
        if not asked.get("stream", True):
            answer = "".join(_parts(model, asked))
            return JSONResponse(_line(answer, is_done=True))
        return StreamingResponse(_stream(model, asked), media_type="application/x-ndjson")

    return Starlette(routes=[Route("/api/tags", tags), Route("/api/chat", chat, methods=["POST"])])


def _parts(model: Llama, asked: dict[str, Any]) -> Iterator[str]:
    options = asked.get("options") or {}
    schema = asked.get("format")
    if _read.get("messages") != asked["messages"]:
        model.reset()
        model.create_chat_completion(messages=asked["messages"], max_tokens=1)
        _read.update(messages=asked["messages"], state=model.save_state())
    model.load_state(_read["state"])
    parts = model.create_chat_completion(
        messages=asked["messages"],
        seed=int(options.get("seed", 0)),
        temperature=float(options.get("temperature", 0.8)),
        repeat_penalty=float(options.get("repeat_penalty", 1.0)),
        max_tokens=int(options.get("num_predict", 256)),
        response_format={"type": "json_object", "schema": schema} if isinstance(schema, dict) else None,
        stream=True,
    )
    for part in parts:
        yield part["choices"][0]["delta"].get("content") or ""


def _stream(model: Llama, asked: dict[str, Any]) -> Iterator[str]:
    for part in _parts(model, asked):
        yield json.dumps(_line(part, is_done=False)) + "\n"
    yield json.dumps(_line("", is_done=True)) + "\n"


def _line(text: str, *, is_done: bool) -> dict[str, Any]:
    return {"model": MODEL, "message": {"role": "assistant", "content": text}, "done": is_done}


if __name__ == "__main__":
    uvicorn.run(make_app(Path(sys.argv[1])), host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")
