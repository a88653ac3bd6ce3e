package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"rocketbank/internal/base/vault"
)

type keysCmd struct {
	Init keysInit `cmd:"" help:"Make the vault's key file for a new bank."`
}

type keysInit struct {
	Keys string `required:"" placeholder:"FILE" help:"Where to write the keys; an existing file is never touched."`
}

// Run makes the keys once. Losing them loses every client's data, so nothing
// here ever writes over a file.
func (c keysInit) Run(out io.Writer) error {
	if _, err := os.Lstat(c.Keys); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s exists already; keys are never written over", c.Keys)
	}
	if _, err := vault.Create(c.Keys); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "wrote %s; keep a copy in another place than the backups\n", c.Keys)
	return err
}
