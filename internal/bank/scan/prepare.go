package scan

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
)

// The formats by their first bytes.
const (
	kindJPEG = "jpeg"
	kindPNG  = "png"
	kindHEIC = "heic"
	kindPDF  = "pdf"
)

// sniff tells what the first bytes say it is.
func sniff(raw []byte) (string, error) {
	switch {
	case bytes.HasPrefix(raw, []byte("\xff\xd8\xff")):
		return kindJPEG, nil
	case bytes.HasPrefix(raw, []byte("\x89PNG\r\n\x1a\n")):
		return kindPNG, nil
	case bytes.HasPrefix(raw, []byte("%PDF-")):
		return kindPDF, nil
	case len(raw) >= 12 && string(raw[4:8]) == "ftyp" && heicBrand(string(raw[8:12])):
		return kindHEIC, nil
	}
	head := bytes.TrimLeft(raw[:min(len(raw), 512)], "\ufeff \t\r\n")
	if bytes.HasPrefix(head, []byte("<")) {
		return "", ErrSVG
	}
	return "", ErrKind
}

func heicBrand(b string) bool {
	switch b {
	case "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1":
		return true
	}
	return false
}

// prepare turns what came into what is kept.
func (s *Service) prepare(ctx context.Context, raw []byte) (Prepared, error) {
	switch {
	case len(raw) == 0:
		return Prepared{}, ErrEmpty
	case len(raw) > MaxBytes:
		return Prepared{}, ErrBig
	}
	kind, err := sniff(raw)
	if err != nil {
		return Prepared{}, err
	}
	var upright image.Image
	switch kind {
	case kindJPEG:
		upright, err = readJPEG(ctx, raw)
	case kindPNG:
		upright, err = readPNG(ctx, raw)
	case kindHEIC:
		upright, err = s.heic.decode(ctx, raw)
	case kindPDF:
		upright, err = s.readPDF(ctx, raw)
	}
	if err != nil {
		return Prepared{}, err
	}
	return finish(kind, upright)
}

// finish makes the kept picture and its thumbnail and measures them.
func finish(kind string, m image.Image) (p Prepared, err error) {
	if b := m.Bounds(); min(b.Dx(), b.Dy()) < minSide {
		return Prepared{}, ErrTiny
	}
	kept := shrink(m, longSide)
	grey := greyOf(shrink(kept, measureSide))
	p = Prepared{Scan: Scan{
		Kind: kind, Width: kept.Bounds().Dx(), Height: kept.Bounds().Dy(), Sharpness: sharpness(grey), Look: look(grey),
	}}
	if p.picture, err = encode(kept, 82); err != nil {
		return Prepared{}, err
	}
	p.thumb, err = encode(shrink(kept, thumbSide), 75)
	return p, err
}

func encode(m image.Image, quality int) ([]byte, error) {
	var b bytes.Buffer
	err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality})
	return b.Bytes(), err
}

// watched is a reader that ends with its context. It gives little at a time,
// so that a decoder which does much for few bytes is stopped too.
type watched struct {
	ctx context.Context
	r   io.Reader
}

func (w watched) Read(b []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.r.Read(b[:min(len(b), 512)])
}

// fits looks at the size a header promises, before anything is decoded. deep
// pictures have two bytes for each colour, so half as many pixels are taken.
func fits(c image.Config) error {
	most := maxPixels
	switch c.ColorModel {
	case color.RGBA64Model, color.NRGBA64Model, color.Gray16Model:
		most /= 2
	}
	switch {
	case c.Width < minSide || c.Height < minSide:
		return ErrTiny
	case c.Width > most/c.Height:
		return ErrPixels
	}
	return nil
}

func readJPEG(ctx context.Context, raw []byte) (image.Image, error) {
	c, err := jpeg.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		return nil, ErrBroken.Because(err)
	}
	if err := fits(c); err != nil {
		return nil, err
	}
	turn, err := walkJPEG(raw)
	if err != nil {
		return nil, err
	}
	m, err := jpeg.Decode(watched{ctx, bytes.NewReader(raw)})
	if err != nil {
		return nil, broken(ctx, err)
	}
	return turned(shrink(m, longSide), turn), nil
}

func readPNG(ctx context.Context, raw []byte) (image.Image, error) {
	c, err := png.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		return nil, ErrBroken.Because(err)
	}
	if err := fits(c); err != nil {
		return nil, err
	}
	if err := walkPNG(raw); err != nil {
		return nil, err
	}
	m, err := png.Decode(watched{ctx, bytes.NewReader(raw)})
	if err != nil {
		return nil, broken(ctx, err)
	}
	return m, nil
}

// broken tells a file that does not decode from a visitor who went away; one
// that takes too long counts as broken.
func broken(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	return ErrBroken.Because(err)
}
