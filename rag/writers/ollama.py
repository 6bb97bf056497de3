"""The Ollama writer: a local language model proposes, nothing it says is trusted.

Belongs here: the calls, their limits and faults, and the reading of an answer into drafts. Greeting, call to action
and sign-off are approved lines laid around what the model wrote; fixed disclosures are added by the rules.
"""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock
from typing import Any

from rag.briefs import Brief
from rag.contacts import Contacts
from rag.privacy import personal_data
from rag.prompts import CANNOT_ANSWER, Prompt, build_prompt
from rag.retrieval import Retrieved
from rag.writers.base import Draft, DraftCitation, DraftSentence, WriterFault, WriterUnavailable
from rag.writers.compose import frame, gather
from rag.writers.settings import WriterSettings

CONTEXT_TOKENS = 8_192
"""Room for the longest prompt (some 3,500 tokens) and its answer: beyond its own default, 2,048 in some versions, a
server cuts a prompt without a word."""
_RETRIED = ("refused", "died_midway", "server_error", "malformed_json", "empty")
_SERVER_GONE = ("refused", "timeout", "died_midway", "server_error", "missing_model")


class OllamaWriter:
    """Writes with a model of an Ollama server.

    Parameters
    ----------
    settings : WriterSettings
    sleep : callable
        How to wait between tries; tests hand in their own.

    Attributes
    ----------
    name : str
        'ollama'.
    model_digest : str
        'model@digest' as the server lists it.
    calls : int
        Calls made, failed ones and retries included.

    Raises
    ------
    WriterUnavailable
        If no model is named, or the server does not answer or lacks the model.
    """

    name = "ollama"

    def __init__(self, settings: WriterSettings, sleep: Callable[[float], None] = time.sleep) -> None:
        self.calls = 0
        self._settings = settings
        self._sleep = sleep
        self._lock = Lock()
        self._faults_in_a_row = 0
        self._end = time.monotonic() + settings.budget_seconds
        self.model_digest = self._find_model()

    def _client(self, timeout: float) -> Any:
        """Return a client. `trust_env=False`: a proxy of the environment must never see a prompt."""
        import ollama

        return ollama.Client(host=self._settings.host or None, timeout=timeout, trust_env=False)

    def _find_model(self) -> str:
        """Ask the server for its models once, at the start; return the one wanted with its digest."""
        import httpx
        import ollama

        wanted, where = self._settings.model, self._settings.host or "127.0.0.1:11434"
        if not wanted:
            raise WriterUnavailable(
                "WORDBOND_OLLAMA_MODEL is not set; set it to a model of the server, such as llama3.2."
            )
        try:
            listed = self._client(self._settings.start_timeout_seconds).list().models
        except (ConnectionError, httpx.HTTPError, ollama.ResponseError, ValueError) as error:
            raise WriterUnavailable(
                f"no Ollama server answers at {where} ({type(error).__name__}); start it with `ollama serve`, "
                "set OLLAMA_HOST, or set WORDBOND_WRITER=embedded."
            ) from error
        for model in sorted(listed, key=lambda model: model.model or ""):
            if model.model in (wanted, f"{wanted}:latest"):
                return f"{wanted}@{(model.digest or 'unknown')[:12]}"
        names = ", ".join(sorted(model.model or "" for model in listed)) or "none"
        raise WriterUnavailable(
            f"the Ollama server at {where} lacks the model {wanted!r} (it has: {names}); run `ollama pull {wanted}`."
        )

    def write(self, brief: Brief, retrieved: list[Retrieved]) -> list[Draft]:
        """Ask for the candidates of a brief, a few at a time.

        Returns
        -------
        list of Draft
            Without doubles, in the order of the seeds.

        Raises
        ------
        WriterFault
            If no candidate could be had; the kind is that of the first one's fault.
        """
        if self._faults_in_a_row >= self._settings.max_faults_in_a_row:
            raise WriterFault(
                "refused", f"no call made: the server failed {self._faults_in_a_row} briefs in a row; see its log."
            )
        if time.monotonic() > self._end:
            raise WriterFault("timeout", f"the night's {self._settings.budget_seconds:g} s of calls are used up")
        prompt = build_prompt(brief, retrieved)
        if prompt is None:
            raise WriterFault("no_material", "no call made: no passage of the brief holds a sentence to be quoted.")
        contacts = Contacts().with_texts(item.chunk.text for item in retrieved if item.kind == "disclosure")
        texts = [message["content"] for message in prompt.messages]
        found = next((kind for text in texts if (kind := personal_data(text, contacts))), None)
        if found:
            raise WriterFault("personal_data", f"no call made: the prompt would hold {found}; mend its documents.")
        gone = Event()
        with ThreadPoolExecutor(max_workers=self._settings.concurrency) as pool:
            seeds = [self._settings.seed + number for number in range(self._settings.candidates)]
            outcomes = list(pool.map(lambda seed: self._candidate(prompt, seed, gone), seeds))
        answers = [outcome for outcome in outcomes if isinstance(outcome, tuple)]
        faults = [outcome for outcome in outcomes if isinstance(outcome, WriterFault)]
        if not answers:
            self._faults_in_a_row = self._faults_in_a_row + 1 if gone.is_set() else 0
            raise faults[0]
        self._faults_in_a_row = 0
        material = gather(brief, retrieved)
        drafts: dict[tuple[str | None, tuple[DraftSentence, ...]], Draft] = {}
        for number, (subject, sentences) in enumerate(answers):
            whole = frame(brief, material, sentences, str(number), has_terms=True)
            with_subject = brief.channel in ("email", "mail")
            citations = _subject_citations(subject, retrieved) if with_subject else ()
            draft = Draft(subject if with_subject else None, whole, citations, self.name, self.model_digest)
            drafts.setdefault((draft.subject, sentences), draft)
        return list(drafts.values())

    def _candidate(
        self, prompt: Prompt, seed: int, gone: Event
    ) -> tuple[str, tuple[DraftSentence, ...]] | WriterFault | None:
        """Ask until an answer can be read or the tries are used up; return the last fault then.

        `gone` is shared by the candidates of a brief: once the server failed one of them for good, no other is begun,
        which gives None.
        """
        if gone.is_set():
            return None
        for attempt in range(self._settings.retries + 1):
            if attempt:
                self._sleep(self._settings.backoff_seconds * 2 ** (attempt - 1))
            try:
                # Another seed for another try: the same one would give the same unreadable answer.
                return read_answer(self._ask(prompt, seed + 1_000 * attempt), prompt.aliases)
            except WriterFault as fault:
                last = fault
                if fault.kind not in _RETRIED:
                    break
        if last.kind in _SERVER_GONE:
            gone.set()
        return last

    def _ask(self, prompt: Prompt, seed: int) -> str:
        """Make one call and return the whole answer as text; every way it can fail is a named fault."""
        import httpx
        import ollama

        with self._lock:
            self.calls += 1
        settings = self._settings
        options = {
            "seed": seed,
            "temperature": settings.temperature,
            "num_ctx": CONTEXT_TOKENS,
            "repeat_penalty": 1.0,  # none: a text repeats its quote, which Ollama's own default would punish
            "num_predict": settings.max_answer_characters // 20,
        }
        try:
            parts = self._client(settings.timeout_seconds).chat(
                model=settings.model, messages=prompt.messages, stream=True, format=prompt.schema, options=options
            )
            return _read_stream(parts, settings)
        except (ConnectionError, httpx.ConnectError) as error:
            raise WriterFault("refused", f"the server refused the connection: {error}") from error
        except httpx.TimeoutException as error:
            raise WriterFault("timeout", f"no answer within {settings.timeout_seconds:g} s") from error
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as error:
            raise WriterFault("died_midway", f"the server broke off: {error}") from error
        except ollama.ResponseError as error:
            if error.status_code == 404:
                raise WriterFault("missing_model", f"{error}; run `ollama pull {settings.model}`.") from error
            raise WriterFault("server_error", f"the server answered {error.status_code}: {str(error)[:200]}") from error
        except (json.JSONDecodeError, ValueError, AttributeError, TypeError) as error:
            raise WriterFault(
                "malformed_json", f"the server's own answer is not Ollama's: {str(error)[:200]}"
            ) from error


def _read_stream(parts: Iterator[Any], settings: WriterSettings) -> str:
    """Collect a streamed answer, within the time and length allowed; a stream must say that it is done."""
    end = time.monotonic() + settings.timeout_seconds
    text = ""
    is_done = False
    for part in parts:
        text += part.message.content or ""
        is_done = is_done or bool(part.done)
        if len(text) > settings.max_answer_characters:
            raise WriterFault("malformed_json", f"an answer of more than {settings.max_answer_characters} characters")
        if time.monotonic() > end:
            raise WriterFault("timeout", f"no whole answer within {settings.timeout_seconds:g} s")
    if not is_done:
        raise WriterFault(
            "died_midway", f"the stream ended after {len(text)} characters without saying that it is done"
        )
    return text


def read_answer(text: str, aliases: dict[str, str]) -> tuple[str, tuple[DraftSentence, ...]]:
    """Read a model's answer into a subject and sentences, trusting neither the schema nor the server that applied it.

    Parameters
    ----------
    text : str
        What the model wrote.
    aliases : dict of str to str
        Short names of passages to chunk ids; a name that is not among them is kept as it stands, for grounding to
        refuse.

    Returns
    -------
    tuple of (str, tuple of DraftSentence)
        A sentence without a text says its quote word for word; one that repeats another is left out.

    Raises
    ------
    WriterFault
        Of kind 'empty', 'malformed_json' or 'cannot_answer'.
    """
    if not text.strip():
        raise WriterFault("empty", "the model answered nothing")
    try:
        answer = json.loads(text)
        subject = answer["subject"]
        rows = [(row["chunk_id"], row["quote"], row.get("text", row["quote"])) for row in answer["sentences"]]
    except (json.JSONDecodeError, AttributeError, KeyError, TypeError, RecursionError) as error:
        raise WriterFault("malformed_json", f"the answer is not of the form asked for: {str(error)[:200]}") from error
    if not all(isinstance(word, str) for word in (subject, *(word for row in rows for word in row))):
        raise WriterFault("malformed_json", "the answer holds values that are not text")
    if CANNOT_ANSWER in subject or any(CANNOT_ANSWER in said for _, _, said in rows):
        raise WriterFault("cannot_answer", "the model says that the passages do not hold what the brief needs")
    sentences: dict[str, DraftSentence] = {}
    for name, quote, said in rows:
        citation = DraftCitation(aliases.get(name, name), quote)
        sentences.setdefault(said.strip(), DraftSentence(said.strip(), "claim", (citation,)))
    sentences.pop("", None)
    if not sentences:
        raise WriterFault("empty", "the answer holds no sentence")
    return subject.strip(), tuple(sentences.values())


def _subject_citations(subject: str, retrieved: list[Retrieved]) -> tuple[DraftCitation, ...]:
    """Cite the approved line a subject is, if it is one: the schema asks for no citation of the subject."""
    for item in retrieved:
        if item.chunk.text == subject and "subject" in item.chunk.tag("role"):
            return (DraftCitation(item.chunk.chunk_id, subject),)
    return ()
