"""What may be concluded from a sample: intervals round a figure, and whether two runs differ. Pure, no dependency.

Enter at `intervals.intervals_of` for the figures of one run, and at `verdict.judge` for two. Each method has a file:
`order_statistics` (percentiles), `bootstrap` (means), `brunner_munzel` (times of two runs), `gaps` (gaps between
tokens, which come in requests), `proportions` (failures), `holm` (several questions at once). `distributions` is the
mathematics beneath. Nothing here rounds, guesses, or gives an interval to so few values that it would be invented.
"""
