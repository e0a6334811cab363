// The live stream, one for all tabs of this browser. A browser holds six streams of a host and no more, so the tab
// that holds the lock reads it and tells the others over a channel; when that tab closes, the next one takes the
// lock and goes on from where the last told row stood. Without locks a tab reads for itself while it is shown.
// Read with fetch and not with EventSource: that one closes for good after one refusal and hides the beats.

import { signedOut, url } from "./api.js";
import { link, tell } from "./store.js";

const NAME = "boyd.stream";
const QUIET_MS = 15_000;
const WAITS_MS = [250, 500, 1000, 2000, 4000];

const channel = navigator.locks && "BroadcastChannel" in globalThis ? new BroadcastChannel(NAME) : null;
let cursor = "";
let heard = Date.now();
let leading = false;
const seen = new Map();

/** Begin to read, or to listen to the tab that does. */
export function start() {
  if (channel) {
    channel.onmessage = ({ data }) => (data.joined ? leading && channel.postMessage({ link: link.read().open, cursor }) : take(data));
    channel.postMessage({ joined: true });
  }
  setInterval(watch, 1000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) watch(); });
  if (channel) navigator.locks.request(NAME, () => read());
  else read({ onlyShown: true });
}

function watch() {
  const stale = Date.now() - heard > QUIET_MS;
  link.write((old) => (old.stale === stale ? old : { ...old, stale }));
}

/** A message of the stream, from the wire or from another tab. Rows that were told already are dropped. */
function take(message) {
  if (message.link !== false) heard = Date.now();
  if (message.link !== undefined) link.write((old) => (old.open === message.link ? old : { ...old, open: message.link, since: Date.now() }));
  if (message.cursor) cursor = message.cursor;
  if (link.read().stale) watch();
  const { event } = message;
  if (!event) return;
  if (event.seq !== null) {
    if (event.seq <= (seen.get(event.agent) ?? 0)) return;
    seen.set(event.agent, event.seq);
  }
  if (event.kind === "gap") seen.delete(event.agent);
  if (event.kind === "hello") greeted(event.data.agents ?? {});
  tell(event);
}

/** A journal that was begun anew counts from one again. */
function greeted(agents) {
  for (const [name, { seq, after }] of Object.entries(agents)) if ((seen.get(name) ?? 0) > seq) seen.set(name, after);
}

function share(message) {
  take(message);
  channel?.postMessage(message);
}

async function read({ onlyShown = false } = {}) {
  leading = true;
  for (let tries = 0; ; tries++) {
    if (onlyShown) await shown();
    try {
      await readOnce(() => { tries = 0; }, onlyShown);
    } catch (_) { /* the server is gone or the line was cut: again below */ }
    share({ link: false });
    await wait(WAITS_MS[Math.min(tries, WAITS_MS.length - 1)]);
  }
}

async function readOnce(opened, onlyShown) {
  const control = new AbortController();
  const hide = () => { if (document.hidden) control.abort(); };
  if (onlyShown) document.addEventListener("visibilitychange", hide);
  const silence = setInterval(() => { if (Date.now() - last > 2 * QUIET_MS) control.abort(); }, 1000);
  let last = Date.now();
  try {
    const first = cursor === "";
    const headers = { Accept: "text/event-stream", ...(cursor ? { "Last-Event-ID": cursor } : {}) };
    const response = await fetch(url("events"), { headers, cache: "no-store", signal: control.signal });
    if (response.status === 401) signedOut();
    if (!response.ok) throw new Error(String(response.status));
    opened();
    share({ link: true });
    const parse = parser();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      last = Date.now();
      const messages = parse(value);
      if (messages.length === 0) share({});
      for (const each of messages) share(each.event.kind === "hello" ? { ...each, event: { ...each.event, first } } : each);
    }
  } finally {
    clearInterval(silence);
    document.removeEventListener("visibilitychange", hide);
    control.abort();
  }
}

/** Reads text/event-stream piece by piece: returns the messages that a piece completes. */
export function parser() {
  let rest = "";
  return (piece) => {
    const blocks = (rest + piece).replace(/\r\n?/g, "\n").split("\n\n");
    rest = blocks.pop();
    return blocks.map(message).filter(Boolean);
  };
}

function message(block) {
  const field = { event: "message", data: [], id: "" };
  for (const line of block.split("\n")) {
    const [, name, value] = /^([a-z]+):? ?(.*)$/.exec(line) ?? [];
    if (name === "data") field.data.push(value);
    else if (name === "event" || name === "id") field[name] = value;
  }
  if (field.data.length === 0) return null;
  const data = JSON.parse(field.data.join("\n"));
  const event = { kind: field.event, agent: data?.agent ?? null, seq: data?.seq ?? null, data };
  if (UNNUMBERED.has(field.event)) event.seq = null;
  return { event, cursor: field.id };
}

const UNNUMBERED = new Set(["hello", "state", "agent", "work", "gap", "dropped"]);
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

function shown() {
  if (!document.hidden) return null;
  return new Promise((done) => {
    const look = () => { if (!document.hidden) { document.removeEventListener("visibilitychange", look); done(); } };
    document.addEventListener("visibilitychange", look);
  });
}
