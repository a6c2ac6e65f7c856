"""Proof of accuracy.

Takes a query set and an opened knowledge base; gives measures with intervals, misses with their
causes, comparisons and verdicts. `judged` reads what somebody judged, `query_set` is what people
ask, `measures` computes hit rate, MRR and nDCG through ir_measures, `significance` says how sure
they are. `experiment` runs a query set over the legs of a knowledge base; `result` is all that
comes of it, made of `provenance`, `outcome`, `slices`, `declining`, `reliability`, `diagnosis` and
`suggestions`, with the ids of `foreign_ids`. `gate` judges it, `comparison` tells two of them
apart, `history` keeps their figures, `report` shows one in a browser, `formats` speaks with other
tools. `recommending` measures what is recommended to agents.

It prints nothing and changes nothing but the history it is told to write.
"""

from kbsearch.evaluation.comparison import Change, Comparison, compare
from kbsearch.evaluation.declining import Declining
from kbsearch.evaluation.diagnosis import Cause, Confusion, Miss, ToJudge
from kbsearch.evaluation.experiment import evaluate
from kbsearch.evaluation.gate import Check, Verdict, check
from kbsearch.evaluation.history import Entry
from kbsearch.evaluation.outcome import Outcome
from kbsearch.evaluation.provenance import Provenance
from kbsearch.evaluation.query_set import JudgedQuery, QuerySet
from kbsearch.evaluation.reliability import CoveragePoint, ReliabilityBin
from kbsearch.evaluation.result import Evaluation, KnownFailures
from kbsearch.evaluation.significance import Estimate
from kbsearch.evaluation.suggestions import Remedy, Suggestion

__all__ = [
    "Cause",
    "Change",
    "Check",
    "Comparison",
    "Confusion",
    "CoveragePoint",
    "Declining",
    "Entry",
    "Estimate",
    "Evaluation",
    "JudgedQuery",
    "KnownFailures",
    "Miss",
    "Outcome",
    "Provenance",
    "QuerySet",
    "ReliabilityBin",
    "Remedy",
    "Suggestion",
    "ToJudge",
    "Verdict",
    "check",
    "compare",
    "evaluate",
]
