package scan

import (
	"bytes"
	"context"
	"image"
	_ "image/jpeg" // by magic bytes
	_ "image/png"
)

// prepare turns what came into what is kept.
func prepare(_ context.Context, raw []byte) (Prepared, error) {
	switch {
	case len(raw) == 0:
		return Prepared{}, ErrEmpty
	case len(raw) > MaxBytes:
		return Prepared{}, ErrBig
	}
	_, kind, err := image.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		return Prepared{}, ErrKind.Because(err)
	}
	return Prepared{Scan: Scan{Kind: kind}, picture: raw, thumb: raw}, nil
}
