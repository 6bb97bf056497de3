"""The support model as a tool: JSON lines of claims with evidence in, a JSON line of verdict each out.

Belongs here: reading and writing lines. A line is judged or answered with an error; none stops the rest.
"""

import json
import queue
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

import typer

from rag.strict_json import StrictJsonError, kind_of, read_json
from rag.support.artefact import is_trained, load_or_train, models_folder
from rag.support.model import Judgement, SupportModel

BATCH = 32
"""Lines judged at a time at most; fewer where the input pauses, so that a line is never kept waiting for the next."""
BATCH_CHARACTERS = 2_000_000
"""Lines judged at a time together have no more than this, unless one alone has: memory stays bounded."""
MAX_LINE = 20_000_000
"""Characters of a line; a longer one is answered with an error."""
_DAMAGED = "some characters could not be read: the line is not UTF-8, save it as such"
Row = dict[str, Any]


class LineError(ValueError):
    """A line can't be judged; carries a code and, where it could be read, the line's id."""

    def __init__(self, code: str, message: str, line_id: object = None, has_id: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.line_id = line_id
        self.has_id = has_id


def parse_line(text: str) -> tuple[str, str, Row]:
    """Read one line.

    Returns
    -------
    claim, evidence : str
        A list of evidence is joined by line ends.
    head : dict
        `{"id": ...}` where the line has one.

    Raises
    ------
    LineError
        If the line is no JSON object with `claim` (text) and `evidence` (text or a list of texts).
    """
    if len(text) > MAX_LINE:
        raise LineError(
            "line_too_long", f"line has {len(text)} characters, at most {MAX_LINE} are read; split the evidence"
        )
    try:
        value = read_json(text)
    except StrictJsonError as error:
        raise LineError("not_json", f"line is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise LineError("not_an_object", f"line is a JSON {kind_of(value)}; expected an object with claim and evidence")
    head = {"id": value["id"]} if "id" in value else {}
    for name in ("claim", "evidence"):
        if name not in value:
            raise LineError("missing_field", f"field '{name}' is missing; add it", head.get("id"), bool(head))
    claim, evidence = value["claim"], value["evidence"]
    if not isinstance(claim, str):
        raise LineError("wrong_type", f"claim is {kind_of(claim)}; expected text", head.get("id"), bool(head))
    try:
        return claim, _joined(evidence), head
    except TypeError as error:
        raise LineError("wrong_type", str(error), head.get("id"), bool(head)) from error


def _joined(evidence: object) -> str:
    """Return evidence as one text; raises TypeError that names what is none."""
    if isinstance(evidence, str):
        return evidence
    if not isinstance(evidence, list):
        raise TypeError(f"evidence is {kind_of(evidence)}; expected text or a list of texts")
    for number, part in enumerate(evidence, 1):
        if not isinstance(part, str):
            raise TypeError(f"evidence[{number}] is {kind_of(part)}; expected text")
    return "\n".join(evidence)


def judge_lines(lines: Iterable[str], model: SupportModel) -> Iterator[Row]:
    """Judge lines, in order; one result for each line that is not blank.

    Parameters
    ----------
    lines : iterable of str
        Read ahead by half a `BATCH`, in a thread of its own; judged as soon as no other line is at hand.
    model : SupportModel
        See `load_or_train`.
    """
    number = 0
    for group in _groups(lines):
        batch: list[tuple[str, str, Row] | LineError] = []
        for line in group:
            number += 1
            text = line.strip("\ufeff \t\r\n")
            if not text:
                continue
            try:
                batch.append(parse_line(text))
            except LineError as error:
                error.args = (f"line {number}: {error}",)
                batch.append(error)
        yield from _answers(batch, model)


def _groups(lines: Iterable[str]) -> Iterator[list[str]]:
    """Yield the lines that are at hand, at least one, at most `BATCH`; waits for the first only."""
    ahead: queue.Queue[str | BaseException | None] = queue.Queue(maxsize=BATCH // 2)

    def read() -> None:
        try:
            for line in lines:
                ahead.put(line)
            ahead.put(None)
        except (OSError, ValueError) as error:  # a stream that breaks or is closed: told where it is read
            ahead.put(error)

    threading.Thread(target=read, daemon=True, name="pairs-reader").start()
    while True:
        group, end = _at_hand(ahead)
        if group:
            yield group
        if isinstance(end, BaseException):
            raise end
        if end is None:
            return


def _at_hand(ahead: "queue.Queue[str | BaseException | None]") -> tuple[list[str], str | BaseException | None]:
    """Return the lines that wait in a queue, and the last thing taken from it: None or an error ends the input."""
    item = ahead.get()
    group: list[str] = []
    size = 0
    while isinstance(item, str):
        group.append(item)
        size += len(item)
        if len(group) == BATCH or size > BATCH_CHARACTERS or ahead.empty():
            break
        item = ahead.get()
    return group, item


def _answers(batch: list[tuple[str, str, Row] | LineError], model: SupportModel) -> Iterator[Row]:
    judged = iter(model.judge([(item[0], item[1]) for item in batch if not isinstance(item, LineError)]))
    for item in batch:
        if isinstance(item, LineError):
            yield {**({"id": item.line_id} if item.has_id else {}), "error": {"code": item.code, "message": str(item)}}
        else:
            is_damaged = "\ufffd" in item[0] or "\ufffd" in item[1]
            yield {**item[2], **_shown(next(judged), (_DAMAGED,) if is_damaged else ())}


def _shown(judgement: Judgement, told: tuple[str, ...]) -> Row:
    return {"supported": judgement.supported, "score": judgement.score, "reasons": [*judgement.reasons, *told]}


def _lines_of(stream: Any) -> Iterator[str]:
    for raw in stream:
        yield raw.decode("utf-8", errors="replace")


def write_judgements(stream: Any, model: SupportModel, out: TextIO) -> None:
    """Judge the lines of a binary stream and write the answers as ASCII-safe JSON lines."""
    for row in judge_lines(_lines_of(stream), model):
        out.write(json.dumps(row) + "\n")
        out.flush()


def run(
    pairs: str = typer.Argument(
        ..., help="File of JSON lines with claim, evidence and optional id; - reads standard input."
    ),
) -> None:
    """Judge whether evidence supports claims; prints a JSON line each."""
    if pairs == "-":
        write_judgements(sys.stdin.buffer, _model(), sys.stdout)
        return
    try:
        stream = Path(pairs).open("rb")  # noqa: SIM115 - closed below; opening is what may fail
    except OSError as error:
        typer.echo(
            f"{pairs} can't be read ({error.strerror}); name a file of JSON lines, or - for standard input", err=True
        )
        raise typer.Exit(2) from error
    with stream:
        write_judgements(stream, _model(), sys.stdout)


def _model() -> SupportModel:
    folder = models_folder()
    if not is_trained(folder):
        typer.echo(f"first use: the support model is trained in {folder} (about a minute)", err=True)
    return load_or_train(folder)


def main() -> None:
    """Run the command line."""
    typer.run(run)


if __name__ == "__main__":
    main()
