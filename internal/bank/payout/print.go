package payout

import "log/slog"

// What is told to a rail, and a payout as its client may see it, hold names,
// phones and words between people: none of them belongs into a log line or an
// error. Only the name of the payout is told, which every log may bear.

// String tells which payout it is about and nothing more.
func (i Instruction) String() string { return printed(i.ID.Text(Prefix)) }

// GoString is String.
func (i Instruction) GoString() string { return i.String() }

// LogValue is String.
func (i Instruction) LogValue() slog.Value { return slog.StringValue(i.String()) }

// String tells which payout it is and how far it has come.
func (p Payout) String() string { return printed(p.Text() + " " + p.State.String()) }

// GoString is String.
func (p Payout) GoString() string { return p.String() }

// LogValue is String.
func (p Payout) LogValue() slog.Value { return slog.StringValue(p.String()) }

// String is stars.
func (s Shown) String() string { return stars }

// GoString is stars.
func (s Shown) GoString() string { return stars }

// LogValue is stars.
func (s Shown) LogValue() slog.Value { return slog.StringValue(stars) }

func printed(name string) string { return name + " " + stars }
