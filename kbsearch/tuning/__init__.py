"""Fits ranking and confidence to judgments.

Takes opened knowledge bases and query sets; gives settings. `examples` collects what is known of
every candidate, `weights` fits the ranking's weights, `calibration` the model of confidence and the
thresholds of the decision, `tuner` decides by cross-validation whether the result is worth having.
`recommending` fits the weights of recommendation to recommendation sets.

It publishes nothing: settings take effect with the next build.
"""
