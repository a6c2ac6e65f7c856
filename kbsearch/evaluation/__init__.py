"""Proof of accuracy.

Takes a query set and an opened knowledge base; gives measures with intervals, misses and
comparisons. `query_set` reads and checks queries, `measures` computes hit rate, MRR and nDCG
through ir_measures, `significance` says how sure they are, `experiment` runs a query set over the
legs of a knowledge base, `comparison` tells two of them apart, `report` shows an experiment in a
browser.

It prints nothing and changes nothing.
"""
