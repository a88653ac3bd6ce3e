package app

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// Specimens stand in for photos of passports. They look like none: no arms,
// no numbers but invented ones, and the word «ОБРАЗЕЦ» across.
const specimenWidth, specimenHeight = 1020, 700

// specimen is a page being drawn.
type specimen struct {
	*image.RGBA
	err error
}

func newSpecimen(paper color.Color) *specimen {
	s := &specimen{RGBA: image.NewRGBA(image.Rect(0, 0, specimenWidth, specimenHeight))}
	draw.Draw(s, s.Rect, image.NewUniform(paper), image.Point{}, draw.Src)
	for y := 0; y < specimenHeight; y += 14 { // the fine lines of printed paper
		s.box(image.Rect(0, y, specimenWidth, y+1), color.RGBA{225, 205, 205, 255})
	}
	return s
}

func (s *specimen) box(r image.Rectangle, c color.Color) {
	draw.Draw(s, r, image.NewUniform(c), image.Point{}, draw.Over)
}

func (s *specimen) say(x, y, size int, c color.Color, text string) {
	f, err := opentype.Parse(goregular.TTF)
	if err != nil {
		s.err = err
		return
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: float64(size), DPI: 72})
	if err != nil {
		s.err = err
		return
	}
	defer face.Close()
	d := font.Drawer{Dst: s, Src: image.NewUniform(c), Face: face, Dot: fixed.P(x, y)}
	d.DrawString(text)
}

func (s *specimen) photo() ([]byte, error) {
	if s.err != nil {
		return nil, s.err
	}
	s.say(260, 640, 90, color.RGBA{200, 60, 60, 255}, "ОБРАЗЕЦ")
	var b bytes.Buffer
	err := jpeg.Encode(&b, s, &jpeg.Options{Quality: 75})
	return b.Bytes(), err
}

var ink = color.RGBA{40, 40, 60, 255}

func specimenMain(e example) ([]byte, error) {
	s := newSpecimen(color.RGBA{243, 226, 222, 255})
	s.box(image.Rect(60, 190, 300, 500), color.RGBA{205, 210, 220, 255})
	s.box(image.Rect(140, 240, 220, 340), color.RGBA{150, 160, 175, 255})
	s.box(image.Rect(110, 360, 250, 500), color.RGBA{120, 130, 150, 255})
	s.say(60, 80, 30, ink, "Выдан: Образцовый отдел, "+e.issued+", 000-001")
	s.say(60, 130, 30, ink, "Паспорт № "+e.passport)
	for i, line := range []string{e.last, e.first, e.middle, e.born, "гор. " + e.city} {
		s.say(340, 240+60*i, 38, ink, line)
	}
	return s.photo()
}

func specimenRegistration(e example) ([]byte, error) {
	s := newSpecimen(color.RGBA{232, 236, 226, 255})
	s.say(340, 70, 34, ink, "Место жительства")
	for x := range 4 { // the frame of a stamp
		s.box(image.Rect(120, 130+140*x/4, 900, 132+140*x/4), color.RGBA{60, 70, 150, 255})
	}
	s.box(image.Rect(120, 130, 123, 430), color.RGBA{60, 70, 150, 255})
	s.box(image.Rect(897, 130, 900, 430), color.RGBA{60, 70, 150, 255})
	for i, line := range []string{"Зарегистрирован", e.post + ", гор. " + e.city, "ул. " + e.street + ", д. " + e.house + flatOf(e), e.issued} {
		s.say(150, 290+44*i, 34, color.RGBA{60, 70, 150, 255}, line)
	}
	return s.photo()
}

func flatOf(e example) string {
	if e.flat == "" {
		return ""
	}
	return ", кв. " + e.flat
}
