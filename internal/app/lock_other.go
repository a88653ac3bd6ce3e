//go:build !unix

package app

// lockFolder locks nothing where the system has no flock.
func lockFolder(string) (unlock func(), err error) { return func() {}, nil }
