/* Lockgate: the few behaviours that need a script. Every page works without it. */
"use strict";
(() => {
  const $ = (s, root = document) => root.querySelector(s);
  const toggle = $("#nav-toggle"), nav = $("#lg-nav");
  toggle?.addEventListener("click", () => {
    const open = nav.classList.toggle("open");
    toggle.setAttribute("aria-expanded", open);
  });
  document.addEventListener("keydown", (e) => {
    const typing = e.target.closest("input, textarea, select, [contenteditable]");
    if (e.key === "/" && !typing) { e.preventDefault(); ($("#searchbar") || $("#find"))?.focus(); }
    if (e.key === "Escape" && nav?.classList.contains("open")) toggle.click();
    if (e.key === "Escape") close(document.body);
  });
  // Menus and the small forms of acts close when somebody clicks elsewhere.
  const close = (where) => document.querySelectorAll("details:is(.me, .ask, .more)[open]").forEach((d) => { if (!d.contains(where)) d.open = false; });
  document.addEventListener("click", (e) => close(e.target));
  // A form goes out once: a second click before the answer comes does nothing. Whoever comes back to the page may send it again.
  document.addEventListener("submit", (e) => {
    if (e.defaultPrevented || e.target.method !== "post") return;
    if ("sent" in e.target.dataset) e.preventDefault();
    e.target.dataset.sent = "";
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));
  // On a narrow screen the track and the tabs scroll: show where we are.
  for (const here of document.querySelectorAll(".track .now, .tabs [aria-current]")) {
    const row = here.parentElement;
    row.scrollLeft = here.offsetLeft - row.offsetLeft - row.clientWidth / 3;
  }
  // The admin leaves cells of inline tables and split date fields without a label: give them one.
  for (const field of document.querySelectorAll(".tabular td :is(input:not([type=hidden]), select, textarea), .datetime input")) {
    const cell = field.closest("td"), table = field.closest("table");
    const name = cell ? table.tHead.rows[0].cells[Math.max(cell.cellIndex - 1, 0)]?.textContent
      : field.closest(".form-row")?.querySelector("legend, label")?.textContent;
    const part = field.classList.contains("vDateField") ? ", date" : field.classList.contains("vTimeField") ? ", time" : "";
    if (!field.labels?.length && !field.hasAttribute("aria-label")) field.setAttribute("aria-label", (name || "Value").trim() + part);
  }
  // What the admin's scripts make late lacks a name or a role: the icon of its two-sided pickers, the fields that complete what is typed.
  const named = () => {
    document.querySelectorAll("span.help-tooltip[aria-label]:not([role])").forEach((icon) => icon.setAttribute("role", "img"));
    for (const field of document.querySelectorAll(":is(.select2-search__field, .select2-selection__rendered):not([aria-label])")) {
      field.setAttribute("aria-label", field.closest(".form-row")?.querySelector("label")?.textContent.trim() || "Search");
    }
  };
  named();
  new MutationObserver(named).observe(document.body, { childList: true, subtree: true });
  // What scrolls can be scrolled by keyboard too.
  const reach = new ResizeObserver((boxes) => {
    for (const { target } of boxes) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  document.querySelectorAll(".scroll, .track, .code").forEach((box) => reach.observe(box));
})();
