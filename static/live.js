// Live, polling or stale: a stream says what changed; where it is blocked, every region asks by itself each five seconds.
"use strict";
(() => {
  const POLL_MS = 5000;
  const HELLO_MS = 3000;
  const AGAIN_MS = 30000;
  let streaming = false;
  let greeted = 0;
  let lost = 0;
  let heard = Date.now();
  let ended = false;
  let main = null;

  const stream = () => main?.getAttribute("hx-sse:connect");
  const ask = () => main && !document.hidden && htmx.trigger(main, "ask");

  function show() {
    const sign = document.getElementById("live");
    if (!sign || !main) return;
    const state = ended || (Date.now() - heard > 20000 && !streaming) ? "stale" : streaming ? "live" : "polling";
    const since = new Date(heard).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
    const text = state === "stale" ? `${sign.dataset.stale} ${since}` : sign.dataset[state];
    if (sign.textContent !== text) sign.textContent = text;
    sign.className = `live ${state}`;
    sign.hidden = Date.now() < greeted + HELLO_MS && !streaming;
  }

  function meet() {
    const found = document.querySelector("main[hx-sse\\:connect]");
    if (found === main) return;
    [main, streaming, greeted, heard, lost, ended] = [found, false, Date.now(), Date.now(), 0, false];
    main?.addEventListener("hello", () => {
      if (lost) ask();
      [streaming, heard, lost] = [true, Date.now(), 0];
      show();
    });
    main?.addEventListener("ended", () => {
      [ended, streaming] = [true, false];
      show();
      document.dispatchEvent(new Event("signed-out"));
    });
    main?.addEventListener("htmx:sse:before:connection", (event) => ended && event.preventDefault());
    for (const end of ["htmx:sse:close", "htmx:sse:error", "htmx:sse:before:connection"]) {
      main?.addEventListener(end, () => {
        if (!document.hidden && streaming) lost = Date.now();
        if (document.hidden) lost = lost || Date.now();
        streaming = false;
        show();
      });
    }
  }

  function tick() {
    if (!main || ended || streaming || document.hidden || Date.now() < greeted + HELLO_MS) return;
    ask();
    if (!lost) lost = Date.now();
    if (Date.now() - lost > AGAIN_MS && !main._htmx?.sse) {
      lost = Date.now();
      htmx.ajax("GET", stream(), { source: main, swap: "none" });
    }
    show();
  }

  document.addEventListener("htmx:after:request", (event) => {
    if (event.detail.ctx.sourceElement.matches("[data-live]") && event.detail.ctx.response.status < 500) heard = Date.now();
    show();
  });
  document.addEventListener("htmx:after:process", meet);
  setInterval(tick, POLL_MS);
  setInterval(show, 1000);
  meet();
})();
