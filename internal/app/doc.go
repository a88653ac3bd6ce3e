// Package app puts the program together: it opens the database and the vault,
// makes the rooms of the bank, gives them their partners and doors, starts the
// loops and the listeners, and stops everything in order. It is the only room
// that knows all others.
package app
