// What a person does on a page, and what is then seen, told to the frame around it.
addEventListener("load", () => setTimeout(async () => {
  const found = {}, root = document.documentElement;
  const rest = () => new Promise((done) => setTimeout(done, 50));
  found.width = root.clientWidth;
  found.overflow = root.scrollWidth - root.clientWidth;
  const wide = [...document.querySelectorAll("main *")].filter((each) =>
    !each.closest(".scroll, svg, .tip")
    && each.getBoundingClientRect().right > root.clientWidth + 1);
  found.wide = wide.map((each) => each.outerHTML.slice(0, 80));
  const figures = [...document.querySelectorAll("figure.chart")];
  found.drawn = figures.every((each) => each.querySelectorAll("path.line").length > 1);
  const figure = document.querySelector("#forecasts figure");
  const plot = figure.querySelector(".plot"), said = figure.querySelector(".readout");
  const press = async (key, options) => {
    const event = { key, bubbles: true, cancelable: true, ...options };
    plot.dispatchEvent(new KeyboardEvent("keydown", event));
    await rest();
  };
  const shown = () =>
    [...figure.querySelectorAll("button:not([hidden])")].map((each) => each.ariaLabel);
  plot.focus();
  found.focused = document.activeElement === plot;
  await press("End");
  found.cursor = said.textContent;
  found.tip = figure.querySelector(".tip").textContent;
  found.before = shown();
  await press("+");
  found.zoomed = said.textContent;
  found.buttons = shown();
  await press("ArrowLeft", { shiftKey: true });
  found.panned = said.textContent;
  await press("0");
  found.all = said.textContent;
  figure.querySelector("[aria-label='Next window']").click();
  await rest();
  found.next = said.textContent;
  const details = figure.querySelector("details");
  details.open = true;
  await rest();
  found.rows = details.querySelectorAll("tbody tr").length;
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  found.colors = [dark, getComputedStyle(document.body).backgroundColor];
  parent.postMessage(JSON.stringify(found), "*");
}, 300));
