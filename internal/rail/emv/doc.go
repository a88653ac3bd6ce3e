// Package emv is what an issuer computes about chip cards and PINs: it reads
// the chip data of field 55, checks the application cryptogram and answers it,
// and works out card verification values, PIN verification values and PIN
// blocks. Everything is a pure function over bytes and keys; what a wrong
// answer means for a card is decided elsewhere.
//
// The rules are those of EMV Book 2 (annex A1: keys and session keys, 8.1 and
// 8.2: cryptograms), ISO/IEC 9797-1 (MAC algorithm 3), ISO 9564-1 (PIN blocks)
// and the schemes' own tables of cryptogram versions, which are data here: a
// new version is a new row.
//
// Keys, PINs and card numbers never get into an error or a print: a Key2 and a
// TLV print no values under any verb, and a Flaw is a word out of a fixed list.
package emv
