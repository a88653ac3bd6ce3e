// Package cardnetwork is the bank's own line into the card network, on which it
// sends money to other banks' cards: ISO 8583 over TCP, the client's side.
//
// A Line keeps one connection: it signs on, tries a silent line with echoes,
// comes back after a cut with growing pauses and signs off in the end. Many
// credits are under way on it at once, answers come in any order.
//
// A credit goes out once. Its trace number, reference number and time stand in
// the caller's durable record before Send is called, and never change: whatever
// could mean that the money was given after all (no answer, a cut line, an
// answer that makes no sense) is Unknown, and Ask repeats the very same message
// (0201 for 0200), which the network answers from what it remembers. A repeat
// that finds nothing is done as new, so Ask, too, may move the money, and it
// moves once. Never send it again under other numbers, and never give the money
// back to the sender unless the outcome is Declined or the credit NotSent.
//
// Card numbers and names pass through and are never kept or logged; errors hold
// no value of a message.
package cardnetwork
