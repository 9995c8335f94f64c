"use strict";

// The signs of the page, each with its meaning: only those that the page has.
function legend(list, entries) {
  for (const { sign, text } of entries) {
    const item = list.appendChild(make("li"));
    const sample = item.appendChild(make("span", `sign ${sign}`));
    sample.setAttribute("aria-hidden", "true");
    if (sign === "bars") sample.append(strip([0.4, 1, -0.5, -1, 0.7]));
    else if (sign === "gradient") sample.textContent = "g 1";
    else if (sign === "freed") sample.append(make("s", "", "keeps x"));
    item.append(text);
  }
}
