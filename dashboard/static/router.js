// Addresses of the page: the path names a page, the query its filters. Links inside are followed without a reload.

import { cell, useCell } from "./store.js";

const here = () => ({ path: location.pathname, query: Object.fromEntries(new URLSearchParams(location.search)) });
export const place = cell(here());

addEventListener("popstate", () => place.write(here()));
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (link.target || link.origin !== location.origin || link.hasAttribute("download")) return;
  if (/^\/(static|api|docs|openapi|metrics)\b/.test(link.pathname) || (link.hash && link.pathname === location.pathname)) return;
  event.preventDefault();
  go(link.pathname + link.search);
});

/** Go to an address; `replace` leaves no step in the history. A new path begins at its top, with the focus there. */
export function go(address, { replace = false } = {}) {
  const before = location.pathname;
  history[replace ? "replaceState" : "pushState"](null, "", address);
  place.write(here());
  if (location.pathname !== before) {
    scrollTo(0, 0);
    document.getElementById("main")?.focus({ preventScroll: true });
  }
}

/** The address of a path with a query; what is null or "" is left out. */
export function to(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const text = new URLSearchParams(given).toString();
  return path + (text ? "?" + text : "");
}

/** The query of the address, and how to change some of it without a new step in the history. */
export function useQuery() {
  const { path, query } = useCell(place);
  return [query, (change, options = { replace: true }) => go(to(path, { ...query, ...change }), options)];
}

/** The row of a table of pages that a path fits, with its parameters; "/agents/:agent" has one. */
export function match(pages, path) {
  for (const page of pages) {
    const names = [];
    const pattern = page.path.replace(/:([a-z]+)/g, (_, name) => { names.push(name); return "([^/]+)"; });
    const hit = new RegExp(`^${pattern}/?$`).exec(path);
    if (hit) return { page, params: Object.fromEntries(names.map((name, k) => [name, decodeURIComponent(hit[k + 1])])) };
  }
  return null;
}
