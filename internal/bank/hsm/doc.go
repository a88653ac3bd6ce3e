// Package hsm does the cryptography of cards by the names of keys: whoever
// calls says what is to be computed and never sees with what. Soft is a
// hardware module in small: its keys are derived in the vault, live in this
// process's memory and are never printed. A real module takes its place behind
// the interfaces that the rooms card and purchase declare.
//
// A PIN lives in here only as long as it is compared: what comes in is a PIN
// block or the digits a client has just typed, and what goes out is yes, no, or
// the PVV to be kept under a seal.
package hsm

import "rocketbank/internal/base/fault"

// The refusals of a PIN that somebody chooses.
var (
	ErrPINForm = fault.New(fault.Invalid, "card.pin_form").At("pin") // not four digits
	ErrPINWeak = fault.New(fault.Invalid, "card.pin_weak").At("pin") // four equal ones, or 1234
)
