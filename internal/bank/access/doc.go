// Package access decides who may come in.
//
// There are three ways in, and none is a code from a SMS alone. A device the
// bank knows opens a session with the passcode. A new device proves the phone
// by a one-time code and then still needs the existing passcode, after which it
// is known too; the first passcode of all takes the code word as well. A
// passkey opens one by itself. A passcode is never tried without one of these
// proofs, and bad tries on a strange device never lock the owner's own device
// out.
//
// A device comes with a key of its own or without one, and stays so. With a
// key its cookies are nothing by themselves: login and every unsafe request
// carry a proof, the key's signature over method, path, body and a nonce that
// works once, and the session's cookie lives five minutes from the last proof.
// Each login is kept as a statement with what was signed. A further device has
// reduced limits for two days unless a passkey vouches for it, and its owner
// is told.
//
// A stranger who types a phone learns nothing before he has proved it: nothing
// is looked up by that phone until the right code came back, so known and
// unknown phones get the same work, the same SMS and the same pages.
//
// Codes, sessions, nonces and pauses run on real time, never on the business
// clock; only reduced limits, a rule about orders, run on that.
package access
