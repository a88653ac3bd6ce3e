// Package application takes on a new client: from «Заказать карту» to a card
// that works.
//
// The short form asks phone, name and birth date; a code proves the phone, and
// the chosen passcode turns the application into a client, an account and a
// virtual card in one unit of work. Nobody learns on the way whether a phone
// is already a client's: such an application looks like any other until the
// right code is given, and then goes on as a login.
package application
