"""Composing: approved lines picked for a brief, laid around the sentences that say something about the product.

Belongs here: what both writers share. An approved line is a passage under a heading with a `role` tag; it is used
word for word and cited whole. Picks are rendezvous hashes of brief and line, so the same brief always gets the same
line, neighbouring briefs get others, and a line added to the corpus changes few picks.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from rag.briefs import Brief
from rag.claims.sentences import split_sentences
from rag.retrieval import SOURCE_KINDS, Retrieved
from rag.slots import link_of
from rag.writers.base import MAX_CHARACTERS, DraftCitation, DraftSentence, render_body

# Longest values a slot may be filled with, in characters: a name of 40 is the longest that is shown at all, but texts
# are measured with 20, which holds 999 of 1,000 first names; the release leaves out a name that makes a text too long.
SLOT_LENGTHS = {
    "first_name": 20,
    "offer_end_date": 18,
    "rate_as_of_date": 18,
    "branch_phone": 14,
}
_SLOT = re.compile(r"\{([a-z_]+)\}")
_MARKS = re.compile(r"[.!?,:]$")


@dataclass(frozen=True)
class Material:
    """Passages of one brief, by what they are good for; every tuple in the order of retrieval."""

    lines: dict[str, tuple[Retrieved, ...]]
    disclosures: dict[str, Retrieved]
    facts: tuple[Retrieved, ...]


def gather(brief: Brief, retrieved: Iterable[Retrieved]) -> Material:
    """Sort the passages of a brief into approved lines by role, disclosures by text, and facts.

    Passages tagged for another channel, intent or intensity are left out even if they were handed in.
    """
    lines: dict[str, list[Retrieved]] = {}
    disclosures: dict[str, Retrieved] = {}
    facts = []
    wanted = (("channel", brief.channel), ("intent", brief.intent_name), ("intensity", brief.intensity))
    for item in retrieved:
        chunk = item.chunk
        if chunk.finding or any(chunk.tag(name) and value not in chunk.tag(name) for name, value in wanted):
            continue
        for role in chunk.tag("role"):
            lines.setdefault(role, []).append(item)
        if item.kind == "disclosure":
            disclosures[chunk.text] = item
        elif item.kind in SOURCE_KINDS and not chunk.tag("role"):
            facts.append(item)
    return Material({role: tuple(items) for role, items in lines.items()}, disclosures, tuple(facts))


def pick(material: Material, role: str, brief: Brief, salt: str = "") -> list[Retrieved]:
    """Order the lines of a role for a brief: by rendezvous hash; at high intensity a promotion's lines come first."""

    def weight(item: Retrieved) -> tuple[bool, str, str]:
        key = f"{brief.brief_id}\x1f{role}\x1f{salt}\x1f{item.chunk.text}"
        waits = brief.intensity == "high" and item.kind != "promotion"
        return waits, hashlib.sha256(key.encode()).hexdigest(), item.chunk.chunk_id

    return sorted(material.lines.get(role, ()), key=weight)


def said(item: Retrieved, role: str, material: Material) -> tuple[DraftSentence, ...]:
    """Say an approved line: one sentence after the other, each cited by itself.

    A sentence that is a fixed disclosure too cites the catalogue, which approves it as it stands.
    """
    sentences = []
    for text in split_sentences(item.chunk.text):
        source = material.disclosures.get(text, item)
        sentences.append(DraftSentence(text, role, (DraftCitation(source.chunk.chunk_id, text),)))
    return tuple(sentences)


def expanded_length(sentences: tuple[DraftSentence, ...], brief: Brief) -> int:
    """Return the length of the text with every slot at its longest usual value, in characters."""
    lengths = {**SLOT_LENGTHS, "product_name": len(brief.product_name), "link": len(link_of(brief.product_id))}
    body = render_body(sentences, brief.channel)
    return len(_SLOT.sub(lambda match: "x" * lengths.get(match[1], 0), body))


def reserved_length(brief: Brief, material: Material) -> int:
    """Return the characters to keep free for the fixed texts that the rules will append for this family and channel."""
    wanted = []
    if brief.channel == "sms":
        wanted.append("SMS_FOOTER")
    if brief.family == "deposit":
        wanted.append("FDIC_MEMBER")
    if brief.family == "insurance":
        wanted.append("INS_5")
    return sum(
        1 + min(len(item.chunk.text) for item in found)
        for name in wanted
        if (found := [item for item in material.disclosures.values() if name in item.chunk.tag("disclosure")])
    )


def fits(sentences: tuple[DraftSentence, ...], brief: Brief, material: Material) -> bool:
    """Tell whether a text and the fixed texts to come fit the channel."""
    return expanded_length(sentences, brief) + reserved_length(brief, material) <= MAX_CHARACTERS[brief.channel]


def frame(
    brief: Brief, material: Material, middle: tuple[DraftSentence, ...], salt: str = "", has_terms: bool = False
) -> tuple[DraftSentence, ...]:
    """Lay the approved greeting, call to action and sign-off around the sentences of a text.

    Parameters
    ----------
    brief : Brief
    material : Material
    middle : tuple of DraftSentence
        What the text says.
    salt : str
        Changes the picks: candidates of one brief differ by it.
    has_terms : bool
        Whether the text names terms: then a short channel's link is labelled as the way to all of them.

    Returns
    -------
    tuple of DraftSentence
        Roles without an approved line are left out, and so is a greeting that would not fit.
    """
    action = "terms_link" if has_terms and "terms_link" in material.lines else "call_to_action"
    parts: dict[str, tuple[DraftSentence, ...]] = {}
    for role, source in (("greeting", "greeting"), ("call_to_action", action), ("sign_off", "sign_off")):
        lines = pick(material, source, brief, salt)
        parts[role] = said(lines[0], role, material) if lines else ()
    whole = parts["greeting"] + middle + parts["call_to_action"] + parts["sign_off"]
    if fits(whole, brief, material) or brief.channel == "sms":
        return whole
    return middle + parts["call_to_action"] + parts["sign_off"]


def ends_well(text: str) -> bool:
    """Tell whether a text ends as a sentence does."""
    return _MARKS.search(text) is not None
