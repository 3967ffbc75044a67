// What the pages do beyond what Sphinx and its theme let them do. Without scripts all of
// them can be read: solutions stand open, and a click on a figure loads its file.
"use strict";

const SCROLLERS = "pre, .cell_output > .output, .pst-scrollable-table-container";

// The excerpts of the search: from the text of a page, not from the menus above it, around
// the searched words, also where a stem is not in the text ("record_everi").
function repairSearch() {
  if (typeof Search === "undefined") return;
  if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
  const textOf = Search.htmlToText;
  Search.htmlToText = (source, anchor) => {
    const page = new DOMParser().parseFromString(source, "text/html");
    const article = page.querySelector("article.bd-article");
    if (!article) return textOf(source, anchor);
    article.setAttribute("role", "main");
    article.querySelectorAll("svg, .toggle-button, h1").forEach((each) => each.remove());
    return textOf(article.outerHTML, anchor).replace(/\s+/g, " ");
  };
  Search.makeSearchSummary = (source, stems, anchor) => {
    const text = Search.htmlToText(source, anchor);
    const at = placeOf([...stems], text);
    const start = at > 100 ? text.indexOf(" ", at - 100) + 1 : 0; // no word is cut
    const end = text.length > start + 240 ? text.lastIndexOf(" ", start + 240) : text.length;
    const summary = document.createElement("p");
    summary.classList.add("context");
    summary.textContent =
      (start ? "…" : "") + text.slice(start, end).trim() + (end < text.length ? "…" : "");
    return text ? summary : null;
  };
}

// Where a text has the query as it was typed, else the beginning of one of its words.
function placeOf(stems, text) {
  const query = new URLSearchParams(location.search).get("q") || "";
  const lower = text.toLowerCase();
  for (const phrase of [query.toLowerCase().trim(), ...stems]) {
    for (let start = phrase; start.length > 2; start = start.slice(0, -1)) {
      const escaped = start.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
      const at = lower.search(new RegExp(`(?<![a-z])${escaped}`));
      if (at >= 0) return at;
      if (phrase !== start && phrase.length - start.length > 3) break;
    }
  }
  return 0;
}

// The theme loads the search on every page, where Sphinx takes it for the page of results
// and marks nothing. A reader who comes from there is brought to the first mark.
function markSearchedWords() {
  if (typeof SphinxHighlight === "undefined" || document.querySelector("#search-results"))
    return;
  SphinxHighlight.highlightSearchWords();
  setTimeout(() => {
    const first = document.querySelector(".bd-article span.highlighted");
    if (!first || location.hash) return;
    showWhatHides(first);
    first.scrollIntoView({ block: "center" });
  }, 50); // Sphinx marks them after 10 milliseconds
}

// Opens the solution or the box that an element lies in.
function showWhatHides(element) {
  for (let box = element; box; box = box.parentElement) {
    if (box.matches("details")) box.open = true;
    if (box.matches(".toggle-hidden"))
      box.querySelector(".admonition-title .toggle-button")?.click();
  }
}

// Keyboards reach what scrolls. The theme looks for that when the window changes; what was
// hidden did not scroll then, and a formula may arrive later and make a table wider.
function reachWhatScrolls() {
  const reach = (box) => {
    const scrolls = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
    box.tabIndex = scrolls ? 0 : -1;
  };
  const sizes = new ResizeObserver((changes) => {
    const boxes = changes.map(({ target }) => target.closest(SCROLLERS));
    new Set(boxes).forEach(reach);
  });
  document.querySelectorAll(SCROLLERS).forEach((box) =>
    [box, ...box.querySelectorAll("table")].forEach((each) => sizes.observe(each)));
}

function followDeepLink() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  showWhatHides(target);
  target.scrollIntoView();
}

// A figure opens at a size that can be read, over the page.
function enlargeFigures() {
  let dialog;
  document.querySelectorAll("a.enlarge").forEach((link) =>
    link.addEventListener("click", (click) => {
      if (click.ctrlKey || click.metaKey || click.shiftKey) return;
      click.preventDefault();
      if (!dialog) {
        dialog = document.createElement("dialog");
        dialog.className = "enlarged";
        dialog.setAttribute("aria-label", "Figure, enlarged");
        dialog.addEventListener("click", () => dialog.close());
        document.body.append(dialog);
      }
      const button = document.createElement("button");
      button.textContent = "Close";
      const shown = [...link.querySelectorAll("img")].find((each) => each.checkVisibility());
      dialog.replaceChildren(button, shown.cloneNode());
      dialog.showModal();
    })
  );
}

// On a phone the contents lie over the page: they close when a section is chosen.
function closeContents() {
  document.addEventListener("click", (click) => {
    const link = click.target.closest("dialog a[href*='#']");
    if (link) link.closest("dialog").close();
  });
}

// Paper is white: a dark page is printed as the light one.
function printOnWhite() {
  const root = document.documentElement;
  let theme;
  const whiten = () => {
    if (theme) return;
    theme = root.dataset.theme;
    root.dataset.theme = "light";
    document.querySelectorAll("img[loading=lazy]").forEach((each) => (each.loading = "eager"));
  };
  const restore = () => {
    if (theme) root.dataset.theme = theme;
    theme = undefined;
  };
  addEventListener("beforeprint", whiten);
  addEventListener("afterprint", restore);
}

// A reader who comes for the first time has chosen no theme yet; the theme warns of that.
if (!document.documentElement.dataset.mode) document.documentElement.dataset.mode = "auto";

document.addEventListener("DOMContentLoaded", () => {
  repairSearch();
  enlargeFigures();
  printOnWhite();
  closeContents();
  reachWhatScrolls();
  addEventListener("hashchange", followDeepLink);
});
addEventListener("load", () => {
  markSearchedWords();
  followDeepLink();
});
