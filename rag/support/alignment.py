"""Aligning a claim with its evidence: which words of the claim stand in which sentences, exactly or in meaning.

Belongs here: the matrix of matches and the pick of the sentences that say most of the claim. Measures taken of it
belong to `rag.support.features`.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from rag.embeddings import WordLlamaEmbedder
from rag.support.reading import Reading, Sentence, Token, stem_of
from rag.support.relations import MATCHING, SYNONYMS
from rag.support.words import unit_vectors

Matrix = npt.NDArray[np.float32]

SYNONYM_MATCH = 0.92
SAME_ROOT_MATCH = 0.88
SOFT_FLOOR, SOFT_CEILING = 0.25, 0.80
"""Cosine of two words that counts as nothing, and as a full match; 'film' and 'movie' have 0.84, 'rise' and 'increase'
0.58, 'increase' and 'decrease' 0.08."""
TOP_SENTENCES = 3

_SYNONYM_GROUPS: dict[str, set[int]] = {}
for _number, _group in enumerate((*SYNONYMS, *MATCHING)):
    for _word in _group:
        _SYNONYM_GROUPS.setdefault(stem_of(_word), set()).add(_number)
_EMBEDDER = WordLlamaEmbedder()


@dataclass
class EvidenceIndex:
    """Evidence prepared for many claims: unique words with vectors, and where each sentence has them.

    Attributes
    ----------
    sentences : list of Sentence
        S of them, without those that hold no content word.
    tokens : list of Token
        N content tokens, flat.
    token_word : ndarray of intp, (N,)
        Index of each token's unique word.
    starts : ndarray of intp, (S,)
        Index of each sentence's first token.
    """

    sentences: list[Sentence]
    tokens: list[Token]
    token_word: npt.NDArray[np.intp]
    starts: npt.NDArray[np.intp]
    keys: list[str]
    stems: list[str]
    by_stem: dict[str, list[int]]
    vectors: Matrix
    is_number: npt.NDArray[np.bool_]
    sentence_vectors: Matrix

    @cached_property
    def all_stems(self) -> frozenset[str]:
        """Stems of every word of the evidence, function words included."""
        return frozenset().union(*(sentence.stems for sentence in self.sentences)) if self.sentences else frozenset()


def _key(token: Token) -> str:
    return token.text if token.is_name else token.lower


def index_evidence(reading: Reading) -> EvidenceIndex:
    """Prepare evidence; the result is kept on the reading, so that many claims share it."""
    cached = reading.cache.get("index")
    if cached is not None:
        return cached
    sentences = [s for s in reading.sentences if any(token.is_content for token in s.tokens)]
    tokens: list[Token] = []
    starts = []
    for sentence in sentences:
        starts.append(len(tokens))
        tokens += [token for token in sentence.tokens if token.is_content]
    places: dict[str, int] = {}
    token_word = [places.setdefault(_key(token), len(places)) for token in tokens]
    keys = list(places)
    stems = [""] * len(keys)
    for token, place in zip(tokens, token_word, strict=True):
        stems[place] = token.stem
    by_stem: dict[str, list[int]] = {}
    for place, stem in enumerate(stems):
        by_stem.setdefault(stem, []).append(place)
    index = EvidenceIndex(
        sentences=sentences,
        tokens=tokens,
        token_word=np.array(token_word, dtype=np.intp),
        starts=np.array(starts, dtype=np.intp),
        keys=keys,
        stems=stems,
        by_stem=by_stem,
        vectors=unit_vectors(keys),
        is_number=np.array([key[0].isdigit() for key in keys], dtype=bool),
        sentence_vectors=_sentence_vectors(reading, sentences),
    )
    reading.cache["index"] = index
    return index


def _sentence_vectors(reading: Reading, sentences: list[Sentence]) -> Matrix:
    vectors = reading.cache.get("sentence_vectors")
    return vectors if vectors is not None else _EMBEDDER.embed([sentence.text for sentence in sentences])


def _whole_text(claim: Reading) -> str:
    return " ".join(sentence.text for sentence in claim.sentences)


def embed_together(claims: list[Reading], evidences: list[Reading]) -> None:
    """Embed the texts of many readings in one call and keep the vectors on them: three times as fast as one by one."""
    claims = [claim for claim in claims if "vector" not in claim.cache]
    evidences = [evidence for evidence in evidences if "sentence_vectors" not in evidence.cache]
    texts = [_whole_text(claim) for claim in claims]
    spans = []
    for evidence in evidences:
        added = [s.text for s in evidence.sentences if any(token.is_content for token in s.tokens)]
        spans.append((len(texts), len(texts) + len(added)))
        texts += added
    vectors = _EMBEDDER.embed(texts)
    for claim, vector in zip(claims, vectors, strict=False):
        claim.cache["vector"] = vector
    for evidence, (start, end) in zip(evidences, spans, strict=True):
        evidence.cache["sentence_vectors"] = vectors[start:end]


@dataclass
class Alignment:
    """A claim laid over its evidence: m content tokens of the claim, S sentences, N content tokens of the evidence.

    Attributes
    ----------
    soft, exact : float32, (m, S)
        Best match of a claim word in a sentence: 1 the same stem, less for synonyms and related words; `exact` is 0
        or 1.
    token_match : float32, (m, N)
        The same by token of the evidence.
    weights : float64, (m,)
        Weights of the claim's words, adding up to 1.
    best : int
        The sentence that says most of the claim.
    top : list of int
        Up to three sentences that together say most of it, in order of choice.
    window : tuple of int
        First and last sentence (inclusive) of the best three in a row.
    cosines : float32, (S,)
        Similarity of whole claim and whole sentence.
    """

    claim: Reading
    evidence: EvidenceIndex
    words: list[Token]
    soft: Matrix
    exact: Matrix
    token_match: Matrix
    weights: npt.NDArray[np.float64]
    best: int
    top: list[int]
    window: tuple[int, int]
    cosines: Matrix

    @property
    def best_sentence(self) -> Sentence:
        """The sentence that says most of the claim."""
        return self.evidence.sentences[self.best]

    @property
    def top_sentences(self) -> list[Sentence]:
        """The chosen sentences and the rest of the best window, in order of the text."""
        return [self.evidence.sentences[i] for i in self.scope]

    @cached_property
    def scope(self) -> list[int]:
        """Indices of `top_sentences`."""
        return sorted({*self.top, *range(self.window[0], self.window[1] + 1)})

    @cached_property
    def covered(self) -> npt.NDArray[np.float32]:
        """Best match of each claim word within `scope`, (m,)."""
        return self.soft[:, self.scope].max(axis=1)


def align(claim: Reading, evidence: Reading) -> Alignment | None:
    """Lay a claim over its evidence.

    Returns
    -------
    Alignment or None
        None where either holds no content word.
    """
    words = [token for token in claim.tokens if token.is_content]
    index = index_evidence(evidence)
    if not words or not index.sentences:
        return None
    match, same = _match_words(words, index)
    token_match = match[:, index.token_word]
    soft = np.maximum.reduceat(token_match, index.starts, axis=1)
    exact = np.maximum.reduceat(same[:, index.token_word], index.starts, axis=1)
    weights = np.array([token.weight for token in words], dtype=np.float64)
    weights = weights / weights.sum()
    claim_vector = claim.cache["vector"] if "vector" in claim.cache else _EMBEDDER.embed([_whole_text(claim)])[0]
    cosines = index.sentence_vectors @ claim_vector
    score = np.round(weights @ soft + 0.5 * (weights @ exact) + 0.3 * cosines, 6)
    best = int(np.argmax(score))
    return Alignment(
        claim,
        index,
        words,
        soft,
        exact,
        token_match,
        weights,
        best,
        _pick_top(soft, weights, best),
        _window(soft, weights),
        cosines,
    )


def _match_words(words: list[Token], index: EvidenceIndex) -> tuple[Matrix, Matrix]:
    """Return soft and exact matches of claim words with unique words of the evidence, both (m, U)."""
    cosine = unit_vectors([_key(token) for token in words]) @ index.vectors.T
    match = np.clip((cosine - SOFT_FLOOR) / (SOFT_CEILING - SOFT_FLOOR), 0.0, 0.95).astype(np.float32)
    match[:, index.is_number] = 0.0
    same = np.zeros_like(match)
    groups_of_place: dict[int, list[int]] = {}
    for place, stem in enumerate(index.stems):
        for group in _SYNONYM_GROUPS.get(stem, ()):
            groups_of_place.setdefault(group, []).append(place)
    for row, token in enumerate(words):
        if token.lower[0].isdigit():
            match[row] = 0.0
        for group in _SYNONYM_GROUPS.get(token.stem, ()):
            for place in groups_of_place.get(group, ()):
                match[row, place] = max(match[row, place], SYNONYM_MATCH)
        if len(token.stem) >= 5:
            for place in _same_root(token, index):
                match[row, place] = max(match[row, place], SAME_ROOT_MATCH)
        for place in index.by_stem.get(token.stem, ()):
            match[row, place] = same[row, place] = 1.0
    return np.round(match, 5), same


def _same_root(token: Token, index: EvidenceIndex) -> list[int]:
    """Return unique words that share a long beginning with the token: 'Norway' and 'Norwegian'."""
    roots = index.__dict__.setdefault("_roots", {})
    if not roots:
        for place, stem in enumerate(index.stems):
            if len(stem) >= 5 and stem.isalpha():
                roots.setdefault(stem[:5], []).append(place)
    return [place for place in roots.get(token.stem[:5], ()) if _shared(token.stem, index.stems[place]) >= 0.6]


def _shared(left: str, right: str) -> float:
    length = 0
    for a, b in zip(left, right, strict=False):
        if a != b:
            break
        length += 1
    return length / max(len(left), len(right))


def _pick_top(soft: Matrix, weights: npt.NDArray[np.float64], best: int) -> list[int]:
    """Choose greedily the sentences that add most, the best one first; stop where nothing worth telling is added."""
    chosen = [best]
    covered = soft[:, best]
    while len(chosen) < min(TOP_SENTENCES, soft.shape[1]):
        gained = np.round(weights @ np.maximum(soft, covered[:, None]), 6)
        following = int(np.argmax(gained))
        if gained[following] - weights @ covered < 0.02:
            break
        chosen.append(following)
        covered = np.maximum(covered, soft[:, following])
    return chosen


def _window(soft: Matrix, weights: npt.NDArray[np.float64]) -> tuple[int, int]:
    """Return the first and last of the three sentences in a row that cover most."""
    count = soft.shape[1]
    size = min(3, count)
    stacked = soft[:, : count - size + 1]
    for shift in range(1, size):
        stacked = np.maximum(stacked, soft[:, shift : count - size + 1 + shift])
    first = int(np.argmax(np.round(weights @ stacked, 6)))
    return first, first + size - 1
