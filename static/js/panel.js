// The drawer: focus goes into it when it opens and back to its opener when it closes; Esc closes it.
(() => {
  const slot = () => document.getElementById("panel");
  const panel = () => slot()?.querySelector("[data-panel]");
  const covers = matchMedia("(max-width: 1100px)");
  let opener = null;

  // While the drawer covers the page, what lies under it cannot be reached.
  const settle = () => {
    const covered = Boolean(panel()) && covers.matches;
    for (const part of document.querySelectorAll(".side, .col")) part.inert = covered;
  };

  const enter = () => {
    const into = panel();
    settle();
    const first = into?.querySelector("[autofocus], [aria-invalid=true]") ?? into?.querySelector("#panel-title");
    first?.focus();
  };

  const leave = (href) => {
    slot().replaceChildren();
    history.pushState({ htmx: true }, "", href);
    settle();
    const back = opener && (document.contains(opener) ? opener : document.getElementById(opener.id));
    (back || document.getElementById("main")).focus();
    opener = null;
    document.dispatchEvent(new CustomEvent("panel:closed"));
  };

  document.addEventListener("click", (event) => {
    const opens = event.target.closest("[data-opens-panel]");
    if (opens) opener = opens;
    const closes = event.target.closest("[data-close-panel]");
    // Opened on this page: it closes without a round trip. Opened by its address: the link leads to the page without it.
    if (closes && opener && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      leave(closes.href);
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    panel()?.querySelector("[data-close-panel]")?.click();
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target === slot()) enter();
  });
  covers.addEventListener("change", settle);
  if (panel()) enter();
})();
