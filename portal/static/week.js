// Moves a booking along its line of the week: what is let go opens its form with the new time. Without this script the form is reached by its link.
const QUARTER = 15 * 60 * 1000;
const week = document.querySelector(".week");
let held = null;

function milliseconds(link, pixels) {
  const line = link.closest("svg").getBoundingClientRect();
  return Math.round((pixels / line.width) * Number(week.dataset.seconds) * 1000 / QUARTER) * QUARTER;
}

week?.addEventListener("pointerdown", (event) => {
  const link = event.target.closest("a[data-move]");
  if (!link || event.button !== 0) return;
  held = { link, from: event.clientX, moved: 0 };
  link.setPointerCapture(event.pointerId);
});

week?.addEventListener("pointermove", (event) => {
  if (!held) return;
  held.moved = event.clientX - held.from;
  const line = held.link.closest("svg").getBoundingClientRect();
  held.link.setAttribute("transform", `translate(${(held.moved / line.width) * Number(week.dataset.width)} 0)`);
});

week?.addEventListener("pointerup", () => {
  if (!held) return;
  const { link, moved } = held;
  const shift = milliseconds(link, moved);
  held = null;
  if (!shift) {
    link.removeAttribute("transform");
    return;
  }
  const at = (text) => new Date(new Date(text).getTime() + shift).toISOString();
  const asked = new URLSearchParams({ target: link.dataset.target, starts: at(link.dataset.begin), ends: at(link.dataset.end) });
  link.dataset.dragged = "yes";
  location.assign(`${link.dataset.move}?${asked}`);
});

week?.addEventListener("pointercancel", () => {
  held?.link.removeAttribute("transform");
  held = null;
});

// A link that was dragged is not followed, and the browser's own dragging of links would get in the way.
week?.addEventListener("click", (event) => {
  if (event.target.closest("a[data-dragged]")) event.preventDefault();
});
week?.addEventListener("dragstart", (event) => event.preventDefault());
