// Package access decides who may come in.
//
// There are two ways in, and neither is a code from a SMS alone. A device the
// bank knows holds a 256-bit cookie; with it the passcode opens a session. A
// new device proves the phone by a one-time code and then still needs the
// existing passcode, after which it is known too. A passcode is never tried
// without one of these proofs, and bad tries on a strange device never lock the
// owner's own device out.
//
// A stranger who types a phone learns nothing before he has proved it: nothing
// is looked up by that phone until the right code came back, so known and
// unknown phones get the same work, the same SMS and the same pages.
//
// Codes, sessions and pauses run on real time, never on the business clock.
package access
