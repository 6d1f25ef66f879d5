// Small services of forms: selects that send their form, boxes that take a dropped file, buttons that cannot be pressed twice.
(() => {
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-autosubmit]");
    if (form) form.requestSubmit();
    const drop = event.target.closest("[data-drop]");
    if (drop && event.target.files?.length) drop.querySelector("[data-drop-name]").textContent = event.target.files[0].name;
  });

  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      const drop = event.target.closest?.("[data-drop]");
      if (!drop) return;
      event.preventDefault();
      drop.classList.toggle("is-over", kind === "dragover");
      if (kind !== "drop" || !event.dataTransfer.files.length) return;
      const input = drop.querySelector("input[type=file]");
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }

  // Only forms that post: a search may be sent again. The button keeps its name and value in the first submission.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.getAttribute("method") !== "post" || form.matches("[hx-post]")) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
    setTimeout(() => delete form.dataset.sent, 4000); // the answer may be a file, then the page stays
  });
  // The same for forms that htmx sends: once more only if the answer does not lead to another page.
  const posts = (event) => event.detail.elt.matches("form[method=post][hx-post]");
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!posts(event)) return;
    if (event.detail.elt.dataset.sent) event.preventDefault();
    event.detail.elt.dataset.sent = "1";
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (posts(event) && !event.detail.xhr.getResponseHeader("HX-Redirect")) delete event.detail.elt.dataset.sent;
  });
  // Shown again from the browser's memory (Back): it may be sent again.
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });
})();
