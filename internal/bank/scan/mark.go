package scan

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"sync"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// typeface is the Go font, which has Cyrillic letters and lies in its module.
var typeface = sync.OnceValues(func() (*opentype.Font, error) { return opentype.Parse(goregular.TTF) })

// Marked draws a text over a kept picture, line after line, so that no part of
// it can be passed on without saying who looked at it and when.
func (s *Service) Marked(picture []byte, text string) ([]byte, error) {
	m, err := jpeg.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil, fmt.Errorf("scan: mark a picture: %w", err)
	}
	out := image.NewRGBA(m.Bounds())
	draw.Draw(out, out.Rect, m, m.Bounds().Min, draw.Src)
	f, err := typeface()
	if err != nil {
		return nil, fmt.Errorf("scan: %w", err)
	}
	size := max(9, max(out.Rect.Dx(), out.Rect.Dy())/45)
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: float64(size), DPI: 72})
	if err != nil {
		return nil, fmt.Errorf("scan: %w", err)
	}
	defer face.Close()
	text += "     "
	width := font.MeasureString(face, text).Ceil()
	row := 0
	for y := 2 * size; y < out.Rect.Dy()+size; y += 5 * size {
		for x := -(row % 3) * width / 3; x < out.Rect.Dx(); x += width {
			write(out, face, x+1, y+1, text, color.NRGBA{255, 255, 255, 130})
			write(out, face, x, y, text, color.NRGBA{150, 0, 40, 130})
		}
		row++
	}
	return encode(out, 82)
}

func write(to *image.RGBA, face font.Face, x, y int, text string, ink color.Color) {
	d := font.Drawer{Dst: to, Src: image.NewUniform(ink), Face: face, Dot: fixed.P(x, y)}
	d.DrawString(text)
}
