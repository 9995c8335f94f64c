"use strict";

// What stands in the picture while some modules are folded, and where the player then stops.
//
// A unit is a tensor, or a folded module with all tensors inside it. A stop is a step of the recording, or a
// run of steps that happen inside one folded module.
function folding(data, folded) {
  const { nodes, edges, steps, boxes } = data;
  const box = nodes.map(() => null); // the outermost folded one: boxes come before those inside them
  boxes.forEach(({ members }, b) => {
    if (folded.has(b)) members.forEach((i) => (box[i] ??= b));
  });
  // Later units are made of earlier ones; a module is as late as the last op inside it.
  const found = new Map();
  nodes.forEach((node, i) => {
    const key = box[i] === null ? `n${i}` : `b${box[i]}`;
    if (!found.has(key)) found.set(key, { box: box[i], members: [], rank: -1 });
    const unit = found.get(key);
    unit.members.push(i);
    if (node.kind !== "more" && (unit.box === null || node.op)) unit.rank = Math.max(unit.rank, i);
  });
  const units = [...found.values()].sort((a, b) => a.rank - b.rank);
  const unitOf = [];
  units.forEach(({ members }, u) => members.forEach((i) => (unitOf[i] = u)));
  return { units, unitOf, links: linksOf(edges, units, unitOf), stops: stopsOf(edges, steps, units, unitOf) };
}

// Between two tensors each edge is a link of its own; all edges between a folded module and a unit are one.
function linksOf(edges, units, unitOf) {
  const found = new Map();
  edges.forEach((edge, i) => {
    const [from, to] = [unitOf[edge.from], unitOf[edge.to]];
    if (from === to) return;
    const key = units[from].box === null && units[to].box === null ? i : `${from} ${to}`;
    if (!found.has(key)) found.set(key, { from, to, edges: [] });
    found.get(key).edges.push(i);
  });
  return [...found.values()];
}

function stopsOf(edges, steps, units, unitOf) {
  const stops = [];
  steps.forEach((step, k) => {
    const touched = new Set(step.nodes.map((i) => unitOf[i]));
    if (step.edge !== undefined) touched.add(unitOf[edges[step.edge].from]);
    const [only] = touched;
    const inside = touched.size === 1 && !step.end && units[only].box !== null ? only : null;
    const before = stops.at(-1);
    if (inside !== null && before?.inside === inside && steps[before.last].phase === step.phase) before.last = k;
    else stops.push({ first: k, last: k, inside });
  });
  return stops;
}
