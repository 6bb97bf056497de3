"""The three configurations that are compared, and what each says.

| configuration | what the model is given | what is said |
|---|---|---|
| no_retrieval | the brief | all it writes |
| retrieval | the brief and the passages | all it writes |
| retrieval_and_citation | the same, and so writes the same | sentences that a passage bears out, and cite it |

Belongs here: the prompts, the reading of the answers, and the citation of a sentence. The product's own writer asks
for structured answers with quotes; a model of this size can't give them, so here the sentence is written freely and
the passage that bears it out is looked for. What counts as borne out is the product's own grounding.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import ollama

from rag.briefs import Brief
from rag.claims.sentences import split_sentences
from rag.evidence import Sources
from rag.grounding import GroundingSettings, ground_sentence
from rag.prompts import choose_passages
from rag.retrieval import Retrieved
from rag.writers.base import DraftCitation, DraftSentence

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
        The words that bear it out; None where none were looked for or found.
    is_said : bool
        False for a sentence that grounding kept back.
    """

    configuration: str
    brief: Brief
    text: str
    citation: DraftCitation | None = None
    is_said: bool = True


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


def write(
    client: ollama.Client, model: str, configuration: str, brief: Brief, retrieved: Sequence[Retrieved]
) -> list[Statement]:
    """Have one brief written; a sentence that is said twice counts once."""
    # Briefs of one product and intent have one prompt: a seed of its own makes each another text.
    options = {"seed": int(brief.brief_id[:7], 16), "temperature": TEMPERATURE, "num_predict": ANSWER_TOKENS}
    answer = client.chat(model=model, messages=prompt_of(configuration, brief, retrieved), options=options)
    texts = dict.fromkeys(sentences_of(answer.message.content or ""))
    return [Statement(configuration, brief, text) for text in texts]


def citation_of(statement: Statement, retrieved: Sequence[Retrieved], sources: Sources) -> DraftCitation | None:
    """Return the first words of the brief's passages that bear a sentence out, the shortest first; None if none do."""
    for item in retrieved:
        for quote in dict.fromkeys((*split_sentences(item.chunk.text), item.chunk.text)):
            citation = DraftCitation(item.chunk.chunk_id, quote)
            sentence = DraftSentence(statement.text, "claim", (citation,))
            if ground_sentence(sentence, 0, statement.brief, sources, GroundingSettings()).is_supported:
                return citation
    return None


def cited(statement: Statement, citation: DraftCitation | None) -> Statement:
    """Return what the third configuration makes of a written sentence: said with its citation, or kept back."""
    return replace(statement, configuration="retrieval_and_citation", citation=citation, is_said=citation is not None)


def without_doubles(statements: Sequence[Statement]) -> Iterator[Statement]:
    """Yield each sentence of a product once per configuration."""
    seen = set()
    for statement in statements:
        key = (statement.configuration, statement.brief.product_id, statement.text)
        if key not in seen:
            seen.add(key)
            yield statement
