"""The worth of an agent: the gate's kept verdict, and the reports that are kept in the home."""

from typing import Any

from agent.answers.gate import GateAnswer
from agent.answers.report import KeptReport, PeriodReport
from agent.doctor.verdicts import KeptVerdicts
from agent.reports.shelf import ReportShelf
from agent.serve.access.scope import Scope
from agent.serve.asked import named_agent
from agent.serve.routes.work import page_of, parts_of
from agent.serve.table import API, HTML, JSON, Asking, Content, Route, unknown
from domain.errors import BadInput


def verdicts(asking: Asking, _path: dict[str, str], _query: Any, _body: Any) -> list[GateAnswer]:
    """Return every verdict that is kept, the latest first."""
    return list(KeptVerdicts(asking.home).every())


def gate(asking: Asking, path: dict[str, str], _query: Any, _body: Any) -> GateAnswer:
    """Return the verdict that is kept. Raises TurnedAway where there is none."""
    name = named_agent(asking, path)
    verdict = KeptVerdicts(asking.home).of(name)
    if verdict is None:
        raise unknown(f"no verdict on {name} is kept yet: agent gate --journal {name}")
    return verdict


def reports(asking: Asking, path: dict[str, str], _query: Any, _body: Any) -> list[KeptReport]:
    """Return what reports are kept, the latest period first."""
    return list(ReportShelf(asking.home, named_agent(asking, path)).rows())


def figures(asking: Asking, path: dict[str, str], _query: Any, _body: Any) -> Content:
    """Return the figures of a kept report."""
    shelf, name = _kept(asking, path)
    return Content(parts_of(shelf.figures(name)), JSON)


def page(asking: Asking, path: dict[str, str], _query: Any, _body: Any) -> Content:
    """Return the page of a kept report."""
    shelf, name = _kept(asking, path)
    if not shelf.page(name).is_file():
        raise unknown(f"report {name}: its page is gone")
    return page_of(shelf.page(name))


def _kept(asking: Asking, path: dict[str, str]) -> tuple[ReportShelf, str]:
    shelf = ReportShelf(asking.home, named_agent(asking, path))
    try:
        return shelf, shelf.known(path["report"])
    except BadInput as error:
        raise unknown(str(error)) from None


def _read(path: str, summary: str, given: Any, handler: Any, **more: Any) -> Route:
    return Route(
        "GET", f"{API}/agents/{{agent}}/{path}", Scope.READ, summary, given, handler, "agents", **more
    )


ROUTES = (
    Route(
        "GET",
        f"{API}/gate",
        Scope.READ,
        "The gate's latest verdict on each agent, where one is kept",
        list[GateAnswer],
        verdicts,
        "agents",
    ),
    _read("gate", "The gate's latest verdict, rule by rule", GateAnswer, gate),
    _read("reports", "The reports that are kept, the latest period first", list[KeptReport], reports),
    _read("reports/{report}", "A kept report's figures", PeriodReport, figures),
    _read("reports/{report}/page", "A kept report as a page", str, page, media=HTML),
)
