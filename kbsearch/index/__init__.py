"""Terms and vectors to candidates.

Takes terms, vectors and articles as the indexer made them; gives scores over rows, where a row is
an article's place in id order. What is known of the articles are parts: `article_store`,
`postings`, `vectors`, `word_index`, `facet_index`, which lie in columns (`arrays`) grouped by
article (`runs`). A `segment` holds the parts of some articles; `local` joins one or two of them to
an index, in which `inverted_index` scores terms (by the formula of `bm25`) and `vector_index`
vectors (found by `nearest`). `snapshot` is how segments are published and opened, `manifest` what
it says of them, `referee` checks scores against rank-bm25.

It knows nothing of text: analysis and encoding happen above it.
"""
