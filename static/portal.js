// Keys, brightness, unsaved changes, amounts in words, refusals. Everything here only adds: each page works without it.
"use strict";
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const flash = () => one("#flash");

  function say(text, link) {
    const line = document.createElement("p");
    line.setAttribute("role", "alert");
    line.textContent = text + " ";
    if (link) line.append(link);
    flash()?.replaceChildren(line);
  }

  function saySignedOut() {
    const link = document.createElement("a");
    [link.href, link.target, link.textContent] = ["/sign-in", "_blank", flash().dataset.signIn];
    say(flash().dataset.signedOut, link);
  }

  // Brightness: kept in a cookie, so that the server writes it into the page and nothing flickers.
  function showTheme() {
    const chosen = document.documentElement.dataset.theme || "";
    for (const group of all("[data-themes]")) group.hidden = false;
    for (const button of all("[data-theme-choice]")) button.setAttribute("aria-pressed", String(button.dataset.themeChoice === chosen));
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-choice]");
    if (!button) return;
    const theme = button.dataset.themeChoice;
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    document.cookie = `theme=${theme}; path=/; max-age=${theme ? 31536000 : 0}; samesite=lax`;
    showTheme();
  });

  // A text that is shown once, to be copied, is selected whole as soon as it is entered.
  document.addEventListener("focusin", (event) => event.target.matches("[data-whole]") && event.target.select());
  one("[data-whole]")?.select();

  // What was typed and not saved is asked about before the page is left.
  const typed = new Set();
  const counts = (form) => form && form.method === "post" && !form.matches(".act, .language");
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (counts(form)) typed.add(form);
    if (event.target.matches("[data-money]")) showWords(event.target);
  });
  const unsaved = () => [...typed].some((form) => form.isConnected);
  document.addEventListener("submit", (event) => typed.delete(event.target), true);
  window.addEventListener("beforeunload", (event) => {
    if (unsaved()) event.preventDefault();
  });
  const mayLeave = () => {
    if (unsaved() && !window.confirm(flash().dataset.unsaved)) return false;
    typed.clear();
    return true;
  };
  document.addEventListener("htmx:before:request", (event) => {
    const { ctx } = event.detail;
    if (ctx.sourceElement.matches("a") && ctx.target === document.body && !mayLeave()) event.preventDefault();
  });

  // 41,20,00,000 reads "41 crore 20 lakh".
  function showWords(field) {
    const out = one(`[data-words="${CSS.escape(field.id)}"]`);
    const text = field.value.replace(/[,\s₹]/g, "");
    if (!out) return;
    out.textContent = "";
    if (!/^\d{1,15}(\.\d*)?$/.test(text)) return;
    const number = BigInt(text.split(".")[0]);
    const said = [[number / 10000000n, out.dataset.crore], [(number / 100000n) % 100n, out.dataset.lakh]]
      .filter(([count]) => count).map(([count, unit]) => `${count.toLocaleString("en-IN")} ${unit}`);
    const rest = number % 100000n;
    if (rest || !said.length) said.push(rest.toLocaleString("en-IN"));
    out.textContent = "₹ " + said.join(" ");
  }

  // Choosing a side of a conflict puts it into the field of the form.
  document.addEventListener("change", (event) => {
    const { field, value } = event.target.dataset;
    const input = field && document.getElementById(field);
    if (!input) return;
    const boxes = all("[type=checkbox]", input);  // a group of them holds a list
    for (const box of boxes) box.checked = value.split(", ").includes(box.value);
    if (input.type === "checkbox") input.checked = value === "True";
    else input.value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });

  // Keys
  let before = "";
  const rows = () => all("main tbody tr").filter((row) => one("a[href]", row));
  function step(by) {
    const list = rows();
    const here = list.findIndex((row) => row.classList.contains("here"));
    const row = list[Math.min(Math.max(here + by, 0), list.length - 1)];
    if (!row) return;
    for (const other of list) other.classList.toggle("here", other === row);
    one("a[href]", row).focus();
    row.scrollIntoView({ block: "nearest" });
  }
  const follow = (selector) => one(selector)?.click();
  const acts = {
    "/": () => one("#find")?.focus(),
    "?": () => one("#keys")?.togglePopover(),
    n: () => follow("main [data-new]"),
    e: () => follow("main [data-edit]"),
    j: () => step(1),
    k: () => step(-1),
    "g p": () => follow(".side a[href='/projects/']"),
    "g w": () => follow(".side .brand"),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("input, select, textarea, [contenteditable]")) {
      if (event.key === "Escape") leave(event.target);
      return;
    }
    const act = acts[before + event.key] || acts[event.key];
    before = event.key === "g" ? "g " : "";
    if (!act) return;
    event.preventDefault();
    act();
  });
  function leave(field) {
    const back = field.form && one("[data-back]", field.form);
    if (back) back.click();
    else field.blur();
  }

  // Answers that are no page: no connection, a fault of the server, a session that has ended.
  document.addEventListener("htmx:error", (event) => {
    const source = event.detail.ctx?.sourceElement;
    if (source && !source.matches("[data-live], main")) say(flash().dataset.offline);
  });
  document.addEventListener("htmx:before:response", (event) => {
    const { ctx } = event.detail;
    const answer = ctx.response.raw;
    const quiet = ctx.sourceElement.matches("[data-live], main");
    if (answer.status >= 500 && !quiet) say(`${flash().dataset.broke} ${(answer.headers.get("X-Request-Id") || "").slice(0, 8)}.`);
    if (!answer.redirected || new URL(answer.url).pathname !== "/sign-in") return;
    event.preventDefault();
    saySignedOut();
  });
  document.addEventListener("signed-out", saySignedOut);

  // What a live region shows anew is tinted for two seconds; what an officer is typing into is left alone.
  const parts = "tr, .log > li, dd, .chip";
  const texts = (region) => new Set(all(parts, region).map((part) => part.textContent.trim()));
  const seen = new WeakMap();
  document.addEventListener("htmx:before:swap", (event) => {
    const region = event.detail.ctx.sourceElement;
    if (!region.matches?.("[data-live]")) return;
    if ([...typed].some((form) => region.contains(form)) || one("details.confirm[open]", region)) event.preventDefault();
    else seen.set(region, texts(region));
  });
  document.addEventListener("htmx:after:swap", (event) => {
    const region = event.detail.ctx.sourceElement;
    const old = seen.get(region);
    if (!old) return start();
    for (const part of all(parts, region)) {
      if (old.has(part.textContent.trim()) || one(parts, part)) continue;
      part.classList.add("fresh");
      setTimeout(() => part.classList.remove("fresh"), 2000);
    }
  });

  function start() {
    showTheme();
    all("[data-money]").forEach(showWords);
    const awaited = one("main [autofocus]");
    if (!awaited) return;
    awaited.focus();
    awaited.scrollIntoView({ block: "nearest" });
  }
  document.addEventListener("htmx:after:history:update", () => {
    typed.clear();
    requestAnimationFrame(() => {
      if (document.activeElement === document.body) one("#main")?.focus({ preventScroll: true });
    });
  });
  start();
})();
