"""The analyzer and the encoder that a snapshot was built with, or an error."""

from kbsearch.analysis.analyzer import Analyzer
from kbsearch.analysis.dictionaries import Dictionaries
from kbsearch.encoders.protocol import Encoder
from kbsearch.encoders.registry import load_encoder
from kbsearch.encoders.static import StaticEncoder
from kbsearch.errors import EncoderError, SnapshotIncompatibleError
from kbsearch.index.local import LocalIndex


def open_analyzer(index: LocalIndex) -> Analyzer:
    """The analyzer that a snapshot was built with.

    Raises:
        SnapshotIncompatibleError: This version of kbsearch analyses text in another way.
    """
    analyzer = Analyzer(Dictionaries.of(index.dictionaries))
    if analyzer.fingerprint != index.manifest.contents.analyzer:
        params = {"snapshot": index.manifest.snapshot_id}
        raise SnapshotIncompatibleError("analyzer_changed", params)
    return analyzer


def open_encoder(index: LocalIndex, running: Encoder | None = None) -> Encoder:
    """The encoder that a snapshot was built with.

    Args:
        index: The snapshot.
        running: An encoder that is loaded already; taken if it is the same.

    Raises:
        EncoderError: It cannot be loaded, or its weights are others.
    """
    expected = index.manifest.contents.encoder
    if running and running.fingerprint == expected.fingerprint:
        return running
    encoder = load_encoder(expected.model)
    adaptation = index.adaptation
    if adaptation and isinstance(encoder, StaticEncoder) and encoder.fits(adaptation):
        encoder = encoder.adapted(adaptation)
    if encoder.fingerprint != expected.fingerprint:
        params = {"model": expected.model, "snapshot": index.manifest.snapshot_id}
        raise EncoderError("encoder_changed", params)
    return encoder
