// Package house holds the rules of the house as tests: which floor may import
// which, where floats, clocks, chance and the environment may be used, and
// what every file and package owes its reader. It has no code of its own for
// the program; `go test ./internal/house` is the whole of it.
//
// A rule that needs an exception lists it by name together with the reason.
package house
