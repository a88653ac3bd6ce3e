package partners

import (
	"bytes"
	"context"
	"errors"

	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/base/fault"
)

// ClearingPath is where the card network posts its clearing files.
const ClearingPath = "/network/clearing"

// maxFile bounds a clearing file; a larger one is imported by hand.
const maxFile = 16 << 20

// Clearing posts a clearing file (purchase.Service).
type Clearing interface {
	Import(ctx context.Context, f purchase.File) (purchase.Report, error)
}

// clearing takes a whole file or nothing. A file that comes again changes
// nothing, so the network may repeat it until it hears 204.
func (d *door) clearing(ctx context.Context, body []byte) error {
	if d.Clearing == nil {
		return bad("no_clearing", "")
	}
	f, err := purchase.ReadClearing(bytes.NewReader(body))
	if err != nil {
		d.Log.WarnContext(ctx, "clearing file refused", "err", err)
		return bad("bad_file", "")
	}
	rep, err := d.Clearing.Import(ctx, f)
	var known *fault.Error
	if errors.As(err, &known) {
		return bad("other_file", "")
	}
	if err != nil {
		return err
	}
	d.Log.InfoContext(ctx, "clearing posted", "file", rep.File, "records", rep.Records, "repeats", rep.Repeats)
	return nil
}
