// Draws the page's charts from the numbers beside them: zoom, hover, keys, tables.
"use strict";

const SVG = "http://www.w3.org/2000/svg";
const MINUTE = 60e3, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const SPANS = [1, 2, 5, 10, 15, 30].map((n) => n * MINUTE)
  .concat([1, 2, 3, 6, 12].map((n) => n * HOUR))
  .concat([1, 2, 7, 14, 30, 91, 182, 365, 730, 1826, 3652].map((n) => n * DAY));

function element(tag, attributes, parent, text) {
  const svg = ["svg", "path", "line", "circle", "text", "rect", "g"].includes(tag);
  const made = svg ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    made.setAttribute(name, value);
  }
  if (text !== undefined) made.textContent = text;
  if (parent) parent.append(made);
  return made;
}

function number(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return value.toExponential(3);
  const digits = size >= 1000 ? 0 : 4;
  const options = digits ? { maximumSignificantDigits: 4 } : { maximumFractionDigits: 0 };
  return value.toLocaleString("en-US", options).replace("-", "−");
}

const two = (value) => String(value).padStart(2, "0");

function moment(value, precise) {
  const at = new Date(value);
  const day = `${at.getUTCFullYear()}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}`;
  const clock = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
  return precise || value % DAY ? `${day} ${clock}` : day;
}

function steps(low, high, most) {
  const rough = (high - low) / Math.max(most, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough * 0.999);
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) {
    found.push(Number((i * step).toPrecision(12)));
  }
  return found;
}

function times(low, high, most) {
  const step = SPANS.find((span) => (high - low) / span <= most) || 3652 * DAY;
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high; at += step) found.push(at);
  return { found, label: (at) => shortMoment(at, step) };
}

function shortMoment(value, step) {
  const at = new Date(value);
  const month = at.toLocaleString("en-US", { month: "short", timeZone: "UTC" });
  if (step >= 365 * DAY) return String(at.getUTCFullYear());
  if (step >= 30 * DAY) return `${month} ${at.getUTCFullYear()}`;
  if (step >= DAY || value % DAY === 0) return `${at.getUTCDate()} ${month}`;
  return `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
}

class Chart {
  constructor(figure) {
    this.figure = figure;
    this.data = JSON.parse(figure.querySelector("script").textContent);
    this.plot = figure.querySelector(".plot");
    this.readout = figure.querySelector(".readout");
    this.tip = element("div", { class: "tip", hidden: "" });
    this.selects = [...figure.querySelectorAll("select")];
    this.cursor = null;
    for (const select of this.selects) {
      select.addEventListener("change", () => this.show());
    }
    for (const button of figure.querySelectorAll("button[data-do]")) {
      button.addEventListener("click", () => this.act(button.dataset.do));
    }
    this.listen();
    const table = figure.querySelector("details[data-live]");
    if (table) table.addEventListener("toggle", () => this.table());
    this.show();
    new ResizeObserver(() => this.draw()).observe(this.plot);
  }

  show() {
    const [first, second] = this.selects.map((select) => Number(select.value));
    this.view = this.data.views[(first || 0) * (this.data.inner || 1) + (second || 0)];
    const all = this.view.xs.flat();
    this.xs = [...new Set(all)].sort((a, b) => a - b);
    const low = this.xs[0], high = this.xs[this.xs.length - 1];
    this.all = low < high ? [low, high] : [low - 0.5, high + 0.5];
    this.cursor = null;
    this.zoomTo(...this.all);
    this.say("");
    this.table();
  }

  draw() {
    const width = this.plot.clientWidth, height = this.plot.clientHeight;
    if (!width || !height) return;
    const view = this.view, [x0, x1] = this.range;
    const [y0, y1] = this.extent();
    const ticks = steps(y0, y1, Math.max(3, height / 55));
    const widest = Math.max(...ticks.map((tick) => number(tick).length));
    const box = { left: 12 + 7.2 * widest, right: 10, top: 10, bottom: 26 };
    this.box = { ...box, width, height };
    const x = (value) =>
      box.left + ((value - x0) / (x1 - x0)) * (width - box.left - box.right);
    const y = (value) =>
      height - box.bottom - ((value - y0) / (y1 - y0)) * (height - box.top - box.bottom);
    Object.assign(this, { x, y });
    const svg = element("svg", { width, height, "aria-hidden": "true", focusable: "false" });
    const right = width - box.right;
    for (const tick of ticks) {
      element("line", { class: "grid", x1: box.left, x2: right, y1: y(tick), y2: y(tick) }, svg);
      element("text", { class: "tick", x: box.left - 6, y: y(tick) + 4, "text-anchor": "end" }, svg, number(tick));
    }
    this.axis(svg, x, width, height, box);
    const id = `${this.figure.id}-clip`;
    const clip = element("g", { "clip-path": `url(#${id})` }, svg);
    const path = document.createElementNS(SVG, "clipPath");
    path.id = id;
    element("rect", { x: box.left - 4, y: 0, width: Math.max(1, right - box.left + 8), height }, path);
    svg.prepend(path);
    for (const mark of view.marks || []) {
      element("line", { class: "mark", x1: x(mark.x), x2: x(mark.x), y1: box.top, y2: height - box.bottom, style: `--c:var(${mark.color})` }, clip);
    }
    for (const line of view.lines || []) {
      element("line", { class: `rule ${line.style || ""}`, x1: box.left, x2: right, y1: y(line.y), y2: y(line.y), style: `--c:var(${line.color})` }, clip);
    }
    for (const series of view.series) if (series.low) this.band(clip, series);
    for (const series of view.series) this.line(clip, series);
    this.over = element("g", {}, svg);
    this.selection = element("rect", { class: "selection", hidden: "" }, svg);
    this.plot.replaceChildren(svg, this.tip);
    this.point();
  }

  axis(svg, x, width, height, box) {
    const [x0, x1] = this.range;
    const apart = this.data.timed ? 84 : this.data.labels ? 64 : 46;
    const most = Math.max(2, Math.floor((width - box.left) / apart));
    let found, label;
    if (this.data.labels) {
      found = steps(x0, x1, most).filter((at) => Number.isInteger(at));
      label = (at) => this.data.labels[at - 1] || "";
    } else if (this.data.timed) {
      ({ found, label } = times(x0, x1, most));
    } else {
      found = steps(x0, x1, most).filter((at) => Number.isInteger(at));
      label = number;
    }
    let last = -Infinity;
    for (const at of found) {
      const place = x(at), text = label(at), half = 3.4 * text.length;
      if (place - half < last || place + half > width + 4) continue;
      last = place + half + 8;
      element("line", { class: "grid", x1: place, x2: place, y1: height - box.bottom, y2: height - box.bottom + 4 }, svg);
      element("text", { class: "tick", x: place, y: height - 8, "text-anchor": "middle" }, svg, text);
    }
  }

  extent() {
    const [x0, x1] = this.range, view = this.view;
    let low = Infinity, high = -Infinity;
    const take = (value) => {
      if (value === null || value === undefined) return;
      low = Math.min(low, value);
      high = Math.max(high, value);
    };
    for (const series of view.series) {
      view.xs[series.x].forEach((at, i) => {
        if (at < x0 || at > x1) return;
        for (const values of [series.y, series.low, series.high]) if (values) take(values[i]);
      });
    }
    for (const line of view.lines || []) take(line.y);
    if (this.data.zero) take(0);
    if (low > high) return [0, 1];
    const space = (high - low || Math.abs(high) || 1) * 0.06;
    return [this.data.zero && low === 0 ? 0 : low - space, high + space];
  }

  band(parent, series) {
    const xs = this.view.xs[series.x];
    const known = xs.map((_, i) => i).filter((i) => series.low[i] !== null);
    const upper = known.map((i) => `${this.x(xs[i]).toFixed(1)},${this.y(series.high[i]).toFixed(1)}`);
    const lower = known.reverse().map((i) => `${this.x(xs[i]).toFixed(1)},${this.y(series.low[i]).toFixed(1)}`);
    element("path", { class: "band", d: `M${upper.join("L")}L${lower.join("L")}Z`, style: `--c:var(${series.color})` }, parent);
  }

  line(parent, series) {
    const xs = this.view.xs[series.x];
    let path = "", pen = false, near = 0;
    xs.forEach((at, i) => {
      const value = series.y[i];
      if (value === null || value === undefined) { pen = false; return; }
      if (at >= this.range[0] && at <= this.range[1]) near += 1;
      path += `${pen ? "L" : "M"}${this.x(at).toFixed(1)},${this.y(value).toFixed(1)}`;
      pen = true;
    });
    const style = `--c:var(${series.color})`;
    element("path", { class: `line ${series.style || ""}`, d: path, style }, parent);
    if (near > 30 || series.style) return;
    xs.forEach((at, i) => {
      if (series.y[i] === null) return;
      element("circle", { class: "dot", cx: this.x(at), cy: this.y(series.y[i]), r: near === 1 ? 4 : 2.5, style }, parent);
    });
  }

  listen() {
    let from = null;
    const place = (event) => {
      const left = event.clientX - this.plot.getBoundingClientRect().left;
      const inner = this.box.width - this.box.left - this.box.right;
      const part = Math.min(1, Math.max(0, (left - this.box.left) / inner));
      return this.range[0] + part * (this.range[1] - this.range[0]);
    };
    this.plot.addEventListener("pointermove", (event) => {
      this.cursor = this.nearest(place(event));
      this.point();
      if (from === null) return;
      const [a, b] = [this.x(from), this.x(place(event))].sort((p, q) => p - q);
      this.selection.removeAttribute("hidden");
      for (const [name, value] of Object.entries({ x: a, y: this.box.top, width: b - a, height: this.box.height - this.box.top - this.box.bottom })) {
        this.selection.setAttribute(name, value);
      }
    });
    this.plot.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      from = place(event);
      this.plot.setPointerCapture(event.pointerId);
    });
    this.plot.addEventListener("pointerup", (event) => {
      const to = place(event), wide = from !== null && Math.abs(this.x(to) - this.x(from)) > 8;
      if (wide) this.zoomTo(Math.min(from, to), Math.max(from, to));
      from = null;
      this.selection.setAttribute("hidden", "");
    });
    for (const gone of ["pointerleave", "pointercancel", "blur"]) {
      this.plot.addEventListener(gone, () => {
        from = gone === "pointercancel" ? null : from;
        if (from === null) { this.cursor = null; this.point(); }
      });
    }
    this.plot.addEventListener("dblclick", () => this.act("reset"));
    this.plot.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return; // the page scrolls
      event.preventDefault();
      this.zoom(event.deltaY < 0 ? 0.8 : 1.25, place(event));
    }, { passive: false });
    const keys = {
      "+": "in", "=": "in", "-": "out", 0: "reset", Escape: "reset",
      ArrowLeft: "previous", ArrowRight: "next", Home: "first", End: "last",
    };
    this.plot.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const name = keys[event.key];
      if (!name) return;
      event.preventDefault();
      const pans = { previous: "left", next: "right" };
      this.act(event.shiftKey && pans[name] ? pans[name] : name);
    });
  }

  act(name) {
    const [low, high] = this.range, span = high - low;
    if (name === "in") this.zoom(0.5, this.cursor ?? (low + high) / 2);
    if (name === "out") this.zoom(2, this.cursor ?? (low + high) / 2);
    if (name === "reset") this.zoomTo(...this.all);
    if (name === "left") this.zoomTo(low - span / 3, high - span / 3);
    if (name === "right") this.zoomTo(low + span / 3, high + span / 3);
    if (name === "back" || name === "on") this.turn(name === "on" ? 1 : -1);
    if (["previous", "next", "first", "last"].includes(name)) this.move(name);
    if (["in", "out", "reset", "left", "right"].includes(name)) {
      this.say(`From ${this.where(this.range[0])} to ${this.where(this.range[1])}`);
    }
  }

  turn(by) {
    const select = this.selects[0], count = select.options.length;
    select.selectedIndex = (select.selectedIndex + by + count) % count;
    this.show();
    this.say(select.options[select.selectedIndex].text);
  }

  move(name) {
    const seen = this.xs.filter((at) => at >= this.range[0] && at <= this.range[1]);
    if (!seen.length) return;
    const at = seen.indexOf(this.cursor);
    const to = { first: 0, last: seen.length - 1, next: at + 1, previous: at < 0 ? seen.length - 1 : at - 1 }[name];
    this.cursor = seen[Math.min(seen.length - 1, Math.max(0, to))];
    this.point();
    this.say([this.where(this.cursor), ...this.values().map((each) => `${each.name} ${each.text}`)].join(", "));
  }

  zoom(factor, about) {
    const [low, high] = this.range;
    this.zoomTo(about - (about - low) * factor, about + (high - about) * factor);
  }

  zoomTo(low, high) {
    const [first, last] = this.all;
    const least = (last - first) / Math.max(this.xs.length - 1, 1);
    const span = Math.min(last - first, Math.max(high - low, Math.min(2 * least, last - first)));
    const start = Math.min(Math.max(low, first), last - span);
    this.range = [start, start + span];
    const zoomed = span < (last - first) * 0.999;
    for (const button of this.figure.querySelectorAll(".zoom button")) {
      const ends = button.dataset.do !== "in" && !zoomed;
      if (ends && button === document.activeElement) this.plot.focus({ preventScroll: true });
      button.hidden = ends;
    }
    this.draw();
  }

  nearest(value) {
    return this.xs.reduce((best, at) => (Math.abs(at - value) < Math.abs(best - value) ? at : best), this.xs[0]);
  }

  where(value) {
    if (this.data.labels) return this.data.labels[Math.round(value) - 1] || "";
    return this.data.timed ? moment(value, true) : `${this.data.xlabel} ${number(Math.round(value))}`;
  }

  values() {
    return this.view.series.map((series) => {
      const i = this.view.xs[series.x].indexOf(this.cursor);
      if (i < 0 || series.y[i] === null || series.y[i] === undefined) return null;
      const range = series.low ? ` (${number(series.low[i])} to ${number(series.high[i])})` : "";
      return { name: series.name, color: series.color, style: series.style, y: series.y[i], text: number(series.y[i]) + range };
    }).filter((each) => each);
  }

  point() {
    if (!this.over) return;
    this.over.replaceChildren();
    this.tip.hidden = true;
    if (this.cursor === null) return;
    const found = this.values(), left = this.x(this.cursor);
    if (!found.length || left < this.box.left - 1 || left > this.box.width) return;
    element("line", { class: "cursor", x1: left, x2: left, y1: this.box.top, y2: this.box.height - this.box.bottom }, this.over);
    for (const each of found) {
      element("circle", { class: "dot here", cx: left, cy: this.y(each.y), r: 4, style: `--c:var(${each.color})` }, this.over);
    }
    this.tip.replaceChildren();
    element("strong", {}, this.tip, this.where(this.cursor));
    for (const each of found) {
      const row = element("span", {}, this.tip);
      element("i", { class: `key ${each.style || ""}`, style: `--c:var(${each.color})` }, row);
      element("span", {}, row, each.name);
      element("b", {}, row, each.text);
    }
    this.tip.hidden = false;
    const wide = this.tip.offsetWidth, beside = left + 14 + wide > this.box.width ? left - 14 - wide : left + 14;
    this.tip.style.left = `${Math.max(0, Math.min(beside, this.box.width - wide))}px`;
  }

  say(text) {
    this.readout.textContent = text;
  }

  table() {
    const details = this.figure.querySelector("details[data-live]");
    if (!details || !details.open) return;
    const table = details.querySelector("table"), body = table.tBodies[0];
    const head = table.tHead.rows[0];
    head.replaceChildren();
    element("th", { scope: "col" }, head, this.data.timed ? "time" : this.data.xlabel);
    for (const series of this.view.series) element("th", { scope: "col", class: "n" }, head, series.name);
    body.replaceChildren();
    for (const at of this.xs) {
      const row = element("tr", {}, body);
      element("th", { scope: "row" }, row, this.where(at));
      for (const series of this.view.series) {
        const i = this.view.xs[series.x].indexOf(at);
        element("td", { class: "n" }, row, i < 0 ? "" : number(series.y[i]));
      }
    }
  }
}

for (const figure of document.querySelectorAll("figure.chart")) new Chart(figure);
