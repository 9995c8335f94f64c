"use strict";

// Plays the recording in #data. The state after step k follows from the steps 0 to k alone.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const { nodes, steps, lines, boxes } = data;
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const folded = new Set(data.folded);
  let graph;
  let stop = 0; // of graph.stops
  let timer = null;
  let address = null;
  const answered = new Set(); // steps whose number was asked for, and shown
  const view = new View($("stage"), $("near"));
  legend($("signs"), data.legend);
  $("legend").open = matchMedia("(min-width: 861px)").matches;

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
  // The compiled program, with indents of half the width; what follows of a long line hangs.
  const listed = data.program.map((code, i) => {
    const row = $("listing").appendChild(make("li"));
    row.append(make("span", "number", i + 1));
    const line = row.appendChild(make("code", "", code.trimStart()));
    line.style.paddingLeft = `${code.search(/\S|$/) / 2 + 2}ch`;
    line.style.textIndent = "-2ch";
    return row;
  });
  const choose = (compiled) => {
    $("compiled").setAttribute("aria-pressed", String(compiled));
    $("listing").hidden = !compiled;
    $("lines").hidden = compiled;
  };
  $("compiled").hidden = !listed.length;
  choose(listed.length > 0);

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

  // ------------------------------------------------------------------------------- the modules

  const inner = boxes.flatMap((_, b) => (boxes.some((box) => box.parent === b) ? [] : [b]));
  const switches = [];
  boxes.forEach((box, b) => {
    const item = make("li");
    const button = item.appendChild(make("button", "", box.title));
    button.type = "button";
    button.addEventListener("click", () => toggle(b));
    const list = item.appendChild(make("ul"));
    switches.push({ button, list });
    (box.parent === null ? $("boxes") : switches[box.parent].list).append(item);
  });
  $("modules").hidden = $("fold").hidden = !boxes.length;

  function toggle(b) {
    if (!folded.delete(b)) folded.add(b);
    refold();
  }

  function foldAll() {
    if (folded.size) folded.clear();
    else inner.forEach((b) => folded.add(b));
    refold();
  }

  // Draw the graph anew, and stay where the recording was.
  function refold() {
    const at = graph.stops[stop].last;
    pause();
    build();
    show(graph.stops.findIndex(({ last }) => last >= at));
  }

  function build() {
    const zoom = graph?.zoom;
    graph = new Graph(data, folded, { toggle, visit });
    graph.zoom = zoom;
    switches.forEach(({ button, list }, b) => {
      button.setAttribute("aria-expanded", String(!folded.has(b)));
      list.hidden = folded.has(b) || !list.children.length;
    });
    $("fold").textContent = folded.size ? "Unfold modules" : "Fold modules";
    const { stops, units } = graph;
    const turn = stops.findIndex(({ last }) => steps[last].phase === "backward");
    const share = `${((turn - 0.5) / (stops.length - 1)) * 100}%`;
    $("step").max = stops.length - 1;
    $("step").style.setProperty("--track", `linear-gradient(90deg, var(--go) ${share}, var(--back) ${share})`);
    const modules = units.filter(({ box }) => box !== null).length;
    $("graph").setAttribute("aria-label", `${units.length - modules} tensors` +
      `${modules ? ` and ${modules} folded modules` : ""}; ${stops.length} steps tell what happens: read them with the arrow keys.`);
    graph.place();
  }

  // ------------------------------------------------------------------------------- the steps

  function stateAfter(k) {
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

  function show(s) {
    const { stops } = graph;
    stop = Math.max(0, Math.min(stops.length - 1, s));
    const { first, last } = stops[stop];
    const step = steps[last];
    const ask = question();
    const state = stateAfter(ask ? last - 1 : last);
    document.body.classList.toggle("backward", step.phase === "backward");
    graph.show(stops[stop], state);
    light(rows, (i) => step.line !== null && i >= step.line && i <= step.until);
    light(listed, (i) => step.rows.includes(i));
    const fresh = new Set(steps.slice(first, ask ? first : last + 1).map(({ grad }) => grad && grad[0]));
    for (const [i, row] of grads) {
      const grad = state.grad.get(i) || nodes[i].grad;
      row.lastChild.textContent = grad ? grad.full : "no gradient yet";
      row.lastChild.className = grad ? "grad" : "none";
      row.classList.toggle("now", fresh.has(i));
    }
    const due = [...fresh].map((i) => grads.get(i)).find(Boolean) ?? (step.end ? $("gradients") : null);
    $("side").scrollTop = due ? due.offsetTop + due.offsetHeight - $("side").clientHeight : 0;
    follow($("lines"), rows[step.line]);
    follow($("listing"), listed[step.rows?.[0]]);
    const title = tell(stops[stop], ask);
    $("step").value = stop;
    $("step").setAttribute("aria-valuetext", `${stop + 1} of ${stops.length}, ${step.phase}: ${title}`);
    $("first").disabled = $("back").disabled = stop === 0;
    $("next").disabled = $("last").disabled = $("over").disabled = stop === stops.length - 1 && !ask;
    look(calm.matches || timer !== null ? "auto" : "smooth");
    document.body.dataset.step = last + 1;
    clearTimeout(address);
    address = setTimeout(addressStep, 300);
  }

  function light(rows, is) {
    let first = true;
    rows.forEach((row, i) => {
      const lit = is(i);
      row.classList.toggle("lit", lit);
      if (lit && first) row.setAttribute("aria-current", "step");
      else row.removeAttribute("aria-current");
      first &&= !lit;
    });
  }

  // Scroll a list until a row of it is in sight.
  function follow(list, row) {
    if (!row || list.hidden) return;
    const { top, bottom } = row.getBoundingClientRect();
    const frame = list.getBoundingClientRect();
    if (top < frame.top || bottom > frame.bottom) list.scrollTop += (top + bottom - frame.top - frame.bottom) / 2;
  }

  const exchange = () => {
    choose($("listing").hidden);
    show(stop);
  };

  function look(behavior) {
    const now = graph.stops[stop];
    const step = steps[now.last];
    const way = step.edge !== undefined ? "sent" : step.phase === "forward" && step.nodes.length === 1 ? "go" : "";
    view.reveal(graph.about(now), way, behavior);
  }

  // Not at once: browsers refuse a page that changes its address a hundred times in a few seconds, as one does
  // whose slider is dragged. And not at all within a notebook, where the address belongs to another page.
  function addressStep() {
    if (location.protocol !== "about:") history.replaceState(null, "", `#${document.body.dataset.step}`);
  }

  function tell({ first, last, inside }, ask) {
    const step = steps[last];
    const module = first < last ? boxes[graph.units[inside].box] : null;
    const title = module ? `Inside ${module.title}` : step.title;
    $("count").textContent = `${step.phase} · step ${stop + 1} of ${graph.stops.length}`;
    $("what").textContent = title;
    $("ask").hidden = !ask;
    $("question").textContent = ask ? ask.text : "";
    $("guess").value = $("verdict").textContent = "";
    if (ask) {
      $("words").replaceChildren();
      if (matchMedia("(hover: hover)").matches) $("guess").focus({ preventScroll: true });
      return title;
    }
    $("words").replaceChildren(...(module ? summary(steps.slice(first, last + 1)) : account(step)));
    return title;
  }

  function account(step) {
    const words = step.text.map((text) => make("p", "", text));
    if (step.rule) {
      const [rule, numbers, result] = step.rule;
      const line = make("p", "rule");
      line.append([rule, numbers].filter(Boolean).join(" = "), " = ", make("b", "", result));
      words.splice(1, 0, line);
    }
    if (step.formula) words.push(make("p", "formula", step.formula));
    return words;
  }

  // The first words of each step that a folded module holds.
  function summary(held) {
    const MOST = 6;
    const list = make("ol");
    for (const step of held.slice(0, MOST)) {
      const item = list.appendChild(make("li"));
      item.append(make("b", "", step.title), make("br"), step.text[0]);
    }
    const more = held.length > MOST ? [make("p", "", `and ${held.length - MOST} more; unfold the module to see them.`)] : [];
    return [list, ...more];
  }

  // ------------------------------------------------------------------------------- predicting

  // The question of this step; none where it is not asked, or was answered.
  function question() {
    const { first, last } = graph.stops[stop];
    return $("predict").checked && first === last && !answered.has(last) ? steps[last].ask ?? null : null;
  }

  function reveal(says) {
    answered.add(graph.stops[stop].last);
    show(stop);
    if (says) $("words").prepend(make("p", "right", says));
    if (document.activeElement === document.body || document.activeElement === $("guess")) $("next").focus();
  }

  function check(event) {
    event.preventDefault();
    const ask = question();
    const { right, says } = judged(ask, $("guess").value);
    if (right) reveal(`${says} It is ${ask.shown}.`);
    else $("verdict").textContent = says;
  }

  function visit(u) {
    const { stops, unitOf } = graph;
    const { phase } = steps[stops[stop].last];
    const has = (step) => step.phase === phase && step.nodes.some((i) => unitOf[i] === u);
    const s = stops.findIndex(({ first, last }) => steps.slice(first, last + 1).some(has));
    if (s >= 0) go(s);
  }

  // ------------------------------------------------------------------------------- playing

  function pause() {
    clearTimeout(timer);
    timer = null;
    $("play").classList.remove("on");
    $("play").setAttribute("aria-label", "Play");
  }

  function play() {
    if (stop === graph.stops.length - 1) show(0);
    $("play").classList.add("on");
    $("play").setAttribute("aria-label", "Pause");
    const tick = () => {
      show(stop + 1);
      if (question() || stop === graph.stops.length - 1) pause();
      else timer = setTimeout(tick, reading());
    };
    timer = setTimeout(tick, 400);
  }

  // Milliseconds for the words of a step: at 1x 150 words a minute, at most 225, which is an easy pace.
  function reading() {
    const count = $("now").textContent.split(/\s+/).filter(Boolean).length;
    return (1200 + 400 * count) / Number($("speed").value);
  }

  const go = (s) => { pause(); show(s); };
  const onward = () => (question() ? reveal() : go(stop + 1));

  // To the next stop that is about something else.
  function over() {
    const { stops } = graph;
    const about = ({ first }) => `${steps[first].phase} ${steps[first].nodes}`;
    const s = stops.findIndex((next, i) => i > stop && about(next) !== about(stops[stop]));
    go(s < 0 ? Infinity : s);
  }

  const SIZES = ["overview", 1, 1.5, 2];
  function zoomTo(size) {
    graph.zoom = size;
    graph.place();
    $("overview").setAttribute("aria-pressed", String(size === "overview"));
    const at = SIZES.indexOf(size ?? 1);
    $("smaller").disabled = at === 0;
    $("larger").disabled = at === SIZES.length - 1;
    look("auto");
  }
  const resized = (by) => zoomTo(SIZES[Math.max(0, Math.min(SIZES.length - 1, SIZES.indexOf(graph.zoom ?? 1) + by))]);
  const overview = () => zoomTo(graph.zoom === "overview" ? 1 : "overview");
  const asked = () => { // the address ends in the step of the recording, whatever is folded
    const at = graph.stops.findIndex(({ last }) => last >= (Number(location.hash.slice(1)) || 1) - 1);
    return at < 0 ? Infinity : at;
  };
  const keys = {
    ArrowRight: onward, ArrowLeft: () => go(stop - 1), Home: () => go(0), End: () => go(Infinity),
    " ": () => (timer === null ? play() : pause()), f: () => boxes.length && foldAll(),
    n: over, o: overview, "+": () => resized(1), "-": () => resized(-1), p: () => $("predict").click(),
    c: () => listed.length && exchange(),
  };
  $("first").addEventListener("click", keys.Home);
  $("back").addEventListener("click", keys.ArrowLeft);
  $("next").addEventListener("click", onward);
  $("last").addEventListener("click", keys.End);
  $("play").addEventListener("click", keys[" "]);
  $("fold").addEventListener("click", foldAll);
  $("compiled").addEventListener("click", exchange);
  $("over").addEventListener("click", over);
  $("overview").addEventListener("click", overview);
  $("larger").addEventListener("click", () => resized(1));
  $("smaller").addEventListener("click", () => resized(-1));
  $("ask").addEventListener("submit", check);
  $("reveal").addEventListener("click", () => reveal());
  $("predict").addEventListener("change", () => { answered.clear(); go(stop); });
  $("step").addEventListener("input", (event) => go(Number(event.target.value)));
  document.addEventListener("keydown", (event) => {
    const writes = event.target.id === "guess" && (event.target.value || event.key.length === 1);
    const own = writes || event.target.closest("#step, select") || (event.key === " " && event.target.closest("input")) || (event.key === " " && event.target.closest("button"));
    if (own || event.ctrlKey || event.altKey || event.metaKey || !(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  });
  addEventListener("resize", () => zoomTo(graph.zoom));
  $("legend").addEventListener("toggle", () => zoomTo(graph.zoom));
  addEventListener("hashchange", () => go(asked()));

  build();
  show(asked());
})();
