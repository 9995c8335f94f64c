"use strict";

// The part of the graph that is on the screen: it holds the step that is told. Cards of the step that do not
// fit into the view with it are drawn once more, at the edge of the view that lies in their direction.
class View {
  constructor(stage, near) {
    Object.assign(this, { stage, near, cards: [] });
    stage.addEventListener("scroll", () => this.stand());
  }

  // Scroll so that the cards of a step are seen: all where they fit, else the first and stand-ins.
  // `way` says how values or gradients run between them: "go" to the first, "sent" from it, or not at all.
  reveal(cards, way, behavior) {
    Object.assign(this, { cards, way });
    if (!cards.length) return this.stand();
    const frame = this.stage.getBoundingClientRect();
    const boxes = cards.map((card) => card.getBoundingClientRect());
    const around = (some, low, high) => [Math.min(...some.map((b) => b[low])), Math.max(...some.map((b) => b[high]))];
    const by = (low, high, from, size) => {
      const all = around(boxes, low, high);
      const [start, end] = all[1] - all[0] <= size - 16 ? all : around(boxes.slice(0, 1), low, high);
      return (start + end) / 2 - from - size / 2;
    };
    this.stage.scrollBy({
      left: by("left", "right", frame.left, frame.width), top: by("top", "bottom", frame.top, frame.height), behavior,
    });
    this.stand();
  }

  stand() {
    this.near.replaceChildren();
    const [main, ...others] = this.cards;
    if (!main || !this.way) return;
    const frame = this.stage.getBoundingClientRect();
    const EDGE = 10;
    const SLACK = 3;
    const out = (box) => box.left < frame.left - SLACK || box.right > frame.right + SLACK ||
      box.top < frame.top - SLACK || box.bottom > frame.bottom + SLACK;
    const here = main.getBoundingClientRect();
    if (out(here)) return; // the reader has scrolled away, to look at something else
    const taken = [here, ...others.map((card) => card.getBoundingClientRect()).filter((box) => !out(box))];
    for (const card of others) {
      const box = card.getBoundingClientRect();
      if (!out(box)) continue;
      const { width, height } = box;
      const within = (at, low, high) => Math.max(low + EDGE, Math.min(high - EDGE, at));
      let left = within(box.left, frame.left, frame.right - width);
      let top = within(box.top, frame.top, frame.bottom - height);
      const over = () => taken.find((b) => left < b.right + 4 && b.left < left + width + 4 && top < b.bottom + 4 && b.top < top + height + 4);
      for (let tries = 0, hit; tries < 12 && (hit = over()); tries++) {
        const down = hit.bottom + 6 <= frame.bottom - height - 4;
        if (tries % 2 === 0 && down) top = hit.bottom + 6;
        else if (hit.top - height - 6 >= frame.top + 4) top = hit.top - height - 6;
        else left = left + width / 2 > frame.left + frame.width / 2 ? frame.left + EDGE : frame.right - width - EDGE;
      }
      taken.push({ left, top, right: left + width, bottom: top + height });
      const copy = this.near.appendChild(card.cloneNode(true));
      copy.classList.add("stand-in");
      copy.setAttribute("aria-hidden", "true");
      copy.style.left = `${left - frame.left}px`;
      copy.style.top = `${top - frame.top}px`;
      const zoom = width / parseFloat(card.style.width);
      copy.style.transform = `scale(${zoom})`;
      this.near.append(this.line(here, { left, top, right: left + width, bottom: top + height }, frame));
    }
  }

  // From the card whose turn it is to a stand-in.
  line(from, to, frame) {
    const middle = (box) => [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
    const [a, b] = [middle(from), middle(to)];
    const edge = ([x, y], box, [towardX, towardY]) => {
      const [dx, dy] = [towardX - x, towardY - y];
      const t = Math.min(1, (box.right - box.left) / 2 / (Math.abs(dx) || 1e-9), (box.bottom - box.top) / 2 / (Math.abs(dy) || 1e-9));
      return [x + dx * t - frame.left, y + dy * t - frame.top];
    };
    const svg = document.querySelector("#graph svg").cloneNode(false);
    svg.setAttribute("class", "far");
    const [[x1, y1], [x2, y2]] = [edge(a, from, b), edge(b, to, a)];
    const ends = `M${x2} ${y2}L${x1} ${y1}`; // as on the arrows of the graph, a gradient's tip is at the start
    svg.innerHTML = `<path class="edge now ${this.way}" d="${ends}"/>`;
    return svg;
  }
}
