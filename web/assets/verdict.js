// What the pages cannot do without a script: verdicts as they come, and the reviews that were asked
// for in this browser. Text from outside only ever becomes textContent or an attribute, never markup.
"use strict";

(() => {
  const STORE = "verdict.reviews";
  const KEPT = 20;
  const LISTED = 8;
  const MINUTES = 10;

  const one = (selector, within = document) => within.querySelector(selector);
  const make = (name, content, attributes = {}) => {
    const svg = ["svg", "rect", "line"].includes(name);
    const made = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...[content].flat());
    return made;
  };
  const address = (id) => `/r/${encodeURIComponent(id)}`;
  const sure = (label, probability) => {
    const percent = 100 * (label === "positive" ? probability : 1 - probability);
    return percent > 99.9 ? "over 99.9 %" : `${percent.toFixed(1)} %`;
  };
  const said = ({ label, probability }) =>
    make("span", `${label === "positive" ? "Positive" : "Negative"}, ${sure(label, probability)}`, { class: `says-${label}` });
  const item = (verdict, about) => make("li", [make("a", [said(verdict)], { href: address(verdict.id) }), " ", make("span", about, { class: "quiet" })]);

  // Storage may be switched off, full, or hold what an older page wrote.
  const stored = () => {
    try {
      const reviews = JSON.parse(localStorage.getItem(STORE) ?? "[]");
      return Array.isArray(reviews) ? reviews.filter((review) => typeof review?.id === "string") : [];
    } catch {
      return [];
    }
  };
  const store = (reviews) => {
    try {
      localStorage.setItem(STORE, JSON.stringify(reviews.slice(0, KEPT)));
    } catch {
      // Then there is no history.
    }
  };

  const remember = (result) => {
    const read = one(".read", result)?.cloneNode(true);
    read?.querySelectorAll(".lean, .hidden").forEach((extra) => extra.remove());
    const { id, label, probability } = result.dataset;
    const whole = (read?.textContent ?? "").trim();
    const text = whole.length > 80 ? `${whole.slice(0, 79)}…` : whole;
    store([{ id, label, probability: Number(probability), text }, ...stored().filter((review) => review.id !== id)]);
  };

  const showOwn = (own) => {
    const reviews = stored();
    own.hidden = reviews.length === 0;
    one("ul", own).replaceChildren(...reviews.map((review) => item(review, review.text)));
  };

  const watch = (live) => {
    const recent = [];
    const minutes = new Map();
    const pause = one("button", live);
    let source = null;
    let paused = false;
    let due = null;

    const draw = () => {
      due = null;
      if (recent.length === 0) return;
      live.hidden = false;
      one("ul", live).replaceChildren(...recent.map((verdict) => item(verdict, new Date(verdict.scored_at).toLocaleTimeString())));
      const { name, version } = recent[0].model;
      one(".serving", live).textContent = `${name} ${version.slice(0, 12)}`;
      const now = Math.floor(Date.now() / 60000);
      const bars = [];
      let [all, positive] = [0, 0];
      for (let ago = MINUTES - 1; ago >= 0; ago -= 1) {
        const of = minutes.get(now - ago);
        if (!of) continue;
        const height = 30 * (of.positive / of.all);
        const x = 10 * (MINUTES - 1 - ago);
        bars.push(make("rect", [], { class: "no", x, y: 0, width: 8, height: 30 - height }));
        bars.push(make("rect", [], { class: "yes", x, y: 30 - height, width: 8, height }));
        all += of.all;
        positive += of.positive;
      }
      const share = all === 0 ? "No verdict" : `${Math.round((100 * positive) / all)} % of ${all} verdicts positive`;
      one(".share", live).textContent = `${share} in the last ${MINUTES} minutes`;
      one("svg", live).replaceChildren(...bars, make("line", [], { x1: 0, x2: 98, y1: 15, y2: 15 }));
    };
    const take = (event) => {
      const verdict = JSON.parse(event.data);
      recent.unshift(verdict);
      recent.length = Math.min(recent.length, LISTED);
      const minute = Math.floor(Date.parse(verdict.scored_at) / 60000);
      const of = minutes.get(minute) ?? { all: 0, positive: 0 };
      of.all += 1;
      of.positive += verdict.label === "positive" ? 1 : 0;
      minutes.set(minute, of);
      if (minutes.size > 2 * MINUTES) minutes.delete(Math.min(...minutes.keys()));
      due ??= setTimeout(draw, 250);
    };
    const forget = () => {
      recent.length = 0;
      minutes.clear();
    };
    const open = () => {
      if (paused || source) return;
      forget();
      source = new EventSource("/api/v1/verdicts?recent=200");
      source.addEventListener("verdict", take);
      // What comes next was partly counted before.
      source.addEventListener("gap", forget);
    };
    const close = () => {
      source?.close();
      source = null;
    };
    pause.addEventListener("click", () => {
      paused = !paused;
      pause.textContent = paused ? "Go on" : "Pause";
      paused ? close() : open();
    });
    // A page that waits for "back" must not hold a connection.
    addEventListener("pagehide", close);
    addEventListener("pageshow", open);
    open();
  };

  const result = one(".result[data-id]");
  if (result) remember(result);
  const own = one("#own");
  if (own) {
    one("button", own).addEventListener("click", () => {
      store([]);
      showOwn(own);
    });
    addEventListener("pageshow", () => showOwn(own));
    showOwn(own);
  }
  const live = one("#live");
  if (live) watch(live);
})();
