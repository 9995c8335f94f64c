"use strict";

// Predict mode: the number of a step is asked for before it is shown.

// The answer to a guess: whether it is right, and kind words about it. Numbers may be written as 2.58, 2,58,
// −1/3 or 1e−3, a shape as (2, 3).
function judged(ask, guess) {
  const text = guess.trim().replaceAll("\u2212", "-");
  if (ask.shape) {
    const sizes = (text.match(/\d+/g) ?? []).map(Number);
    if (sizes.join() === ask.shape.join()) return { right: true, says: "Right." };
    const turned = [...sizes].sort().join() === [...ask.shape].sort().join();
    if (turned) return { right: false, says: "The sizes are right, their order is not. A gradient has the shape of its tensor." };
    return { right: false, says: "Not yet. A gradient has the shape of the tensor that it belongs to." };
  }
  const [above, below = "1", ...more] = text.replace(",", ".").split("/");
  const value = above.trim() && below.trim() && !more.length ? Number(above) / Number(below) : NaN;
  if (!Number.isFinite(value)) return { right: false, says: "Write a number, as 2.58 or −1/3." };
  const near = (a, b, share) => Math.abs(a - b) <= share * Math.max(Math.abs(b), 1e-6);
  if (near(value, ask.answer, 0.006)) return { right: true, says: "Right." };
  const known = ask.wrong.find(([wrong]) => near(value, wrong, 0.006));
  if (known) return { right: false, says: known[1] };
  if (near(value, ask.answer, 0.06)) return { right: false, says: "Very close. Three digits are wanted." };
  return { right: false, says: value * ask.answer < 0 ? "Not yet. Look at the sign first." : "Not yet. Which factors meet here?" };
}
