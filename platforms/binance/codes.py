"""Every error code of the exchange, and what it says of the order it answers.

The codes are those of errors.md at github.com/binance/binance-spot-api-docs, commit a5e0bc3 (2026-07-21),
with three that only its table of messages or older versions name (-1010, -2008, -2038). A code that is not
listed leaves a new order OPEN and tells nothing of an order asked for: nothing is ever concluded from an
answer nobody described. Neither is anything from a 5XX, whatever its code (rest-api.md, "HTTP Return Codes").
"""

REFUSED: dict[int, str] = {
    -1002: "UNAUTHORIZED",
    -1003: "TOO_MANY_REQUESTS",
    -1013: "INVALID_MESSAGE",
    -1014: "UNKNOWN_ORDER_COMPOSITION",
    -1015: "TOO_MANY_ORDERS",
    -1020: "UNSUPPORTED_OPERATION",
    -1021: "INVALID_TIMESTAMP",
    -1022: "INVALID_SIGNATURE",
    -1100: "ILLEGAL_CHARS",
    -1101: "TOO_MANY_PARAMETERS",
    -1102: "MANDATORY_PARAM_EMPTY_OR_MALFORMED",
    -1103: "UNKNOWN_PARAM",
    -1104: "UNREAD_PARAMETERS",
    -1105: "PARAM_EMPTY",
    -1106: "PARAM_NOT_REQUIRED",
    -1108: "PARAM_OVERFLOW",
    -1111: "BAD_PRECISION",
    -1112: "NO_DEPTH",
    -1114: "TIF_NOT_REQUIRED",
    -1115: "INVALID_TIF",
    -1116: "INVALID_ORDER_TYPE",
    -1117: "INVALID_SIDE",
    -1118: "EMPTY_NEW_CL_ORD_ID",
    -1119: "EMPTY_ORG_CL_ORD_ID",
    -1120: "BAD_INTERVAL",
    -1121: "BAD_SYMBOL",
    -1122: "INVALID_SYMBOLSTATUS",
    -1127: "MORE_THAN_XX_HOURS",
    -1128: "OPTIONAL_PARAMS_BAD_COMBO",
    -1130: "INVALID_PARAMETER",
    -1134: "BAD_STRATEGY_TYPE",
    -1135: "INVALID_JSON",
    -1139: "INVALID_TICKER_TYPE",
    -1145: "INVALID_CANCEL_RESTRICTIONS",
    -1151: "DUPLICATE_SYMBOLS",
    -1158: "OCO_ORDER_TYPE_REJECTED",
    -1160: "OCO_ICEBERGQTY_TIMEINFORCE",
    -1165: "BUY_OCO_LIMIT_MUST_BE_BELOW",
    -1166: "SELL_OCO_LIMIT_MUST_BE_ABOVE",
    -1168: "BOTH_OCO_ORDERS_CANNOT_BE_LIMIT",
    -1194: "INVALID_TIME_UNIT",
    -1196: "BUY_OCO_STOP_LOSS_MUST_BE_ABOVE",
    -1197: "SELL_OCO_STOP_LOSS_MUST_BE_BELOW",
    -1198: "BUY_OCO_TAKE_PROFIT_MUST_BE_BELOW",
    -1199: "SELL_OCO_TAKE_PROFIT_MUST_BE_ABOVE",
    -1210: "INVALID_PEG_PRICE_TYPE",
    -1211: "INVALID_PEG_OFFSET_TYPE",
    -1220: "SYMBOL_DOES_NOT_MATCH_STATUS",
    -1222: "OPO_WORKING_MUST_BE_BUY",
    -1223: "OPO_PENDING_MUST_BE_SELL",
    -1224: "WORKING_PARAM_REQUIRED",
    -1225: "PENDING_PARAM_NOT_REQUIRED",
    -2008: "BAD_API_ID",
    -2010: "NEW_ORDER_REJECTED",
    -2014: "BAD_API_KEY_FMT",
    -2015: "REJECTED_MBX_KEY",
}
"""A new order answered so never reached the matching engine, or was refused by it. The 11xx say that the
request was malformed; -1003 and -1015 that it was one too many; -1021, -1022, -2008, -2014, -2015 and -1002
that it was not ours to make; -2010 that the engine said no (but see `classify.verdict` for "Duplicate").
"""

OPEN: dict[int, str] = {
    -1000: "UNKNOWN",
    -1001: "DISCONNECTED",
    -1006: "UNEXPECTED_RESP",
    -1007: "TIMEOUT",
    -1008: "SERVER_BUSY",
    -1010: "ERROR_MSG_RECEIVED",
    -1016: "SERVICE_SHUTTING_DOWN",
    -1033: "COMP_ID_IN_USE",
    -1034: "TOO_MANY_CONNECTIONS",
    -1035: "LOGGED_OUT",
    -1125: "INVALID_LISTEN_KEY",
    -1152: "INVALID_SBE_HEADER",
    -1153: "UNSUPPORTED_SCHEMA_ID",
    -1155: "SBE_DISABLED",
    -1161: "DEPRECATED_SCHEMA",
    -1169: "INVALID_TAG_NUMBER",
    -1170: "TAG_NOT_DEFINED_IN_MESSAGE",
    -1171: "TAG_APPEARS_MORE_THAN_ONCE",
    -1172: "TAG_OUT_OF_ORDER",
    -1173: "GROUP_FIELDS_OUT_OF_ORDER",
    -1174: "INVALID_COMPONENT",
    -1175: "RESET_SEQ_NUM_SUPPORT",
    -1176: "ALREADY_LOGGED_IN",
    -1177: "GARBLED_MESSAGE",
    -1178: "BAD_SENDER_COMPID",
    -1179: "BAD_SEQ_NUM",
    -1180: "EXPECTED_LOGON",
    -1181: "TOO_MANY_MESSAGES",
    -1182: "PARAMS_BAD_COMBO",
    -1183: "NOT_ALLOWED_IN_DROP_COPY_SESSIONS",
    -1184: "DROP_COPY_SESSION_NOT_ALLOWED",
    -1185: "DROP_COPY_SESSION_REQUIRED",
    -1186: "NOT_ALLOWED_IN_ORDER_ENTRY_SESSIONS",
    -1187: "NOT_ALLOWED_IN_MARKET_DATA_SESSIONS",
    -1188: "INCORRECT_NUM_IN_GROUP_COUNT",
    -1189: "DUPLICATE_ENTRIES_IN_A_GROUP",
    -1190: "INVALID_REQUEST_ID",
    -1191: "TOO_MANY_SUBSCRIPTIONS",
    -1221: "INVALID_SBE_MESSAGE_FIELD",
    -2011: "CANCEL_REJECTED",
    -2013: "NO_SUCH_ORDER",
    -2016: "NO_TRADING_WINDOW",
    -2021: "CANCEL_REPLACE_PARTIALLY_FAILED",
    -2022: "CANCEL_REPLACE_FAILED",
    -2026: "ORDER_ARCHIVED",
    -2035: "SUBSCRIPTION_ACTIVE",
    -2036: "SUBSCRIPTION_INACTIVE",
    -2038: "ORDER_AMEND_REJECTED",
    -2039: "CLIENT_ORDER_ID_INVALID",
    -2042: "MAXIMUM_SUBSCRIPTION_IDS",
    -2043: "NO_REFERENCE_PRICE",
}
"""A new order answered so may exist: the fault is the exchange's own (-1000 to -1016), or the code belongs to
another request (cancels, questions, streams, FIX and SBE sessions) and says nothing of a new order.
"""

MISSING = -2013
"""The only answer to a question that says there is no such order; what it proves is decided elsewhere."""

ARCHIVED = -2026
"""A terminal answer to a question: cancelled or expired without a fill, more than 90 days ago."""

BAD_SYMBOL, NO_REFERENCE_PRICE, FILTER, NEW_ORDER_REJECTED = -1121, -2043, -1013, -2010

DUPLICATE = "duplicate order sent"

SHUT = (
    "market is closed",
    "this action is disabled on this account",
    "this account may not place or cancel orders",
    "this symbol is not permitted for this account",
    "this symbol is restricted for this account",
    "rest api trading is not enabled",
)
"""Words of -1013 and -2010 ("Messages for ..." in errors.md): no order of this symbol is taken now, whatever
it asks for. A stop given up for such a sale could not be put back either.
"""


def shut(code: int, message: str) -> bool:
    """Say whether a refusal is of the market or the account, not of the order."""
    if code in (FILTER, NEW_ORDER_REJECTED):
        return any(words in message.lower() for words in SHUT)
    return code == BAD_SYMBOL
