"""Keys of providers and exchanges: from the environment, and never in a text that is written."""

import os
from pathlib import Path

from pydantic import SecretStr

from agent.host.secret_file import read_secret
from agent.settings.settings import Options
from domain.errors import BadInput

KEY_VARIABLE = "ALPHA_VANTAGE_API_KEY"

EXCHANGE_KEY, EXCHANGE_SECRET = "BINANCE_API_KEY", "BINANCE_API_SECRET"

EXCHANGE_SECRET_FILE = "BINANCE_API_SECRET_FILE"  # noqa: S105 -- the variable's name


def with_keys(options: Options) -> Options:
    """Return recorded options with the secrets of the environment: the journal holds none."""
    key = os.environ.get(KEY_VARIABLE)
    if key:
        known = options.alpha_vantage.model_copy(update={"api_key": SecretStr(key)})
        options = options.model_copy(update={"alpha_vantage": known})
    keys = {name: SecretStr(value) for name, value in exchange_keys().items()}
    return options.model_copy(update={"exchange": options.exchange.model_copy(update=keys)})


def secret_texts(options: Options) -> list[str]:
    """Return the secret texts that no log may show."""
    exchange = options.exchange
    keys = (options.alpha_vantage.api_key, exchange.api_key, exchange.api_secret, options.db_url)
    models = [each.api_key for each in options.advice.models.values()]
    return [key.get_secret_value() for key in (*keys, *models) if key]


def exchange_keys() -> dict[str, str]:
    """Return the exchange's key and secret as the environment has them, or the file it names.

    Raises BadInput for a file that cannot be read, that others can read, or beside a secret.
    """
    named = {"api_key": EXCHANGE_KEY, "api_secret": EXCHANGE_SECRET}
    result = {name: os.environ[variable] for name, variable in named.items() if os.environ.get(variable)}
    if file := os.environ.get(EXCHANGE_SECRET_FILE):
        if "api_secret" in result:
            raise BadInput(f"{EXCHANGE_SECRET} and {EXCHANGE_SECRET_FILE} are both set: give one of them")
        result["api_secret"] = read_secret(EXCHANGE_SECRET_FILE, Path(file))
    return result
