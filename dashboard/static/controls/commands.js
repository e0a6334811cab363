// What can be asked of an agent, as data: one row a command, in the words of the page.
//
// `exit`: it only ever reduces risk, so nothing of the page keeps it from being sent: no empty reason, no stale page, no
// row that is missing. `word`: what is to be typed first. `fields`: what else is asked; `body(given)`: what is sent
// beside reason and key; `told(reply)`: what really happened, in lines, and whether all of it did.

const list = (names) => names.join(", ");
const left = (quantities) => list(Object.entries(quantities).map(([symbol, quantity]) => `${symbol} ${quantity}`));
const unjournaled = (reply) => (reply.unjournaled ? [`Not in the journal yet: ${reply.unjournaled}`] : []);

/** What is left of a flatten or of closing one position, line by line. */
function remainder(reply) {
  return [
    reply.orders?.length > 0 && `Orders not known to be done: ${list(reply.orders)}`,
    Object.keys(reply.positions ?? {}).length > 0 && `Still held: ${left(reply.positions)}`,
    Object.keys(reply.dust ?? {}).length > 0 && `Too small to be sold: ${left(reply.dust)}`,
    ...(reply.problems ?? []),
    ...unjournaled(reply),
  ].filter(Boolean);
}

function closed(reply) {
  const what = reply.kept ? `The share of ${reply.symbol} is sold; ${reply.kept} remain, protected as before.` : `${reply.symbol} is sold.`;
  const first = reply.flat ? what : `${reply.symbol} is not sold as asked.`;
  return [first, reply.profit && `Profit after costs: ${reply.profit}`, ...remainder(reply)].filter(Boolean);
}

function reconciled(reply) {
  const lines = [reply.in_line ? "Journal and venue are in line." : "Journal and venue differ."];
  for (const [name, found] of [["Orders nobody here sent", reply.strange_orders], ["Orders without a known end", reply.unresolved], ["Differences", reply.differences], ["Contradictions", reply.contradictions]]) {
    if (found?.length) lines.push(`${name}: ${list(found)}`);
  }
  for (const [name, found] of [["Too small to be sold", reply.dust], ["Not read", reply.not_read]]) {
    if (found && Object.keys(found).length) lines.push(`${name}: ${left(found)}`);
  }
  return lines;
}

const version = (reply) => [
  `Version ${reply.version} of ${reply.strategy} is in force${reply.running ? ", taken at the next cycle" : ""}.`,
  `Parameters: ${left(reply.parameters)}`,
  reply.waits_candles > 0 && `It waits for ${reply.waits_candles} candles before it can vote.`,
  reply.forced && "Forced: its evidence was not enough.",
].filter(Boolean);

/** On paper the venue is the agent itself: a stop rests nowhere else. Says so where something is held. */
const unwatched = (until) => (row) => (row?.mode === "paper" && row.positions.length > 0
  ? `${row.positions.map((held) => held.symbol).join(", ")} ${row.positions.length === 1 ? "is" : "are"} held, and nobody watches the stops of a paper account ${until}.` : null);

const SYMBOL = { name: "symbol", label: "Symbol", required: true, of: "positions" };

export const COMMANDS = {
  start: {
    title: "Start", act: "Start it", path: "start", keeps: "kept with the agent and in the server's log", says: "The agent is started as a process of its own, and started again after a crash; not after a halt.",
    fields: [{ name: "account", label: "Account, of a live one only", hint: "its id, as agent run asks for it" }],
    body: ({ account }) => ({ account: account ?? "" }),
    told: ({ agent, supervised }) => [supervised?.pid ? `${agent} runs, process ${supervised.pid}.` : `${agent} is being started.`, supervised?.halted && `Halted: ${supervised.halted}`].filter(Boolean),
  },
  stop: {
    title: "Stop", act: "Stop it", path: "stop", says: "The session ends after the cycle under way. Positions stay, with their stops at the venue.", warns: unwatched("until it runs again"),
    told: (reply) => [reply.stopping === false ? "No agent was running." : "It ends after the cycle under way."],
  },
  pause: {
    title: "Pause", act: "Pause it", path: "pause", says: "The loop is held between two cycles; what rests at the venue stays there. Nothing is bought and no exit is decided until it goes on.", warns: unwatched("until it goes on"),
    told: (reply) => [reply.paused ? "Paused." : "Not paused."],
  },
  unpause: {
    title: "Go on", act: "Go on", path: "unpause", says: "The loop goes on with its next cycle.", told: (reply) => [reply.paused ? "Still paused." : "It goes on."],
  },
  kill: {
    title: "Kill switch", act: "Throw the kill switch", path: "kill", tone: "bad", exit: true, word: "kill",
    says: "No entry from this instant on, until it is reset. Positions stay and keep their stops.",
    cli: (agent) => `agent kill --reason "..." --journal ${agent}`,
    told: (reply) => [reply.kill_switch === null ? "The kill switch is not thrown." : `The kill switch is thrown: ${reply.kill_switch}`, ...unjournaled(reply)],
    done: (reply) => reply.kill_switch !== null,
  },
  "reset-kill": {
    title: "Reset kill switch", act: "Reset it", path: "reset-kill", says: "Entries are judged again from the next cycle on.",
    needsReason: true, told: (reply) => [reply.kill_switch === null ? "The kill switch is reset." : `Still thrown: ${reply.kill_switch}`, ...unjournaled(reply)],
    done: (reply) => reply.kill_switch === null,
  },
  flatten: {
    title: "Flatten", act: "Sell everything", path: "flatten", tone: "bad", exit: true, word: "flatten",
    says: "The kill switch is thrown, every order cancelled, every position sold at the market.",
    cli: (agent) => `agent flatten --reason "..." --journal ${agent}`,
    told: (reply) => [reply.flat ? "Flat: nothing is held and no order is open, as the venue confirms." : "Not flat.", ...remainder(reply)],
    done: (reply) => reply.flat,
  },
  close: {
    title: "Close a position", act: "Sell it", path: "close", tone: "bad", exit: true,
    says: "The symbol's orders are cancelled and the share is sold at the market. What remains of a part is protected again.",
    fields: [SYMBOL, { name: "share", label: "Share to sell", type: "share", initial: "100", hint: "per cent of what is held" }],
    body: ({ symbol, share }) => ({ symbol, share: shareOf(share) }),
    told: closed, done: (reply) => reply.flat,
  },
  reconcile: {
    title: "Reconcile", act: "Compare", path: "reconcile", says: "Orders and holdings of the journal are compared with the venue's. Nothing is traded.",
    told: reconciled, done: (reply) => reply.in_line,
  },
  adopt: {
    title: "Adopt the account", act: "Adopt it", path: "adopt", tone: "bad", needsReason: true,
    says: "What the venue holds counts from now on, whatever the journal said.",
    told: (reply) => [`Cash ${reply.cash}.`, Object.keys(reply.untracked ?? {}).length > 0 && `Not traded here: ${left(reply.untracked)}`,
      Object.keys(reply.missing_lots ?? {}).length > 0 && `Missing: ${left(reply.missing_lots)}`, reply.given_up?.length > 0 && `Orders given up: ${list(reply.given_up)}`].filter(Boolean),
  },
  "write-off": {
    title: "Write a position off", act: "Count it as lost", path: "write-off", tone: "bad", needsReason: true,
    says: "A position that nobody can sell any more counts as lost. It stays at the venue.", fields: [{ ...SYMBOL, of: "names" }], body: ({ symbol }) => ({ symbol }),
    told: (reply) => [`${reply.written_off}: ${reply.quantity} count as lost.`],
  },
  parameters: {
    title: "Apply parameters", act: "Put them in force", path: "parameters",
    says: "The strategy takes these parameters at its next cycle. Without evidence that is enough they are put in force only by force, with a reason.",
    told: version,
  },
  rollback: {
    title: "Roll back", act: "Put it in force", path: "parameters/rollback", says: "An earlier version of the strategy's parameters is in force again.",
    told: version,
  },
  anchor: {
    title: "Anchor", act: "Write it down", path: "journal/anchor", says: "The number and hash of the last row are written into a file of their own: whoever rewrites the journal later cannot make them fit.",
    told: (reply) => [`Row ${reply.seq} is written down in ${reply.file}.`, `Hash ${reply.hash}`],
  },
  settings: {
    title: "Change settings", act: "Change them", path: "settings", needsReason: true,
    says: "In force from the next cycle on, and in the journal with your reason. An exit asks none of them.",
    told: (reply) => [
      ...Object.entries(reply.given ?? {}).map(([name, value]) => `${name}: ${reply.before?.[name] ?? "none"} \u2192 ${value ?? "none"}`),
      reply.looser?.length > 0 && `Looser than before: ${list(reply.looser)}`, reply.running === false && "No agent is running: in force at its next start.",
    ].filter(Boolean),
  },
};

/** Per cent as people type it, as the API takes it: "12,5" is "12.5%"; what cannot be meant is refused there, in words. */
export const shareOf = (typed) => `${String(typed).replace(/%/g, "").replace(",", ".").trim()}%`;
