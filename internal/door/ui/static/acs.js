// The pages of 3-D Secure, which live in a frame of a shop. Without this script
// each of them has a button that does the same.

// The way back goes by itself.
document.querySelector('form[data-go]')?.submit();

// What is wrong is read first. The browser heeds no autofocus in a frame of
// another site.
document.getElementById('errors')?.focus();

// One tap, one request: the code may be typed again only after the answer.
document.addEventListener('submit', (e) => {
  if (e.target.dataset.sent) return e.preventDefault();
  if ('once' in e.target.dataset) e.target.dataset.sent = '1';
});
addEventListener('pageshow', (e) => {
  if (e.persisted) document.querySelectorAll('form[data-sent]').forEach((f) => { delete f.dataset.sent; });
});

// «Новый код через 1:58» counts down and makes room for the button.
document.querySelectorAll('[data-wait]').forEach((el) => {
  const end = Date.now() + el.dataset.wait * 1000;
  const button = document.getElementById(el.dataset.then);
  button.hidden = true;
  const tick = setInterval(() => {
    const left = Math.max(0, Math.round((end - Date.now()) / 1000));
    el.lastElementChild.textContent = `${left / 60 | 0}:${String(left % 60).padStart(2, '0')}`;
    if (left) return;
    clearInterval(tick);
    el.hidden = true;
    button.hidden = false;
  }, 1000);
});

// Whoever confirms in the app need not press anything here.
const form = document.querySelector('form[data-state]');
if (form) {
  const body = new URLSearchParams({ acs: form.elements.acs.value, t: form.elements.t.value });
  const ask = setInterval(async () => {
    if (document.hidden || form.dataset.sent) return;
    const answer = await fetch(form.dataset.state, { method: 'POST', body }).catch(() => 0);
    if (!answer.ok || !(await answer.json()).over || form.dataset.sent) return;
    clearInterval(ask);
    form.querySelector('[data-look]').click();
  }, 2000);
}
