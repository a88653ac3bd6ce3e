// The console: passkeys, which need a script, and keyboard shortcuts, which
// only shorten the way.
const post = async (path, fields) => {
  const answer = await fetch(path, { method: 'POST', body: new URLSearchParams(fields) });
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.error || String(answer.status));
  return told;
};
const words = (e) => (e.name === 'NotAllowedError' || e.name === 'AbortError' ? '' : e.message);

async function passkey(button) {
  const { passkey: what, token, next } = button.dataset;
  const base = what === 'login' ? '/login/' : what === 'register' ? `/enter/${token}/` : '/me/passkeys/';
  const { options, ref } = await post(base + 'begin', {});
  const key = what === 'login'
    ? await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey) })
    : await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options.publicKey) });
  const { to } = await post(base + 'finish', { ref, next: next ?? '/', response: JSON.stringify(key.toJSON()) });
  location.assign(to);
}

document.addEventListener('click', (e) => {
  const button = e.target.closest?.('[data-passkey]');
  if (!button || button.getAttribute('aria-disabled') === 'true') return;
  const says = document.getElementById('passkey-err');
  says.hidden = true;
  button.setAttribute('aria-disabled', 'true');
  passkey(button).catch((problem) => {
    says.textContent = words(problem);
    says.hidden = !says.textContent;
  }).finally(() => button.removeAttribute('aria-disabled'));
});

// A form is sent once.
document.addEventListener('submit', (e) => {
  if (e.target.method === 'dialog') return;
  if (e.target.dataset.sent) return e.preventDefault();
  e.target.dataset.sent = '1';
});
addEventListener('pageshow', () => document.querySelectorAll('[data-sent]').forEach((f) => delete f.dataset.sent));

let going = 0;
document.addEventListener('keydown', (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest?.('input,textarea,select')) return;
  const keys = document.getElementById('keys');
  if (!keys || keys.open) return;
  const rows = [...document.querySelectorAll('[data-row]')];
  const at = rows.indexOf(document.activeElement);
  if (going > Date.now() - 1500) {
    const link = document.querySelector(`[data-go="${CSS.escape(e.key)}"]`);
    going = 0;
    if (link) return link.click();
  }
  switch (e.key) {
    case '?': keys.showModal(); break;
    case 'g': going = Date.now(); break;
    case '/': {
      const field = document.querySelector('[data-key=search]');
      if (!field) { document.querySelector('[data-go=c]')?.click(); break; }
      field.focus();
      break;
    }
    case 'j': rows[Math.min(at + 1, rows.length - 1)]?.focus(); break;
    case 'k': rows[Math.max(at - 1, 0)]?.focus(); break;
    default: return;
  }
  e.preventDefault();
});
