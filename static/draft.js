// What is typed and not yet saved is kept on this computer, so that leaving the page loses nothing; signing out clears it.
"use strict";
(() => {
  const WEEK = 7 * 24 * 3600 * 1000;
  const words = () => document.querySelector("#flash").dataset;
  const kept = (form) => form?.method === "post" && form.querySelector("textarea") && form.closest("main");
  const key = (form) => `draft:${new URL(form.action, location.href).pathname}`;
  const fields = (form) => [...form.elements].filter((field) => field.name
    && field.matches("textarea, select, input:not([type=hidden], [type=password], [type=file], [type=radio], [type=checkbox])"));
  const texts = (form) => Object.fromEntries(fields(form).map((field) => [field.name, field.value]));
  const waiting = new Map();

  function note(form, text, button) {
    let line = form.querySelector("[data-draft]");
    if (!line) {
      line = document.createElement("p");
      line.className = "quiet";
      line.dataset.draft = "";
      line.setAttribute("role", "status");
      form.append(line);
    }
    line.replaceChildren(text, ...(button ? [" ", button] : []));
  }

  function keep(form) {
    const now = new Date();
    try {
      localStorage.setItem(key(form), JSON.stringify({ at: now.getTime(), texts: texts(form) }));
      note(form, words().kept.replace("%s", now.toLocaleTimeString("en-IN", { hour: "2-digit", minute: "2-digit", hour12: false })));
    } catch { /* a full or forbidden store keeps nothing, and says nothing */ }
  }

  function put(form, values) {
    for (const field of fields(form)) {
      if (values[field.name] === undefined || field.value === values[field.name]) continue;
      field.value = values[field.name];
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  // A draft comes back only into a form as it was first shown: after a refusal the server has sent the text back itself.
  function restore(form) {
    if (form.dataset.draftSeen) return;
    form.dataset.draftSeen = "1";
    const draft = JSON.parse(localStorage.getItem(key(form)) || "null");
    const shown = texts(form);
    if (!draft || form.querySelector(".errors") || Date.now() - draft.at > WEEK) return;
    if (fields(form).every((field) => draft.texts[field.name] === undefined || draft.texts[field.name] === field.value)) return;
    put(form, draft.texts);
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn";
    button.textContent = words().forget;
    button.addEventListener("click", () => {
      put(form, shown);
      clearTimeout(waiting.get(form));
      localStorage.removeItem(key(form));
      note(form, "");
    });
    note(form, words().restored, button);
  }

  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (!event.isTrusted || !kept(form)) return;
    clearTimeout(waiting.get(form));
    waiting.set(form, setTimeout(() => keep(form), 800));
  });
  document.addEventListener("submit", (event) => {
    clearTimeout(waiting.get(event.target));
    if (kept(event.target)) sessionStorage.setItem("draft-sent", key(event.target));
    if (event.target.action.endsWith("/sign-out")) {
      Object.keys(localStorage).filter((name) => name.startsWith("draft:")).forEach((name) => localStorage.removeItem(name));
    }
  }, true);
  // What was sent is forgotten once the portal has answered with another page than a refusal or the sign-in.
  function forgetSent() {
    const sent = sessionStorage.getItem("draft-sent");
    if (!sent || document.querySelector("main .errors") || location.pathname === "/sign-in") return;
    localStorage.removeItem(sent);
    sessionStorage.removeItem("draft-sent");
  }
  const all = () => {
    forgetSent();
    [...document.querySelectorAll("main form")].filter(kept).forEach(restore);
  };
  document.addEventListener("htmx:after:swap", all);
  all();
})();
