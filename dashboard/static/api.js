// The API's client: the session's cookie, answers as they are, one kind of error.

const BASE = "/api/v1/";

/** What the server refused, in its own words. `status` 0: it could not be reached. */
export class ApiError extends Error {
  constructor(status, told = {}) {
    super(told.message ?? (status ? `the server answered ${status}` : "the server cannot be reached"));
    Object.assign(this, { status, kind: told.kind ?? "", field: told.field, value: told.value, limit: told.limit });
  }
}

let onSignedOut = () => {};
/** Called when an answer says that nobody is signed in. */
export function whenSignedOut(callback) { onSignedOut = callback; }

/** Say that nobody is signed in any more. */
export function signedOut() { onSignedOut(); }

/** The address of a route; what is null, undefined or "" is left out of the query. */
export function url(path, query = {}) {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const text = new URLSearchParams(given).toString();
  return BASE + path + (text ? "?" + text : "");
}

async function ask(path, init) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...init });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0);
  }
  if (response.ok) return response;
  const body = await response.json().catch(() => ({}));
  const error = new ApiError(response.status, body.error);
  if (response.status === 401) onSignedOut();
  throw error;
}

/** GET a route's answer. */
export async function get(path, query, signal) {
  const response = await ask(url(path, query), { headers: { Accept: "application/json" }, signal });
  return response.json();
}

/** POST a body as JSON; `key` makes a repeated question the same one. */
export async function post(path, body = {}, key = newKey()) {
  const headers = { Accept: "application/json", "Content-Type": "application/json", "Idempotency-Key": key };
  const response = await ask(url(path), { method: "POST", headers, body: JSON.stringify(body) });
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}

/** A new key of a command: 128 random bits. */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A name as a part of a path. */
export const part = encodeURIComponent;
