"""Languages: whether a sentence is English, by its letters and its function words.

Belongs here: the word lists and the decision. It errs towards English for a few words without any sign of another
language: a name of three nouns is no sentence of anybody's.
"""

import re
import unicodedata

_LISTS = {
    "English": "the a an of to in for and or with your you our we is are on at by from this that it as be no not "
    "when if how what can may has have will who they there more all any each here up out off see per",
    "Spanish": "el los las una con para por que su sus del como más sin se es en hasta cuenta usted tu tus esta este "
    "al y o hoy todos nuestra nuestro interés dinero",
    "French": "le les une des avec pour par que votre vos du est sans nous vous sur et au aux dans ce cette tous sont "
    "pas plus notre",
    "German": "der die das ein eine mit für und oder ihr ihre ist sind ohne nicht bis von auf im zum zur den dem sie "
    "wir bei heute mehr alle ihnen",
    "Portuguese": "os uma com para por que seu sua sem em até não você mais todos hoje conta da dos das ao nosso",
    "Italian": "il lo gli una con per che di sono senza non più tuo tua vostro nel della del tutti oggi conto alla",
    "Dutch": "het een met voor en van uw zijn zonder niet tot op bij wij u meer alle vandaag geen",
    "Polish": "z na do nie jest dla i w bez się twoje konto oraz lub dziś wszystkich",
}
_WORDS = {name: frozenset(words.split()) for name, words in _LISTS.items()}
_WORD = re.compile(r"[^\W\d_]+")
_SLOT = re.compile(r"\{[a-z_]+\}|https?://\S+")


def foreign_language(text: str, names: tuple[str, ...] = ()) -> str | None:
    """Name what a sentence is written in if it is not English, or return None.

    Parameters
    ----------
    text : str
    names : tuple of str
        Names of products and the bank, which may be of any language.

    Returns
    -------
    str or None
        A language, or a script such as 'CYRILLIC'.
    """
    for name in filter(None, names):
        text = text.replace(name, " ")
    words = [word.casefold() for word in _WORD.findall(_SLOT.sub(" ", text))]
    for letter in (letter for word in words for letter in word if not letter.isascii()):
        script = unicodedata.name(letter, "UNKNOWN").split()[0]
        if script not in ("LATIN", "MODIFIER", "FEMININE", "MASCULINE"):
            return script
    english = sum(word in _WORDS["English"] for word in words)
    counts = {name: sum(word in known for word in words) for name, known in _WORDS.items() if name != "English"}
    best = max(sorted(counts), key=lambda name: counts[name])
    if not any(len(word) > 1 and word in _WORDS[best] for word in words):
        counts[best] = 0  # 'P.O.' and 'I' are of no language
    has_marks = any(not word.isascii() for word in words)
    if counts[best] > english and (counts[best] >= 2 or english == 0) and len(words) > 1:
        return best
    return "another language" if has_marks and english == 0 and len(words) > 1 else None
