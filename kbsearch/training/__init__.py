"""Trains the bundled encoder: a dictionary, text and an English teacher in, a model folder out.

Takes CC-CEDICT, an English-Chinese parallel text, paraphrase groups and all-MiniLM-L6-v2. Gives a
sentence-transformers folder that `kbsearch.encoders` loads. It must not know the index, nor be
imported by anything that runs at search time: it is built around torch.

The stages, in order: `sources` and `groups` read, `vocabulary` cuts words, `teacher` encodes
English, `dictionary_vectors` gives every word a first vector, `distillation` and `contrastive`
train the `student` (`fitting` is their loop), `measure` says how good it is, `export` writes it
with its `model_card`. `pipeline` is the recipe.
"""
