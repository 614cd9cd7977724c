// Passkeys (WebAuthn level 3): asks the server what to sign, the browser to sign it, and sends the form with the answer.
"use strict";
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const ids = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  async function options(form) {
    const body = new FormData();
    body.set("purpose", form.dataset.passkey);
    body.set("csrf_token", form.elements.csrf_token.value);
    const answer = await fetch(form.dataset.options, { method: "POST", body, headers: { Accept: "application/json" } });
    if (!answer.ok || !(answer.headers.get("Content-Type") || "").includes("json")) throw new Error(String(answer.status));
    return answer.json();
  }

  async function ask(form) {
    const given = await options(form);
    const publicKey = { ...given, challenge: bytes(given.challenge) };
    if (form.dataset.passkey !== "enrol") {
      return navigator.credentials.get({ publicKey: { ...publicKey, allowCredentials: ids(given.allowCredentials) } });
    }
    publicKey.user = { ...given.user, id: bytes(given.user.id) };
    publicKey.excludeCredentials = ids(given.excludeCredentials);
    return navigator.credentials.create({ publicKey });
  }

  function told(credential) {
    const { response } = credential;
    const parts = { clientDataJSON: text(response.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (response[name]) parts[name] = text(response[name]);
    }
    if (response.getTransports) parts.transports = response.getTransports();
    return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response: parts });
  }

  function say(form, words) {
    const line = form.querySelector("[data-said]");
    line.hidden = !words;
    line.textContent = words;
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("form[data-passkey]")) return;
    event.preventDefault();
    const button = form.querySelector("button");
    if (!window.PublicKeyCredential) return say(form, form.dataset.missing);
    button.disabled = true;
    say(form, form.dataset.waiting);
    try {
      form.elements.credential.value = told(await ask(form));
      form.submit();
    } catch (failed) {
      button.disabled = false;
      say(form, failed.name === "InvalidStateError" ? form.dataset.known : form.dataset.failed);
    }
  });
})();
