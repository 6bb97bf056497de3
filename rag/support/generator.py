"""The generator of training pairs: claims with evidence, supported or not, all known from how they were built.

Belongs here: which claim is laid over which evidence, and with which label. Sources are the passages with hand-written
claims that ship with the package and the documents of a corpus. The same seed and sources give the same pairs.

Three kinds of claim meet each evidence: hand-written ones (free paraphrases, and errors close to the text), sentences
of the evidence rewritten by rule, and sentences that have nothing to do with it but its subject. Rules are stacked,
so that neither a rewritten look nor closeness to the text tells the label.
"""

import random
import re
from dataclasses import dataclass, replace

from rag.support.passages import Passage
from rag.support.reading import normalise, split_sentences
from rag.support.rewriting import Context, names_in, numbers_in, tail_of, words_in
from rag.support.rewriting_false import BREAKING
from rag.support.rewriting_true import KEEPING
from rag.support.topical import DETAIL_TAILS, TOPICAL_SENTENCES


@dataclass(frozen=True)
class GeneratorSettings:
    """How many pairs of which kind.

    Attributes
    ----------
    seed : int
        Any.
    kept, broken : int
        Rewritten claims drawn for each sentence, true and false ones; 0 to 10.
    topical : int
        Claims about the evidence's subject that it does not say, for each passage; 0 to 30.
    max_sentences : int
        Sentences used of one passage, so that a long document does not outweigh the rest; 1 to 50.
    hand_weight : float
        Weight of a hand-written pair in training against a generated one; 0.1 to 10. On the development pairs, 0.5
        knows paraphrase hardly better than word overlap does; above 6, other domains suffer.
    document_share : float
        Sentences and claims drawn from a passage without claims of its own (a document of the corpus), as a share of
        the other counts; 0 to 1. Documents of one trade shall not outweigh the everyday passages.
    """

    seed: int = 20260103
    kept: int = 3
    broken: int = 3
    topical: int = 8
    max_sentences: int = 7
    hand_weight: float = 4.0
    document_share: float = 0.4


@dataclass(frozen=True)
class Pair:
    """A training pair.

    Attributes
    ----------
    claim, evidence : str
        Texts.
    is_supported : bool
        Known from how it was built.
    kind : str
        'hand', 'kept', 'verbatim', 'removed', 'foreign', 'topical', or the name of the rule that broke it.
    group : str
        The passage it came from; a fold never cuts one.
    weight : float
        In training.
    """

    claim: str
    evidence: str
    is_supported: bool
    kind: str
    group: str
    weight: float = 1.0


def generate_pairs(passages: list[Passage], settings: GeneratorSettings | None = None) -> list[Pair]:
    """Build the training pairs of passages.

    Parameters
    ----------
    passages : list of Passage
        Those without claims of their own (documents) give rewritten sentences only.
    settings : GeneratorSettings, optional
        Default: as above.

    Returns
    -------
    list of Pair
        In a fixed order.
    """
    settings = settings or GeneratorSettings()
    sources = [_Source.of(passage) for passage in passages]
    pairs: list[Pair] = []
    for place, source in enumerate(sources):
        rng = random.Random(f"{settings.seed}:{source.passage.name}")  # noqa: S311 - reproducible, nothing secret
        others = sources[:place] + sources[place + 1 :]
        rng.shuffle(others)
        pairs += _pairs_of(source, others, settings, rng)
    return pairs


def hand_pairs(passages: list[Passage]) -> list[Pair]:
    """Return the hand-written claims of passages as pairs, each over its evidence alone."""
    return [
        Pair(claim, passage.evidence, is_supported, "hand", passage.name)
        for passage in passages
        for is_supported, claims in ((True, passage.supported), (False, passage.unsupported))
        for claim in claims
    ]


@dataclass(frozen=True)
class _Source:
    passage: Passage
    sentences: tuple[str, ...]
    names: tuple[str, ...]
    numbers: tuple[str, ...]
    words: tuple[str, ...]
    tails: tuple[str, ...]

    @classmethod
    def of(cls, passage: Passage) -> "_Source":
        sentences = tuple(s.rstrip(";, ") for s in split_sentences(normalise(passage.evidence)))
        text = " ".join(sentences)
        tails = tuple(tail for tail in map(tail_of, sentences) if tail)
        return cls(
            passage, sentences, _unique(names_in(text)), _unique(numbers_in(text)), _unique(words_in(text)), tails
        )


def _unique(items: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


def _pairs_of(source: _Source, others: list[_Source], settings: GeneratorSettings, rng: random.Random) -> list[Pair]:
    if not source.passage.supported:
        share = settings.document_share
        settings = replace(
            settings,
            kept=max(1, round(settings.kept * share)),
            broken=max(1, round(settings.broken * share)),
            topical=max(1, round(settings.topical * share)),
            max_sentences=max(1, round(settings.max_sentences * share)),
        )
    evidences = _evidences(source, others, rng)
    borrowed = others[:6]
    base = Context(
        sentences=source.sentences,
        place=0,
        names=source.names,
        numbers=source.numbers,
        words=source.words,
        other_names=tuple(name for other in borrowed for name in other.names),
        other_words=tuple(word for other in borrowed for word in other.words),
        tails=(*DETAIL_TAILS, *(tail for other in borrowed for tail in other.tails)),
    )
    pairs = _hand_pairs(source, base, evidences, settings, rng)
    places = [i for i, s in enumerate(source.sentences) if 5 <= len(s.split()) <= 60]
    for place in sorted(rng.sample(places, min(len(places), settings.max_sentences))):
        pairs += _sentence_pairs(source, replace(base, place=place), evidences, settings, rng)
    pairs += _absent_pairs(source, others, evidences, settings, rng)
    return [pair for pair in pairs if pair.claim.strip()]


def _evidences(source: _Source, others: list[_Source], rng: random.Random) -> list[str]:
    """Return the evidence alone (twice, so that it is drawn more often), among a few other texts, and among many."""
    alone = source.passage.evidence
    result = [alone, alone]
    for count in (1, rng.randint(4, 9)):
        parts = [other.passage.evidence for other in others[:count]]
        parts.insert(rng.randint(0, len(parts)), alone)
        result.append("\n".join(parts))
    return result


def _hand_pairs(
    source: _Source, base: Context, evidences: list[str], settings: GeneratorSettings, rng: random.Random
) -> list[Pair]:
    """Hand-written claims as they stand, true ones broken by a rule, and false ones left false by a rule that keeps."""
    name, weight = source.passage.name, settings.hand_weight
    pairs = []
    for claim in source.passage.supported:
        for evidence in (evidences[0], evidences[2 + rng.randrange(2)]):
            pairs.append(Pair(claim, evidence, True, "hand", name, weight))
        broken = _broken(claim, base, rng)
        if broken is not None:
            pairs.append(Pair(broken[1], _drawn(evidences, rng), False, broken[0], name, weight))
    for claim in source.passage.unsupported:
        for evidence in (evidences[0], evidences[2 + rng.randrange(2)]):
            pairs.append(Pair(claim, evidence, False, "hand", name, weight))
    return pairs


def _sentence_pairs(
    source: _Source, context: Context, evidences: list[str], settings: GeneratorSettings, rng: random.Random
) -> list[Pair]:
    sentence = source.sentences[context.place]
    name = source.passage.name
    pairs = [Pair(sentence, _drawn(evidences, rng), True, "verbatim", name)]
    pairs += [
        Pair(_kept(sentence, context, rng, 1, 3), _drawn(evidences, rng), True, "kept", name)
        for _ in range(settings.kept)
    ]
    for _ in range(settings.broken):
        broken = _broken(_kept(sentence, context, rng, 0, 2), context, rng)
        if broken is not None:
            pairs.append(Pair(broken[1], _drawn(evidences, rng), False, broken[0], name))
    without = "\n".join(s for i, s in enumerate(source.sentences) if i != context.place)
    if without and rng.random() < 0.7:
        pairs.append(Pair(_kept(sentence, context, rng, 0, 1, merging=False), without, False, "removed", name))
    return pairs


def _kept(text: str, context: Context, rng: random.Random, least: int, most: int, merging: bool = True) -> str:
    """Rewrite a sentence by up to `most` rules that keep it true."""
    wanted = rng.randint(least, most)
    rules = [rule for rule in KEEPING if merging or rule.__name__ != "merge"]
    rng.shuffle(rules)
    done = 0
    for rule in rules:
        if done == wanted:
            break
        if done and rule.__name__ in ("resolve_pronoun", "to_passive"):
            continue
        new = rule(text, context, rng)
        if new and new != text and len(new.split()) >= 3:
            text, done = new, done + 1
    return text


def _broken(text: str, context: Context, rng: random.Random) -> tuple[str, str] | None:
    """Break a sentence by one rule, drawn by weight among those that apply."""
    rules = list(BREAKING)
    while rules:
        name, rule, _ = chosen = rng.choices(rules, [weight for _, _, weight in rules])[0]
        new = rule(text, context, rng)
        if new and new != text:
            return name, new
        rules.remove(chosen)
    return None


def _absent_pairs(
    source: _Source, others: list[_Source], evidences: list[str], settings: GeneratorSettings, rng: random.Random
) -> list[Pair]:
    """Claims that the evidence does not speak of: invented about its subject, or true elsewhere with names put in."""
    name = source.passage.name
    names = list(source.names) or ["The company"]
    words = list(source.words) or ["matter"]
    pairs = []
    for _ in range(settings.topical):
        template = rng.choice(TOPICAL_SENTENCES)
        claim = template.format(name=rng.choice(names), word=rng.choice(words), word2=rng.choice(words))
        pairs.append(Pair(claim[:1].upper() + claim[1:], _drawn(evidences, rng), False, "topical", name))
    same = [other for other in others if other.passage.domain == source.passage.domain] or others
    for other in rng.sample(same, min(2, len(same))) + rng.sample(others, min(2, len(others))):
        claims = [*other.passage.supported, *(s for s in other.sentences if 5 <= len(s.split()) <= 40)]
        if not claims:
            continue
        claim = rng.choice(claims)
        for foreign in names_in(claim)[:2]:
            if rng.random() < 0.6:
                claim = re.sub(rf"\b{re.escape(foreign)}\b", rng.choice(names).replace("\\", ""), claim)
        pairs.append(Pair(claim, evidences[0], False, "foreign", name))
    return pairs


def _drawn(evidences: list[str], rng: random.Random) -> str:
    return evidences[rng.randrange(len(evidences))]
