// Passkeys: the fingerprint, the face or the key that the browser asks for. It
// is loaded by key.js and by the login page; what it gets goes into the fields
// of a form, which is then sent like any other.
const K = PublicKeyCredential;

// Refused says that there was no answer of the person or his authenticator;
// nothing is sent then.
export class Refused extends Error {}

// asked gives what a ceremony is about: it stands on the button, or the bank
// is asked for it with what the form holds.
const asked = async (from, data, send) => {
  if (from[0] === '{') return { options: JSON.parse(from) };
  const r = await send(from, { method: 'POST', body: new URLSearchParams([...data].filter(([, v]) => typeof v === 'string')) });
  // The bank's own page with its refusal takes the place of this one.
  if (!r.ok || !r.headers.get('Content-Type')?.startsWith('application/json')) throw Object.assign(new Refused(), { page: r });
  return r.json();
};

let waiting; // the conditional one, which a button takes over from
const run = async (options, create, conditional) => {
  waiting?.abort();
  const stop = waiting = new AbortController();
  const o = options.publicKey ?? options;
  try {
    const c = await (create
      ? navigator.credentials.create({ publicKey: K.parseCreationOptionsFromJSON(o), signal: stop.signal })
      : navigator.credentials.get({ publicKey: K.parseRequestOptionsFromJSON(o), signal: stop.signal, ...(conditional && { mediation: 'conditional' }) }));
    return JSON.stringify(c.toJSON());
  } catch (e) {
    throw Object.assign(new Refused(), { why: e.name });
  }
};

// answer holds the ceremony of a button and puts its answer among the data.
export const answer = async (button, data, send) => {
  const { assert, create } = button.dataset;
  const { options, ref } = await asked(assert ?? create, data, send);
  data.set('passkey', await run(options, !!create));
  if (ref) data.set('ref', ref);
  return ref;
};

// conditional offers passkeys among the browser's own suggestions for the phone.
export const conditional = async (button, send, then) => {
  if (!await K.isConditionalMediationAvailable?.()) return;
  const data = new FormData(button.form);
  const { options, ref } = await asked(button.dataset.assert, data, send);
  const passkey = await run(options, false, true);
  data.set('passkey', passkey);
  data.set('ref', ref);
  return then(data, ref);
};
