"""The ideal observer: exact probabilities of everything latent, given all that the bank's clean files show.

What belongs here: what is seen of a month (``seen``), its likelihood under each of the 60 latent states (``classes``,
``behaviour``, ``contest``), the forward filter (``belief``), and what it expects of the month to come (``forecast``).
The README derives the equations.
"""
