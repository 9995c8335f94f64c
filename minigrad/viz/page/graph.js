"use strict";

// Draws units and links into #graph: cards, arrows, and a ground under the tensors of each open module.

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function strip(parts) {
  const element = make("div", "strip");
  for (const part of parts) {
    const cell = element.appendChild(make("i"));
    cell.style.setProperty("--sign", part < 0 ? "var(--below)" : "var(--above)");
    cell.style.setProperty("--part", Math.sqrt(Math.abs(part)).toFixed(3));
  }
  return element;
}

const LABEL = 8; // characters of a gradient that fit between two cards

class Graph {
  // `toggle(box)` folds and unfolds a module, `visit(unit)` goes to where a card has its turn.
  constructor(data, folded, { toggle, visit }) {
    this.data = data;
    Object.assign(this, folding(data, folded));
    this.card = { width: matchMedia("(max-width: 860px)").matches ? 144 : 164, height: 94 };
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

  // In rows from left to right; standing, from top to bottom, where there is more room that way.
  place() {
    const { width, height } = this.card;
    const stage = document.getElementById("stage");
    const room = stage.clientWidth - parseFloat(getComputedStyle(stage).paddingLeft) * 2;
    const [layers, most] = this.layout.size;
    const beside = this.wide ? 62 : 42;
    const above = this.grounds.length ? 34 : 22; // the grounds of two modules, and a name, fit between cards
    const [across, down] = [{ x: width + beside, y: height + above }, { x: width + 18, y: height + 46 }];
    const scaleAcross = Math.min(1.25, room / (layers * across.x - beside));
    const scaleDown = Math.min(1, room / (most * down.x - 18));
    this.standing = scaleAcross < 0.95 && scaleDown > scaleAcross;
    const gap = this.standing ? down : across;
    const scale = Math.max(this.standing ? scaleDown : scaleAcross, 1); // no type below 12 pixels: rather scroll
    const top = this.grounds.length ? 16 : 0; // room for the name of a module
    this.spot = ([layer, at]) => this.standing
      ? { x: at * gap.x, y: layer * gap.y + top } : { x: layer * gap.x, y: at * gap.y + top };
    const size = this.standing
      ? { x: most * gap.x - 18, y: layers * gap.y - 46 + top } : { x: layers * gap.x - beside, y: most * gap.y - above + top };
    const spots = this.layout.nodes.map(this.spot);
    spots.forEach(({ x, y }, u) => {
      this.cards[u].card.style.left = `${x}px`;
      this.cards[u].card.style.top = `${y}px`;
    });
    this.links.forEach((link, i) => {
      const d = this.curve(link, spots);
      this.wires[i].edge.setAttribute("d", d);
      this.wires[i].run.setAttribute("d", d);
      // On the last stretch, which it has to itself; of several between the same cards one above the other.
      const alike = this.links.filter(({ from, to }) => from === link.from && to === link.to);
      const part = this.standing ? (alike.indexOf(link) + 0.5) / alike.length : alike.length > 1 ? 0.62 : 0.5;
      const { x, y } = this.along(this.points(link, spots).slice(-2), part);
      this.labels[i].setAttribute("x", x);
      this.labels[i].setAttribute("y", y);
    });
    for (const ground of this.grounds) this.spread(ground, spots);
    this.root.style.width = `${size.x}px`;
    this.root.style.height = `${size.y}px`;
    this.root.style.transform = `scale(${scale})`;
    const sheet = document.getElementById("sheet");
    sheet.style.width = `${size.x * scale}px`;
    sheet.style.height = `${size.y * scale}px`;
  }

  spread({ units, links, label, rects, paths }, spots) {
    const PAD = 8;
    units.forEach((u, i) => {
      const at = { x: spots[u].x - PAD, y: spots[u].y - PAD, width: this.card.width + 2 * PAD, height: this.card.height + 2 * PAD, rx: 18 };
      for (const [name, value] of Object.entries(at)) rects[i].setAttribute(name, value);
    });
    links.forEach((link, i) => paths[i].setAttribute("d", this.curve(link, spots)));
    const near = this.standing ? ["y", "x"] : ["x", "y"];
    const [first] = units.map((u) => spots[u]).sort((a, b) => a[near[0]] - b[near[0]] || a[near[1]] - b[near[1]]);
    label.style.left = `${first.x + 8}px`;
    label.style.top = `${first.y - 19}px`;
    label.style.maxWidth = `${this.card.width - 8}px`;
  }

  // From the side of one card to the other's, through the places on its way.
  points({ from, to, way, share }, spots) {
    const { width, height } = this.card;
    const { standing } = this;
    const points = standing
      ? [{ x: spots[from].x + width / 2, y: spots[from].y + height }] : [{ x: spots[from].x + width, y: spots[from].y + height / 2 }];
    for (const { x, y } of way.map(this.spot)) {
      points.push(...(standing
        ? [{ x: x + width / 2, y }, { x: x + width / 2, y: y + height }]
        : [{ x, y: y + height / 2 }, { x: x + width, y: y + height / 2 }]));
    }
    points.push(standing
      ? { x: spots[to].x + width * share, y: spots[to].y } : { x: spots[to].x, y: spots[to].y + height * share });
    return points;
  }

  // The two points that bend a stretch, so that it leaves and arrives at a right angle to the layers.
  bends([a, b]) {
    return this.standing
      ? [{ x: a.x, y: (a.y + b.y) / 2 }, { x: b.x, y: (a.y + b.y) / 2 }]
      : [{ x: (a.x + b.x) / 2, y: a.y }, { x: (a.x + b.x) / 2, y: b.y }];
  }

  curve(link, spots) {
    const points = this.points(link, spots);
    const stretches = points.slice(1).map((to, i) => [...this.bends([points[i], to]), to]);
    const text = ({ x, y }) => `${x} ${y}`;
    return `M${text(points[0])}${stretches.map((stretch) => `C${stretch.map(text).join(" ")}`).join("")}`;
  }

  // The place after a part of a stretch.
  along([a, d], t) {
    const [b, c] = this.bends([a, d]);
    const at = (k) => (1 - t) ** 3 * a[k] + 3 * (1 - t) ** 2 * t * b[k] + 3 * (1 - t) * t ** 2 * c[k] + t ** 3 * d[k];
    return { x: at("x"), y: at("y") };
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
      g.textContent = whole ? `grad ${whole.text}` : known && known[1] ? `g ${known[1].text}` : "";
      g.title = whole ? whole.full : known && known[1] ? known[1].full : "";
      const keepers = unit.members.filter((i) => data.nodes[i].kept?.length);
      const freed = keepers.length > 0 && keepers.every((i) => state.freed.has(i));
      card.classList.toggle("freed", freed);
      const node = data.nodes[shown];
      const size = node.shape === "()" ? "" : node.shape;
      const keeps = box ? "" : node.kept.length ? `keeps ${node.kept.join(", ")}` : "";
      const parts = box ? [size, box.about.split(",")[0]] : node.op ? [size] : [node.note || node.kind, size];
      if (known && known[2] && !whole) parts.push(known[2]);
      else if (keeps && freed) parts.push(make("s", "", keeps), "freed");
      else parts.push(keeps, freed ? "freed" : "");
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
      const text = link.edges.length === 1 && sent.length ? sent[0].text : "";
      this.labels[i].textContent = text.length <= LABEL ? text : "";
    });
  }

  // The cards that a stop is about, and the one that a part goes to.
  about(stop) {
    const step = this.data.steps[stop.last];
    const units = new Set(step.nodes.map((i) => this.unitOf[i]));
    if (step.edge !== undefined) units.add(this.unitOf[this.data.edges[step.edge].from]);
    return [...units].map((u) => this.cards[u].card);
  }
}
