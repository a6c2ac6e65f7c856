"""Terms and vectors to candidates.

Takes terms, vectors and articles as the indexer made them; gives scores over rows, where a row is
an article's place in id order. `bm25` is the formula, `inverted_index`, `vector_index`,
`facet_index` and `article_store` are the four parts of an index, `snapshot` is how they are
published and opened, `referee` checks them against rank-bm25.

It knows nothing of text: analysis and encoding happen above it.
"""
