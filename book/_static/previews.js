// Shows in place what a link to a term, an equation, a figure or a source leads to, while
// a mouse is on the link, or the keyboard. A tap follows the link, as a click does, and
// so does everything without scripts.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const article = document.querySelector(".bd-article");
  if (!article || !HTMLElement.prototype.showPopover) return;
  const SOON = 250; // milliseconds, for a mouse or a key that only passes
  const GAP = 6; // pixels

  const card = document.createElement("div");
  card.id = "preview";
  card.className = "preview";
  card.popover = "manual";
  card.setAttribute("role", "tooltip");
  article.append(card);
  let shown; // the link whose target is shown
  let hovered; // the link that the mouse is on, or came from to the card
  let timer;

  const linkAt = (place) => place.closest?.("a.reference.internal[href*='#']");

  // A copy of what a link leads to: the one that came with the page, or what is on it.
  function copyOf(link) {
    const href = link.getAttribute("href");
    const stored = document.querySelector(`template.preview[data-of="${CSS.escape(href)}"]`);
    if (stored) return stored.content.cloneNode(true);
    const target = href.startsWith("#") && document.getElementById(decodeURIComponent(href.slice(1)));
    if (!target || !target.matches("figure, .formula-block")) return null;
    const { top, bottom } = target.getBoundingClientRect();
    if (top >= 0 && bottom <= innerHeight && target.checkVisibility()) return null; // in sight
    const copy = document.createElement("div");
    copy.append(target.cloneNode(true));
    copy.querySelectorAll(".headerlink").forEach((each) => each.remove());
    copy.querySelectorAll("a").forEach((each) => {
      const words = document.createElement("span");
      words.append(...each.childNodes);
      each.replaceWith(words);
    });
    copy.querySelectorAll("[id]").forEach((each) => each.removeAttribute("id"));
    return copy;
  }

  // Below the line of the link that the mouse is on, or above it where there is more room.
  function place(link, y) {
    const lines = [...link.getClientRects()];
    const line = lines.find((each) => each.bottom >= y) || lines[0];
    const { clientWidth, clientHeight } = document.documentElement;
    const { offsetWidth, offsetHeight } = card;
    const isLow = line.bottom + GAP + offsetHeight > clientHeight && line.top > clientHeight / 2;
    const top = isLow ? line.top - GAP - offsetHeight : line.bottom + GAP;
    const within = (at, room) => Math.max(GAP, Math.min(at, room - GAP));
    card.style.left = `${scrollX + within(line.left, clientWidth - offsetWidth)}px`;
    card.style.top = `${scrollY + within(top, clientHeight - offsetHeight)}px`;
  }

  function show(link, y) {
    if (link === shown) return;
    hide();
    const copy = copyOf(link);
    if (!copy) return;
    card.replaceChildren(copy);
    card.showPopover();
    place(link, y);
    link.removeAttribute("title"); // of a source, which the browser would show as well
    link.setAttribute("aria-describedby", card.id);
    shown = link;
  }

  function hide() {
    clearTimeout(timer);
    if (!shown) return;
    card.hidePopover();
    shown.removeAttribute("aria-describedby");
    shown = undefined;
  }

  function soon(act) {
    clearTimeout(timer);
    timer = setTimeout(act, SOON);
  }

  // A mouse at rest, under which the keyboard scrolls the page, has left nothing.
  function leave() {
    if (hovered) soon(hide);
    hovered = undefined;
  }

  article.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    if (card.contains(event.target)) {
      clearTimeout(timer); // it can be looked at
      hovered = shown;
      return;
    }
    const link = linkAt(event.target);
    if (!link) return leave();
    hovered = link;
    soon(() => show(link, event.clientY));
  });
  article.addEventListener("pointerleave", leave);
  article.addEventListener("focusin", (event) => {
    const link = linkAt(event.target);
    if (link?.matches(":focus-visible")) soon(() => show(link, 0));
  });
  article.addEventListener("focusout", hide);
  article.addEventListener("click", (event) => card.contains(event.target) || hide());
  addEventListener("keydown", (event) => event.key === "Escape" && hide());
});
