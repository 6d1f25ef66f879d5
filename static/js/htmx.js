// What htmx leaves to the page: faults are said, and an ended session leads to the sign-in, not into a panel.
(() => {
  const say = (text) => document.dispatchEvent(new CustomEvent("toast", { detail: { text, level: "error" } }));

  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if (xhr.responseURL && new URL(xhr.responseURL).pathname.startsWith("/accounts/login")) {
      event.detail.shouldSwap = false;
      const { elt, verb } = event.detail.requestConfig;
      // Nothing that was typed is lost: a form is sent as without us and carried through the sign-in, a live part waits.
      if (elt.matches("form[method=post][action]")) elt.submit();
      else if (verb === "post") say("You are signed out. What you save now is kept while you sign in.");
      else location.reload();
    }
  });
  // An error that came beside the answer: its control learns whether it is valid.
  document.addEventListener("htmx:oobAfterSwap", () => {
    for (const error of document.querySelectorAll(".cond > .error")) {
      const wrong = Boolean(error.textContent.trim());
      for (const control of document.querySelectorAll(`[aria-describedby="${CSS.escape(error.id)}"]`)) {
        control.toggleAttribute("aria-invalid", wrong);
        if (wrong) control.setAttribute("aria-invalid", "true");
      }
    }
  });
  document.addEventListener("htmx:responseError", (event) => {
    const { status, responseText } = event.detail.xhr;
    if (status === 403 && responseText.includes("data-too-old")) {
      say("You signed in or out since this page was opened. Nothing was saved: copy what you typed and load the page again.");
      return;
    }
    say({ 403: "You may not do that.", 404: "That is no longer there." }[status] ?? `That did not work (${status}). Please try again.`);
  });
  document.addEventListener("htmx:sendError", () => say("The server cannot be reached. Please try again."));
})();
