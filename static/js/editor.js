// The text area of templates: fields are put in at the caret, words are counted, a subject stays on one line.
(() => {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert]");
    if (!button) return;
    const area = document.getElementById(button.dataset.into);
    const fallback = button.dataset.fallback ?? "";
    const before = `{{ ${button.dataset.insert} | default: '`;
    area.focus();
    const start = area.selectionStart;
    area.setRangeText(`${before}${fallback}' }}`, start, area.selectionEnd, "end");
    // The caret stands between the quotes: the fallback can be typed at once.
    area.setSelectionRange(start + before.length, start + before.length + fallback.length);
    area.dispatchEvent(new Event("input", { bubbles: true }));
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("textarea[data-one-line]")) return;
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) event.target.form?.requestSubmit();
  });

  const say = (area) => {
    const out = area.closest("[data-editor]")?.querySelector("[data-words]");
    if (!out) return;
    const text = area.value.replace(/<[^>]*>/g, " ").replace(/\{%.*?%\}/gs, " ").replace(/\{\{.*?\}\}/gs, "x");
    const words = text.split(/\s+/).filter(Boolean).length;
    const seconds = Math.max(5, Math.round((words / 200) * 12) * 5);
    const time = seconds < 90 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`;
    out.textContent = words ? `${words} ${words === 1 ? "word" : "words"} · about ${time} to read` : "Nothing written yet";
  };
  document.addEventListener("input", (event) => event.target.matches("[data-editor] textarea") && say(event.target));
  const all = (root) => root.querySelectorAll("[data-editor] textarea").forEach(say);
  document.addEventListener("htmx:afterSettle", (event) => all(event.target));
  all(document);
})();
