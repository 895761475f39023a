/* A live run: asks for its body and shows it, slower while nothing changes or nobody looks, until the run has ended. */
"use strict";
(() => {
  const FAST = 1000, SLOW = 8000, HIDDEN = 30000;
  let run = document.getElementById("run"), etag = "", pause = FAST, timer;

  const writing = () => run.querySelector("details[open]:not(.fold)");
  const folds = () => [...run.querySelectorAll("details.fold")];
  const say = (text) => { const spot = run.querySelector("[data-updated]"); if (spot) spot.textContent = text; };
  const plan = () => { timer = setTimeout(ask, document.hidden ? HIDDEN : pause); };

  async function show(answer) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.getElementById("run");
    if (!next) { run.dataset.live = "false"; return "Signed out: load the page again."; }
    const open = folds().map((fold) => fold.open);
    run.replaceWith(next);
    run = next;
    folds().forEach((fold, place) => { fold.open = open[place] ?? fold.open; });
    etag = answer.headers.get("ETag") || "";
    return `updated ${new Date().toLocaleTimeString()}`;
  }

  async function ask() {
    if (writing()) { plan(); return; }
    try {
      const answer = await fetch(`${run.dataset.poll}?after=${encodeURIComponent(etag)}`, { cache: "no-store" });
      pause = answer.status === 200 ? FAST : Math.min(pause * 1.5, SLOW);
      if (answer.status === 200) say(await show(answer));
    } catch {
      pause = SLOW;
      say("The portal does not answer; trying again.");
    }
    if (run.dataset.live === "true") plan();
  }

  document.addEventListener("visibilitychange", () => {
    if (run?.dataset.live === "true" && !document.hidden) { clearTimeout(timer); ask(); }
  });
  if (run?.dataset.live === "true") plan();
})();
