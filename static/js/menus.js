// Menus are <details data-menu>. Esc and a click elsewhere close one and give the focus back; arrows move inside it.
(() => {
  const open = () => document.querySelectorAll("details[data-menu][open]");
  const close = (menu, focus) => {
    menu.open = false;
    if (focus) menu.querySelector("summary").focus();
  };

  document.addEventListener("click", (event) => {
    for (const menu of open()) {
      const inside = menu.contains(event.target);
      if (!inside || event.target.closest(".menu-item")) close(menu, false);
    }
  });

  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.("details[data-menu]");
    if (event.key === "Escape") {
      const opened = menu?.open ? menu : [...open()].pop();
      if (!opened) return;
      close(opened, true);
      event.stopImmediatePropagation();
      event.preventDefault();
    } else if (menu && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      menu.open = true;
      const items = [...menu.querySelectorAll(".menu-item")];
      const at = items.indexOf(document.activeElement);
      const step = event.key === "ArrowDown" ? 1 : -1;
      items.at((at < 0 && step < 0 ? items.length : at) + step < items.length ? at + step : 0)?.focus();
      event.preventDefault();
    }
  });

  document.addEventListener("focusin", (event) => {
    for (const menu of open()) if (!menu.contains(event.target)) close(menu, false);
  });
})();
