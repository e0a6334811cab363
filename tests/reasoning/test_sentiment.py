"""The news of a symbol: weighted, fading, bounded in memory, and in front of no rule."""

import math
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.observation import Headline
from domain.times import HOUR_MS, utc
from reasoning.news.sentiment import HeadlineMemory, Sentiment, SentimentSettings
from tests.reasoning.samples import START

NOW = START + 100 * HOUR_MS
PLAIN = SentimentSettings(neutral_weight=0.0)


def headline(
    title: str, hours_ago: float = 0.0, score: float | None = None, relevance: float = 1.0
) -> Headline:
    return Headline(title, utc(NOW) - timedelta(hours=hours_ago), "wire", "", score, relevance)


def heard(*headlines: Headline, settings_: SentimentSettings = PLAIN) -> Sentiment:
    memory = HeadlineMemory(settings_)
    memory.take_in(headlines, NOW)
    sentiment = memory.sentiment(NOW)
    assert sentiment is not None
    return sentiment


def test_without_headlines_there_is_no_sentiment() -> None:
    assert HeadlineMemory(PLAIN).sentiment(NOW) is None


def test_a_providers_own_score_comes_before_ours() -> None:
    assert heard(headline("Bitcoin crashes", score=0.8)) == Sentiment(0.8, 1, "provider", utc(NOW))
    ours = heard(headline("Bitcoin crashes"))
    assert ours.score < -0.6
    assert ours.method == "text"
    assert heard(headline("a", score=0.1), headline("b crashes")).method == "mixed"


def test_a_headline_counts_half_after_its_half_life() -> None:
    sentiment = heard(headline("a", 0.0, 1.0), headline("b", 6.0, -1.0))
    assert sentiment.score == pytest.approx((1 - 0.5) / 1.5)


def test_relevance_weighs() -> None:
    sentiment = heard(headline("a", 0.0, 1.0, relevance=0.9), headline("b", 0.0, -1.0, relevance=0.1))
    assert sentiment.score == pytest.approx(0.8)


def test_the_silence_keeps_one_faint_headline_from_shouting() -> None:
    settings_ = SentimentSettings()
    assert heard(headline("a", score=-1.0), settings_=settings_).score == pytest.approx(-1 / 1.5)
    assert heard(headline("a", score=-1.0, relevance=0.1), settings_=settings_).score == pytest.approx(
        -0.1 / 0.6
    )


def test_old_news_fades_and_then_is_forgotten() -> None:
    memory = HeadlineMemory(SentimentSettings())
    memory.take_in([headline("a", score=1.0)], NOW)
    scores = []
    for hours in (0, 6, 12, 23):
        sentiment = memory.sentiment(NOW + hours * HOUR_MS)
        assert sentiment is not None
        scores.append(sentiment.score)
    assert scores == [pytest.approx(0.5 ** (h / 6) / (0.5 + 0.5 ** (h / 6))) for h in (0, 6, 12, 23)]
    assert memory.sentiment(NOW + 25 * HOUR_MS) is None
    assert memory.heard == []


def test_the_same_title_counts_once_however_often_it_comes() -> None:
    memory = HeadlineMemory(PLAIN)
    memory.take_in([headline("Bitcoin  Crashes", score=-1.0)], NOW)
    memory.take_in([headline("bitcoin crashes", score=-1.0), headline("calm", score=0.0)], NOW)
    sentiment = memory.sentiment(NOW)
    assert sentiment is not None
    assert sentiment.count == 2
    assert sentiment.score == pytest.approx(-0.5)


def test_memory_is_bounded_and_keeps_the_newest() -> None:
    memory = HeadlineMemory(SentimentSettings(max_headlines=10, textblob=False))
    memory.take_in([headline(f"title {place}", place / 100) for place in range(500)], NOW)
    assert [entry.key for entry in memory.heard] == [f"title {place}" for place in reversed(range(10))]
    memory.take_in([headline("x" * 100_000)], NOW)
    assert max(len(entry.key) for entry in memory.heard) <= 120


def test_a_headline_from_the_future_counts_as_of_now() -> None:
    sentiment = heard(headline("a", -50.0, score=1.0))
    assert sentiment.newest_at == utc(NOW)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_none_are_not_believed(bad: float) -> None:
    assert heard(headline("Bitcoin crashes", score=bad)).score < -0.6
    memory = HeadlineMemory(PLAIN)
    memory.take_in([headline("a", score=1.0, relevance=bad)], NOW)
    assert memory.sentiment(NOW) is None


def test_scores_and_relevance_beyond_their_range_are_cut() -> None:
    assert heard(headline("a", score=55.0, relevance=1e9), headline("b", score=-0.5)).score == pytest.approx(
        0.25
    )
    assert heard(headline("a", score=1.0, relevance=-3.0)).score == 0.0


headlines_ = st.lists(
    st.builds(
        headline,
        st.text(max_size=8),
        st.floats(-5, 60),
        st.none() | st.floats(-2, 2),
        st.floats(-0.5, 2),
    ),
    max_size=20,
)


@given(headlines_, st.floats(0, 40))
@settings(max_examples=40)
def test_the_sum_kept_is_the_sum_defined(headlines: list[Headline], later: float) -> None:
    settings_ = SentimentSettings(textblob=False)
    memory = HeadlineMemory(settings_)
    memory.take_in(headlines, NOW)
    then = NOW + round(later * HOUR_MS)
    sentiment = memory.sentiment(then)
    inside = [entry for entry in memory.heard if entry.time >= then - 24 * HOUR_MS]
    if sentiment is None:
        assert not inside
        return
    weights = [entry.relevance * 0.5 ** ((then - entry.time) / (6 * HOUR_MS)) for entry in inside]
    good = sum(weight * entry.score for weight, entry in zip(weights, inside, strict=True))
    assert sentiment.score == pytest.approx(good / (0.5 + sum(weights)), abs=1e-12)
    assert sentiment.count == len(inside)
    assert -1.0 <= sentiment.score <= 1.0
