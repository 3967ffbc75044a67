// Figures that a reader moves. A cell has left the frames of a figure on the page, as
// numbers: see tfbook/explorable.py. They are shown in the box that follows the cell.
"use strict";

const DASHES = ["", "7 4", "2 3", "9 3 2 3"];
const SHADES = 12;

function element(tag, attributes, ...children) {
  const vector = ["svg", "g", "path", "rect", "circle", "text", "clipPath"].includes(tag);
  const made = vector
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const colour = (mark) => `var(--book-line-${mark.c})`;

// The points of a mark, in pixels of a panel.
function points(mark, width, height) {
  const found = [];
  for (let i = 0; i < mark.p.length; i += 2)
    found.push([(mark.p[i] * width) / 1000, height - (mark.p[i + 1] * height) / 1000]);
  return found;
}

const DRAWN = {
  line: (mark, at) => [
    element("path", {
      d: "M" + at.map((point) => point.map((each) => each.toFixed(1)).join(" ")).join("L"),
      fill: "none", stroke: colour(mark), "stroke-width": mark.c === "grey" ? 1 : 2,
      "stroke-linejoin": "round", "stroke-dasharray": DASHES[mark.s],
    }),
  ],
  dots: (mark, at) =>
    at.map(([x, y]) => element("circle", { cx: x, cy: y, r: mark.s, fill: colour(mark) })),
  bars: (mark, at, width, height) => {
    const wide = Math.min(26, (0.6 * width) / at.length);
    return at.map(([x, y]) =>
      element("rect", { x: x - wide / 2, y, width: wide, height: Math.max(height - y, 0), fill: colour(mark) })
    );
  },
  image: (mark, [[left, bottom], [right, top]]) => {
    const wide = (right - left) / mark.n;
    const high = (bottom - top) / (mark.v.length / mark.n);
    return [...mark.v].flatMap((letter, i) => {
      const value = letter.charCodeAt(0) - 97 - SHADES;
      if (!value) return [];
      return element("rect", {
        x: left + (i % mark.n) * wide, y: top + Math.floor(i / mark.n) * high,
        width: wide + 0.3, height: high + 0.3,
        fill: `var(--book-line-${value > 0 ? 0 : 1})`, "fill-opacity": Math.abs(value) / SHADES,
      });
    });
  },
};

const write = (text, x, y, more) =>
  element("text", { x, y, fill: "currentColor", ...more }, text);

// One panel: its axes, what is always there, and what this frame shows.
function panel(each, marks, width, height, id) {
  const group = element("g", {});
  const [along, up] = each.ticks;
  for (const [at, name] of along) {
    const x = (at * width) / 1000;
    group.append(
      element("path", { d: `M${x} 0V${height}`, class: "grid" }),
      write(name, x, height + 17, { "text-anchor": "middle" })
    );
  }
  for (const [at, name] of up) {
    const y = height - (at * height) / 1000;
    group.append(
      element("path", { d: `M0 ${y}H${width}`, class: "grid" }),
      write(name, -7, y + 4, { "text-anchor": "end" })
    );
  }
  const inside = element("g", { "clip-path": `url(#${id})` });
  for (const mark of [...each.always, ...marks])
    inside.append(...DRAWN[mark.k](mark, points(mark, width, height), width, height));
  group.append(
    element("clipPath", { id }, element("rect", { x: -4, y: -4, width: width + 8, height: height + 8 })),
    ...(up.length ? [element("path", { d: `M0 0V${height}H${width}`, class: "axes" })] : []),
    inside,
    ...[
      [each.labels[0], width / 2, height + 36, { "text-anchor": "middle" }],
      [each.title, 0, -9, { class: "title" }],
      [each.labels[1], 0, 0, { "text-anchor": "middle", transform: `translate(-48 ${height / 2}) rotate(-90)` }],
    ].filter(([text]) => text).map((text) => write(...text))
  );
  return group;
}

// All panels: in a row where there is room, else one below the other. Images, which have
// no text around them, are small enough for a row on a phone.
function draw(svg, data, frame, width, id) {
  const images = data.panels.every((each) => !each.ticks.flat().length);
  const row = images || width >= 560 ? data.panels.length : 1;
  const wide = Math.min(width / row, images ? 240 : 460);
  let bottom = 0;
  const drawn = data.panels.map((each, i) => {
    const left = images ? 4 : each.labels[1] ? 64 : 48;
    const inner = wide - left - 16;
    const height = each.aspect ? inner * each.aspect : 215;
    const group = panel(each, frame[0][i], inner, height, `${id}-${i}`);
    group.setAttribute("transform", `translate(${(i % row) * wide + left} ${bottom + 26})`);
    if (i % row === row - 1) bottom += height + (images ? 36 : each.labels[0] ? 72 : 52);
    return group;
  });
  svg.setAttribute("viewBox", `0 0 ${width} ${bottom}`);
  svg.setAttribute("width", width);
  svg.setAttribute("height", bottom);
  svg.setAttribute("aria-label", frame[1]);
  svg.replaceChildren(...drawn);
}

// What the colours and dashes stand for, in any of the frames.
function legend(marks) {
  const named = new Map(marks.filter((mark) => mark.l).map((mark) => [mark.l, mark]));
  return [...named.values()].map((mark) => {
    const sample =
      mark.k === "line"
        ? DRAWN.line(mark, [[0, 6], [26, 6]])
        : DRAWN.dots({ ...mark, s: 4 }, [[13, 6]]);
    return element("span", {}, element("svg", { width: 26, height: 12, "aria-hidden": true }, ...sample), mark.l);
  });
}

function control(each, id, changed) {
  const last = each.values.length - 1;
  const input = each.words
    ? element("select", { id }, ...each.values.map((value, i) => element("option", { value: i }, value)))
    : element("input", { id, type: "range", min: 0, max: last, step: 1 });
  input.value = each.start;
  const label = element("label", { for: id }, each.name);
  const shown = element("output", { for: id });
  const update = () => {
    shown.textContent = each.values[input.value];
    if (!each.words) input.setAttribute("aria-valuetext", shown.textContent);
  };
  input.addEventListener("input", () => { update(); changed(); });
  update();
  return { input, box: element("div", {}, label, input, ...(each.words ? [] : [shown])) };
}

function build(box, data, id) {
  const svg = element("svg", { role: "img" });
  const names = element("p", { class: "legend" });
  const says = element("output", { class: "says" });
  const show = () => {
    const width = Math.floor(names.clientWidth);
    if (!width) return; // closed
    const at = controls.reduce((sum, { input }, i) => sum * data.controls[i].values.length + +input.value, 0);
    const frame = data.frames[at];
    draw(svg, data, frame, width, id);
    says.textContent = frame[1];
  };
  const controls = data.controls.map((each, i) => control(each, `${id}-control-${i}`, show));
  const figure = element("div", { class: "explorable-figure" },
    element("div", { class: "controls" }, ...controls.map((each) => each.box)), names, svg, says);
  names.append(...legend([data.panels.map((each) => each.always), data.frames.map((each) => each[0])].flat(3)));
  box.querySelector("summary").after(figure);
  new ResizeObserver(show).observe(figure);
}

document.querySelectorAll("script.explorable").forEach((script, number) => {
  const box = script.closest(".cell").nextElementSibling;
  box.addEventListener("toggle", () => build(box, JSON.parse(script.textContent), `explorable-${number}`), { once: true });
});
