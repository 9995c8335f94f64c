"use strict";

// A picture of a graph in layers: who stands in which, in what order, and where.
//
// Layers as in Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system
// structures" (1981): every node one layer behind the latest of its sources, long edges led through each
// layer between, crossings made few by sorting each layer by its neighbours' middle. Edges that leave the same
// node run together until they branch: a weight that a hundred ops use has one lane, and not a hundred.

const SWEEPS = 12;
const GAP = 0.45; // between an edge that passes through and its neighbours; between two nodes it is 1

// Lay out the nodes 0 to count - 1; each edge [tail, head] leads to a later node. The edges into a node end
// beside each other, in the order in which they are given. Places are [layer, place in the layer] in units
// of one node: of each node, and of the points through which each edge is led on its way.
function layered(count, edges) {
  const layer = layersOf(count, edges);
  const rows = Array.from({ length: Math.max(0, ...layer) + 1 }, () => []);
  layer.forEach((depth, node) => rows[depth].push(node));
  // The neighbours of a node on one side: [who, by how much the edge leaves from or ends beside the middle].
  const before = layer.map(() => []);
  const after = layer.map(() => []);
  const join = (tail, head, end) => {
    before[head].push([tail, -end]);
    after[tail].push([head, end]);
  };
  const many = Array(count).fill(0);
  const come = Array(count).fill(0);
  for (const [, head] of edges) many[head]++;
  const lanes = layer.map(() => []); // of each node, the points through which its long edges are led
  const trails = edges.map(([tail, head]) => {
    const end = ++come[head] / (many[head] + 1) - 0.5;
    const lane = lanes[tail];
    const length = layer[head] - layer[tail] - 1;
    while (lane.length < length) {
      const fresh = before.push([]) - 1;
      after.push([]);
      rows[layer[tail] + 1 + lane.length].push(fresh);
      join(lane.at(-1) ?? tail, fresh, 0);
      lane.push(fresh);
    }
    const trail = lane.slice(0, length);
    join(trail.at(-1) ?? tail, head, end);
    return trail;
  });
  const sorted = untangled(rows, before, after);
  const place = placesIn(sorted, before, after, count);
  const where = [];
  sorted.forEach((row, depth) => row.forEach((node) => (where[node] = [depth, Math.round(place[node] * 1e3) / 1e3])));
  const width = Math.max(0, ...place.slice(0, count)) + 1;
  return {
    nodes: where.slice(0, count),
    edges: trails.map((trail) => trail.map((node) => where[node])),
    size: [sorted.length, Math.round(width * 1e3) / 1e3],
  };
}

// One behind the latest source; a node without sources just before the first that takes it.
function layersOf(count, edges) {
  const layer = Array(count).fill(0);
  const first = Array(count).fill(Infinity);
  const isHead = Array(count).fill(false);
  for (const [tail, head] of [...edges].sort((a, b) => a[1] - b[1])) {
    layer[head] = Math.max(layer[head], layer[tail] + 1);
    isHead[head] = true;
  }
  for (const [tail, head] of edges) first[tail] = Math.min(first[tail], layer[head] - 1);
  return layer.map((depth, node) => (isHead[node] || first[node] === Infinity ? depth : first[node]));
}

// The best of several sweeps back and forth, each sorting a layer by the middle of its neighbours.
function untangled(rows, before, after) {
  let [best, fewest] = [rows, crossings(rows, after)];
  for (let sweep = 0; sweep < SWEEPS && fewest; sweep++) {
    rows = rows.map((row) => [...row]);
    const near = sweep % 2 ? after : before;
    for (const row of sweep % 2 ? [...rows].reverse() : rows) {
      const place = ranks(rows, before.length);
      const wanted = new Map(row.map((node) => [node, middle(near[node], place, place[node])]));
      row.sort((a, b) => wanted.get(a) - wanted.get(b));
    }
    const crossed = crossings(rows, after);
    if (crossed < fewest) [best, fewest] = [rows, crossed];
  }
  return best;
}

function ranks(rows, count) {
  const place = Array(count);
  for (const row of rows) row.forEach((node, i) => (place[node] = i));
  return place;
}

function middle(near, place, otherwise) {
  return near.length ? near.reduce((sum, [node, end]) => sum + place[node] + end, 0) / near.length : otherwise;
}

function crossings(rows, after) {
  const place = ranks(rows, after.length);
  let total = 0;
  for (const row of rows) {
    const ends = row.flatMap((node) => after[node].map(([head, end]) => place[head] + end).sort((a, b) => a - b));
    ends.forEach((a, i) => { for (let j = i + 1; j < ends.length; j++) total += a > ends[j]; });
  }
  return total;
}

// Places that keep the order and the distances, as near as can be to the middle of the neighbours.
function placesIn(rows, before, after, count) {
  const place = ranks(rows, before.length);
  for (let sweep = 0; sweep < 2 * SWEEPS; sweep++) {
    for (const row of sweep % 2 ? [...rows].reverse() : rows) {
      const offsets = [0];
      for (let i = 1; i < row.length; i++) {
        const [low, high] = [Math.min(row[i - 1], row[i]), Math.max(row[i - 1], row[i])];
        offsets.push(offsets[i - 1] + (high < count ? 1 : low >= count ? GAP : 0.75));
      }
      const wanted = row.map((node, i) => middle([...before[node], ...after[node]], place, place[node]) - offsets[i]);
      nearestRising(wanted).forEach((at, i) => (place[row[i]] = at + offsets[i]));
    }
  }
  const low = count ? Math.min(...place.slice(0, count)) : 0;
  return place.map((at) => at - low);
}

// The non-decreasing numbers nearest to those wanted in the least squares sense: neighbours in the wrong
// order are pooled in their mean until none is left.
function nearestRising(wanted) {
  const pools = [];
  for (let mean of wanted) {
    let size = 1;
    while (pools.length && pools.at(-1)[0] > mean) {
      const [other, many] = pools.pop();
      [mean, size] = [(mean * size + other * many) / (size + many), size + many];
    }
    pools.push([mean, size]);
  }
  return pools.flatMap(([mean, size]) => Array(size).fill(mean));
}
