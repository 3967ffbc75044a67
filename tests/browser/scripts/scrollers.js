// What can be scrolled in a page, and the page itself if it is too wide.
() => {
  const seen = [];
  const where = (box) => {
    const kind = [
      ["formula", ".formula-block"],
      ["error", ".highlight-ipythontb"],
      ["output", ".cell_output pre"],
      ["code", "pre"],
      ["table", ".pst-scrollable-table-container, .cell_output, table"],
    ].find(([, selector]) => box.matches(selector) || box.closest(selector));
    return kind ? kind[0] : "box";
  };
  for (const box of document.querySelectorAll(
    ".bd-article :is(div, pre, figure, table, section, p, span:not(svg *), dl, dt, dd)"
  )) {
    if (!box.clientWidth || box.closest("svg")) continue;
    const across = box.scrollWidth - box.clientWidth;
    const down = box.scrollHeight - box.clientHeight;
    if (across <= 1 && down <= 1) continue;
    const style = getComputedStyle(box);
    const can = (overflow) => overflow === "auto" || overflow === "scroll";
    if ((across > 1 && can(style.overflowX)) || (down > 1 && can(style.overflowY)))
      seen.push({
        kind: where(box),
        by: Math.max(can(style.overflowX) ? across : 0, can(style.overflowY) ? down : 0),
        text: box.textContent.trim().slice(0, 60),
      });
  }
  for (const menu of document.querySelectorAll(".bd-sidebar, .bd-sidebar-secondary *"))
    if (menu.scrollWidth > menu.clientWidth + 1 && getComputedStyle(menu).overflowX !== "visible")
      seen.push({ kind: "menu", by: menu.scrollWidth - menu.clientWidth, text: menu.className });
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) {
    const wide = [...document.querySelectorAll("body *")].filter(
      (each) => each.getBoundingClientRect().right > root.clientWidth + 1
    );
    seen.push({
      kind: "page",
      by: root.scrollWidth - root.clientWidth,
      text: wide.length ? wide[0].outerHTML.slice(0, 100) : "",
    });
  }
  return seen;
}
