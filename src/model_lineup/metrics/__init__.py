"""What `/metrics` shows, from one process or from several on one port. Enter at `figures.Metrics`.

With several workers each writes its figures into files of its own (`workers`), and whoever is asked adds all of them
up: counters and histograms are of the whole server, what is of one worker has its number as a label.
"""

from model_lineup.metrics.figures import Metrics
from model_lineup.metrics.loop_lag import watch_loop
from model_lineup.metrics.workers import drop_gauges_of, metrics_folder, share_metrics

__all__ = ["Metrics", "drop_gauges_of", "metrics_folder", "share_metrics", "watch_loop"]
