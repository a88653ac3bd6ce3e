// Package application takes on a new client: from «Заказать карту» to a card
// that works.
//
// A phone proved by a code opens a questionnaire that is saved page by page and
// goes on on any device with the same phone. What is typed is checked at each
// page and once more at the end, all faults at once; photos of the passport go
// through room scan. Then a member of staff calls at a time that is daytime
// where the person lives, says a phrase that the person reads on his status
// page, ticks off a list and approves, asks for a page again or refuses.
//
// Each person has one live application: a second attempt by the same phone goes
// on with the first, one by the same passport waits behind it and sees how it
// stands. Nobody learns on the way whether somebody is a client.
//
// The person is ciphertext at rest. An approval hands everything over to the
// client's own rows under his own key, an end of another kind forgets it.
package application
