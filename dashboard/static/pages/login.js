// Sign in: with the one-time code of the address that `agent serve` prints, or with a token.

import { html, useEffect, useState } from "../vendor/preact.js";
import { post } from "../api.js";
import { Button, Command, Failure, Field } from "../components.js";
import { place } from "../router.js";

/** The code behind #code= of the address; it is taken out of the address at once. */
function codeOf() {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  return code;
}

/** Where to go when signed in: only a path of this page. */
function next() {
  const wanted = place.read().query.next ?? "/";
  return /^\/(?![/\\])/.test(wanted) ? wanted : "/";
}

export default function Login() {
  const [token, setToken] = useState("");
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const enter = async (body) => {
    setBusy(true);
    setError(null);
    try {
      await post("login", body);
      location.replace(next());
    } catch (failed) {
      setError(failed);
      setBusy(false);
    }
  };
  useEffect(() => { const code = codeOf(); if (code) enter({ code }); }, []);
  return html`<div class="login">
    <form class="card" onSubmit=${(event) => { event.preventDefault(); enter({ token: token.trim() }); }}>
      <div class="body">
        <p class="brand"><img src="/static/icon.svg" alt="" width="28" height="28" /><span>Boyd</span></p>
        <h1>Sign in</h1>
        <p class="soft">Open the address that <code>agent serve</code> prints, or paste a token.
          The one in <code>api.token</code> may read and trade, the one in <code>api-read.token</code> may only read.</p>
        <input class="unseen" type="text" autocomplete="username" value="boyd" readonly tabindex="-1" aria-hidden="true" />
        <${Field} label="Token">${(id) => html`<input id=${id} type="password" autocomplete="current-password" required autofocus
          value=${token} onInput=${(event) => setToken(event.target.value)} />`}<//>
        ${error && html`<${Failure} error=${error} title=${error.status === 401 || error.status === 403 ? "Not signed in" : null} />`}
        <div class="acts"><button class="btn main-act" disabled=${busy || !token.trim()}>${busy ? "Signing in\u2026" : "Sign in"}</button></div>
        <p class="soft small">Where the token is:</p><${Command} text="agent serve --help" />
      </div>
    </form>
  </div>`;
}
