"use strict";

// Draws units and links into #graph: cards, arrows, and a ground under the tensors of each open module.

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

// Bars: up from a line where a number is above 0, down from it where it is below.
function strip(parts) {
  const element = make("div", "strip");
  element.setAttribute("aria-hidden", "true");
  for (const part of parts) {
    const cell = element.appendChild(make("i", part < 0 ? "below" : part > 0 ? "above" : ""));
    cell.style.setProperty("--part", Math.max(0.12, Math.abs(part)).toFixed(3));
  }
  return element;
}

// The names of what an op keeps, or their number where they would be cut.
function keepsOf(kept, beside) {
  const names = `keeps ${kept.join(", ")}`;
  if (!kept.length) return "";
  return names.length + beside <= 21 ? names : kept.length > 1 ? `keeps ${kept.length} values` : "keeps a value";
}

class Graph extends Placed {
  // `toggle(box)` folds and unfolds a module, `visit(unit)` goes to where a card has its turn.
  constructor(data, folded, { toggle, visit }) {
    super();
    this.data = data;
    Object.assign(this, folding(data, folded));
    const bars = data.nodes.some((node) => node.value?.strip.length || node.grad?.strip.length);
    this.card = { width: 160, height: bars ? 86 : 76 };
    this.wide = data.steps.some((step) => step.part && step.part.text.length <= LABEL);
    // An arrow from a later unit to an earlier one (an op outside took part in the middle of a module) is
    // laid out as if it led the other way.
    const ahead = this.links.map(({ from, to }) => (from < to ? [from, to] : [to, from]));
    this.layout = layered(this.units.length, ahead);
    this.links.forEach((link, i) => {
      link.way = this.layout.edges[i];
      if (link.from > link.to) link.way = [...link.way].reverse();
    });
    const into = this.units.map(() => []);
    for (const link of this.links) into[link.to].push(link);
    for (const links of into) links.forEach((link, i) => (link.share = (i + 1) / (links.length + 1)));
    this.root = document.getElementById("graph");
    this.root.innerHTML = `<svg aria-hidden="true"><defs>${["tip", "tip-go", "tip-back"]
      .map((id) => `<marker id="${id}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="11" markerHeight="11"
        markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path d="M0 0.5 10 5 0 9.5z"/></marker>`)
      .join("")}</defs></svg>`;
    this.svg = this.root.firstChild;
    this.grounds = this.openBoxes(folded).map((b) => this.ground(b, toggle));
    this.quiet = this.draw("g", "quiet"); // arrows that run together: those that matter lie above the others
    this.loud = this.draw("g", "loud");
    this.wires = this.links.map(() => ({
      edge: this.draw("path", "edge", this.quiet), run: this.draw("path", "run"),
    }));
    this.labels = this.links.map(() => this.draw("text", "part"));
    this.cards = this.units.map((unit, u) => {
      const made = unit.box === null ? this.tensor(data.nodes[unit.members[0]]) : this.module(data.boxes[unit.box]);
      if (unit.box !== null) made.open.addEventListener("click", (event) => { event.stopPropagation(); toggle(unit.box); });
      made.card.addEventListener("click", () => visit(u));
      return made;
    });
  }

  draw(tag, className, parent = this.svg) {
    const element = document.createElementNS(this.svg.namespaceURI, tag);
    element.setAttribute("class", className);
    return parent.appendChild(element);
  }

  frame(className) {
    const card = this.root.appendChild(make("div", `card ${className}`));
    card.style.width = `${this.card.width}px`;
    card.style.height = `${this.card.height}px`;
    return card;
  }

  tensor(node) {
    const card = this.frame(node.kind);
    if (node.kind === "more") {
      card.textContent = node.name;
      return { card };
    }
    const top = card.appendChild(make("div", "top"));
    top.append(make("b", "", node.name), make("span", "op", node.op));
    card.title = [node.call && `${node.name} = ${node.call}`, `${node.shape} ${node.dtype}`,
      node.value && node.value.full, node.formula].filter(Boolean).join("\n");
    return { card, ...this.rows(card, node) };
  }

  module(box) {
    const card = this.frame("module");
    const top = card.appendChild(make("div", "top"));
    top.append(make("b", "", box.title), this.button("+", `Unfold ${box.title}`, "open"));
    card.title = [box.title, box.options, box.about].filter(Boolean).join("\n");
    return { card, open: top.lastChild, ...this.rows(card, this.data.nodes[box.out]) };
  }

  // For the mouse: the list of modules beside the graph has the same for the keyboard and for screen readers.
  button(text, title, className) {
    const button = make("button", className, text);
    Object.assign(button, { type: "button", title, tabIndex: -1 });
    button.setAttribute("aria-hidden", "true");
    return button;
  }

  rows(card, node) {
    if (node.value && node.value.strip.length) card.append(strip(node.value.strip));
    card.append(make("div", "value", node.value ? node.value.text : "value not kept"));
    return { g: card.appendChild(make("div", "g")), about: card.appendChild(make("div", "kept")) };
  }

  // Modules that are open, and hold none that is open too: a ground lies under no other.
  openBoxes(folded) {
    const { boxes } = this.data;
    const hidden = boxes.map(() => false);
    boxes.forEach((box, b) => {
      if (box.parent !== null) hidden[b] = hidden[box.parent] || folded.has(box.parent);
    });
    const open = boxes.map((_, b) => !hidden[b] && !folded.has(b));
    return boxes.flatMap((_, b) => (open[b] && !boxes.some((box, c) => box.parent === b && open[c]) ? [b] : []));
  }

  ground(b, toggle) {
    const { title, members } = this.data.boxes[b];
    const units = [...new Set(members.map((i) => this.unitOf[i]))];
    const links = this.links.filter(({ from, to }) => units.includes(from) && units.includes(to));
    const label = this.root.appendChild(this.button(`− ${title}`, `Fold ${title}`, "close"));
    label.addEventListener("click", () => toggle(b));
    const group = this.draw("g", "ground");
    return {
      units, links, label,
      rects: units.map(() => this.draw("rect", "", group)), paths: links.map(() => this.draw("path", "", group)),
    };
  }

  // Put what is known after a stop on cards and arrows.
  show(stop, state) {
    const { data } = this;
    const steps = data.steps.slice(stop.first, stop.last + 1);
    const backward = steps[0].phase === "backward";
    const active = new Set(steps.flatMap((step) => step.nodes));
    const done = (i) => backward || state.done.has(i) || data.nodes[i].kind === "more";
    this.units.forEach((unit, u) => {
      const { card, g, about } = this.cards[u];
      if (!g) return;
      const box = unit.box === null ? null : data.boxes[unit.box];
      const shown = box ? box.out : unit.members[0];
      card.classList.toggle("waiting", !done(shown));
      card.classList.toggle("now", unit.members.some((i) => active.has(i)));
      const known = state.g.get(shown);
      const whole = state.grad.get(shown);
      const short = whole && whole.text.length <= 15;
      g.textContent = short ? `grad ${whole.text}` : whole ? whole.text : known && known[1] ? `g ${known[1].text}` : "";
      g.title = whole ? whole.full : known && known[1] ? known[1].full : "";
      const keepers = unit.members.filter((i) => data.nodes[i].kept?.length);
      const freed = keepers.length > 0 && keepers.every((i) => state.freed.has(i));
      card.classList.toggle("freed", freed);
      const node = data.nodes[shown];
      const size = node.shape === "()" ? "" : node.shape;
      const keeps = box ? "" : keepsOf(node.kept, size.length);
      const parts = box ? [size, box.about.split(",")[0]] : node.op ? [size] : [node.note || node.kind, size];
      if (whole && !short) parts[0] = "in .grad";
      if (known && known[2] && !whole) parts.push(known[2]);
      else if (keeps && freed) parts.push(make("s", "", keeps));
      else parts.push(keeps || (freed ? "freed" : ""));
      about.replaceChildren(...parts.filter(Boolean).flatMap((part, i) => (i ? [" · ", part] : [part])));
    });
    this.links.forEach((link, i) => {
      const edges = link.edges.map((e) => data.edges[e]);
      const going = !backward && edges.some((edge) => active.has(edge.to));
      const sent = link.edges.map((e) => state.parts.get(e)).filter(Boolean);
      const now = steps.some((step) => link.edges.includes(step.edge));
      const ready = going || edges.every((edge) => done(edge.to) && done(edge.from));
      const classes = [edges.some((edge) => edge.flows) ? "" : "constant", ready ? "" : "waiting",
        sent.length ? "sent" : "", going ? "now go" : "", now ? "now" : ""].join(" ");
      this.wires[i].edge.setAttribute("class", `edge ${classes}`);
      const group = sent.length || going || now ? this.loud : this.quiet;
      if (now || going || this.wires[i].edge.parentNode !== group) group.append(this.wires[i].edge);
      this.wires[i].run.setAttribute("class", `run ${going ? "go" : now ? "sent" : ""}`);
      this.labels[i].textContent = sent.length && link.spot ? link.text : "";
    });
  }

  // The cards that a stop is about: the one whose turn it is, and those it takes from or sends to.
  about(stop) {
    const step = this.data.steps[stop.last];
    const units = new Set(step.nodes.map((i) => this.unitOf[i]));
    if (step.edge !== undefined) units.add(this.unitOf[this.data.edges[step.edge].from]);
    else if (step.phase === "forward" && units.size === 1) {
      const [u] = units;
      for (const { from, to } of this.links) if (to === u) units.add(from);
    }
    return [...units].map((u) => this.cards[u].card);
  }
}
