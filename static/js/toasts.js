// Messages: good news goes away by itself, faults stay until they are dismissed.
(() => {
  const box = () => document.getElementById("toasts");
  const linger = (toast) => {
    if (toast.dataset.toast === "error" || toast.dataset.toast === "warning") return;
    let timer = setTimeout(() => toast.remove(), 7000);
    toast.addEventListener("pointerenter", () => clearTimeout(timer));
    toast.addEventListener("pointerleave", () => (timer = setTimeout(() => toast.remove(), 3000)));
  };

  document.addEventListener("click", (event) => {
    event.target.closest("[data-dismiss]")?.closest("[data-toast]")?.remove();
  });

  // `HX-Trigger: {"toast": {"text": "Saved", "level": "success"}}` of an answer, or of another script.
  document.addEventListener("toast", (event) => {
    const { text, level = "info" } = event.detail;
    const toast = document.createElement("div");
    toast.className = `toast toast-${level}`;
    toast.dataset.toast = level;
    const said = document.createElement("p");
    said.textContent = text;
    const dismiss = document.createElement("button");
    dismiss.type = "button";
    dismiss.className = "btn btn-link";
    dismiss.dataset.dismiss = "";
    dismiss.textContent = "Dismiss";
    toast.append(said, dismiss);
    box()?.append(toast);
    linger(toast);
  });

  for (const toast of document.querySelectorAll("[data-toast]")) linger(toast);
})();
