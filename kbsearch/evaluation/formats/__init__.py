"""Judgments and runs in the forms that other tools use.

Takes files of TREC, BEIR, ranx, Quepid and Elasticsearch and gives query sets, judgments, runs and
articles; and writes them. `registry` recognises a form, `judgment_file` is what all readers share.

In every form a grade of 0 or less means judged irrelevant, which each of our measures takes as
unjudged: such judgments are dropped, and so are queries for which nothing relevant is left. That a
query has no judgments does not make it one to decline; it may belong to another split.
"""
