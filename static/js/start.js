// Runs before the page is drawn: what only works with JS is shown, what only serves without it is not.
document.documentElement.classList.add("js");
