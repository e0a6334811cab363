// A list in pages, the newest first: the first is kept fresh, older ones come on demand, and none between is lost.

import { html, useRef, useState } from "../vendor/preact.js";
import { get } from "../api.js";
import { Button, Failure } from "../components.js";
import { useAnswer } from "../store.js";

const MOST = 3000;
const NONE = { page: null, items: [], next: null, reading: false, busy: false, error: null };

/**
 * The rows of a route: { first, items, next, busy, error, more }. `id` names a row. `first` is the answer with the
 * newest, asked again when `on` accepts an event; `more(limit)` reads further back.
 * From the first older page on, rows that new ones push off the first page stay; where more came at once than fit
 * on a page, and nobody could know what lies between, or all became too many, the list begins again.
 */
export function usePages(path, query, { on, limit, id }) {
  const first = useAnswer(path, { ...query, limit }, { on });
  const held = useRef(NONE);
  const [, draw] = useState(0);
  if (first.data !== held.current.page) held.current = followed(held.current, first.data, id);

  const change = (next) => { held.current = { ...held.current, ...next }; draw((n) => n + 1); };
  async function more(count = limit) {
    const { next: cursor, busy } = held.current;
    if (busy || !cursor) return;
    change({ reading: true, busy: true, error: null });
    try {
      const page = await get(path, { ...query, limit: count, cursor });
      if (held.current.next === cursor) change({ items: [...held.current.items, ...page.items], next: page.next ?? null });
      change({ busy: false });
    } catch (error) {
      change({ busy: false, error });
    }
  }
  const { items, next, busy, error } = held.current;
  return { first, items, next, busy, error, more };
}

/** What is held once a fresh first page is there. */
export function followed(old, page, id) {
  if (page === null) return NONE;
  const newest = new Set(page.items.map(id));
  const joined = old.reading && old.items.length > 0 && old.items.length < MOST && newest.has(id(old.items[0]));
  if (!joined) return { ...NONE, page, items: page.items, next: page.next ?? null, busy: old.busy };
  return { ...old, page, items: [...page.items, ...old.items.filter((row) => !newest.has(id(row)))] };
}

/** The button that reads further back, and why that failed. */
export const Older = ({ next, busy, error, more }) => html`${error && html`<${Failure} error=${error} again=${() => more()} />`}
  ${next && html`<div class="more"><${Button} onClick=${() => more()} disabled=${busy}>${busy ? "Reading\u2026" : "Older"}<//></div>`}`;
