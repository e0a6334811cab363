"""An agent, its positions, its balance and its profit."""

from collections.abc import Iterator, Sequence

from agent.answers.account import AccountAnswer, PositionAnswer, Status
from agent.answers.agents import AgentRow, Headroom, Health, LogLine
from agent.telegram.texts.amounts import clock, money, share, span

Lines = Iterator[str]


def row(each: AgentRow) -> Lines:
    """Yield an agent as one of several."""
    yield f"{each.agent}: {doing(each)}"
    if each.mode:
        yield f"{each.mode}, {' '.join(each.symbols)} {each.timeframe or ''}".rstrip()
    if each.quote or each.equity != "0":
        yield (
            f"equity {money(each.equity, each.quote)}, today {money(each.profit_today, signed=True)}, "
            f"in all {money(each.profit, signed=True)}"
        )
    if each.positions:
        yield "holds " + ", ".join(f"{held.quantity} {held.symbol}" for held in each.positions)
    if each.cycle:
        yield f"cycle {each.cycle}: {each.outcome or 'none ended'} at {clock(each.at)} UTC"
    yield from (f"! {alarm.text}" for alarm in each.alarms)


def doing(each: AgentRow) -> str:
    """Return what an agent does, in a few words."""
    if not each.running:
        return f"not running ({each.ended})" if each.ended else f"not running{_starting(each)}"
    return "running, paused" if each.paused else f"running, {each.state or 'beginning'}"


def _starting(each: AgentRow) -> str:
    return ", starting" if each.state else ""


def positions(held: Sequence[PositionAnswer], quote: str | None) -> Lines:
    """Yield positions, each with its protection."""
    if not held:
        yield "no position is held"
    for each in held:
        yield f"{each.quantity} {each.symbol} bought at {each.entry}"
        yield f"  now {each.price or '?'}: {money(each.unrealised, quote, signed=True)}"
        for order in each.orders:
            yield f"  {order.type} {order.side} at {order.level}: {order.status}"
        if not each.orders:
            yield "  ! no order protects it"


def count(status: Status, most: Headroom | None) -> Lines:
    """Yield how many positions are held, of how many that may be."""
    limit = f" of {most.limit} that may be" if most is not None and most.limit else ""
    yield f"positions held: {len(status.positions)}{limit}; entries today: {status.account.entries_today}"


def balance(account: AccountAnswer) -> Lines:
    """Yield what an account holds."""
    quote = account.quote
    yield f"cash {money(account.cash, quote)}"
    yield f"equity {money(account.equity, quote)} (opened with {money(account.opening_cash)})"
    yield f"fees of closed trades {money(account.fees, quote)}"
    for asset, paid in account.fees_elsewhere.items():
        yield f"fees in {asset} {paid.amount}, {paid.unvalued} of it without a price"
    for asset, each in account.dust.items():
        yield f"dust {each.quantity} {asset}, too small to be sold"
    for symbol, why in account.blocked.items():
        yield f"! {symbol or 'every symbol'} takes no entry: {why}"


def profit(account: AccountAnswer) -> Lines:
    """Yield what an account earned."""
    quote = account.quote
    gain = share(_gain(account), signed=True)
    yield f"profit {money(account.profit, quote, signed=True)} after costs, {gain}"
    yield f"today {money(account.profit_today, quote, signed=True)}"
    yield f"trades {account.trades}, {account.wins} won" + (
        f" ({account.wins / account.trades:.0%})" if account.trades else ""
    )
    yield f"gross {money(account.gross)}, fees {money(account.fees)}, slippage {money(account.slippage)}"
    yield f"largest drawdown {share(account.max_drawdown)}"
    if account.kill_switch is not None:
        yield f"! kill switch: {account.kill_switch or 'no reason given'}"


def _gain(account: AccountAnswer) -> float | None:
    opening = float(account.opening_cash)
    return float(account.profit) / opening if opening else None


def health(answer: Health, rows: Sequence[AgentRow], up_seconds: float, problem: str | None) -> Lines:
    """Yield whether all works, and what does not."""
    yield "all works" if answer.ok else f"! {answer.amiss} of {answer.agents} agents are amiss"
    yield f"{answer.running} of {answer.agents} agents run; server up {span(up_seconds)}, {answer.version}"
    if problem:
        yield f"! {problem}"
    for each in rows:
        yield from (f"! {each.agent}: {alarm.text}" for alarm in each.alarms)


def log(lines: Sequence[LogLine]) -> Lines:
    """Yield lines of the log."""
    if not lines:
        yield "the log has no line yet"
    for each in lines:
        fields = ", ".join(f"{name} {value}" for name, value in each.fields.items() if name != "file")
        yield f"{each.at[5:19].replace('T', ' ')} {each.level} {each.text}{fields and f': {fields}'}"
