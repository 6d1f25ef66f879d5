// One key where the focus is not in a field: an element says which by data-shortcut. The last one on the page wins,
// so that a page's own search comes before the sidebar's.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest?.("input, textarea, select, [contenteditable=true], dialog")) return;
  const found = [...document.querySelectorAll(`[data-shortcut="${CSS.escape(event.key)}"]`)].filter((e) => e.checkVisibility());
  const target = found.pop();
  if (!target) return;
  event.preventDefault();
  if (target.matches("input, select, textarea")) {
    target.focus();
    target.select?.();
  } else target.click();
});
