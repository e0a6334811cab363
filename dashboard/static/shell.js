// The frame of every page: rail, bar, loud words, the page itself; signs in, keeps the agents' rows, starts the stream.

import { html, render, useEffect, useErrorBoundary, useState } from "./vendor/preact.js";
import { get, post, whenSignedOut } from "./api.js";
import { announce, Announcer, Badge, Button, Choice, Dialog, Dot, Failure, Ooda, Waiting } from "./components.js";
import { Absent, NoAgent, Starting } from "./absent.js";
import { mood, starting, tone } from "./mood.js";
import { LOGIN, PAGES } from "./pages.js";
import { go, match, place, to } from "./router.js";
import { agents, begun, behind, lastAgent, link, live, onEvent, rowsDue, theme, useCell, useNow, zone } from "./store.js";
import { start } from "./stream.js";

const LEAST_MS = 400;
const NEWS = { came: "runs", gone: "has ended", died: "died" };

theme.watch((now) => {
  if (now === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = now;
});

/** The agent a page is about: of the path, of the query, the last one looked at, else the first that runs. */
export function chosenAgent(route, query, rows) {
  if (route?.params.agent) return route.params.agent;
  if (query.agent) return query.agent;
  const names = (rows ?? []).map((row) => row.agent);
  if (names.includes(lastAgent.read())) return lastAgent.read();
  return (rows ?? []).find((row) => row.running)?.agent ?? names[0] ?? null;
}

/** Keep the rows of all agents fresh: asked at the start, and when the stream tells of anything that they show. */
function watchAgents() {
  let timer = 0, last = 0, running = false, due = false;
  async function ask() {
    running = true; due = false; last = Date.now();
    try { agents.write(byName(await get("agents"))); } catch (_) { /* the link's own words say it */ }
    running = false;
    if (due) soon();
  }
  function soon() {
    due = true;
    if (running || timer) return;
    timer = setTimeout(() => { timer = 0; ask(); }, Math.max(0, last + LEAST_MS - Date.now()));
  }
  rowsDue.watch(soon);
  onEvent((event) => {
    if (event.kind === "hello" || event.kind === "gap") watchReading();
    if (event.kind === "state") live.write((old) => ({ ...old, [event.agent]: event.data }));
    else if (event.kind !== "work") soon();
    if (event.kind === "agent" && NEWS[event.data.news]) announce(`${event.agent} ${NEWS[event.data.news]}`);
  });
  ask();
}

/** Rows in one order for ever: what is beside a control today stands there tomorrow. */
const byName = (rows) => [...rows].sort((a, b) => (a.agent < b.agent ? -1 : 1));

/** Ask how far the server is with reading the journals, until it has read them. */
async function watchReading() {
  try {
    const { ready, behind: rows } = await get("ready");
    behind.write(rows);
    if (!ready) setTimeout(watchReading, 1000);
  } catch (_) { /* asked again when the stream says hello */ }
}

let watches = false;
function begin() {
  if (watches) return;
  watches = true;
  watchAgents();
  start();
}

function App() {
  const { path, query } = useCell(place);
  const rows = useCell(agents);
  const route = match([...PAGES, LOGIN], path);
  const page = route?.page ?? null;
  const agent = chosenAgent(route, query, rows);
  useEffect(() => { if (page !== LOGIN) begin(); }, [page]);
  useEffect(() => { if (page?.agent && agent) lastAgent.write(agent); }, [agent, page]);
  const loud = (rows ?? []).some((row) => (row.alarms ?? []).some((alarm) => LOUD[alarm.kind] === "bad"));
  useEffect(() => {
    document.title = `${loud ? "(!) " : ""}${page ? (page.name === "agent" ? agent : page.title) : "Not found"} \u00b7 Boyd`;
  }, [page, agent, loud]);
  if (page === LOGIN) return html`<main id="main" tabindex="-1"><${Page} page=${page} params=${{}} /></main>`;
  return html`<${Frame} page=${page} agent=${agent} rows=${rows}><${Page} key=${page?.name} page=${page} params=${route?.params ?? {}} agent=${agent} rows=${rows} /><//>`;
}

function Frame({ page, agent, rows, children }) {
  const [menu, setMenu] = useState(false);
  const [help, setHelp] = useState(false);
  const here = useCell(place);
  useEffect(() => setMenu(false), [here]);
  useKeys({ help: () => setHelp(true), close: () => setMenu(false), agent });
  return html`<a class="skip" href="#main" onClick=${(event) => { event.preventDefault(); document.getElementById("main").focus(); }}>Skip to the page</a>
    <div class="shell">
      <${Rail} page=${page} agent=${agent} rows=${rows} open=${menu} />
      <header class="bar">
        <button type="button" class="btn plain menu" aria-expanded=${String(menu)} aria-controls="rail" aria-label="menu" onClick=${() => setMenu(!menu)}>\u2630</button>
        <h1>${page?.name === "agent" ? agent : page?.title ?? "Not found"}</h1>
        ${page?.agent && rows && rows.length > 0 && html`<${Picker} page=${page} agent=${agent} rows=${rows} />`}
        <span class="space"></span>
        <${Link} />
        <${Preferences} onHelp=${() => setHelp(true)} />
      </header>
      <main class="main" id="main" tabindex="-1">
        <${Shouts} rows=${rows} agent=${page?.agent ? agent : null} all=${page?.name === "overview"} />
        ${children}
      </main>
    </div>
    ${help && html`<${Help} onClose=${() => setHelp(false)} />`}
    <${Announcer} />`;
}

function Rail({ page, agent, rows, open }) {
  const groups = [...new Set(PAGES.map((each) => each.group))];
  return html`<nav class=${"rail" + (open ? " open" : "")} id="rail" aria-label="pages">
    <a class="brand" href="/"><img src="/static/icon.svg" alt="" width="22" height="22" />Boyd</a>
    ${groups.map((group) => html`<div key=${group}><h2>${group}</h2><ul>
      ${PAGES.filter((each) => each.group === group).map((each) => html`<li key=${each.name}>
        <a href=${addressOf(each, agent)} aria-current=${page === each ? "page" : undefined}>${each.title}</a></li>`)}
    </ul></div>`)}
    ${rows && rows.length > 0 && html`<div><h2>Agents</h2><ul class="agents">
      ${rows.map((row) => html`<li key=${row.agent}><a href=${`/agents/${encodeURIComponent(row.agent)}`} aria-current=${page?.agent && row.agent === agent ? "true" : undefined}>
        <span class="name"><${Dot} kind=${tone(row)} hollow=${!row.running} /><span>${row.agent}</span></span>
        <span class="tiny soft">${mood(row)}</span></a></li>`)}
    </ul></div>`}
    <p class="foot"><a href="/docs">API</a> \u00b7 <a href="/static/licences.txt">Licences</a><br />Charts by <a href="https://www.tradingview.com/" rel="noreferrer">TradingView</a></p>
  </nav>`;
}

/** The address of a page, about the agent that is chosen. */
export function addressOf(page, agent) {
  if (page.path.includes(":agent")) return agent ? page.path.replace(":agent", encodeURIComponent(agent)) : "/";
  return to(page.path, page.agent && agent ? { agent } : {});
}

function Picker({ page, agent, rows }) {
  const pick = (name) => { lastAgent.write(name); go(addressOf(page, name)); };
  return html`<label class="unseen" for="pick-agent">agent</label>
    <select id="pick-agent" class="btn" value=${agent} onChange=${(event) => pick(event.target.value)}>
      ${!rows.some((row) => row.agent === agent) && html`<option value=${agent} selected>${agent}</option>`}
      ${rows.map((row) => html`<option key=${row.agent} value=${row.agent} selected=${row.agent === agent}>${row.agent}</option>`)}
    </select>`;
}

function Link() {
  const { open, stale } = useCell(link);
  const [kind, text] = stale ? ["bad", "stale"] : open ? ["good", "live"] : ["wait", "connecting"];
  return html`<span class=${"badge " + kind} data-link=${text} title="the stream of events">${text}</span>`;
}

function Preferences({ onHelp }) {
  const chosenZone = useCell(zone);
  const chosenTheme = useCell(theme);
  const next = { auto: "light", light: "dark", dark: "auto" }[chosenTheme];
  return html`<div class="acts">
    <button type="button" class="btn plain small" aria-label=${`times in ${chosenZone === "utc" ? "UTC" : "local time"}; change`} onClick=${() => zone.write(chosenZone === "utc" ? "local" : "utc")}>${chosenZone === "utc" ? "UTC" : "local"}</button>
    <button type="button" class="btn plain small" aria-label=${`colours: ${chosenTheme}; change to ${next}`} onClick=${() => theme.write(next)}>${{ auto: "\u25d0", light: "\u2600", dark: "\u263e" }[chosenTheme]}</button>
    <button type="button" class="btn plain small help" aria-label="keyboard shortcuts" onClick=${onHelp}>?</button>
    <button type="button" class="btn plain small out" onClick=${signOut}>Sign out</button>
  </div>`;
}

async function signOut() {
  try { await post("logout"); } finally { location.assign("/login"); }
}

const LOUD = { dead: "bad", halted: "bad", killed: "bad", in_doubt: "bad", stale: "bad", unjudged: "wait", simulated: "wait", breaker: "wait", blocked: "wait", pair_list: "wait" };
const TITLES = {
  dead: "Died", halted: "Halted", killed: "Kill switch thrown", in_doubt: "Order in doubt", stale: "Stale", simulated: "Simulated data",
  breaker: "Provider cut off", blocked: "Blocked", unjudged: "Custom exit not judged", pair_list: "Pair list too old",
};

/** What must not be overlooked: a stream that is silent, and each alarm of the agent (or of all agents). */
function Shouts({ rows, agent, all }) {
  const { open, stale, since } = useCell(link);
  const unread = useCell(behind);
  useNow(open && !stale ? 60_000 : 1000);
  const shouts = [];
  if (stale) shouts.push({ key: "stream", kind: "bad", title: "Stale", text: "nothing heard from the server for 15 seconds and more: what stands here may be old. Is \u201cagent serve\u201d running?" });
  else if (!open && Date.now() - since > 3000) shouts.push({ key: "stream", kind: "wait", title: "Connecting", text: "the stream is cut; what stands here may be old." });
  for (const row of rows ?? []) {
    if (agent && row.agent !== agent) continue;
    if (unread[row.agent] > 0) shouts.push({ key: row.agent + "behind", kind: "wait", title: "Behind", text: "the server still reads this agent\u2019s journal: what stands here is old.", agent: agent ? null : row.agent });
    for (const [kind, texts] of gathered(row.alarms ?? [])) {
      if (!agent && !all && kind === "simulated") continue;
      shouts.push({ key: row.agent + kind, kind: LOUD[kind] ?? "wait", title: TITLES[kind] ?? kind, text: texts.join("; "), agent: agent ? null : row.agent });
    }
  }
  return html`<div class="shouts" role="alert">${shouts.map((shout) => html`<div key=${shout.key} class=${"shout " + shout.kind} data-alarm=${shout.title}>
    <b>${shout.title}</b>${shout.agent && html`<a href=${`/agents/${encodeURIComponent(shout.agent)}`}>${shout.agent}</a>`}<span>${shout.text}</span></div>`)}</div>`;
}

/** Alarms by kind, gravest first as they come: [kind, texts]. */
function gathered(alarms) {
  const kinds = new Map();
  for (const { kind, text } of alarms) kinds.set(kind, [...(kinds.get(kind) ?? []), text]);
  return kinds;
}

const modules = new Map();
function Page({ page, params, agent, rows }) {
  const [, draw] = useState(0);
  const young = useCell(begun);
  const [broken, mend] = useErrorBoundary((error) => console.error(error));
  useEffect(() => {
    if (!page || modules.has(page.name)) return;
    page.load().then(
      (module) => modules.set(page.name, module.default),
      (error) => modules.set(page.name, () => html`<${Failure} error=${error} />`),
    ).then(() => draw((n) => n + 1));
  }, [page]);
  if (!page) return html`<div class="card"><div class="empty"><b>There is no such page.</b><p><a href="/">Overview</a></p></div></div>`;
  if (broken) return html`<${Failure} error=${broken} again=${mend} />`;
  const Shown = modules.get(page.name);
  if (!Shown) return html`<${Waiting} />`;
  if (page.agent && !agent && rows === null) return html`<${Waiting} />`;
  const row = (rows ?? []).find((each) => each.agent === agent) ?? null;
  if (page.agent && rows?.length === 0 && !young[agent]) return html`<${NoAgent} />`;
  if (page.agent && (starting(row) || (!row && young[agent]))) return html`<${Starting} agent=${agent} row=${row} />`;
  if (page.agent && rows !== null && !row) return html`<${Absent} agent=${agent} rows=${rows} />`;
  return html`<div class="stack page-${page.name}"><${Shown} key=${page.agent ? agent : page.name} params=${params} agent=${agent} row=${row} rows=${rows} /></div>`;
}

const SHORTCUTS = PAGES.map((page, k) => [k < 9 ? String(k + 1) : "0", page]).slice(0, 10);

function useKeys({ help, close, agent }) {
  useEffect(() => {
    const press = (event) => {
      if (event.key === "Escape") close();
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target.closest("input,select,textarea,dialog,[contenteditable]")) return;
      if (event.key === "?") help();
      const page = SHORTCUTS.find(([key]) => key === event.key)?.[1];
      if (page) go(addressOf(page, agent));
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [agent]);
}

const Help = ({ onClose }) => html`<${Dialog} title="Keyboard" onClose=${onClose}><dl class="pairs">
  ${SHORTCUTS.map(([key, page]) => [html`<dt><kbd>${key}</kbd></dt>`, html`<dd>${page.title}</dd>`])}
  <dt><kbd>?</kbd></dt><dd>this list</dd><dt><kbd>Esc</kbd></dt><dd>close a dialog or the menu</dd>
  <dt><kbd>Tab</kbd></dt><dd>the next control; in a chart the arrow keys and + \u2212 move and zoom</dd></dl><//>`;

whenSignedOut(() => {
  if (location.pathname === "/login") return;
  location.assign(to("/login", { next: location.pathname + location.search }));
});

render(html`<${App} />`, document.getElementById("app"));
