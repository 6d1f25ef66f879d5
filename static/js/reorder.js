// Steps are moved by their handle: dragged to a place of some day, or with the arrow keys while it has the focus. Both fill
// and send a form, so the server decides and the page comes back as it is; without JS the menu of each step moves it.
(() => {
  const MOVED = "moved-step";
  const list = document.querySelector("[data-reorder]");
  if (!list) return;
  const form = document.getElementById(list.dataset.reorder);
  let dragged = null;

  const send = (card, values) => {
    form.action = card.dataset.move;
    for (const name of ["to", "day", "place"]) form.elements[name].value = values[name] ?? "";
    sessionStorage.setItem(MOVED, card.id);
    form.requestSubmit();
  };
  const clear = () => list.querySelectorAll(".drop-before, .drop-after").forEach((card) => card.classList.remove("drop-before", "drop-after"));
  const target = (event) => {
    const card = event.target.closest?.("[data-move]");
    if (!dragged || !card || card === dragged) return null;
    const box = card.getBoundingClientRect();
    return { card, after: event.clientY > box.top + box.height / 2 };
  };

  list.addEventListener("dragstart", (event) => {
    if (!event.target.closest?.("[data-drag]")) return;
    dragged = event.target.closest("[data-move]");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.id);
    event.dataTransfer.setDragImage(dragged, 20, 20);
    dragged.classList.add("is-dragged");
  });
  list.addEventListener("dragover", (event) => {
    const found = target(event);
    clear();
    if (!found) return;
    event.preventDefault();
    found.card.classList.add(found.after ? "drop-after" : "drop-before");
  });
  list.addEventListener("drop", (event) => {
    const found = target(event);
    if (!found) return;
    event.preventDefault();
    const others = [...found.card.closest("[data-day]").querySelectorAll("[data-move]")].filter((card) => card !== dragged);
    send(dragged, { day: found.card.closest("[data-day]").dataset.day, place: others.indexOf(found.card) + Number(found.after) });
  });
  list.addEventListener("dragend", () => {
    clear();
    dragged?.classList.remove("is-dragged");
    dragged = null;
  });
  list.addEventListener("keydown", (event) => {
    const handle = event.target.closest?.("[data-drag]");
    const to = { ArrowUp: "up", ArrowDown: "down" }[event.key];
    if (!handle || !to) return;
    event.preventDefault();
    send(handle.closest("[data-move]"), { to });
  });

  const last = sessionStorage.getItem(MOVED);
  sessionStorage.removeItem(MOVED);
  // Only when all is there: the address names the step, and going to it takes the focus away.
  if (last) addEventListener("load", () => setTimeout(() => document.getElementById(last)?.querySelector("[data-drag]")?.focus()));
})();
