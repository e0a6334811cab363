"""Studies: what one searches, where it is kept, and what it belongs to."""

import hashlib
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import optuna
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from domain.errors import BadInput
from reasoning.kernels.strategy import StrategyParams
from research.search.space import Space
from research.search.sweep import Job

SEGMENTS, UNSEEN = 5, 0.3
"""Pieces of the part that is searched, and the share of the time that is not."""
STARTUP = 10
"""Trials that are made in full before any is given up."""
MOST_TRIALS = 100_000
"""Trials of a study at most: every one is read again for each, and for the best in the end."""
RACES = (SQLAlchemyError, optuna.exceptions.StorageInternalError)
WAITS = (0.1, 0.3, 0.6)
"""Seconds to wait before the storage is opened again."""
HEARTBEAT = 30
"""Seconds between a worker's signs of life; the trial of one that falls silent is made again."""


class Search(NamedTuple):
    """The terms of a search; `trials` is the number the study shall have, not how many to add."""

    space: Space
    base: StrategyParams
    name: str
    storage: str
    trials: int
    seed: int = 0
    criterion: str = "sharpe"
    timeout: float | None = None


def identity(job: Job, search: Search) -> dict[str, str]:
    """Return what a study belongs to, in words and digests."""
    setup = job.setup
    rules = (
        setup.policy, setup.costs, setup.hedge, setup.threshold, setup.cash, setup.warmup,
        sorted(setup.instruments.items()), SEGMENTS, UNSEEN,
        [(voice.strategy.name, voice.packed) for voice in setup.voices], search.base.model_dump(),
    )  # fmt: skip
    return {
        "data": ", ".join(f"{each.symbol} {each.fingerprint[:16]}" for each in job.candles),
        "strategy": setup.voices[job.voice].strategy.name,
        "settings": hashlib.sha256(repr(rules).encode()).hexdigest()[:16],
        "score": search.criterion,
        "search": "; ".join(f"{name} {axis.choices or axis[1:4]}" for name, axis in search.space.items()),
    }


@contextmanager
def open_study(search: Search, belongs: Mapping[str, str]) -> Iterator[optuna.Study]:
    """Open or begin a study. Raises BadInput when it belongs to something else or cannot be opened."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    shown = search.storage
    try:
        shown = make_url(search.storage).render_as_string(hide_password=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            storage = _patiently(search.storage)
            study = _study(search, storage)
        if "belongs" not in study.user_attrs:
            study.set_user_attr("belongs", dict(belongs))
    except (*RACES, ImportError, OSError) as error:
        raise BadInput(f"study storage {shown}: {str(error).splitlines()[0]}") from None
    try:
        _check_belongs(search.name, study.user_attrs["belongs"], belongs)
        yield study
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _check_belongs(name: str, known: Mapping[str, str], belongs: Mapping[str, str]) -> None:
    for what, value in belongs.items():
        if known.get(what) != value:
            raise BadInput(
                f"study {name!r} belongs to other {what}: {known.get(what)}, not {value}; "
                "give another --study name to begin a new one"
            )


def _patiently(url: str) -> optuna.storages.RDBStorage:
    """Open the storage; when several processes make its tables at once, all but one fail at first."""
    for wait in WAITS:
        try:
            return _storage(url)
        except RACES:
            time.sleep(wait)
    return _storage(url)


def _storage(url: str) -> optuna.storages.RDBStorage:
    sqlite = make_url(url).get_backend_name() == "sqlite"
    waits = {"connect_args": {"timeout": 60}} if sqlite else {"pool_pre_ping": True}
    return optuna.storages.RDBStorage(
        url,
        engine_kwargs=waits,
        heartbeat_interval=HEARTBEAT,
        heartbeat_stale_trial_callback=optuna.storages.RetryHeartbeatStaleTrialCallback(max_retry=3),
    )


def _study(search: Search, storage: optuna.storages.RDBStorage) -> optuna.Study:
    study = optuna.create_study(
        storage=storage, study_name=search.name, direction="maximize", load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(n_startup_trials=STARTUP, n_warmup_steps=0),
    )  # fmt: skip
    built = len(study.get_trials(deepcopy=False))
    seed = int(np.random.SeedSequence([search.seed, built]).generate_state(1)[0])
    study.sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=STARTUP, constant_liar=True)
    return study
