// Picking rows: all of the page at once, a range with Shift, and the count in the bar.
(() => {
  let last = null;
  const rows = (form) => [...form.querySelectorAll(".pick input[name]")];

  const count = (form) => {
    const boxes = rows(form);
    const picked = boxes.filter((box) => box.checked).length;
    for (const out of form.querySelectorAll("[data-picked]")) out.textContent = picked.toLocaleString("en");
    const all = form.querySelector("[data-pick-all]");
    if (all) {
      all.checked = picked > 0 && picked === boxes.length;
      all.indeterminate = picked > 0 && picked < boxes.length;
    }
  };

  document.addEventListener("click", (event) => {
    const box = event.target.closest(".pick input[name]");
    if (!box?.form) return;
    if (event.shiftKey && last?.form === box.form) {
      const boxes = rows(box.form);
      const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
      for (const between of boxes.slice(from, to + 1)) between.checked = box.checked;
    }
    last = box;
  });

  document.addEventListener("change", (event) => {
    const form = event.target.closest("form");
    if (!form) return;
    if (event.target.matches("[data-pick-all]")) for (const box of rows(form)) box.checked = event.target.checked;
    if (event.target.closest(".pick")) count(form);
  });

  for (const form of document.querySelectorAll("form:has(.pick)")) count(form);
})();
