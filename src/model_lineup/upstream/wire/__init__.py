"""The one HTTP client: HTTP/1.1 with truth of timing, absolute deadlines and an egress policy.

Enter by `Client.send`, and by `check_url` when somebody configures an address. It follows no redirect, keeps no cookie,
decodes nothing, reads no proxy from the environment, and knows nothing of language models.
"""

from model_lineup.upstream.wire.addresses import Verdict, classify
from model_lineup.upstream.wire.client import Client, Pending, Prepared, prepare
from model_lineup.upstream.wire.egress import check_url, within
from model_lineup.upstream.wire.faults import (
    AddressRefused,
    BadHeader,
    BodyTooLarge,
    ClientClosed,
    ConnectFailed,
    ConnectionBroken,
    DeadlinePassed,
    HeadTooLarge,
    NameNotResolved,
    PoolFull,
    ProtocolBroken,
    ProxyFailed,
    TlsFailed,
    Truncated,
    WireError,
)
from model_lineup.upstream.wire.inbox import Inbox
from model_lineup.upstream.wire.origin import BadUrl, Origin
from model_lineup.upstream.wire.receipts import Receipts
from model_lineup.upstream.wire.resolve import Resolver
from model_lineup.upstream.wire.response import Response
from model_lineup.upstream.wire.shapes import Deadlines, Path, Piece, Request, Scope

__all__ = [
    "AddressRefused",
    "BadHeader",
    "BadUrl",
    "BodyTooLarge",
    "Client",
    "ClientClosed",
    "ConnectFailed",
    "ConnectionBroken",
    "DeadlinePassed",
    "Deadlines",
    "HeadTooLarge",
    "Inbox",
    "NameNotResolved",
    "Origin",
    "Path",
    "Pending",
    "Piece",
    "PoolFull",
    "Prepared",
    "ProtocolBroken",
    "ProxyFailed",
    "Receipts",
    "Request",
    "Resolver",
    "Response",
    "Scope",
    "TlsFailed",
    "Truncated",
    "Verdict",
    "WireError",
    "check_url",
    "classify",
    "prepare",
    "within",
]
