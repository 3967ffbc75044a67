// Text too pale for white paper, and pictures made for a dark page.
() => {
  const number = (colour) => colour.match(/[\d.]+/g).slice(0, 3).map(Number);
  const light = (colour) => {
    const [r, g, b] = number(colour).map((v) => {
      v /= 255;
      return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const pale = new Set();
  const walk = document.createTreeWalker(
    document.querySelector(".bd-article"), NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const box = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !box.checkVisibility()) continue;
    const contrast = 1.05 / (light(getComputedStyle(box).color) + 0.05);
    if (contrast < 4.5) pale.add(`${contrast.toFixed(1)} ${box.outerHTML.slice(0, 80)}`);
  }
  const dark = [...document.querySelectorAll(".bd-article img")]
    .filter((each) => each.checkVisibility() && each.src.includes("-dark."));
  return [...pale, ...dark.map((each) => each.src)];
}
