// A link to a dialog of the page opens it as a modal one. Without JS its address shows it (:target).
(() => {
  document.addEventListener("click", (event) => {
    const opens = event.target.closest("[data-dialog]");
    if (opens) {
      event.preventDefault();
      const dialog = document.getElementById(opens.dataset.dialog);
      dialog.showModal();
      const back = opens.closest("details[data-menu]")?.querySelector("summary") ?? opens;
      dialog.addEventListener("close", () => back.focus(), { once: true });
      return;
    }
    const closes = event.target.closest("dialog [data-close]");
    if (closes) {
      event.preventDefault();
      const dialog = closes.closest("dialog");
      if (dialog.open) dialog.close();
      else location.hash = "";
    } else if (event.target.matches?.("dialog[open]")) {
      event.target.close(); // a click on the backdrop
    }
  });
})();
