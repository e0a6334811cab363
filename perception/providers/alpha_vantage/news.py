"""Alpha Vantage's NEWS_SENTIMENT documents turned into headlines with the provider's own scores."""

import re
from datetime import UTC, datetime

from domain.errors import BadAnswer, NoData
from domain.observation import Headline
from edge.strict_json import Json, signed
from perception.guard.faults import one_line

PUBLISHED = re.compile(r"\d{8}T\d{4}(\d\d)?")
LONGEST_TITLE = 300


def headlines(document: dict[str, Json], ticker: str, since: datetime, limit: int) -> tuple[Headline, ...]:
    """Return at most `limit` headlines published after `since`, newest first.

    The score is the ticker's own where the article has one, else the overall one. An article
    without a title or a time is left out; BadAnswer when none is usable, NoData without a feed.
    """
    feed = document.get("feed")
    if not isinstance(feed, list) or not feed:
        raise NoData("answer holds no articles")
    results = [headline for article in feed if (headline := _headline(article, ticker)) is not None]
    if not results:
        raise BadAnswer("no article has a title and a time")
    recent = [headline for headline in results if headline.published_at > since]
    return tuple(sorted(recent, key=lambda headline: headline.published_at, reverse=True)[:limit])


def _headline(article: Json, ticker: str) -> Headline | None:
    if not isinstance(article, dict):
        return None
    title, published = _text(article.get("title"), LONGEST_TITLE), _published(article.get("time_published"))
    if not title or published is None:
        return None
    score, relevance = _scored(article, ticker)
    source = _text(article.get("source"), 80) or "unnamed"
    return Headline(title, published, source, _url(article.get("url")), score, relevance)


def _scored(article: dict[str, Json], ticker: str) -> tuple[float | None, float]:
    """Return score in [-1, 1] (None where it is not one) and relevance in [0, 1] for the ticker."""
    entries = article.get("ticker_sentiment")
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and entry.get("ticker") == ticker:
            score = _bounded(entry.get("ticker_sentiment_score"), -1.0)
            relevance = _bounded(entry.get("relevance_score"), 0.0)
            if score is not None:
                return score, 1.0 if relevance is None else relevance
    return _bounded(article.get("overall_sentiment_score"), -1.0), 1.0


def _bounded(value: Json, lowest: float) -> float | None:
    result = signed(value)
    return result if result is not None and lowest <= result <= 1.0 else None


def _published(value: Json) -> datetime | None:
    if not isinstance(value, str) or not PUBLISHED.fullmatch(value):
        return None
    try:
        return datetime.strptime(f"{value}00"[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _text(value: Json, longest: int) -> str:
    """Return text from outside as one printable line: it is shown, and must stay inert."""
    return one_line(value, longest) if isinstance(value, str) else ""


def _url(value: Json) -> str:
    text = value if isinstance(value, str) else ""
    return text if re.fullmatch(r"https?://[\x21-\x7e]{1,490}", text) else ""
