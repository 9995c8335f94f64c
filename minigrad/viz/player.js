"use strict";

// Plays the recording in #data. The state after step k follows from the steps 0 to k alone.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const { nodes, edges, steps, lines } = data;
  const last = steps.length - 1;
  const turn = steps.findIndex((step) => step.phase === "backward");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const LABEL = 8; // characters of a gradient that fit between two cards
  const wide = steps.some((step) => step.part && step.part.text.length <= LABEL);
  const CARD = { width: matchMedia("(max-width: 860px)").matches ? 144 : 164, height: 94 };
  let now = 0;
  let timer = null;

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

  // ------------------------------------------------------------------------------- the graph

  const graph = $("graph");
  graph.innerHTML = `<svg><defs>${["tip", "tip-go", "tip-back"]
    .map((id) => `<marker id="${id}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="11" markerHeight="11"
      markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path d="M0 0.5 10 5 0 9.5z"/></marker>`)
    .join("")}</defs></svg>`;
  const svg = graph.firstChild;
  const draw = (tag, className) => {
    const element = document.createElementNS(svg.namespaceURI, tag);
    element.setAttribute("class", className);
    return svg.appendChild(element);
  };
  const wires = edges.map(() => ({ edge: draw("path", "edge"), run: draw("path", "run") }));
  const labels = edges.map(() => draw("text", "part"));
  const cards = nodes.map((node, i) => {
    const card = graph.appendChild(make("div", `card ${node.kind}`));
    card.style.width = `${CARD.width}px`;
    card.style.height = `${CARD.height}px`;
    if (node.kind === "more") {
      card.textContent = node.name;
      return { card };
    }
    const top = card.appendChild(make("div", "top"));
    top.append(make("b", "", node.name), make("span", "op", node.op));
    if (node.value && node.value.strip.length) card.append(strip(node.value.strip));
    card.append(make("div", "value", node.value ? node.value.text : "value not kept"));
    const g = card.appendChild(make("div", "g"));
    const kept = card.appendChild(make("div", "kept"));
    card.title = [node.call && `${node.name} = ${node.call}`, `${node.shape} ${node.dtype}`,
      node.value && node.value.full, node.formula].filter(Boolean).join("\n");
    card.addEventListener("click", () => visit(i));
    return { card, g, kept };
  });

  function place() {
    const stage = $("stage");
    const room = stage.clientWidth - parseFloat(getComputedStyle(stage).paddingLeft) * 2;
    const [layers, width] = data.size;
    const beside = wide ? 62 : 42;
    const across = { x: CARD.width + beside, y: CARD.height + 22 };
    const down = { x: CARD.width + 18, y: CARD.height + 46 };
    const scaleAcross = Math.min(1.25, room / (layers * across.x - beside));
    const scaleDown = Math.min(1.1, room / (width * down.x - 18));
    const standing = scaleAcross < 0.72 && scaleDown > scaleAcross;
    const gap = standing ? down : across;
    const scale = Math.max(standing ? scaleDown : scaleAcross, standing ? 0.76 : 0.6);
    const spot = ([layer, at]) =>
      standing ? { x: at * gap.x, y: layer * gap.y } : { x: layer * gap.x, y: at * gap.y };
    const size = standing
      ? { x: width * gap.x - 18, y: layers * gap.y - 46 }
      : { x: layers * gap.x - beside, y: width * gap.y - 22 };
    nodes.forEach((node, i) => {
      const { x, y } = spot(node.at);
      cards[i].card.style.left = `${x}px`;
      cards[i].card.style.top = `${y}px`;
    });
    edges.forEach((edge, i) => {
      const siblings = edges.filter((other) => other.to === edge.to);
      const share = (siblings.indexOf(edge) + 1) / (siblings.length + 1);
      const from = spot(nodes[edge.from].at);
      const to = spot(nodes[edge.to].at);
      const points = standing
        ? [{ x: from.x + CARD.width / 2, y: from.y + CARD.height }]
        : [{ x: from.x + CARD.width, y: from.y + CARD.height / 2 }];
      for (const way of edge.way) {
        const { x, y } = spot(way);
        points.push(...(standing
          ? [{ x: x + CARD.width / 2, y }, { x: x + CARD.width / 2, y: y + CARD.height }]
          : [{ x, y: y + CARD.height / 2 }, { x: x + CARD.width, y: y + CARD.height / 2 }]));
      }
      points.push(standing ? { x: to.x + CARD.width * share, y: to.y } : { x: to.x, y: to.y + CARD.height * share });
      const d = curve(points, standing);
      wires[i].edge.setAttribute("d", d);
      wires[i].run.setAttribute("d", d);
      const middle = wires[i].edge.getPointAtLength(wires[i].edge.getTotalLength() / 2);
      labels[i].setAttribute("x", middle.x);
      labels[i].setAttribute("y", middle.y);
    });
    graph.style.width = `${size.x}px`;
    graph.style.height = `${size.y}px`;
    graph.style.transform = `scale(${scale})`;
    $("sheet").style.width = `${size.x * scale}px`;
    $("sheet").style.height = `${size.y * scale}px`;
  }

  function curve(points, standing) {
    let d = `M${points[0].x} ${points[0].y}`;
    for (let i = 1; i < points.length; i++) {
      const [a, b] = [points[i - 1], points[i]];
      d += standing
        ? `C${a.x} ${(a.y + b.y) / 2} ${b.x} ${(a.y + b.y) / 2} ${b.x} ${b.y}`
        : `C${(a.x + b.x) / 2} ${a.y} ${(a.x + b.x) / 2} ${b.y} ${b.x} ${b.y}`;
    }
    return d;
  }

  // ---------------------------------------------------------------- the program and the gradients

  let file = null;
  const rows = lines.map((line) => {
    if (line.file !== file) {
      file = line.file;
      if (file) $("lines").append(make("li", "file", file));
    }
    const row = $("lines").appendChild(make("li"));
    if (line.number !== null) row.append(make("span", "number", line.number));
    row.append(make("code", "", line.code));
    return row;
  });
  const grads = new Map();
  nodes.forEach((node, i) => {
    if (!node.leaf) return;
    const row = $("rows").appendChild(make("tr"));
    const name = row.appendChild(make("th", "", node.name));
    name.scope = "row";
    row.append(make("td", "", node.value ? node.value.full : ""), make("td"));
    row.dataset.name = node.name;
    grads.set(i, row);
  });

  $("gradients").hidden = !grads.size;

  // ------------------------------------------------------------------------------- the steps

  function stateAt(k) {
    const state = { done: new Set(), g: new Map(), freed: new Set(), grad: new Map(), parts: new Map() };
    for (const step of steps.slice(0, k + 1)) {
      if (step.phase === "forward") step.nodes.forEach((i) => state.done.add(i));
      if (step.g) state.g.set(step.g[0], step.g);
      if (step.part) state.parts.set(step.edge, step.part);
      if (step.freed !== undefined) state.freed.add(step.freed);
      if (step.grad) state.grad.set(step.grad[0], step.grad[1]);
    }
    return state;
  }

  function show(k) {
    now = Math.max(0, Math.min(last, k));
    const step = steps[now];
    const state = stateAt(now);
    const backward = step.phase === "backward";
    document.body.classList.toggle("backward", backward);
    nodes.forEach((node, i) => {
      const { card, g, kept } = cards[i];
      if (!g) return;
      const done = backward || state.done.has(i);
      card.classList.toggle("waiting", !done);
      card.classList.toggle("now", step.nodes.includes(i));
      card.classList.toggle("freed", state.freed.has(i));
      const known = state.g.get(i);
      const whole = state.grad.get(i);
      g.textContent = whole ? `grad ${whole.text}` : known && known[1] ? `g ${known[1].text}` : "";
      g.title = whole ? whole.full : known && known[1] ? known[1].full : "";
      const size = node.shape === "()" ? "" : node.shape;
      const keeps = node.kept.length ? `keeps ${node.kept.join(", ")}` : "";
      const about = node.op ? [size] : [node.kind, size];
      if (known && known[2] && !whole) about.push(known[2]);
      else if (keeps && state.freed.has(i)) about.push(make("s", "", keeps), "freed");
      else about.push(keeps);
      kept.replaceChildren(...about.filter(Boolean).flatMap((part) => [part, " "]));
    });
    edges.forEach((edge, i) => {
      const done = backward || (state.done.has(edge.to) && (edge.from === nodes.length - 1 || state.done.has(edge.from)));
      const going = !backward && step.nodes.includes(edge.to);
      const sent = state.parts.get(i);
      const classes = [edge.flows ? "" : "constant", done || going ? "" : "waiting", sent ? "sent" : "",
        going ? "now go" : "", step.edge === i ? "now" : ""].join(" ");
      wires[i].edge.setAttribute("class", `edge ${classes}`);
      wires[i].run.setAttribute("class", `run ${going ? "go" : step.edge === i ? "sent" : ""}`);
      labels[i].textContent = sent && sent.text.length <= LABEL ? sent.text : "";
    });
    rows.forEach((row, i) => {
      row.classList.toggle("lit", i === step.line);
      if (i === step.line) row.setAttribute("aria-current", "step");
      else row.removeAttribute("aria-current");
    });
    for (const [i, row] of grads) {
      const grad = state.grad.get(i) || nodes[i].grad;
      row.lastChild.textContent = grad ? grad.full : "no gradient yet";
      row.lastChild.className = grad ? "grad" : "none";
      row.classList.toggle("now", Boolean(step.grad) && step.grad[0] === i);
    }
    const lit = rows[step.line];
    if (lit) {
      const { top, bottom } = lit.getBoundingClientRect();
      const frame = $("lines").getBoundingClientRect();
      if (top < frame.top || bottom > frame.bottom) $("lines").scrollTop += (top + bottom - frame.top - frame.bottom) / 2;
    }
    tell(step);
    $("step").value = now;
    $("step").setAttribute("aria-valuetext", `${now + 1} of ${last + 1}, ${step.phase}: ${step.title}`);
    $("first").disabled = $("back").disabled = now === 0;
    $("next").disabled = $("last").disabled = now === last;
    reveal(step);
    history.replaceState(null, "", `#${now + 1}`);
  }

  function tell(step) {
    $("count").textContent = `${step.phase} · step ${now + 1} of ${last + 1}`;
    $("what").textContent = step.title;
    const words = step.text.map((text) => make("p", "", text));
    if (step.rule) {
      const [rule, numbers, result] = step.rule;
      const line = make("p", "rule");
      line.append([rule, numbers].filter(Boolean).join(" = "), " = ", make("b", "", result));
      words.splice(1, 0, line);
    }
    if (step.formula) words.push(make("p", "formula", step.formula));
    $("words").replaceChildren(...words);
  }

  function reveal(step) {
    if (!step.nodes.length || step.nodes.length > 3) return;
    const stage = $("stage");
    const frame = stage.getBoundingClientRect();
    const boxes = step.nodes.map((i) => cards[i].card.getBoundingClientRect());
    if (step.edge !== undefined) boxes.push(cards[edges[step.edge].from].card.getBoundingClientRect());
    const middle = (low, high, from, size) =>
      (Math.min(...boxes.map((b) => b[low])) + Math.max(...boxes.map((b) => b[high]))) / 2 - from - size / 2;
    stage.scrollBy({
      left: middle("left", "right", frame.left, frame.width),
      top: middle("top", "bottom", frame.top, frame.height),
      behavior: calm.matches || timer !== null ? "auto" : "smooth",
    });
  }

  function visit(i) {
    const phase = steps[now].phase;
    const k = steps.findIndex((step) => step.phase === phase && step.nodes.includes(i));
    pause();
    if (k >= 0) show(k);
  }

  // ------------------------------------------------------------------------------- playing

  function pause() {
    clearTimeout(timer);
    timer = null;
    $("play").classList.remove("on");
    $("play").setAttribute("aria-label", "Play");
  }

  function play() {
    if (now === last) show(0);
    $("play").classList.add("on");
    $("play").setAttribute("aria-label", "Pause");
    const tick = () => {
      show(now + 1);
      if (now === last) pause();
      else timer = setTimeout(tick, 1600 / Number($("speed").value));
    };
    timer = setTimeout(tick, 400 / Number($("speed").value));
  }

  const go = (k) => { pause(); show(k); };
  const keys = {
    ArrowRight: () => go(now + 1), ArrowLeft: () => go(now - 1), Home: () => go(0), End: () => go(last),
    " ": () => (timer === null ? play() : pause()),
  };
  $("first").addEventListener("click", keys.Home);
  $("back").addEventListener("click", keys.ArrowLeft);
  $("next").addEventListener("click", keys.ArrowRight);
  $("last").addEventListener("click", keys.End);
  $("play").addEventListener("click", keys[" "]);
  $("step").addEventListener("input", (event) => go(Number(event.target.value)));
  document.addEventListener("keydown", (event) => {
    const own = event.target.closest("input, select") || (event.key === " " && event.target.closest("button"));
    if (own || event.ctrlKey || event.altKey || event.metaKey || !(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  });
  addEventListener("resize", () => { place(); reveal(steps[now]); });
  addEventListener("hashchange", () => go(Number(location.hash.slice(1)) - 1 || 0));

  $("step").max = last;
  const share = `${((turn - 0.5) / last) * 100}%`;
  $("step").style.setProperty("--track", `linear-gradient(90deg, var(--go) ${share}, var(--back) ${share})`);
  graph.setAttribute("aria-label",
    `${nodes.length} tensors; ${steps.length} steps tell what happens: read them with the arrow keys.`);
  place();
  show(Number(location.hash.slice(1)) - 1 || 0);
})();
