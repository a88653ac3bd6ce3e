// Counts a wait down in place, and warns a minute before the session ends.
document.querySelectorAll('[data-wait]').forEach((el) => {
  const end = Date.now() + el.dataset.wait * 1000;
  const form = document.getElementById(el.dataset.then);
  form?.classList.add('vh');
  const tick = setInterval(() => {
    const left = Math.max(0, Math.round((end - Date.now()) / 1000));
    el.lastElementChild.textContent = `${left / 60 | 0}:${String(left % 60).padStart(2, '0')}`;
    if (left) return;
    clearInterval(tick);
    el.hidden = true;
    form?.classList.remove('vh');
  }, 1000);
});

const idle = +document.body.dataset.idle * 1000;
const box = document.getElementById('idle');
if (idle && box) {
  const tabs = new BroadcastChannel('alive');
  let last = Date.now();
  const alive = () => {
    last = Date.now();
    if (box.open) box.close();
  };
  tabs.onmessage = alive;
  tabs.postMessage(0);
  document.addEventListener('htmx:after:request', () => { alive(); tabs.postMessage(0); });
  // A form half filled in is sent: the server keeps it over the login.
  const over = () => {
    const form = document.querySelector('form[data-keep]');
    if (form) form.submit(); else location.reload();
  };
  const device = document.querySelector('meta[name=device-nonce]')?.dataset;
  document.addEventListener('renewed', () => { alive(); tabs.postMessage(0); });
  document.getElementById('stay').onclick = async () => {
    // A device with a key stays by signing: looking alone prolongs nothing.
    const ask = device?.code ? import(device.script).then((k) => k.renew()) : fetch('/more', { redirect: 'manual' });
    const r = await ask.catch(() => 0);
    // Only being led to the login page means that the session is over; a busy
    // bank or a lost network leaves the button to be pressed again.
    if (r.type === 'opaqueredirect') return over();
    if (!r.ok) return;
    alive();
    tabs.postMessage(0);
  };
  setInterval(() => {
    const left = idle - (Date.now() - last);
    if (left <= -1000 && !document.querySelector('form[data-keep]')) return over();
    if (left < 60000 && !box.open) box.showModal();
    const s = Math.max(0, Math.round(left / 1000));
    if (box.open) document.getElementById('idle-left').textContent = `0:${String(Math.min(s, 59)).padStart(2, '0')}`;
  }, 1000);
}
// Good news goes after six seconds, whether it came with the page or later.
const toasts = document.getElementById('toasts');
const brief = () => toasts.querySelectorAll('[data-brief]').forEach((t) => {
  delete t.dataset.brief;
  setTimeout(() => t.remove(), 6000);
});
new MutationObserver(brief).observe(toasts, { childList: true });
brief();
