// The questionnaire, where scripts run: digits are grouped while they are
// typed, the rules are told when a field is left, a photo goes up as soon as it
// is chosen. The server knows all of it and says it again.
const digits = (s) => s.replace(/\D/g, '');

const shapes = {
  series: (d) => d.slice(0, 4).replace(/^(\d\d)(?=\d)/, '$1 '),
  six: (d) => d.slice(0, 6),
  department: (d) => d.slice(0, 6).replace(/^(\d{3})(?=\d)/, '$1-'),
};

// A day as a number that compares; 0: there is no such day.
const day = (s) => {
  let [, d, m, y] = s.trim().match(/^(\d{1,2})[./ ](\d{1,2})[./ ](\d{4})$/) ?? [];
  if (!y) [, y, m, d] = s.trim().match(/^(\d{4})-(\d\d)-(\d\d)$/) ?? [];
  const t = new Date(Date.UTC(+y, m - 1, +d));
  return t.getUTCDate() === +d && t.getUTCMonth() === m - 1 ? +t : 0;
};
const birthday = (born, age) => { const t = new Date(born); return Date.UTC(t.getUTCFullYear() + age, t.getUTCMonth(), t.getUTCDate()); };
const grace = 90 * 864e5;

// Each rule answers with the name of its words on the field, or with nothing.
const rules = {
  name: (s) => /^[\p{L}]+([ '’-][\p{L}]+)*$/u.test(s.trim()) ? '' : 'letters',
  birth: (s) => { const d = day(s); return !d || d > Date.now() ? 'date' : birthday(d, 18) > Date.now() ? 'young' : ''; },
  issued: (s, el) => {
    const d = day(s), born = day(el.form.dataset.born ?? ''), now = Date.now();
    if (!d) return 'date';
    if (d > now) return 'future';
    if (!born) return '';
    if (d < birthday(born, 14)) return 'early';
    return [20, 45].some((age) => d < birthday(born, age) && now >= birthday(born, age) + grace) ? 'expired' : '';
  },
  digits4: (s) => digits(s).length === 4 ? '' : 'series',
  digits6: (s) => digits(s).length === 6 ? '' : '*',
  email: (s) => /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)*\.[^\s@.]{2,}$/.test(s.trim()) ? '' : 'email',
  word: (s) => /^[\p{L} -]{3,40}$/u.test(s.trim()) ? '' : 'word',
};

const tell = (el, text, after = el.closest('.inp') ?? el) => {
  if (document.getElementById(el.id + '-err')) return;
  const p = document.createElement('p');
  p.className = 'err';
  p.id = el.id + '-err';
  p.textContent = text;
  el.setAttribute('aria-invalid', 'true');
  el.setAttribute('aria-describedby', [p.id, document.getElementById(el.id + '-hint')?.id].filter(Boolean).join(' '));
  after.after(p);
};

const check = (el) => {
  const rule = rules[el.dataset?.rule];
  if (!rule || !el.value.trim() || el.getAttribute('aria-invalid')) return;
  const bad = rule(el.value, el);
  if (bad) tell(el, bad === '*' ? Object.entries(el.dataset).find(([k]) => k.startsWith('bad'))[1] : el.dataset['bad' + bad[0].toUpperCase() + bad.slice(1)]);
};

document.addEventListener('focusout', (e) => check(e.target));

document.addEventListener('input', (e) => {
  const el = e.target, shape = shapes[el.dataset?.shape];
  if (!shape) return;
  const at = digits(el.value.slice(0, el.selectionStart)).length, end = el.selectionStart === el.value.length;
  const want = shape(digits(el.value));
  if (want === el.value) return;
  el.value = want;
  let i = want.length;
  if (!end) for (let n = i = 0; n < at && i < want.length; i++) if (/\d/.test(want[i])) n++;
  el.setSelectionRange(i, i);
});

document.addEventListener('change', (e) => {
  const el = e.target;
  if (el.type !== 'file' || !el.files.length) return;
  document.getElementById(el.id + '-err')?.remove();
  if (el.files[0].size > +el.form.dataset.most) return tell(el, el.form.dataset.badLarge);
  const label = el.form.querySelector('label.btn');
  label.lastElementChild.textContent = label.dataset.busy;
  el.form.requestSubmit();
});

document.addEventListener('click', (e) => {
  const b = e.target.closest?.('[data-peek]');
  if (!b) return;
  const field = document.getElementById(b.dataset.peek), shut = field.type === 'password';
  field.type = shut ? 'text' : 'password';
  b.dataset.show ??= b.textContent;
  b.textContent = shut ? b.dataset.hide : b.dataset.show;
});

// The status page looks again by itself while it is seen, so that the phrase is
// there when the phone rings.
const fresh = document.querySelector('[data-refresh]');
if (fresh) setInterval(() => { if (!document.hidden) location.reload(); }, fresh.dataset.refresh * 1000);
