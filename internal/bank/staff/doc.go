// Package staff knows who works for the bank, what each of them may do, and
// why he may look at a client.
//
// A member of staff gets in by a passkey; the first time by a one-time link
// that registers it. What he may do follows from his roles, read anew at each
// request, so that a change acts on sessions that are open. Having a role opens
// no client: data are masked until there is a case, assigned to him, and a
// reason he types. Each look is a row that the client can read and a line of
// the audit trail; many looks in a short time are an alarm.
//
// What one pair of eyes may not do alone is a proposal: one member makes it,
// another one decides, and both stand on it.
//
// Sessions and links run on real time, never on the business clock.
package staff
