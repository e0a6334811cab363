"""Connections of the WebSocket API: signed requests, a session's logon, user-data subscriptions."""

from collections.abc import Callable, Mapping
from typing import Any

from platforms.sandbox.exchange.errors import RequestRefused, mandatory
from platforms.sandbox.requests.accepts import KEYED, NOTHING, SIGNATURE
from platforms.sandbox.requests.parameters import an_int, takes
from platforms.sandbox.requests.params import Params
from platforms.sandbox.requests.security import check_time, unsigned_message
from platforms.sandbox.requests.venue import Venue
from platforms.sandbox.streams.hub import Hub, Listener

Json = dict[str, Any]
Texts = Mapping[str, str]
Run = Callable[[Venue, Texts, Hub, Listener], Any]

_SIGNED = SIGNATURE | KEYED
_ONE = takes(subscriptionId=an_int)


def admit(venue: Venue, sent: Texts, listener: Listener) -> Texts:
    """Check key, time and signature; a connection that has logged on needs the time alone. Raises ApiError.

    Returns the parameters with what a logon stands for filled in.
    """
    if listener.authorised is not None and "signature" not in sent and "apiKey" not in sent:
        check_time(sent.get("timestamp"), sent.get("recvWindow"), venue.exchange.time)
        return {**sent, "signature": "session"}
    if not sent.get("apiKey"):
        raise mandatory("apiKey")
    venue.credentials.check_key(sent["apiKey"])
    if not sent.get("signature"):
        raise mandatory("signature")
    check_time(sent.get("timestamp"), sent.get("recvWindow"), venue.exchange.time)
    venue.credentials.check_signature(unsigned_message(sent), sent["signature"])
    return sent


def _logon(venue: Venue, sent: Texts, hub: Hub, listener: Listener) -> Json:
    if venue.credentials.kind != "Ed25519":
        raise RequestRefused(-4056, f"{venue.credentials.kind} API key is not supported.")
    listener.authorised = None
    _SIGNED.check(admit(venue, sent, listener))
    listener.authorised = venue.exchange.time
    return _status(venue, {}, hub, listener)


def _logout(venue: Venue, sent: Texts, hub: Hub, listener: Listener) -> Json:
    NOTHING.check(sent)
    listener.authorised = None
    listener.users = [number for number in listener.users if number not in listener.of_session]
    return _status(venue, {}, hub, listener)


def _status(venue: Venue, sent: Texts, hub: Hub, listener: Listener) -> Json:
    del hub
    NOTHING.check(sent)
    on = listener.authorised is not None
    return {
        "apiKey": venue.credentials.key if on else None,
        "authorizedSince": listener.authorised,
        "connectedSince": listener.connected,
        "returnRateLimits": True,
        "serverTime": venue.exchange.time,
        "userDataStream": bool(listener.users),
    }


def _subscriptions(venue: Venue, sent: Texts, hub: Hub, listener: Listener) -> list[Json]:
    del venue, hub
    NOTHING.check(sent)
    return [{"subscriptionId": number} for number in listener.users]


def _subscribe(venue: Venue, sent: Texts, hub: Hub, listener: Listener) -> Json:
    NOTHING.check(sent)
    if listener.authorised is None:
        raise RequestRefused(-1002, "You are not authorized to execute this request.", 401)
    del venue
    number = hub.join_user(listener)
    listener.of_session.append(number)
    return {"subscriptionId": number}


def _subscribe_signed(venue: Venue, sent: Texts, hub: Hub, listener: Listener) -> Json:
    _SIGNED.check(admit(venue, sent, listener))
    return {"subscriptionId": hub.join_user(listener)}


def _unsubscribe(venue: Venue, sent: Texts, hub: Hub, listener: Listener) -> Json:
    del venue, hub
    _ONE.check(sent)
    number = Params(sent).integer("subscriptionId")
    if number is None:
        listener.users.clear()
    elif number in listener.users:
        listener.users.remove(number)
    return {}


METHODS: dict[str, Run] = {
    "session.logon": _logon,
    "session.logout": _logout,
    "session.status": _status,
    "session.subscriptions": _subscriptions,
    "userDataStream.subscribe": _subscribe,
    "userDataStream.subscribe.signature": _subscribe_signed,
    "userDataStream.unsubscribe": _unsubscribe,
}
"""What concerns the connection itself; every one of them weighs two."""
