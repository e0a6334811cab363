// One small store, and hooks that ask the API and ask again when the stream says that something changed.

import { useEffect, useRef, useState } from "./vendor/preact.js";
import { get } from "./api.js";

/** A value that is watched: read(), write(value or change), watch(callback) -> stop. */
export function cell(value) {
  const watchers = new Set();
  return {
    read: () => value,
    write(next) {
      const changed = typeof next === "function" ? next(value) : next;
      if (changed === value) return;
      value = changed;
      for (const each of [...watchers]) each(value);
    },
    watch(callback) {
      watchers.add(callback);
      return () => watchers.delete(callback);
    },
  };
}

/** A cell's value in a component, drawn anew when it changes. */
export function useCell(watched) {
  const [, draw] = useState(0);
  useEffect(() => watched.watch(() => draw((n) => n + 1)), [watched]);
  return watched.read();
}

/** A choice that this browser remembers. */
export function remembered(name, initial) {
  let value = initial;
  try { value = localStorage.getItem("boyd." + name) ?? initial; } catch (_) { /* no storage */ }
  const kept = cell(value);
  kept.watch((now) => { try { localStorage.setItem("boyd." + name, now); } catch (_) { /* no storage */ } });
  return kept;
}

export const zone = remembered("zone", "utc");
export const theme = remembered("theme", "auto");
export const lastAgent = remembered("agent", "");

/** The rows of all agents (AgentRow), null before the first answer; written by the shell. */
export const agents = cell(null);
/** Agents that were begun from this page and of which the server has no row yet: name to when, in milliseconds. */
export const begun = cell({});
/** Have the agents' rows asked anew: written by whoever waits for a row. */
export const rowsDue = cell(0);
/** The live state of each agent by name (LiveState), as the stream tells it. */
export const live = cell({});
/** The stream itself: open, or cut since when; stale when nothing was heard for 15 s. */
export const link = cell({ open: false, stale: false, since: Date.now() });

/** Rows of each journal that the server has still to read; what it tells of these agents is old. */
export const behind = cell({});

const listeners = new Set();
/** Call back with every event of the stream: { kind, agent, seq, data }. Returns how to stop. */
export function onEvent(callback) {
  listeners.add(callback);
  return () => listeners.delete(callback);
}
export function tell(event) { for (const each of [...listeners]) each(event); }

/** Call back with the stream's events that `wanted` accepts, as long as the component is shown. */
export function useEvents(wanted, callback) {
  const latest = useRef(null);
  latest.current = { wanted, callback };
  useEffect(() => onEvent((event) => {
    if (latest.current.wanted(event)) latest.current.callback(event);
  }), []);
}

const LEAST_MS = 400;

/**
 * The answer of a route, kept fresh: { data, error, loading, again }.
 * `on` says of a stream event whether to ask again; bursts are gathered, and a page that is hidden waits until it is
 * seen. What was shown stays until the answer is there. A `path` of null asks nothing. After a gap of the stream
 * everything is asked again, and when it begins, for what lies between the answer and the beginning.
 */
export function useAnswer(path, query, { on, every } = {}) {
  const [state, setState] = useState({ data: null, error: null, loading: true, path: null });
  const key = path === null ? null : path + " " + JSON.stringify(query ?? {});
  const now = useRef({});
  now.current.on = on;

  useEffect(() => {
    if (key === null) { setState({ data: null, error: null, loading: false, path: null }); return undefined; }
    let ended = false, running = false, due = false, failed = false, last = 0, timer = 0;
    const control = new AbortController();
    const settle = (next) => { if (!ended) setState((old) => ({ ...old, ...next, loading: false, path })); };
    async function ask() {
      running = true; due = false; last = Date.now();
      try {
        settle({ data: await get(path, query, control.signal), error: null });
        failed = false;
      } catch (error) {
        failed = true;
        if (error.name !== "AbortError") settle({ error });
      }
      running = false;
      if (due) soon();
    }
    function soon() {
      due = true;
      if (running || timer || document.hidden) return;
      timer = setTimeout(() => { timer = 0; ask(); }, Math.max(0, last + LEAST_MS - Date.now()));
    }
    const seen = () => { if (due) soon(); };
    document.addEventListener("visibilitychange", seen);
    now.current.soon = soon;
    setState((old) => ({ data: old.path === path ? old.data : null, error: null, loading: true, path }));
    ask();
    const stop = onEvent((event) => {
      const begun = event.kind === "hello" && (failed || (event.first && now.current.on));
      if (begun || event.kind === "gap" || now.current.on?.(event)) soon();
    });
    const clock = every ? setInterval(() => { soon(); }, every) : 0;
    return () => { ended = true; control.abort(); stop(); document.removeEventListener("visibilitychange", seen); clearTimeout(timer); clearInterval(clock); };
  }, [key, every]);

  return { ...state, again: () => now.current.soon?.() };
}

/** Whether an event is a journal row of one agent (any of `kinds`, or all). */
export const rowOf = (agent, ...kinds) => (event) =>
  event.seq !== null && event.agent === agent && (kinds.length === 0 || kinds.includes(event.kind));

/** A clock that ticks each second while shown: milliseconds. */
export function useNow(every = 1000) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}
