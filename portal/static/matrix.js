// Shows a cell's reasons beside the grid without losing one's place in it, and prints. Without this script the link opens the page anew.
const why = document.getElementById("why");

async function show(link) {
  const answer = await fetch(link.href);
  if (!answer.ok || answer.redirected) {
    location.assign(link.href);
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  why.replaceChildren(...page.getElementById("why").childNodes);
  document.querySelector(".matrix [aria-current]")?.removeAttribute("aria-current");
  link.setAttribute("aria-current", "true");
  history.replaceState(null, "", link.href);
  if (why.getBoundingClientRect().top > innerHeight) why.scrollIntoView();
}

document.querySelector(".matrix")?.addEventListener("click", (event) => {
  const link = event.target.closest("td > a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  show(link);
});

const paper = document.getElementById("print");
if (paper) {
  paper.hidden = false;
  paper.addEventListener("click", () => print());
}
