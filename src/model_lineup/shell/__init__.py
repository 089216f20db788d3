"""The shell around every face: what holds for each request, whoever answers it.

Enter at `shell.Shell`. Request ids, security headers, the last word on errors, the probes, and the split by the first
part of the path are done here; what a face needs besides (a whole body, its own error shape) it wraps around itself.
It never knows what a model is, nor which faces there are: the composition root hands them in.
"""

from model_lineup.shell.answer import LINES, refusal, throw_away
from model_lineup.shell.head import HeadAsGet
from model_lineup.shell.probes import Probes
from model_lineup.shell.receipt import MIB, Limits, WholeBody
from model_lineup.shell.requests import UNDERWAY, Underway, underway
from model_lineup.shell.shell import Shell

__all__ = [
    "LINES",
    "MIB",
    "UNDERWAY",
    "HeadAsGet",
    "Limits",
    "Probes",
    "Shell",
    "Underway",
    "WholeBody",
    "refusal",
    "throw_away",
    "underway",
]
