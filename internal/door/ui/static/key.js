// The device key: P-256, made here, never to leave this browser. IndexedDB
// holds nothing but such keys. A page of a keyed device says which key is its
// device's (its short code), and carries a nonce of the bank; every unsafe
// request is signed over method, path, body and nonce. It is loaded only when
// there is something to sign.
const meta = document.querySelector('meta[name=device-nonce]');
const bytes = (s) => new TextEncoder().encode(s);
export const b64 = (buf) => btoa(String.fromCharCode(...new Uint8Array(buf))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
const sha = (b) => crypto.subtle.digest('SHA-256', b);
const alg = { name: 'ECDSA', namedCurve: 'P-256' };

// store runs one request in the only table there is.
const store = (mode, ask) => new Promise((done, failed) => {
  const open = indexedDB.open('rocketbank', 1);
  open.onupgradeneeded = () => open.result.createObjectStore('key');
  open.onerror = () => failed(open.error);
  open.onsuccess = () => {
    const t = open.result.transaction('key', mode), q = ask(t.objectStore('key'));
    t.oncomplete = () => { open.result.close(); done(q.result); };
    t.onerror = t.onabort = () => { open.result.close(); failed(t.error); };
  };
});

const spki = (pair) => crypto.subtle.exportKey('spki', pair.publicKey);

// code is what the profile calls a device: the first 8 Crockford characters of
// its public key's hash, «ABCD-EFGH».
const code = async (pair) => {
  const h = new Uint8Array(await sha(await spki(pair)));
  const n = h.slice(0, 5).reduce((n, b) => n * 256n + BigInt(b), 0n);
  const s = [...Array(8).keys()].map((i) => '0123456789ABCDEFGHJKMNPQRSTVWXYZ'[Number((n >> BigInt(35 - 5 * i)) & 31n)]).join('');
  return s.slice(0, 4) + '-' + s.slice(4);
};

// find gives the key of a device, or of a way in that has not ended yet.
const found = {};
export const find = async (name) => {
  if (found[name]) return found[name];
  let pair = await store('readonly', (s) => s.get(name));
  if (!pair) { // enrolled a moment ago, under the name of its way in
    for (const other of await store('readonly', (s) => s.getAllKeys())) {
      const p = await store('readonly', (s) => s.get(other));
      if (await code(p) !== name) continue;
      pair = p;
      await store('readwrite', (s) => { s.clear(); return s.put(p, name); });
    }
  }
  return pair && (found[name] = pair);
};

// fresh makes a key for a new device, once per way in: a form sent again
// brings the same key.
const fresh = async (way) => {
  let pair = await find(way);
  if (pair) return pair;
  pair = await crypto.subtle.generateKey(alg, false, ['sign']);
  await store('readwrite', (s) => s.put(pair, way));
  return pair;
};

const signed = async (pair, text) => b64(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, pair.privateKey, typeof text === 'string' ? bytes(text) : text));

// One nonce is good for one request and lives five minutes; each answer brings
// the next one.
let nonce = meta?.content, since = performance.timeOrigin;
const hear = (answer) => {
  const n = answer.headers.get('Device-Nonce');
  if (n) [nonce, since] = [n, Date.now()];
  return n;
};
const take = async () => {
  if (!nonce || Date.now() - since > 200e3) hear(await fetch('/device/nonce', { cache: 'no-store' }));
  const n = nonce;
  nonce = '';
  if (!n) throw new Error('no nonce');
  return n;
};
addEventListener('pageshow', (e) => { if (e.persisted) nonce = ''; });

export const proof = async (method, path, body) => {
  const pair = await find(meta.dataset.code);
  if (!pair) throw new Error('no key');
  const hash = [...new Uint8Array(await sha(body))].map((b) => b.toString(16).padStart(2, '0')).join('');
  const n = await take();
  return `1 ${n} ${await signed(pair, `rocketbank proof 1\n${method}\n${path}\n${hash}\n${n}\n`)}`;
};

// send is fetch with a proof; a nonce that was too old is replaced once. One at
// a time: each answer brings the nonce of the next.
let last = Promise.resolve();
export const send = (url, init = {}) => {
  const run = async () => {
    const r = new Request(url, { ...init, signal: undefined }), at = new URL(r.url);
    const body = await r.arrayBuffer();
    for (let again = true; ; again = false) {
      r.headers.set('Device-Proof', await proof(r.method, at.pathname + at.search, body));
      const answer = await fetch(url, { ...init, method: r.method, headers: r.headers, body });
      if (!(hear(answer) && answer.status === 401 && again)) return answer;
    }
  };
  const turn = last.then(run, run);
  last = turn.catch(() => {});
  return turn;
};

const crlf = (s) => s.replace(/\r\n|\r|\n/g, '\r\n');
const attr = (el, name) => el?.getAttribute(name);
export const path = (form, submitter) => {
  const u = new URL(attr(submitter, 'formaction') ?? form.getAttribute('action') ?? '', location);
  return u.pathname + u.search;
};

// dress puts into a form what its page asks this browser for: the answer of a
// passkey, a new key and its signature, the signature of an order's text. What
// is signed is what is shown.
const dress = async (form, data, submitter, keyed) => {
  const { sign } = form.dataset;
  let { enrol } = form.dataset;
  if (submitter?.dataset.assert || submitter?.dataset.create) {
    const { answer } = await import(submitter.dataset.passkey);
    const ref = await answer(submitter, data, keyed ? send : fetch);
    if (enrol) enrol = ref;
  }
  // Who holds his device's key proves it instead of bringing another.
  let pair = keyed && await find(meta.dataset.code);
  if (enrol && !pair) {
    pair = await fresh(enrol);
    const key = b64(await spki(pair));
    data.set('device_key', key);
    data.set('device_key_signature', await signed(pair, `rocketbank enrol 1\n${enrol}\n${key}\n`));
  }
  if (sign && pair) data.set('signature', await signed(pair, document.getElementById(sign).textContent));
};

// post sends fields the way a form does: a navigation of the browser, whose
// last field is the proof. A field may be called «remove» or «submit» and stands
// before the form's own verb of that name then.
const post = (to, fields) => {
  const f = document.createElement('form');
  f.method = 'post';
  f.action = to;
  f.hidden = true;
  f.append(...fields.map(([name, value]) => {
    const i = document.createElement('input');
    i.type = 'hidden';
    i.name = name;
    i.value = value;
    return i;
  }));
  document.body.append(f);
  HTMLFormElement.prototype.submit.call(f);
  document.body.removeChild(f);
};

export const submit = async (form, submitter, filled) => {
  const data = filled ?? new FormData(form, submitter), to = path(form, submitter), keyed = meta?.dataset.code;
  await dress(form, data, filled ? null : submitter, keyed);
  if (form.enctype === 'multipart/form-data') return upload(form, to, data, keyed);
  const fields = [...data].map(([k, v]) => [crlf(k), crlf(typeof v === 'string' ? v : v.name)]);
  if (keyed && !data.has('device_key')) {
    // A login's proof is kept as evidence, so it covers nothing secret.
    const body = form.dataset.proof === 'login' ? '' : new URLSearchParams(fields).toString();
    fields.push(['device_proof', await proof('POST', to, bytes(body))]);
  }
  post(to, fields);
};

// upload sends files by fetch, for nobody else knows their bytes; the answer is
// a place to go to, or the page again.
const upload = async (form, to, data, keyed) => {
  const init = { method: 'POST', body: data };
  const answer = await (keyed ? send(to, init) : fetch(to, init));
  const onward = answer.headers.get('HX-Redirect');
  if (onward || answer.redirected) return location.assign(onward ?? answer.url);
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  document.title = page.title;
  document.getElementById('main').replaceWith(page.getElementById('main'));
  document.getElementById('errors')?.focus();
};

// renew keeps the cookie of somebody who is active: it lives five minutes and
// only a proof prolongs it.
export const renew = () => send('/device/renew', { method: 'POST', redirect: 'manual' });

// has tells whether this browser still holds its device's key.
export const has = async () => !!await find(meta.dataset.code);

// login is what a login page waits for: it says that the device has lost its
// key, and takes a passkey chosen among the phone's suggestions.
export const login = async () => {
  const lost = document.getElementById('key-lost'), button = document.querySelector('[data-conditional]');
  if (lost && meta && !await has()) {
    lost.hidden = false;
    document.getElementById('key-form').hidden = true;
  }
  if (!button || !window.PublicKeyCredential?.parseRequestOptionsFromJSON) return;
  const k = await import(button.dataset.passkey);
  await k.conditional(button, fetch, (data, ref) => {
    button.form.dataset.enrol = ref;
    return submit(button.form, button, data);
  }).catch(() => {});
};
