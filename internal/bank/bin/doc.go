// Package bin tells the payment scheme and the bank of a card by its number.
//
// The table is data: a line for each prefix of up to 11 digits, the longest
// that fits a number counts. Official tables are licensed, so the program comes
// with schemes and the fictional banks of its sandbox, and the operator imports
// the table he has a licence for. Who is not in it is another bank: its cards
// go by the tariff's rule for any bank and are never refused for that.
package bin
