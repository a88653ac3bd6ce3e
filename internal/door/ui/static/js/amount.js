// Groups digits while they are typed, and fills the amount from the quick sums.
// The server reads «5 000», «5000,5» and «5000.50» alike, so nothing is undone
// before the form is sent.
const group = (s, masks) => {
  if (masks === 'money') {
    const [, whole, rest] = s.replace(/[^\d.,]/g, '').match(/^(\d*)(.*)$/);
    const cents = rest && rest[0] + rest.slice(1).replace(/\D/g, '').slice(0, 2);
    return whole.replace(/^0+(?=\d)/, '').replace(/\B(?=(\d{3})+$)/g, '\u00a0') + cents;
  }
  const d = s.replace(/\D/g, '');
  if (masks === 'card') return d.slice(0, 19).replace(/(\d{4})(?=\d)/g, '$1 ');
  if (masks === 'expiry') return d.slice(0, 4).replace(/^(\d\d)(?=\d)/, '$1/');
  if (masks === 'date') return d.slice(0, 8).replace(/^(\d\d)(?=\d)/, '$1.').replace(/^(\d\d\.\d\d)(?=\d)/, '$1.');
  return d;
};

const press = (form) => form?.querySelectorAll('[data-sum]').forEach((b) => {
  const typed = form.querySelector('[data-mask=money]')?.value.replace(/\D/g, '');
  b.setAttribute('aria-pressed', String(b.dataset.sum === typed));
});

document.addEventListener('input', (e) => {
  const el = e.target, mask = el.dataset?.mask;
  if (el.getAttribute?.('aria-invalid')) {
    el.removeAttribute('aria-invalid');
    document.getElementById(el.name + '-err')?.remove();
  }
  if (!mask) return;
  // A date typed the machine's way (1990-12-31) is left as it is.
  if (mask === 'date' && /^\d{4}-/.test(el.value)) return;
  const before = el.value.slice(0, el.selectionStart).replace(/[^\d.,]/g, '').length;
  const want = group(el.value, mask);
  if (want !== el.value) {
    const atEnd = el.selectionStart === el.value.length;
    el.value = want;
    let at = want.length;
    if (!atEnd) for (let n = at = 0; n < before && at < want.length; at++) if (/[\d.,]/.test(want[at])) n++;
    el.setSelectionRange(at, at);
  }
  if (mask === 'money') press(el.form);
});

// A mistyped card number is told when the field is left, in the words that the
// page has brought along; the server looks again.
document.addEventListener('focusout', (e) => {
  const el = e.target, bad = el.dataset?.bad, d = bad && el.value.replace(/\D/g, '');
  if (!d || el.getAttribute('aria-invalid')) return;
  const sum = [...d].reverse().reduce((s, c, i) => s + (i % 2 ? [0, 2, 4, 6, 8, 1, 3, 5, 7, 9][c] : +c), 0);
  if (d.length > 15 && sum % 10 === 0) return;
  const p = document.createElement('p');
  p.className = 'err';
  p.id = el.name + '-err';
  p.textContent = bad;
  el.setAttribute('aria-invalid', 'true');
  el.setAttribute('aria-describedby', p.id);
  el.parentElement.after(p);
});

document.addEventListener('click', (e) => {
  const chip = e.target.closest?.('[data-sum]');
  if (!chip) return;
  const field = chip.form.querySelector('[data-mask=money]');
  field.value = chip.dataset.sum;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  press(chip.form);
});
