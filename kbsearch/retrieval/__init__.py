"""Query to ranked answer.

Takes a query, filters and an opened index; gives hits with confidence, highlights and reasons. The
way of a query: `query` (terms and vector) → `filters` (what may be found) → `candidates` (both
legs) → `fusion` (one score) → `reranking` (a cross-encoder, if wanted) → `pins` (what an editor
decided) → `confidence` (is it right?) → `clarification` (ask back?) or `handover` (what a person
needs) → `highlight` (what matched). `searcher` walks it, `responding` from the candidates on;
`response` is what comes out.

It writes nothing, and knows nothing of files, snapshots on disk or the CLI.
"""
