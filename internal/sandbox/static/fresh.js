// Keeps the element #fresh fresh: it asks for its address each second and
// changes the page only when something did change, so that no focus is lost.
// Without script the page reloads itself.
const box = document.getElementById("fresh");
let last = null;

async function look() {
  if (document.hidden) return;
  try {
    const answer = await fetch(box.dataset.fresh, { cache: "no-store" });
    if (!answer.ok) return;
    let html = await answer.text();
    const whole = html.startsWith("<!doctype") && new DOMParser().parseFromString(html, "text/html").getElementById("fresh");
    if (whole) html = whole.innerHTML;
    if (last !== null && html !== last) box.innerHTML = html;
    last = html;
  } catch {
    // The sandbox is restarting: the next look will tell.
  }
}

if (box) {
  look();
  setInterval(look, 1000);
  document.addEventListener("visibilitychange", look);
}
