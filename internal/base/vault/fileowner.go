package vault

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// sameOwner gives a new file the owner of the one it replaces: whoever rotates
// the keys as root must not take them from the server.
func sameOwner(old string, f *os.File) error {
	info, err := os.Stat(old)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(st.Uid) == os.Geteuid() {
		return nil
	}
	return f.Chown(int(st.Uid), int(st.Gid))
}
