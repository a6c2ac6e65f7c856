"""Encoders turn texts into vectors.

Takes a model's name or folder (`registry`) and normalised texts. Gives ``(n, dim) float32`` unit
rows (`protocol`): from a table of word vectors with NumPy alone (`static`, the bundled model), or
from any sentence-transformers model (`sentence_transformer`). It must not know articles, indexes or
how the bundled model was trained.
"""
