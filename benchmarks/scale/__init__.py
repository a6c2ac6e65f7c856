"""kbsearch beside its peers and the machine's limits, from 1,000 articles to a million questions.

`corpus` makes the articles, `queries` what is asked, `documents` the tokens and vectors that every
side shares; `peers` and `limits` are the other sides, `timing` lets two sides take turns; `costs`
measures build, opening, memory, size and updates in processes of their own; `growth` fits cost
against size, `report` prints. Only kbsearch's public interface is used.
"""
