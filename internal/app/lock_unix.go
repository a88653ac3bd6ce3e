//go:build unix

package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lockFolder keeps a folder for this process: two demos in one would write one
// trail of heads and one sandbox, and might take a start that is under way for
// one that was cut off. The system gives the lock back when the process ends,
// however it ends.
func lockFolder(folder string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(folder, "demo.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot write into %s: %w; name another folder with --data", folder, errors.Unwrap(err))
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil { // #nosec G115 -- a file descriptor
		f.Close()
		return nil, fmt.Errorf("another demo runs in %s; stop it or name another folder with --data", folder)
	}
	return func() { f.Close() }, nil
}
