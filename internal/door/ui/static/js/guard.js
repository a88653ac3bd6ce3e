// A device with a key signs what it sends. The key's script is fetched when
// there is something to sign, so that a page that is only read costs nothing.
const meta = document.querySelector('meta[name=device-nonce]')?.dataset;
const script = document.querySelector('[data-script]')?.dataset.script;
if (script && window.isSecureContext && window.indexedDB) {
  const key = () => import(script);
  document.addEventListener('submit', (e) => {
    const form = e.target, by = e.submitter, d = form.dataset, passkey = by?.dataset.passkey;
    if (e.defaultPrevented || d.bare || (by?.getAttribute('formmethod') ?? form.method) !== 'post' || !(meta || d.enrol || passkey)) return;
    e.preventDefault();
    if (d.signing) return;
    d.signing = 1;
    key().then((k) => k.submit(form, by)).catch(() => {
      document.dispatchEvent(new CustomEvent('unsent', { detail: form }));
      const say = passkey && form.querySelector('[data-no-passkey]');
      if (say) { say.hidden = false; say.focus(); } else if (!passkey) {
        // The form goes as it is: the bank says what is missing.
        d.bare = 1;
        form.requestSubmit(by);
      }
    }).finally(() => { delete d.signing; });
  });
  document.addEventListener('htmx:config:request', ({ detail: { ctx } }) => {
    if (meta && ctx.request.method !== 'GET') ctx.fetch = async (to, init) => (await key()).send(to, init);
  });
  // The cookie is renewed while somebody is active, from its second minute on.
  if (meta?.left) {
    let due = performance.timeOrigin + (meta.left - 180) * 1000;
    const tabs = new BroadcastChannel('renewed');
    tabs.onmessage = () => { due = Date.now() + 120e3; };
    const active = () => {
      if (document.hidden || Date.now() < due) return;
      due = Date.now() + 20e3; // when it fails
      key().then((k) => k.renew()).then((r) => {
        if (!r.ok) return;
        tabs.onmessage();
        tabs.postMessage(0);
        document.dispatchEvent(new Event('renewed'));
      }).catch(() => {});
    };
    for (const what of ['pointerdown', 'keydown', 'scroll']) addEventListener(what, active, { passive: true });
    active();
  } else if (document.querySelector('[data-conditional],#key-lost')) key().then((k) => k.login());
}
