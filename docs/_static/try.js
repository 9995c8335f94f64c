// Cells that a reader edits. Python runs in a worker of the page's own, so a loop without end can be stopped.
// Nothing is loaded before the first cell is run.
"use strict";

(() => {
  const PYODIDE = window.minigradPyodide || "https://cdn.jsdelivr.net/pyodide/v314.0.7/full/";
  const LOADING = 120000, RUNNING = 30000; // milliseconds
  const OFFLINE =
    "This cell needs Python for browsers (Pyodide) and NumPy from the network, and they cannot be reached from here. " +
    "Copy the cell into a file, and run the file with python.";

  // The text of this function is the worker.
  const work = () => {
    let python;
    onmessage = async ({ data }) => {
      const tell = (kind, text) => postMessage({ kind, text });
      try {
        if (!python) {
          tell("state", "loading Python ...");
          const { loadPyodide } = await import(data.pyodide + "pyodide.mjs");
          const made = await loadPyodide({ indexURL: data.pyodide });
          tell("state", "loading NumPy ...");
          await made.loadPackage("numpy", { messageCallback: () => {}, errorCallback: () => {} });
          made.runPython("import numpy");
          const bytes = Uint8Array.from(atob(data.wheel), (c) => c.charCodeAt(0));
          made.unpackArchive(bytes, "wheel");
          made.FS.writeFile("cell.py", data.cell);
          made.runPython("import sys; sys.path.insert(0, '.'); import cell");
          python = made;
        }
      } catch (error) {
        tell("offline", String(error));
        return;
      }
      tell("state", "running ...");
      try {
        if (/matplotlib|viz\.(plot|activation|landscape)/.test(data.source)) await python.loadPackage("matplotlib");
        python.globals.set("source", data.source);
        tell("done", python.runPython("import json; json.dumps(cell.told(source, 'your_program.py'))"));
      } catch (error) {
        tell("done", JSON.stringify({ printed: "", error: String(error), svg: "", html: "" }));
      }
    };
  };

  let worker = null;
  let busy = null; // the cell that runs, and the clock that ends it

  const script = (address) =>
    new Promise((done, fail) => {
      const tag = document.createElement("script");
      Object.assign(tag, { src: address, onload: done, onerror: fail });
      document.head.append(tag);
    });

  const element = (kind, text) => Object.assign(document.createElement(kind), { textContent: text });

  const finish = (...children) => {
    clearTimeout(busy.clock);
    busy.cell.querySelector(".try-state").textContent = "";
    busy.cell.querySelector(".try-result").replaceChildren(...children);
    for (const button of document.querySelectorAll(".try-run")) button.disabled = false;
    busy = null;
  };

  const stop = (...children) => {
    worker.terminate();
    worker = null;
    finish(...children);
  };

  const limit = (time, sentence) => {
    clearTimeout(busy.clock);
    busy.clock = setTimeout(() => stop(element("p", sentence)), time);
  };

  const show = (said) => {
    const children = [];
    if (said.printed) children.push(element("pre", said.printed));
    if (said.error) children.push(Object.assign(element("pre", said.error), { className: "try-error" }));
    if (said.svg || said.html) {
      const box = element("div", "");
      box.innerHTML = said.svg || said.html;
      children.push(box);
    }
    if (!children.length) children.push(element("p", "It ran, and printed nothing."));
    finish(...children);
  };

  const hear = ({ data }) => {
    if (data.kind === "state") {
      busy.cell.querySelector(".try-state").textContent = data.text;
      if (data.text.startsWith("running")) {
        limit(RUNNING, "It ran for 30 seconds, and was stopped. Is there a loop that never ends?");
      }
    } else if (data.kind === "offline") {
      console.info(data.text);
      stop(element("p", OFFLINE));
    } else show(JSON.parse(data.text));
  };

  const run = async (cell) => {
    if (busy) return;
    busy = { cell, clock: 0 };
    for (const button of document.querySelectorAll(".try-run")) button.disabled = true;
    cell.querySelector(".try-result").replaceChildren();
    cell.querySelector(".try-state").textContent = "starting ...";
    if (!window.minigradWheel) await script(cell.dataset.base + "wheel.js");
    if (!worker) {
      const code = new Blob([`(${work})()`], { type: "text/javascript" });
      worker = new Worker(URL.createObjectURL(code), { type: "module" });
      worker.onmessage = hear;
      worker.onerror = () => stop(element("p", OFFLINE));
    }
    limit(LOADING, OFFLINE);
    worker.postMessage({
      pyodide: PYODIDE,
      wheel: window.minigradWheel,
      cell: window.minigradCell,
      source: cell.querySelector(".try-source").value,
    });
  };

  const ready = () => {
    for (const cell of document.querySelectorAll(".try")) {
      const source = cell.querySelector(".try-source");
      cell.querySelector(".try-run").onclick = () => run(cell);
      cell.querySelector(".try-again").onclick = () => {
        source.value = source.defaultValue;
        cell.querySelector(".try-result").replaceChildren();
      };
      source.onkeydown = (event) => {
        if (event.key === "Enter" && (event.shiftKey || event.ctrlKey)) {
          event.preventDefault();
          run(cell);
        }
      };
    }
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
  else ready();
})();
