"""Learning: encoders that are trained on questions which ask the same.

Takes a model and intents (questions, texts that answer them). Gives the model trained. It must not
know where the intents come from: `kbsearch.training` brings paraphrase groups, clicks and whole
recipes, `kbsearch.indexer` the articles it is about to index. Everything here is built around
torch, so nothing imports it before there is something to learn.

`intents` says what is learned from, `student` and `transformer` what is trained, `contrastive` how,
`fitting` is the loop and `checkpoint` its memory; `adaptation` trains a static encoder on the
articles of one knowledge base in seconds.
"""
