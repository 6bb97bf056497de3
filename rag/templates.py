"""Templates: one proven text per brief, kept as long as what it was written from stands.

Belongs here: which briefs need writing, who writes, which draft is kept, who must approve it, what serves instead.
Proving belongs to `rag.proving`, the wording of fallback copy to `rag.fallback`, rendering to `rag.release`.

A template's inputs are its brief, the passages retrieved for it, and the versions of prompt, rules and writer. The
night sees templates first written on it or before, never later ones, so an old night that runs again decides alike.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from rag.approvals import latest_status
from rag.briefs import INTENT_NAMES, Brief, brief_id_of
from rag.compliance.disclosures import DisclosureCatalogue
from rag.compliance.engine import Check, rules_version
from rag.compliance.model import ProductError, ProductFacts
from rag.contacts import Contacts
from rag.corpus_pin import check_corpus
from rag.documents import manifest_hash
from rag.fallback import FALLBACK_INTENSITY, FALLBACK_INTENT, fallback_draft
from rag.proving import Proof, ProvingGround, prove
from rag.rate_record import find_withdrawn
from rag.retrieval import Retrieved
from rag.template_types import (
    FALLBACK,
    SECURITIES_FAMILIES,
    BriefTemplate,
    Keep,
    Night,
    Progress,
    Retrieve,
    Template,
    TemplateBatch,
    draft_of,
    rates_of,
    sentences_of,
    status_of,
    template_id_of,
)
from rag.writers.base import Draft, Writer, WriterFault, render_body


def write_templates(
    briefs: list[Brief],
    retrieve: Retrieve,
    writer: Writer,
    night: Night,
    stand_in: Writer | None = None,
    progress: Progress | None = None,
    keep: Keep | None = None,
) -> TemplateBatch:
    """Find or write the text of every brief.

    Parameters
    ----------
    briefs : list of Brief
        Briefs of the catalogue; the result has one row for each.
    retrieve : callable of (brief, send_date) returning list of Retrieved
    writer : Writer
        Who writes.
    night : Night
    stand_in : Writer, optional
        Who writes where nothing of `writer` can be proven; None = nobody, the brief gets fallback copy.
    progress : callable of (done, total), optional
    keep : callable of (brief's row, templates first written for it), optional
        Called brief by brief, so that a killed night needs to write none of them again.

    Returns
    -------
    TemplateBatch
    """
    return _Night(retrieve, writer, night, stand_in).write(briefs, progress, keep)


class _Night:
    """The working state of one night's writing."""

    def __init__(self, retrieve: Retrieve, writer: Writer, night: Night, stand_in: Writer | None) -> None:
        self.retrieve, self.writer, self.night, self.stand_in = retrieve, writer, night, stand_in
        if night.corpus_pin is not None:
            check_corpus(night.corpus_pin, night.documents, night.as_of_date)
        names = {str(row["product_id"]): str(row["name"]) for row in night.products}
        self.withdrawn = find_withdrawn(night.documents, night.send_date, names)
        self.ground = proving_ground(night, frozenset(self.withdrawn))
        self.corpus_version = manifest_hash(list(night.documents))
        self.known = {template.inputs_hash: template for template in reversed(night.known_templates)}
        self.by_id = {template.template_id: template for template in night.known_templates}
        self.rulings = latest_status(night.decisions)
        self.in_use: dict[str, Template] = {}
        self.fresh: list[Template] = []
        self.stand_ins = 0
        self.fallbacks: dict[tuple[str, str, str], Template | None] = {}
        self.rules_version = rules_version(night.send_date)
        self.last_approved = self._last_approved_by_key()

    def write(self, briefs: list[Brief], progress: Progress | None, keep: Keep | None) -> TemplateBatch:
        """Serve every brief, in order."""
        calls_before = self.writer.calls + (self.stand_in.calls if self.stand_in else 0)
        rows = []
        for done, brief in enumerate(briefs, 1):
            rows.append(self._serve(brief))
            if keep:
                keep(rows[-1], tuple(self.fresh))
            self.fresh.clear()
            if progress:
                progress(done, len(briefs))
        calls_after = self.writer.calls + (self.stand_in.calls if self.stand_in else 0)
        tonight = [
            template
            for template in self.by_id.values()
            if template.first_written_as_of_date == self.night.as_of_date and template.template_id in self.in_use
        ]
        return TemplateBatch(
            templates=tuple(sorted(tonight, key=lambda template: template.template_id)),
            brief_templates=tuple(rows),
            in_use=self.in_use,
            statuses={name: self._status(template) for name, template in self.by_id.items()},
            calls=calls_after - calls_before,
            stand_ins=self.stand_ins,
            withdrawn=tuple(self.withdrawn.values()),
        )

    def _retrieved(self, brief: Brief) -> list[Retrieved]:
        """Return the passages of a brief, without those withdrawn for what they contradict."""
        return [
            item for item in self.retrieve(brief, self.night.send_date) if item.chunk.chunk_id not in self.withdrawn
        ]

    def _serve(self, brief: Brief) -> BriefTemplate:
        """Return the row of one brief: its template, or fallback copy, or nothing, with the reason."""
        retrieved = self._retrieved(brief)
        inputs = self._inputs_hash(brief, retrieved, f"{self.writer.name}:{self.writer.model_digest}")
        template, reason = self._written(brief, retrieved, inputs)
        if template is not None:
            status = self._status(template)
            self.in_use[template.template_id] = template
            if status in ("automatic", "approved"):
                return self._row(brief, template, None, inputs)
            reason = "pending_approval" if status == "pending" else "rejected"
        return self._row(brief, self._fallback(brief), reason, inputs, waiting=template)

    def _row(
        self,
        brief: Brief,
        template: Template | None,
        reason: str | None,
        inputs: str,
        waiting: Template | None = None,
    ) -> BriefTemplate:
        waiting_id = waiting.template_id if waiting else None
        if template is None:
            return BriefTemplate(brief.brief_id, None, False, False, reason, inputs, waiting_id)
        self.in_use[template.template_id] = template
        is_reused = template.first_written_as_of_date < self.night.as_of_date
        return BriefTemplate(
            brief.brief_id, template.template_id, template.is_fallback, is_reused, reason, inputs, waiting_id
        )

    def _written(self, brief: Brief, retrieved: list[Retrieved], inputs: str) -> tuple[Template | None, str | None]:
        """Return a proven template, known or new, or why there is none."""
        known = self.known.get(inputs)
        if known is not None and self._still_stands(known, brief, retrieved):
            return known, None
        if inputs in self.night.known_abstentions:
            return None, self.night.known_abstentions[inputs]
        reason = "no_material"
        for who in (self.writer, self.stand_in):
            if who is None:
                continue
            try:
                drafts = who.write(brief, retrieved)
            except WriterFault as fault:
                return None, f"writer_{fault.kind}"
            proof, unproven = best_proof(drafts, brief, retrieved, self.ground)
            if proof is not None:
                return self._keep_written(brief, retrieved, proof, inputs, who), None
            reason = unproven if who is self.writer else reason
            if who is self.writer and self.stand_in is not None:
                self.stand_ins += 1
        return None, reason

    def _keep_written(
        self, brief: Brief, retrieved: list[Retrieved], proof: Proof, inputs: str, who: Writer
    ) -> Template:
        """Keep a written draft; one by a substitute under the substitute's name, so that the writer is asked again."""
        if who is self.writer and proof.draft.writer not in ("", who.name):
            inputs = self._inputs_hash(brief, retrieved, f"{proof.draft.writer}:{proof.draft.model_digest}")
            known = self.known.get(inputs)
            if known is not None and self._still_stands(known, brief, retrieved):
                return known
        return self._keep(brief, proof, inputs, who)

    def _still_stands(self, template: Template, brief: Brief, retrieved: list[Retrieved]) -> bool:
        """Tell whether a known template may serve again: one with a date in its text is proven anew every night."""
        if all(row.claim_type != "date" for row in template.citations):
            return True
        return prove(draft_of(template), brief, retrieved, self.ground).is_proven

    def _fallback(self, brief: Brief) -> Template | None:
        """Return the fallback copy of a brief's product version and channel, proven once a night."""
        key = (brief.product_id, brief.product_version, brief.channel)
        if key not in self.fallbacks:
            self.fallbacks[key] = self._write_fallback(lowest_brief(brief))
        return self.fallbacks[key]

    def _write_fallback(self, brief: Brief) -> Template | None:
        retrieved = self._retrieved(brief)
        inputs = self._inputs_hash(brief, retrieved, FALLBACK)
        if inputs in self.known:
            return self.known[inputs] if self._status(self.known[inputs]) in ("automatic", "approved") else None
        draft = fallback_draft(brief, retrieved)
        if draft is None:
            return None
        proof = prove(draft, brief, retrieved, self.ground)
        if not proof.is_proven or proof.has_warning:
            return None
        template = self._keep(brief, proof, inputs, None)
        return template if self._status(template) == "automatic" else None

    def _inputs_hash(self, brief: Brief, retrieved: list[Retrieved], who: str) -> str:
        """Hash what a text is written from; `who` is 'writer:digest', or 'fallback'."""
        parts = [
            brief.brief_id,
            *sorted(item.chunk.chunk_id for item in retrieved),
            self.night.prompt_version if who != FALLBACK else FALLBACK,
            self.rules_version,
            who,
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _keep(self, brief: Brief, proof: Proof, inputs: str, who: Writer | None) -> Template:
        """Turn a proven draft into a template of this night."""
        body = render_body(proof.draft.sentences, brief.channel)
        sentences = sentences_of(proof.draft)
        is_fallback = who is None
        rates = rates_of(proof.grounded.rows)
        before = None if is_fallback else self.last_approved.get(brief_key(brief))
        status, note = first_status(brief.family, proof.checks, rates, before)
        template = Template(
            template_id=template_id_of(inputs, proof.draft.subject, body, sentences),
            inputs_hash=inputs,
            brief_id=brief.brief_id,
            subject=proof.draft.subject,
            body=body,
            sentences=sentences,
            writer=proof.draft.writer or (who.name if who else "embedded"),
            model_digest=proof.draft.model_digest or (who.model_digest if who else FALLBACK),
            prompt_version=self.night.prompt_version,
            rules_version=self.rules_version,
            corpus_version=self.corpus_version,
            is_fallback=is_fallback,
            first_written_as_of_date=self.night.as_of_date,
            citations=proof.grounded.rows,
            checks=tuple(sorted(proof.checks, key=lambda check: check.rule_id)),
            initial_status=status,
            note=note,
        )
        self.known[inputs] = template
        self.by_id[template.template_id] = template
        self.fresh.append(template)
        return template

    def _last_approved_by_key(self) -> dict[tuple, Template]:
        """Return, by product, channel, intent and intensity, the template that was approved last before tonight."""
        last: dict[tuple, Template] = {}
        for template in self.night.known_templates:
            key = self.night.brief_keys.get(template.brief_id)
            is_earlier = template.first_written_as_of_date < self.night.as_of_date
            is_approved = self._status(template) in ("automatic", "approved")
            if key is not None and is_earlier and is_approved and not template.is_fallback:
                last[key] = template
        return last

    def _status(self, template: Template) -> str:
        return status_of(template, self.rulings)


def first_status(
    family: str, checks: Iterable[Check], rates: frozenset[tuple[str, str]], before: Template | None
) -> tuple[str, str]:
    """Decide whether a person must look at a proven text before its first use.

    Parameters
    ----------
    family : str
        Family of the product.
    checks : iterable of Check
        Verdicts of the rules on the text.
    rates : frozenset of (claim_type, claim_value)
        Rates the text states.
    before : Template or None
        The version of the same brief that was approved last; None = this is the baseline.

    Returns
    -------
    tuple of str, str
        'pending' or 'automatic', and why.
    """
    if family in SECURITIES_FAMILIES:
        return "pending", "securities: a person approves before first use"
    warned = [check.rule_id for check in checks if check.verdict == "warned"]
    if warned:
        return "pending", "warned by " + ", ".join(warned)
    if before is not None and before.rates != rates:
        return "pending", f"rates changed since template {before.template_id}"
    return "automatic", "every claim is exact and no rule warned"


def best_proof(
    drafts: Iterable[Draft], brief: Brief, retrieved: list[Retrieved], ground: ProvingGround
) -> tuple[Proof | None, str]:
    """Prove candidates in order and return the best: proven without a warning, else proven, else the first reason.

    Parameters
    ----------
    drafts : iterable of Draft
        Best guess first.
    brief : Brief
    retrieved : list of Retrieved
    ground : ProvingGround

    Returns
    -------
    tuple of Proof or None, str
        The proof, or None with the reason of the first candidate.
    """
    warned, first_reason = None, "writer_empty"
    for number, draft in enumerate(drafts):
        proof = prove(draft, brief, retrieved, ground)
        if proof.is_proven and not proof.has_warning:
            return proof, ""
        if proof.is_proven and warned is None:
            warned = proof
        if number == 0 and proof.reason:
            first_reason = proof.reason
    return warned, "" if warned else first_reason


def proving_ground(night: Night, withdrawn: frozenset[str] = frozenset()) -> ProvingGround:
    """Return what the drafts of a night are proven against; products that can't be read are left out.

    Parameters
    ----------
    night : Night
    withdrawn : frozenset of str
        Ids of passages that must not be used.

    Returns
    -------
    ProvingGround
    """
    products = {}
    for row in night.products:
        try:
            facts = ProductFacts.from_row(row)
        except ProductError:
            continue
        products[facts.product_id] = facts
    disclosures = DisclosureCatalogue(night.documents, night.send_date, withdrawn)
    return ProvingGround(
        documents={(document.doc_id, document.doc_version): document for document in night.documents},
        products=products,
        product_names={str(row["product_id"]): str(row["name"]) for row in night.products},
        disclosures=disclosures,
        send_date=night.send_date,
        bank_names=night.settings.bank_names,
        contacts=Contacts().with_texts(disclosures.contact_texts()),
    )


def brief_key(brief: Brief) -> tuple:
    """Return what two versions of a product share of a brief."""
    return (
        brief.product_id,
        brief.channel,
        brief.intent,
        brief.intensity,
        brief.language,
        brief.jurisdiction_group,
    )


def lowest_brief(brief: Brief) -> Brief:
    """Return the brief of the same product version and channel that presses least; fallback copy is written for it."""
    values = (
        brief.product_id,
        brief.product_version,
        brief.channel,
        FALLBACK_INTENT,
        FALLBACK_INTENSITY,
        brief.language,
        brief.jurisdiction_group,
    )
    return replace(
        brief,
        brief_id=brief_id_of(values),
        intent=FALLBACK_INTENT,
        intensity=FALLBACK_INTENSITY,
        intent_name=INTENT_NAMES[FALLBACK_INTENT],
    )
