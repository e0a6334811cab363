"""The meaning of a message or a button: a question, or a command, asked back where it is grave."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from functools import partial

from agent.answers.agents import AgentRow
from agent.serve.chat import queries
from agent.serve.chat.carrying import EXITS, Carrying
from agent.serve.chat.due import ChatRequest, of_button, of_message
from agent.serve.chat.outbox import ChatOutbox
from agent.serve.chat.queries import InfoDesk
from agent.serve.chat.questions import LIFE_SECONDS, MARK, AskedBack, Questions
from agent.serve.chat.strands import Strands
from agent.telegram.clean import one_line
from agent.telegram.client import ACKNOWLEDGE
from agent.telegram.texts import replies
from agent.telegram.updates import Pressed, Said, Update
from agent.telegram.words import EVERY, Asked, Operand, Way, for_another, is_command, parse
from domain.errors import BadInput, BoydError
from domain.ports import Clock

MOST_QUERIES = 20
"""Questions of one chat that wait."""

ASKING_BACK = frozenset({"flatten", "close", "reset_kill", "start", "reload"})

Acknowledge = Callable[[str, str], str]
"""Notes that somebody took note of an alert, by its id; returns what to say."""


class Hearing:
    """Understands what comes from those who may ask. `heard` is for one thread, and waits for nothing."""

    def __init__(
        self,
        desk: InfoDesk,
        carrying: Carrying,
        outbox: ChatOutbox,
        strands: Strands,
        acknowledge: Acknowledge,
    ) -> None:
        self.desk = desk
        self.carrying = carrying
        self.outbox = outbox
        self.strands = strands
        self.acknowledge = acknowledge
        self.clock: Clock = carrying.helm.clock
        self.questions = Questions()
        self.bot_name = ""

    def heard(self, update: Update, telegrams_now: datetime) -> None:
        """Take an update up."""
        if isinstance(update, Said):
            self._said(update, telegrams_now)
        elif isinstance(update, Pressed):
            self._pressed(update)

    def _said(self, message: Said, telegrams_now: datetime) -> None:
        due = of_message(message, telegrams_now.timestamp(), self.clock.monotonic())
        if not is_command(message.text):
            if message.sender.chat == message.sender.user:  # among people not every word is for a bot
                self._tell(due, ["commands begin with a stroke: /help lists them"])
            return
        if for_another(message.text, self.bot_name):
            return
        try:
            asked = parse(message.text, self._agents())
        except BadInput as error:
            self._tell(due, [str(error)])
            return
        if asked.word.way is Way.QUERY:
            self._query(asked, due)
        elif message.second_hand:
            self._tell(due, [f"NOT DONE: what was {message.second_hand} is not carried out; send it anew"])
        else:
            self._command(asked, due)

    def _tell(self, due: ChatRequest, lines: Iterable[str], *, urgent: bool = False) -> None:
        self.outbox.say(due.chat, lines, urgent=urgent, reply_to=due.message)

    def _agents(self) -> list[str]:
        """Return the names of agents, by their files where the fleet knows none."""
        return self.desk.fleet.names() or self.carrying.helm.home.names()

    def _meant(self, asked: Asked) -> list[str]:
        """Return the agents that are meant: the one named, else those that run, else all there are."""
        if asked.agent is not None and asked.agent != EVERY:
            return [asked.agent]
        agents = queries.shown(self.desk.fleet)
        known = [each.name for each in agents] or self.carrying.helm.home.names()
        running = [each.name for each in agents if each.running]
        if asked.word.name == "start":
            return [each for each in known if each not in running]
        return running or known

    def _query(self, asked: Asked, due: ChatRequest) -> None:
        if not self.strands.submit(f"query {due.chat}", partial(self._answer, asked, due), MOST_QUERIES):
            self._tell(due, ["too many questions wait: ask again in a moment"])

    def _answer(self, asked: Asked, due: ChatRequest) -> None:
        try:
            lines = self._answered(asked, due)
        except BoydError as error:
            lines = [str(error)]
        if lines is not None:
            self._tell(due, lines)

    def _answered(self, asked: Asked, due: ChatRequest) -> list[str] | None:
        """Return an answer, None where it was asked back which agent is meant. Raises BoydError."""
        if not asked.word.of_agent:
            return list(queries.of_home(self.desk, asked))
        if asked.word.name == "status" and asked.agent in (None, EVERY):
            return list(queries.overview(self.desk))
        agents = self._meant(asked)
        if len(agents) == 1:
            return list(queries.of_agent(self.desk, asked, agents[0]))
        self._which(asked, due, agents)
        return None

    def _which(self, asked: Asked, due: ChatRequest, agents: list[str]) -> None:
        urgent = asked.word.way in EXITS
        if not agents:
            self._tell(due, [f"/{asked.word.name}: there is no agent for it in this home"], urgent=urgent)
            return
        question = AskedBack(due.chat, due.user, asked, tuple(agents))
        buttons = self.questions.ask(question, self.clock.monotonic())
        lines = [f"/{asked.word.name}: which agent?"]
        self.outbox.say(due.chat, lines, buttons=buttons, reply_to=due.message, urgent=urgent)

    def _command(self, asked: Asked, due: ChatRequest) -> None:
        """Carry a command out, or ask back first; in a strand, for to read what is held takes its time."""
        self.strands.submit(f"ask {due.number}", partial(self._begun, asked, due))

    def _begun(self, asked: Asked, due: ChatRequest) -> None:
        if self.carrying.too_old(asked, due):
            return
        agents, everyone = self._meant(asked), asked.agent == EVERY
        if everyone and agents:  # of a kill alone
            self.carrying.carry_out(asked, due, agents)
        elif len(agents) != 1:
            self._which(asked, due, agents)
        elif self._asks_back(asked, agents[0]):
            self._whether(self._with_symbol(asked.of(agents[0])), due, agents[0])
        else:
            self.carrying.carry_out(asked, due, agents)

    def _asks_back(self, asked: Asked, agent: str) -> bool:
        """Say whether a command is asked back; to go on is where a kill switch is thrown."""
        if asked.word.name != "unpause":
            return asked.word.name in ASKING_BACK
        row = self._row(agent)
        return row is None or row.kill_switch is not None

    def _row(self, agent: str) -> AgentRow | None:
        """Return what is known of an agent, None where nothing is: no command waits for that."""
        with suppress(BoydError):
            return self.desk.fleet.get(agent).row()
        return None

    def _with_symbol(self, asked: Asked) -> Asked:
        """Return a close with the one symbol that is held, where none was named."""
        row = (
            self._row(asked.agent or "") if asked.word.takes is Operand.SYMBOL and not asked.symbol else None
        )
        if row is not None and len(row.positions) == 1:
            return asked._replace(symbol=row.positions[0].symbol)
        return asked

    def _whether(self, asked: Asked, due: ChatRequest, agent: str) -> None:
        row = self._row(agent)
        held = [f"{each.quantity} {each.symbol}" for each in row.positions] if row else []
        if asked.word.takes is Operand.SYMBOL and asked.symbol is None:
            holds = ", ".join(held) or "nothing that is known here"
            self._tell(due, [f"{agent} holds {holds}: which position? It is written {asked.word.usage}"])
            return
        question = AskedBack(due.chat, due.user, asked)
        yes = f"Yes, {asked.word.name.replace('_', ' ')} {one_line(agent, 30)}"
        buttons = self.questions.ask(question, self.clock.monotonic(), yes)
        lines = replies.question(asked, agent, held, row.kill_switch if row else None, LIFE_SECONDS)
        self.outbox.say(due.chat, lines, buttons=buttons, reply_to=due.message, urgent=True)

    def _pressed(self, pressed: Pressed) -> None:
        if pressed.data.startswith(ACKNOWLEDGE):
            self.strands.submit(f"acknowledge {pressed.number}", partial(self._acknowledged, pressed))
        elif pressed.data.startswith(f"{MARK}:"):
            self._replied(pressed)
        else:
            self.outbox.pressed(pressed.callback)

    def _replied(self, pressed: Pressed) -> None:
        """Take the answer to a question."""
        sender, now = pressed.sender, self.clock.monotonic()
        try:
            answer = self.questions.answer(pressed.data, sender.chat, sender.user, now)
        except BadInput as error:
            self.outbox.pressed(pressed.callback, str(error))
            return
        self.outbox.pressed(pressed.callback, "heard" if answer.yes else "nothing is done")
        due, asked = of_button(pressed, now), answer.question.asked
        if pressed.message is not None:
            self.outbox.bare(due.chat, pressed.message)
        if not answer.yes:
            self._tell(due, [f"/{asked.word.name}: nothing was done"])
        elif answer.agent is None:
            self.carrying.carry_out(asked, due, [asked.agent or ""])
        elif asked.word.way is Way.QUERY:
            self._query(asked.of(answer.agent), due)
        else:
            self._command(asked.of(answer.agent), due)

    def _acknowledged(self, pressed: Pressed) -> None:
        chat = pressed.sender.chat or 0
        try:
            text = self.acknowledge(pressed.data.removeprefix(ACKNOWLEDGE), pressed.sender.by)
        except BoydError as error:
            self.outbox.pressed(pressed.callback, str(error))
            return
        self.outbox.pressed(pressed.callback, text)
        if pressed.message is not None:
            self.outbox.bare(chat, pressed.message)
        self.outbox.say(chat, [text], reply_to=pressed.message)
