// Package cardhost is the card network's line about our cards: ISO 8583 over
// TCP, in frames, many requests under way on one connection.
//
// A connection signs on, asks and is answered in whatever order answers are
// ready; a slow one never stops the reading of the next. What cannot be read is
// answered "format error" or closes the line, what takes too long is answered
// "issuer unavailable" and its late result is given back. The door knows fields
// and response codes; what to answer is decided by bank/purchase.
//
// Without TLS the line listens on this machine alone.
package cardhost
