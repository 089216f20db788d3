"""One pure-ASGI shell around everything: request ids, the last word on errors, the log's line; then it splits.

The probes are answered beside it; what is below `/api`, `/admin` or another first part of the path goes to its face.
"""

import traceback
from collections.abc import Awaitable, Callable, Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

from model_lineup.clock import tick
from model_lineup.errors import LineupError, NotFound, RequestTimeout, TooLarge
from model_lineup.metrics import Metrics
from model_lineup.shell.answer import Answer, Told
from model_lineup.shell.at_once import AtOnce, at_once, goes_on
from model_lineup.shell.probes import PROBES, Probes, Watch
from model_lineup.shell.receipt import ClientGone
from model_lineup.shell.requests import Underway, first_segment, header, method, request_id, underway
from model_lineup.shell.root import Root
from model_lineup.telemetry import log, requests


class Shell:
    """The ASGI application that the server runs. `start` and `stop` run at its start and its end, when nothing is
    answered any more. Before that, while it still answers: `leave` when the end is near, `wind_up` when no more
    connections are taken, `end_streams` when those that still run must end.

    `faces`: the application for each first part of a path, `{"api": …}`. A face may raise any LineupError before it
    answers. `prompt`: who may answer a request to a path at once, and whether it does. `root_path`: where a proxy
    serves all of it. `told`: for the first part of a path, how what the shell itself refuses is told; else as JSON.
    """

    def __init__(
        self,
        faces: Mapping[str, ASGIApp],
        probes: Probes,
        metrics: Metrics,
        *,
        start: Callable[[], Awaitable[None]],
        leave: Callable[[], None],
        wind_up: Callable[[], Awaitable[None]],
        end_streams: Callable[[], None],
        stop: Callable[[], Awaitable[None]],
        prompt: Mapping[str, Callable[[AtOnce], bool]] | None = None,
        root_path: str = "/",
        told: Mapping[str, Callable[[Scope], Told]] | None = None,
    ) -> None:
        self._root = Root(root_path)
        self._prompt = prompt or {}
        self._told = told or {}
        self._faces = faces
        self._watch = Watch(probes, metrics)
        self._metrics = metrics
        self._start = start
        self._leave = leave
        self._wind_up = wind_up
        self._stop = stop
        self.end_streams = end_streams

    def at_once(self, underway: Underway) -> bool:
        """Answers it without a task, now or later; False: it has to be asked as ASGI has it, and nothing was done."""
        answer_it = self._prompt.get(underway.path)
        if answer_it is None or not self._watch.is_open:
            return False
        request = at_once(underway, self._note)
        return request is not None and answer_it(request)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(self._root.without(scope), receive, self._root.named(send))

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        await self._start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.wind_up()
        await self._stop()
        requests.write()
        self._metrics.count_answered()
        await send({"type": "lifespan.shutdown.complete"})

    def leave(self) -> None:
        """The server is going to end: it is not ready any more, and asks its callers to come on a new connection."""
        self._watch.stopping = True
        self._leave()

    async def wind_up(self) -> None:
        """No more connections are taken: what runs in the background for long ends, so that its followers hear."""
        self.leave()
        await self._wind_up()

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Whatever happens inside, the caller gets an answer, and the log and the metrics a line."""
        ours, (known_id, began_at) = underway(scope) is not None, goes_on(scope)
        told = self._told.get(first_segment(scope["path"]))
        answer = Answer(
            send,
            known_id or request_id(scope),
            last=self._watch.stopping,
            takes_lines=ours,
            root=self._root.path,
            told=told(scope) if told else None,
        )
        scope["state"] = {**scope.get("state", {}), "request_id": answer.request_id}
        started = tick() if began_at is None else began_at
        try:
            await self._dispatch(scope, receive, answer)
        except (TooLarge, RequestTimeout) as error:
            await answer.problem(error, unread=receive)
        except LineupError as error:
            await answer.problem(error)
        except ClientGone:
            pass
        except Exception as error:
            log().error("failed", request_id=answer.request_id, error=type(error).__name__, traceback=_where(error))
            await answer.problem(LineupError("Something failed inside Lineup. The log has more under this request id."))
        finally:
            route = getattr(scope.get("route"), "path_format", None) or _known(scope["path"])
            self._note(answer.request_id, method(scope), route, answer.status, tick() - started)

    async def _dispatch(self, scope: Scope, receive: Receive, answer: Answer) -> None:
        path: str = scope["path"]
        if path in PROBES:
            return await self._watch.answer(scope, answer)
        await self._watch.refuse_before_setup(path)
        first = first_segment(path)
        face, answer.is_of_pages = self._faces.get(first), first == "admin"
        if face is None:
            if path == "/" and _is_browser(scope):
                return await answer.plain(
                    303, b"", b"text/plain", [(b"location", f"{self._root.path}/admin/".encode())]
                )
            raise NotFound("There is nothing at this address. The admin API is under /api, its reference at /api/docs.")
        return await face(scope, receive, answer.send)

    def _note(self, request_id: str, verb: str, route: str, status: int, duration_s: float) -> None:
        self._metrics.answered(verb, route, status, duration_s)
        requests.add(request_id, verb, route, status, duration_s)


def _is_browser(scope: Scope) -> bool:
    return scope["method"] in ("GET", "HEAD") and b"text/html" in header(scope, b"accept")


def _known(path: str) -> str:
    return path if path in PROBES else "other"


def _where(error: Exception) -> str:
    """File, line and function of each frame; no values."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    return " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in reversed(frames))
