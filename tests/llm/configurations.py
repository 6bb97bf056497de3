"""The three configurations that are compared, and what each says.

| configuration | what the model is given | what is said |
|---|---|---|
| no_retrieval | the brief | all it writes |
| retrieval | the brief and the passages | all it writes |
| retrieval_and_citation | the product's own prompt and schema | sentences that the quote they cite bears out |

Belongs here: the prompts of the first two, whose prose is free, and the reading of all answers. The third is the
product's own writer, sentence by sentence under the product's own grounding.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import ollama

from rag.briefs import Brief
from rag.claims.sentences import split_sentences
from rag.evidence import Sources
from rag.grounding import GroundingSettings, ground_sentence
from rag.prompts import choose_passages
from rag.retrieval import Retrieved
from rag.writers.base import DraftCitation, DraftSentence, WriterFault
from rag.writers.ollama import OllamaWriter

CONFIGURATIONS = ("no_retrieval", "retrieval", "retrieval_and_citation")
TEMPERATURE = 0.3
"""Low: a model of this size repeats its passages then; at 0.7 it leaves them (0 to 1)."""
ANSWER_TOKENS = 160
PASSAGES = 8
PASSAGE_CHARACTERS = 450
"""Passages put into a prompt, and the longest of them: a small model loses a longer prompt."""
_SYSTEM = "You write short marketing copy for Harbor Bank. Write whole sentences in plain prose, without a list."
_TASK = (
    "Write three to five sentences about {product_name} ({family}) for an e-mail to a customer who is {intent_name}. "
    "Name its rates, fees and other terms."
)
_WITH_PASSAGES = "\n\nSay only what these passages say, in their words:\n{passages}"


@dataclass(frozen=True)
class Statement:
    """One sentence that a configuration says, or that it wrote and kept back.

    Attributes
    ----------
    configuration : str
        One of `CONFIGURATIONS`.
    brief : Brief
        What it was written for.
    text : str
    citation : DraftCitation or None
        The words it cites; None where none were asked for.
    """

    configuration: str
    brief: Brief
    text: str
    citation: DraftCitation | None = None


def prompt_of(configuration: str, brief: Brief, retrieved: Sequence[Retrieved]) -> list[dict[str, str]]:
    """Build the chat messages of a brief."""
    task = _TASK.format(product_name=brief.product_name, family=brief.family, intent_name=brief.intent_name)
    if configuration != "no_retrieval":
        short = [item for item in choose_passages(list(retrieved)) if len(item.chunk.text) <= PASSAGE_CHARACTERS]
        passages = "\n".join(f"- {item.chunk.text}" for item in short[:PASSAGES])
        task += _WITH_PASSAGES.format(passages=passages)
    return [{"role": "system", "content": _SYSTEM}, {"role": "user", "content": task}]


def sentences_of(text: str) -> list[str]:
    """Cut prose into sentences; an unfinished last one, cut off by the length of the answer, is left out."""
    found = [part.strip() for line in text.splitlines() for part in split_sentences(line) if part.strip()]
    return [part for part in found if part.endswith((".", "!", "?", '."', '!"'))]


def write_freely(
    client: ollama.Client, model: str, configuration: str, brief: Brief, retrieved: Sequence[Retrieved]
) -> list[Statement]:
    """Have one brief written in free prose; a sentence that is said twice counts once."""
    # Briefs of one product and intent have one prompt: a seed of its own makes each another text.
    options = {"seed": int(brief.brief_id[:7], 16), "temperature": TEMPERATURE, "num_predict": ANSWER_TOKENS}
    answer = client.chat(model=model, messages=prompt_of(configuration, brief, retrieved), options=options)
    texts = dict.fromkeys(sentences_of(answer.message.content or ""))
    return [Statement(configuration, brief, text) for text in texts]


def write_citing(writer: OllamaWriter, brief: Brief, retrieved: Sequence[Retrieved]) -> list[Statement]:
    """Have one brief written by the product's writer; the lines it lays around the model's own are left out."""
    try:
        drafts = writer.write(brief, list(retrieved))
    except WriterFault:
        return []
    own = {
        sentence.text: sentence.citations[0]
        for draft in reversed(drafts)
        for sentence in draft.sentences
        if sentence.role == "claim"
    }
    return [Statement(CONFIGURATIONS[2], brief, text, citation) for text, citation in own.items()]


def citation_of(statement: Statement, retrieved: Sequence[Retrieved], sources: Sources) -> DraftCitation | None:
    """Return the words that bear a sentence out by the product's grounding; None if none do.

    Those it cites itself, else the first of the brief's passages that do.
    """
    tried = (
        [statement.citation]
        if statement.citation is not None
        else [
            DraftCitation(item.chunk.chunk_id, quote)
            for item in retrieved
            for quote in dict.fromkeys((*split_sentences(item.chunk.text), item.chunk.text))
        ]
    )
    for citation in tried:
        sentence = DraftSentence(statement.text, "claim", (citation,))
        if ground_sentence(sentence, 0, statement.brief, sources, GroundingSettings()).is_supported:
            return citation
    return None
