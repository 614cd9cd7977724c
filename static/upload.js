// Uploads with a progress bar and a drop zone. htmx sends the form; only the sending itself is done by XMLHttpRequest.
"use strict";
(() => {
  const part = (form, selector) => form.querySelector(selector);

  // A fetch that reports how much was sent. Redirects are followed by the browser, with the same headers.
  function sender(form) {
    return (url, { method, headers, body, signal }) => new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open(method, url);
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      request.upload.onprogress = (event) => show(form, event.loaded, event.total);
      request.onload = () => {
        const lines = request.getAllResponseHeaders().trim().split(/[\r\n]+/).map((line) => line.split(/:\s*(.*)/).slice(0, 2));
        const answer = new Response(request.responseText, { status: request.status, headers: lines });
        Object.defineProperty(answer, "url", { value: request.responseURL });
        Object.defineProperty(answer, "redirected", { value: new URL(request.responseURL).pathname !== new URL(url, location.href).pathname });
        resolve(answer);
      };
      request.onerror = () => reject(new TypeError("no connection"));
      request.onabort = () => reject(new DOMException("aborted", "AbortError"));
      signal.addEventListener("abort", () => request.abort());
      request.send(body);
    });
  }

  function show(form, sent, total) {
    const box = part(form, ".sending");
    const percent = Math.floor((100 * sent) / total);
    box.hidden = false;
    part(box, "progress").value = percent;
    part(box, "p").textContent = percent < 100 ? `${form.dataset.sending} ${percent} %` : form.dataset.checking;
  }

  document.addEventListener("htmx:config:request", (event) => {
    const { ctx } = event.detail;
    const form = ctx.sourceElement;
    if (!form.matches("form[data-upload]")) return;
    ctx.request.timeout = 0;
    ctx.fetch = sender(form);
    part(form, "button.btn-primary").disabled = true;
  });
  document.addEventListener("htmx:finally:request", (event) => {
    const form = event.detail.ctx.sourceElement;
    if (!form.matches("form[data-upload]")) return;
    part(form, ".sending").hidden = true;
    part(form, "button.btn-primary").disabled = false;
  });

  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      const zone = event.target.closest?.(".drop");
      if (!zone) return;
      event.preventDefault();
      zone.classList.toggle("over", kind === "dragover");
      if (kind !== "drop") return;
      const field = part(zone, "input[type=file]");
      field.files = event.dataTransfer.files;
      field.dispatchEvent(new Event("change", { bubbles: true }));
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }

  const invite = () => document.querySelectorAll(".drop-word").forEach((word) => { word.hidden = false; });
  document.addEventListener("htmx:after:swap", invite);
  invite();
})();
