// Package ledger is the bank's double-entry book: the only code that writes money.
//
// A caller hands one value, a Transaction, to Book.Post: legs that sum to
// zero, the limit counters (guards) that must hold, and the rows that must land
// with the money. The Book collects the calls that wait at the same moment and
// applies them in one database transaction; one caller alone pays one commit, a
// thousand callers share it. What is allowed is decided by a pure core
// (decide) that knows no SQL, clock or goroutine and is the same on both
// engines. Units of work that are not hot call Book.PostTx inside their own
// db.Write: the same core again.
//
// Rules that always hold, and that Verify re-adds: the legs of a transaction
// sum to zero per currency; an account's balance is the fold of its entries,
// which are numbered without gaps; balance less reserved never falls below the
// account's floor; a key of an owner is used once, and its answer, refusals
// included, is remembered.
package ledger
