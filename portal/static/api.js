/* The API's reference page: sends an operation with the token of the page's own field and shows the answer. */
"use strict";
(() => {
  const token = document.getElementById("api-token");

  function addressOf(form) {
    const query = new URLSearchParams();
    let path = form.dataset.path;
    for (const field of form.querySelectorAll("[data-in]")) {
      if (field.dataset.in === "path") path = path.replace(`{${field.name}}`, encodeURIComponent(field.value));
      if (field.dataset.in === "query" && field.value) query.set(field.name, field.value);
    }
    return query.size ? `${path}?${query}` : path;
  }

  function headersOf(form) {
    const headers = { Authorization: `Bearer ${token.value}` };
    if (form.elements.body) headers["Content-Type"] = "application/json";
    for (const field of form.querySelectorAll('[data-in="header"]')) if (field.value) headers[field.name] = field.value;
    return headers;
  }

  async function send(form) {
    const answer = await fetch(addressOf(form), {
      method: form.dataset.method, headers: headersOf(form), body: form.elements.body?.value, credentials: "omit", cache: "no-store",
    });
    const text = await answer.text();
    const json = (answer.headers.get("Content-Type") || "").includes("json") && text;
    return `${answer.status} ${answer.statusText}\n${json ? JSON.stringify(JSON.parse(text), null, 2) : text}`;
  }

  for (const form of document.querySelectorAll("form.try")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const spot = form.querySelector(".answer");
      spot.hidden = false;
      spot.textContent = "…";
      spot.textContent = await send(form).catch(() => "The portal does not answer. Try again.");
    });
  }
})();
