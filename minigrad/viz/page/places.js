"use strict";

// Where cards, arrows and labels stand. Rows of cards run from left to right, and wrap as lines of text do;
// on a narrow screen the graph stands, from top to bottom.

const LABEL = 7; // characters of a gradient that fit between two cards
const TURN = 16; // how far an arrow runs beside a row before it turns to the next
const BETWEEN = 24; // between two rows

// Places for a label, the best first: at a part of a stretch, and so far beside it.
const NEAR = [0, -7, 7, -12, 12, -18, 18].flatMap((aside) => [0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82].map((t) => [t, aside]));

class Placed {
  place() {
    const stage = document.getElementById("stage");
    const pad = parseFloat(getComputedStyle(stage).paddingLeft) * 2;
    const [room, tall] = [stage.clientWidth - pad, stage.clientHeight - pad];
    const { width, height } = this.card;
    const [layers] = this.layout.size;
    const beside = this.wide ? 58 : 42;
    const above = this.grounds.length ? 34 : 11; // the grounds of two modules, and a name, fit between cards
    const top = this.grounds.length ? 16 : 0; // room for the name of a module
    const across = { x: width + beside, y: height + above };
    let per = Math.max(1, Math.floor((room - 2 * TURN + beside) / across.x));
    if (layers * across.x - beside <= room) per = layers;
    this.standing = per < 3 && layers > per;
    if (this.standing) per = layers;
    this.gap = this.standing ? { x: width + 18, y: height + 46 } : across;
    const space = BETWEEN + (this.grounds.length ? 12 : 0) - above;
    // As many layers in a row as make the whole the least high.
    const tries = [];
    for (let some = per; some >= Math.max(1, Math.min(per, 3)); some--) {
      const rows = this.rowsOf(some);
      const high = rows.reduce((sum, { low, high: end }) => sum + (end - low + 1) * this.gap.y + space, 0);
      tries.push({ some, rows, high });
    }
    const best = tries.reduce((a, b) => (b.high < a.high - 1 ? b : a));
    this.per = best.some;
    this.rows = best.rows;
    let y = top;
    for (const row of this.rows) {
      row.y = y;
      y += (row.high - row.low + 1) * this.gap.y + space;
    }
    const turn = this.rows.length > 1 ? TURN : 0;
    // Standing, a layer that fits into the view is moved into it.
    const aside = this.rowsOf(1).map(({ low, high }) => Math.max(0, Math.min(low * this.gap.x, high * this.gap.x + width - room)));
    this.spot = ([layer, at]) => {
      if (this.standing) return { x: at * this.gap.x - aside[layer], y: layer * this.gap.y + top };
      const row = this.rows[Math.floor(layer / this.per)];
      return { x: (layer % this.per) * this.gap.x + turn, y: row.y + (at - row.low) * this.gap.y };
    };
    const size = this.standing
      ? { x: Math.max(...this.layout.nodes.map((spot) => this.spot(spot).x)) + width, y: layers * this.gap.y - 46 + top }
      : { x: this.per * this.gap.x - beside + 2 * turn, y: y - space - above };
    const fit = Math.min(1.25, room / size.x, tall / size.y);
    // Type is never below 12 pixels: rather scroll. In the overview only names are left, and they stay large.
    this.scale = this.zoom === "overview" ? Math.min(1, fit) : Math.max(1, fit) * (this.zoom ?? 1);
    this.fits = room >= size.x * this.scale && tall >= size.y * this.scale;
    const spots = this.layout.nodes.map(this.spot);
    spots.forEach(({ x, y: down }, u) => {
      this.cards[u].card.style.left = `${x}px`;
      this.cards[u].card.style.top = `${down}px`;
    });
    this.links.forEach((link, i) => {
      link.points = this.points(link, spots);
      const d = this.curve(link.points);
      this.wires[i].edge.setAttribute("d", d);
      this.wires[i].run.setAttribute("d", d);
    });
    for (const ground of this.grounds) this.spread(ground, spots);
    this.placeLabels(spots);
    this.root.style.width = `${size.x}px`;
    this.root.style.height = `${size.y}px`;
    this.root.style.setProperty("--scale", this.scale);
    this.root.style.transform = `scale(${this.scale})`;
    this.root.classList.toggle("overview", this.zoom === "overview");
    const sheet = document.getElementById("sheet");
    sheet.style.width = `${size.x * this.scale}px`;
    sheet.style.height = `${size.y * this.scale}px`;
  }

  // Rows of so many layers, each with the first and the last place that something takes in it.
  rowsOf(per) {
    const rows = Array.from({ length: Math.ceil(this.layout.size[0] / per) }, () => ({ low: Infinity, high: -Infinity }));
    for (const [layer, at] of [...this.layout.nodes, ...this.links.flatMap(({ way }) => way)]) {
      const row = rows[Math.floor(layer / per)];
      row.low = Math.min(row.low, at);
      row.high = Math.max(row.high, at);
    }
    return rows;
  }

  spread({ units, links, label, rects, paths }, spots) {
    const PAD = 8;
    units.forEach((u, i) => {
      const at = { x: spots[u].x - PAD, y: spots[u].y - PAD, width: this.card.width + 2 * PAD, height: this.card.height + 2 * PAD, rx: 18 };
      for (const [name, value] of Object.entries(at)) rects[i].setAttribute(name, value);
    });
    links.forEach((link, i) => paths[i].setAttribute("d", this.curve(link.points)));
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

  // Back to the start of a row further down (or up, where a link leads to an earlier unit)?
  turns([a, b]) {
    return !this.standing && b.x < a.x && Math.abs(b.x - a.x) > this.card.width;
  }

  // Where an arrow runs between two rows.
  lane([a, b]) {
    const row = this.rows.findLast(({ y }) => y <= Math.max(a.y, b.y));
    return row.y - BETWEEN / 2 - (this.grounds.length ? 12 : 0);
  }

  // The two points that bend a stretch, so that it leaves and arrives at a right angle to the layers.
  bends([a, b]) {
    return this.standing
      ? [{ x: a.x, y: (a.y + b.y) / 2 }, { x: b.x, y: (a.y + b.y) / 2 }]
      : [{ x: (a.x + b.x) / 2, y: a.y }, { x: (a.x + b.x) / 2, y: b.y }];
  }

  curve(points) {
    const text = ({ x, y }) => `${x} ${y}`;
    const stretches = points.slice(1).map((to, i) => {
      const pair = [points[i], to];
      if (!this.turns(pair)) return `C${[...this.bends(pair), to].map(text).join(" ")}`;
      const [a, b] = pair;
      const y = this.lane(pair);
      const [right, left] = [a.x + TURN - 4, b.x - TURN + 4];
      return `C${right} ${a.y} ${right} ${a.y} ${right} ${(a.y + y) / 2}S${right} ${y} ${right - 12} ${y}` +
        `L${left + 12} ${y}C${left} ${y} ${left} ${y} ${left} ${(y + b.y) / 2}S${left} ${b.y} ${b.x} ${b.y}`;
    });
    return `M${text(points[0])}${stretches.join("")}`;
  }

  // The place after a part of a stretch.
  along([a, d], t) {
    if (this.turns([a, d])) return { x: d.x + (a.x - d.x) * (1 - t), y: this.lane([a, d]) };
    const [b, c] = this.bends([a, d]);
    const at = (k) => (1 - t) ** 3 * a[k] + 3 * (1 - t) ** 2 * t * b[k] + 3 * (1 - t) * t ** 2 * c[k] + t ** 3 * d[k];
    return { x: at("x"), y: at("y") };
  }

  // Each label on its own arrow, where it lies over no card and over no other label; none where there is no room.
  placeLabels(spots) {
    const { width, height } = this.card;
    const taken = spots.map(({ x, y }) => [x, y, x + width, y + height]);
    for (const { label } of this.grounds) {
      const [x, y] = [parseFloat(label.style.left), parseFloat(label.style.top)];
      taken.push([x, y, x + label.offsetWidth, y + 19]);
    }
    const sent = new Map(this.data.steps.filter((step) => step.part).map((step) => [step.edge, step.part.text]));
    this.links.forEach((link, i) => {
      link.text = link.edges.length === 1 ? sent.get(link.edges[0]) ?? "" : "";
      link.spot = null;
      if (!link.text || link.text.length > LABEL) return;
      const half = { x: link.text.length * 3.7 + 2, y: 9 };
      const stretches = link.points.slice(1).map((to, k) => [link.points[k], to]).reverse();
      for (const stretch of stretches) {
        for (const [t, aside] of NEAR) {
          const { x: onX, y: onY } = this.along(stretch, t);
          const [x, y] = this.standing ? [onX + 2 * aside, onY] : [onX, onY + aside];
          const box = [x - half.x, y - half.y, x + half.x, y + half.y];
          if (taken.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3])) continue;
          taken.push([box[0] - 8, box[1], box[2] + 8, box[3]]); // or two numbers read as one
          link.spot = { x, y };
          this.labels[i].setAttribute("x", x);
          this.labels[i].setAttribute("y", y);
          return;
        }
      }
    });
  }
}
