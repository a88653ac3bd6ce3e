// Package purchase decides about what our cards do at other people's
// terminals, cash machines and shops, and follows it from the hold to the
// clearing.
//
// A message of the card network asks; the room judges it in a fixed order
// (card, expiry, chip or stripe, code of the cardholder, PIN, the holder's own
// switches, limits, funds) and answers with one reason. What is approved is a
// pending transaction of the ledger, carried together with the feed row, the
// authorisation, the remembered answer and the chip's counter, so that they
// land whole or not at all. A repeated message gets its first answer; a
// reversal that comes before its original leaves a tombstone that the original
// can never pass. Clearing later posts what the merchant presented and closes
// the hold; the client sees one operation the whole time.
//
// The formats of the wire belong to the door: this room knows no field numbers
// and no response codes of ISO 8583, only the words of [Reason].
package purchase
