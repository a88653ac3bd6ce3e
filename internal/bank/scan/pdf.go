package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"maps"
	"slices"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"golang.org/x/image/draw"
)

// pdfLimits bound what a PDF may make of itself: its streams, its pictures and
// the number of its parts.
func pdfLimits() model.ResourceLimits {
	return model.ResourceLimits{
		MaxStreamBytes: MaxBytes, MaxDecodeBytes: 200 << 20, MaxImagePixels: maxPixels, MaxImageBytes: 200 << 20,
		MaxObjectCount: 50_000, MaxObjectStreamCount: 50_000, MaxObjectStreamFirst: 1 << 20, MaxXRefEntries: 50_000, MaxRecursionDepth: 50,
	}
}

// watchedSeeker is a file in memory that ends with its context.
type watchedSeeker struct {
	*bytes.Reader
	ctx context.Context
}

func (w watchedSeeker) Read(b []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.Reader.Read(b)
}

// readPDF takes the largest picture of each page; the rest of the document is
// not even looked at. Several pages stand one below the other.
func (s *Service) readPDF(ctx context.Context, raw []byte) (m image.Image, err error) {
	if end := bytes.LastIndex(raw, []byte("%%EOF")); end >= 0 && hostile(raw[end:]) {
		return nil, ErrBroken
	}
	defer func() {
		if p := recover(); p != nil { // a parser of strangers' files may meet what it never expected
			m, err = nil, ErrBroken.Because(fmt.Errorf("scan: pdf: %v", p))
		}
	}()
	conf := model.NewDefaultConfiguration()
	conf.Offline, conf.Cmd, conf.Limits = true, model.EXTRACTIMAGES, pdfLimits()
	doc, err := api.ReadValidateAndOptimize(watchedSeeker{bytes.NewReader(raw), ctx}, conf)
	switch {
	case errors.Is(err, pdfcpu.ErrWrongPassword), errors.Is(err, pdfcpu.ErrOwnerPasswordRequired), errors.Is(err, pdfcpu.ErrEncrypted):
		return nil, ErrLocked
	case err != nil:
		return nil, broken(ctx, err)
	case doc.PageCount > maxPages:
		return nil, ErrPages
	}
	var pages []image.Image
	for n := 1; n <= doc.PageCount; n++ {
		if ctx.Err() != nil {
			return nil, broken(ctx, ctx.Err())
		}
		page, err := pdfPage(ctx, doc, n)
		if errors.Is(err, ErrNoPicture) {
			continue
		}
		if err != nil {
			return nil, err
		}
		pages = append(pages, page)
	}
	switch len(pages) {
	case 0:
		return nil, ErrNoPicture
	case 1:
		return pages[0], nil
	}
	return stacked(pages), nil
}

// pdfPage takes the largest picture of a page.
func pdfPage(ctx context.Context, doc *model.Context, n int) (image.Image, error) {
	stubs, err := pdfcpu.ExtractPageImages(doc, n, true)
	if err != nil {
		return nil, broken(ctx, err)
	}
	best, area := 0, 0
	for _, number := range slices.Sorted(maps.Keys(stubs)) {
		i := stubs[number]
		if i.Thumb || i.IsImgMask || i.Width < minSide || i.Height < minSide {
			continue
		}
		if i.Width > maxPixels/i.Height {
			return nil, ErrPixels
		}
		if i.Width*i.Height > area {
			best, area = number, i.Width*i.Height
		}
	}
	if best == 0 {
		return nil, ErrNoPicture
	}
	found, err := pdfcpu.ExtractImage(doc, doc.Optimize.ImageObjects[best].ImageDict, false, "", best, false)
	if err != nil {
		return nil, broken(ctx, err)
	}
	if found == nil || found.Reader == nil {
		return nil, ErrNoPicture
	}
	inner, err := io.ReadAll(io.LimitReader(found.Reader, pdfLimits().MaxImageBytes))
	if err != nil {
		return nil, broken(ctx, err)
	}
	c, kind, err := image.DecodeConfig(bytes.NewReader(inner))
	if err != nil {
		return nil, ErrNoPicture // a picture of a kind that scanners do not make
	}
	if err := fits(c); err != nil {
		return nil, err
	}
	if kind == kindJPEG {
		return readJPEG(ctx, inner)
	}
	m, _, err := image.Decode(watched{ctx, bytes.NewReader(inner)})
	if err != nil {
		return nil, broken(ctx, err)
	}
	return shrink(m, longSide), nil
}

// stacked puts pages one below the other, as wide as the widest. A little white
// between them tells where one ends.
func stacked(pages []image.Image) image.Image {
	const gap = 16
	w, h := 0, 0
	for _, p := range pages {
		w = max(w, p.Bounds().Dx())
		h += p.Bounds().Dy() + gap
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(out, out.Rect, image.White, image.Point{}, draw.Src)
	y := 0
	for _, p := range pages {
		b := p.Bounds()
		draw.Draw(out, image.Rect(0, y, b.Dx(), y+b.Dy()), p, b.Min, draw.Src)
		y += b.Dy() + gap
	}
	return out
}
