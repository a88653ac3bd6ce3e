package order

// Fits tells whether a proof is over a text, for tests without a database.
func Fits(e Evidence, text string) bool { return e.check(text) == nil }
