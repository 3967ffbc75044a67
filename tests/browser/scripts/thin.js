// Leaves one of each look: what axe says of a word of code, it says of all that look the
// same on the same ground, in either theme. There are thousands, and measuring each takes
// most of a visit. Formulas are hidden from readers who listen; their outlines go too.
(themes) => {
  const ground = (box) => {
    for (; box; box = box.parentElement) {
      const { backgroundColor, backgroundImage } = getComputedStyle(box);
      if (backgroundImage !== "none" || !/^(transparent|rgba\(.*, 0\))$/.test(backgroundColor))
        return backgroundImage + backgroundColor;
    }
    return "";
  };
  const look = (word) => {
    const { color, fontSize, fontWeight, opacity } = getComputedStyle(word);
    const inside = word.closest("a, button")?.className;
    return [color, fontSize, fontWeight, opacity, inside, ground(word)].join("|");
  };
  document
    .querySelectorAll(":is(.formula, .formula-block) svg")
    .forEach((each) => each.replaceChildren());
  const words = [...document.querySelectorAll("pre span")];
  const looks = words.map(() => "");
  for (const theme of themes) {
    document.documentElement.dataset.theme = theme;
    words.forEach((word, place) => (looks[place] += look(word)));
  }
  const seen = new Set();
  const repeated = words.filter((word, place) => {
    const again = seen.has(looks[place]) && !word.id && !word.querySelector("[id]");
    seen.add(looks[place]);
    return again;
  });
  repeated.forEach((word) => word.replaceWith(...word.childNodes));
}
