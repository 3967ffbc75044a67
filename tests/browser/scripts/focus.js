// One of each kind of what can have the focus; those that look the same with it.
() => {
  const looks = (each) => {
    const style = getComputedStyle(each);
    return [style.outlineStyle, style.outlineWidth, style.boxShadow].join();
  };
  document.activeElement.blur();
  const seen = new Set();
  const hidden = [];
  const all = document.querySelectorAll(
    "a[href], button, input, summary, [tabindex]:not([tabindex='-1'])");
  for (const each of all) {
    const kind = each.tagName + "." + each.className + "<" + each.parentElement.className;
    if (seen.has(kind) || each.disabled || !each.checkVisibility({visibilityProperty: true}))
      continue;
    seen.add(kind);
    const before = looks(each);
    each.focus();
    if (document.activeElement !== each) continue;
    const after = looks(each);
    const [line, width] = after.split(",");
    if (after === before || line === "none" || parseFloat(width) < 2)
      hidden.push(each.outerHTML.slice(0, 120));
    each.blur();
  }
  return [seen.size, hidden];
}
