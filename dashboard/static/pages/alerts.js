// The alerts of the home: what lasts, what waits for somebody, the channels' health, and what was never sent.

import { html, useState } from "../vendor/preact.js";
import { newKey, post } from "../api.js";
import { Ago, announce, Answered, Badge, Button, Card, Table, Time } from "../components.js";
import { count, spoken } from "../format.js";
import { useAnswer } from "../store.js";

const EVERY_MS = 5000;
const KINDS = { critical: "bad", warning: "wait", info: "quiet" };
const words = (kind) => kind.replaceAll("_", " ");

export default function Alerts() {
  const answer = useAnswer("alerts", {}, { every: EVERY_MS });
  const chat = useAnswer("chat", {}, { every: EVERY_MS });
  return html`<${Answered} of=${answer}>${(found) => html`
    <${Waiting} rows=${found.unacknowledged} again=${answer.again} />
    <${Lasting} rows=${found.incidents} />
    <${Channels} rows=${found.channels} />
    <${Letters} rows=${found.dead_letters} />
    <${Answered} of=${chat}>${(heard) => html`<${Chat} chat=${heard} />`}<//>
    <${Notices} rows=${found.notices} />`}<//>`;
}

/** The Telegram bot: whether it is heard, and the commands that came from there. */
function Chat({ chat }) {
  if (!chat.on) return null;
  const columns = [
    { name: "did", title: "Command", head: true, cell: (row) => row.did },
    { name: "at", title: "When", cell: (row) => html`<${Time} at=${row.at} shape="minute" />` },
    { name: "ended", title: "State", cell: (row) => row.ended ? "done" : html`<b>under way</b>` },
    { name: "chat", title: "Chat", wide: true, cell: (row) => html`<code>${row.chat}</code>` },
  ];
  const heard = chat.failures || !chat.bot ? "is not reached" : `takes commands as @${chat.bot}`;
  const more = [chat.conflicts && `${count(chat.conflicts)} conflicts`, chat.turned_away && `${count(chat.turned_away)} messages of strangers`];
  return html`<${Card} title="Telegram" flush note=${[heard, ...more].filter(Boolean).join(", ")}>
    ${chat.commands.length ? html`<${Table} caption="commands that came from the chat" columns=${columns} rows=${chat.commands} id=${(row) => row.number} tall="20rem" />` : html`<${Empty} title="No command came yet." />`}<//>`;
}

const About = ({ row }) => html`${row.agent && html`<b>${row.agent}</b> `}${row.title}`;
const about = { name: "title", title: "What", head: true, cell: (row) => html`<${About} row=${row} />` };
const kind = { name: "kind", title: "Kind", wide: true, cell: (row) => html`<${Badge} kind=${KINDS[row.severity ?? "critical"]}>${words(row.kind)}<//>` };
const number = { name: "id", title: "Number", wide: true, cell: (row) => html`<code>#${row.id}</code>` };
const Empty = ({ title, text }) => html`<div class="empty"><b>${title}</b>${text && html`<span>${text}</span>`}</div>`;

/** What nobody has acknowledged: it is told again until somebody says that they see to it. */
function Waiting({ rows, again }) {
  const [state, setState] = useState({});
  async function acknowledge(ids) {
    setState({ sent: ids });
    try {
      await post("alerts/acknowledge", { ids }, newKey());
      announce(`${count(ids.length)} acknowledged`);
      setState({});
    } catch (error) {
      setState({ error });
    }
    again();
  }
  const busy = String(Boolean(state.sent));
  const columns = [
    about,
    kind,
    { name: "at", title: "Told", cell: (row) => html`<${Ago} at=${row.at} />` },
    { name: "reminders", title: "Reminders", num: true, wide: true, cell: (row) => count(row.reminders) },
    number,
    { name: "act", title: "", cell: (row) => html`<${Button} aria-disabled=${busy} aria-label=${`Acknowledge ${row.title}`} onClick=${() => acknowledge([row.id])}>Acknowledge<//>` },
  ];
  const all = rows.length > 1 && html`<${Button} aria-disabled=${busy} onClick=${() => acknowledge(rows.map((row) => row.id))}>Acknowledge all<//>`;
  return html`<${Card} title="Waits for somebody" flush note=${rows.length ? "told again until somebody acknowledges it" : ""} side=${all}>
    ${state.error && html`<div class="failure" role="alert"><p>${spoken(state.error.message)}</p></div>`}
    ${rows.length ? html`<${Table} caption="what nobody has acknowledged" columns=${columns} rows=${rows} id=${(row) => row.id} />` : html`<${Empty} title="Nothing waits." />`}<//>`;
}

function Lasting({ rows }) {
  const since = (row) => html`<${Time} at=${row.began} shape="minute" />`;
  const until = (row) => row.ended ? html`<${Time} at=${row.ended} shape="minute" />` : html`<b>now</b>`;
  const columns = [
    { ...about, cell: (row) => html`<${About} row=${row} /><span class="phone soft small"><br />${since(row)} to ${until(row)}</span>` },
    kind,
    { name: "began", title: "Since", wide: true, cell: since },
    { name: "ended", title: "Until", wide: true, cell: until },
  ];
  const open = rows.filter((row) => !row.ended).length;
  return html`<${Card} title="What lasts" flush note=${open ? `${count(open)} now` : "nothing now"}>
    ${rows.length ? html`<${Table} caption="what lasts, and what ended lately" columns=${columns} rows=${rows} id=${(row) => row.id} />` : html`<${Empty} title="Nothing that was told lasts." text="What is amiss only now stands above; it is told once it has lasted, breakers after ten minutes." />`}<//>`;
}

function Health({ row }) {
  if (row.dead) return html`<${Badge} kind="bad">dead<//> <span class="soft">${row.error}</span>`;
  if (row.failing_since) return html`<${Badge} kind="wait">failing<//> <span class="soft">${row.error}</span>`;
  return html`<${Badge} kind=${row.sent ? "good" : "quiet"}>${row.sent ? "works" : "not used yet"}<//>`;
}

function Channels({ rows }) {
  const columns = [
    { name: "name", title: "Channel", head: true, cell: (row) => row.name },
    { name: "health", title: "Health", cell: (row) => html`<${Health} row=${row} />` },
    { name: "sent", title: "Sent", num: true, cell: (row) => count(row.sent) },
    { name: "last", title: "Last sent", wide: true, cell: (row) => row.sent_at && html`<${Ago} at=${row.sent_at} />` },
    { name: "next", title: "Next try", wide: true, cell: (row) => row.next_try && html`<${Time} at=${row.next_try} />` },
  ];
  return html`<${Card} title="Channels" flush note="agent alerts test sends a message over each">
    ${rows.length ? html`<${Table} caption="channels and their health" columns=${columns} rows=${rows} id=${(row) => row.name} />`
      : html`<${Empty} title="No channel is set." text="Name one in config.toml, such as [alerts.webhooks.ops] with url and secret, and begin agent serve anew." />`}<//>`;
}

function Letters({ rows }) {
  if (!rows.length) return null;
  const columns = [
    { name: "channel", title: "Channel", head: true, cell: (row) => row.channel },
    { name: "title", title: "What", cell: (row) => html`<${About} row=${row} />` },
    { name: "why", title: "Why", cell: (row) => row.why },
    { name: "at", title: "When", wide: true, cell: (row) => html`<${Time} at=${row.at} shape="minute" />` },
    number,
  ];
  return html`<${Card} title="Never sent" flush note="dead letters: they are not tried again"><${Table} caption="messages that were never sent" columns=${columns} rows=${rows} id=${(row, k) => `${row.channel} ${row.id} ${k}`} tall="20rem" /><//>`;
}

function Notices({ rows }) {
  if (!rows.length) return null;
  const columns = [about, kind, { name: "at", title: "When", cell: (row) => html`<${Time} at=${row.at} shape="minute" />` }, number];
  return html`<${Card} title="Notices" flush note="what no journal says, newest first"><${Table} caption="the home's own notices" columns=${columns} rows=${rows} id=${(row) => row.id} tall="20rem" /><//>`;
}
