"""Quarantine: passages that hide text or speak to a language model are named and kept out of the index.

Belongs here: what is looked for at ingest, and nothing else. It is a first fence, not the proof: text that gets
past it is still only data in a prompt, and a number it plants is still not in a source of record.
"""

import re
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

from rag.characters import INVISIBLE

if TYPE_CHECKING:
    from rag.chunking import Chunk

HIDDEN_MARK = "<!--hidden text-->"
"""Stands in the text of a page or PDF where words were that a reader would not see; the words are not kept."""
_HIDDEN = (
    ("hidden_text:not_seen", re.compile(re.escape(HIDDEN_MARK))),
    ("hidden_text:html_comment", re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)),
    (
        "hidden_text:invisible_style",
        re.compile(
            r"<[a-z]+[^>]*(?:display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0(?![.\d])"
            r"|color\s*:\s*(?:white|#fff(?:fff)?\b|rgba?\(\s*255\s*,\s*255\s*,\s*255)|\bhidden\b)[^>]*>"
            r"(?:.*?</[a-z]+>|.*?\Z)",
            re.DOTALL | re.IGNORECASE,
        ),
    ),
    (
        "hidden_text:active_content",
        re.compile(r"<(?:script|style|iframe|object)\b.*?(?:</[a-z]+>|\Z)", re.DOTALL | re.I),
    ),
    ("hidden_text:data_uri", re.compile(r"data:[a-z]+/[a-z0-9.+-]+;base64,\S*", re.IGNORECASE)),
    # 40 characters carry a sentence of 30; the mix of cases and digits keeps long plain words and URLs out.
    (
        "hidden_text:base64",
        re.compile(r"(?<![A-Za-z0-9+/=])(?=[A-Za-z0-9+/]*[a-z])(?=[A-Za-z0-9+/]*[A-Z])[A-Za-z0-9+/]{40,}={0,2}"),
    ),
    ("hidden_text:invisible_character", INVISIBLE),
)

_CONFUSABLE = str.maketrans("аеорсухіјѕԁһκονατρ", "aeopcyxijsdhkovatp")  # Cyrillic and Greek letters that look Latin
_TARGET = r"(?:instruction|prompt|rule|guideline|guardrail|polic(?:y|ies)|context|message|disclosure)s?"
_PHRASE = r"the (?:text|sentence|phrase|words?)"
_INSTRUCTIONS = tuple(
    (f"instruction:{name}", re.compile(pattern, re.MULTILINE))
    for name, pattern in (
        ("override", rf"\b(?:ignore|disregard|forget|override|bypass|skip)\b[^.\n]{{0,40}}\b{_TARGET}\b"),
        (
            "override",
            r"\b(?:ignore|disregard|forget) (?:all|any|every|everything|the) ?(?:of the )?"
            r"(?:above|previous|prior|earlier|before)",
        ),
        ("role", r"\b(?:you are now|from now on,? you|pretend (?:to be|you)|act as (?:an?|the) )"),
        ("role", r"(?:<\|[a-z_]+\|>|\[/?inst\]|<<sys>>)"),
        ("role", r"^\s*(?:#+\s*)?(?:system|assistant|developer)\s*(?:prompt|message)?\s*:"),
        ("prompt", r"\b(?:system|hidden|original|your|developer) (?:prompt|instructions)\b"),
        ("prompt", r"\bnew (?:instruction|rule|task)s?\s*:"),
        ("model", r"\b(?:language model|llm|chat ?bot|ai (?:assistant|model|writer|system)|as an ai|dear ai)\b"),
        ("model", r"\b(?:note|message|attention) to (?:the )?(?:ai|model|writer|assistant)\b"),
        (
            "output",
            rf"\b(?:output|print|(?:reply|respond|answer) with|repeat after|(?:write|say) exactly"
            rf"|(?:insert|include|add) {_PHRASE})\b[^.\n]{{0,60}}(?:[\"'\u201c:]|\bonly\b|\bfollowing\b|\bverbatim\b)",
        ),
        (
            "conceal",
            r"\bdo not (?:tell|mention|reveal|disclose|cite|include|show)\b[^.\n]{0,60}"
            r"\b(?:customer|reader|user|disclosure|citation|source|this (?:text|instruction|sentence))",
        ),
        ("claim", r"\b(?:always|must|instead) (?:say|state|claim|promise|offer|quote|write)\b"),
    )
)


def find_hidden_spans(text: str) -> list[tuple[int, int, str]]:
    """Find text that a reader of the document would not see.

    Parameters
    ----------
    text : str
        A document's normalised text.

    Returns
    -------
    list of (int, int, str)
        Half-open spans with the name of the finding, in the order of the kinds looked for.
    """
    return [(match.start(), match.end(), name) for name, pattern in _HIDDEN for match in pattern.finditer(text)]


def fold(text: str) -> str:
    """Bring a text to the form in which instructions are looked for: NFKC, Latin look-alikes, lower case."""
    folded = unicodedata.normalize("NFKC", INVISIBLE.sub("", text)).casefold().translate(_CONFUSABLE)
    return re.sub(r"[ \t]+", " ", folded)


def find_instructions(text: str) -> str | None:
    """Name the first pattern of an instruction to a language model that the text holds, or None."""
    folded = fold(text)
    joined = folded.replace("\n", " ")
    return next((name for name, pattern in _INSTRUCTIONS if pattern.search(folded) or pattern.search(joined)), None)


def find_seam_instructions(chunks: "list[Chunk]") -> "list[Chunk]":
    """Quarantine both neighbours where an instruction is split between them.

    Parameters
    ----------
    chunks : list of Chunk
        Of one document, in reading order.

    Returns
    -------
    list of Chunk
        The same, with findings added.
    """
    judged = list(chunks)
    for left, right in zip(range(len(chunks)), range(1, len(chunks)), strict=False):
        if chunks[left].finding or chunks[right].finding:
            continue
        seam = f"{chunks[left].text[-200:]} {chunks[right].text[:200]}"
        finding = find_instructions(seam)
        if finding:
            judged[left] = replace(judged[left], finding=f"{finding}:split")
            judged[right] = replace(judged[right], finding=f"{finding}:split")
    return judged
