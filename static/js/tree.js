// A tree of steps by keyboard: arrows go from step to step (right: into the yes arm, left: out to the condition), Enter opens
// the step, + adds after it, Del removes it. Everything is a link or a button of the page, so it works without this, too.
(() => {
  const tree = () => document.querySelector("[data-tree]");
  const links = () => [...(tree()?.querySelectorAll(".step-card .row-link") ?? [])];
  const cardOf = (link) => link.closest(".step-card");
  const rowOf = (link) => cardOf(link).closest("li");
  const forkOf = (link) => {
    const next = rowOf(link).nextElementSibling;
    return next?.classList.contains("fork") ? next : null;
  };
  const parentOf = (link) => rowOf(link).closest(".fork")?.previousElementSibling?.querySelector(".row-link");

  const plusAfter = (link) => {
    let row = rowOf(link).nextElementSibling;
    while (row && !row.classList.contains("tree-plus")) row = row.nextElementSibling;
    return row?.querySelector("[data-plus]");
  };

  const remove = (link) => {
    const menu = cardOf(link).querySelector("[data-menu]");
    const asks = menu?.querySelector("[data-remove]");
    if (asks) asks.click();
    else menu?.querySelector('form[action$="/remove/"]')?.requestSubmit();
  };

  const doing = {
    ArrowDown: (link, all) => all[all.indexOf(link) + 1]?.focus(),
    ArrowUp: (link, all) => all[all.indexOf(link) - 1]?.focus(),
    ArrowRight: (link) => (forkOf(link)?.querySelector(".row-link") ?? forkOf(link)?.querySelector("[data-plus]"))?.focus(),
    ArrowLeft: (link) => parentOf(link)?.focus(),
    "+": (link) => plusAfter(link)?.click(),
    Delete: remove,
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const link = event.target.closest?.("[data-tree] .row-link");
    const act = link && doing[event.key];
    if (!act) return;
    event.preventDefault();
    act(link, links());
  });
})();
