// Sends a form once: a second tap waits for the first answer. The server keeps
// its own guard, the idempotency key; this one only spares the reader a doubt.
document.addEventListener('submit', (e) => {
  const form = e.target, button = e.submitter ?? form.querySelector('.btn');
  if (e.defaultPrevented || form.method === 'dialog') return;
  if (form.dataset.sent) return e.preventDefault();
  if (!('once' in form.dataset) || (button?.formAction && button.hasAttribute('formaction'))) return;
  form.dataset.sent = '1';
  if (button?.dataset.busy) {
    button.style.minWidth = button.offsetWidth + 'px';
    button.dataset.rest = button.textContent;
    button.textContent = button.dataset.busy;
    button.setAttribute('aria-disabled', 'true');
  }
});
const usable = (form) => {
  delete form.dataset.sent;
  form.querySelectorAll('[data-rest]').forEach((b) => {
    b.textContent = b.dataset.rest;
    b.removeAttribute('aria-disabled');
  });
};
// The back button brings the page as it was left: make it usable again, without
// the card numbers and codes that were typed into it.
addEventListener('pageshow', (e) => {
  if (!e.persisted && performance.getEntriesByType('navigation')[0]?.type !== 'back_forward') return;
  document.querySelectorAll('[data-private]').forEach((el) => { el.value = el.defaultValue; });
  document.querySelectorAll('form[data-sent]').forEach(usable);
});
document.addEventListener('unsent', (e) => usable(e.detail));

// What is private never travels in a background request.
document.addEventListener('htmx:config:request', (e) => {
  document.querySelectorAll('[data-private]').forEach((el) => e.detail.ctx.request.body.delete(el.name));
});

// «Показать ещё» goes away with the swap: the focus goes to the first new row.
let rows;
const more = (e) => e.detail.ctx?.sourceElement?.closest?.('#more');
document.addEventListener('htmx:before:request', (e) => { if (more(e)) rows = document.querySelectorAll('.op').length; });
document.addEventListener('htmx:after:swap', () => {
  if (rows) document.querySelectorAll('.op')[rows]?.focus();
  rows = 0;
});

// A background request that found no server: htmx itself would only log it.
document.addEventListener('htmx:error', () => {
  const toasts = document.getElementById('toasts');
  if (!toasts.firstElementChild) toasts.append(document.getElementById('lost').content.cloneNode(true));
});

document.addEventListener('click', async (e) => {
  const b = e.target.closest?.('button');
  if (!b) return;
  const { copy, share, key } = b.dataset;
  if (copy) {
    await navigator.clipboard.writeText(document.getElementById(copy).textContent.trim());
    b.lastElementChild.textContent = b.dataset.done;
  } else if (share) {
    navigator.share?.({ text: share }).catch(() => {});
  } else if (key) {
    const field = document.getElementById(b.parentElement.dataset.keys);
    field.value = key === 'back' ? field.value.slice(0, -1) : (field.value + key).slice(0, field.maxLength);
    field.dispatchEvent(new Event('input', { bubbles: true }));
  } else if (b.dataset.close !== undefined) {
    b.closest('.toast,dialog').remove();
  }
});
if (!navigator.share) document.querySelectorAll('[data-share]').forEach((b) => { b.hidden = true; });
// The pad of keys replaces the system's keyboard only where fingers type.
if (matchMedia('(pointer:coarse) and (max-width:599px)').matches)
  document.querySelectorAll('[data-keys]').forEach((p) => { document.getElementById(p.dataset.keys).inputMode = 'none'; });
