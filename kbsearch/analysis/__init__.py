"""Text to terms.

Takes text as people write it: traditional or simplified, full-width, English mixed in. Gives
normalised text (`filters`), and terms with their place in the original (`analyzer`), using the
dictionaries an editor owns (`dictionaries`). The same analysis serves articles and queries; its
fingerprint is kept in every snapshot.

It knows nothing of articles, fields, indexes or ranking.
"""
