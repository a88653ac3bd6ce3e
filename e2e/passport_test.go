package e2e

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// passportPicture draws a sharp picture that stands for the photo of a
// passport page: lines of dark strokes on paper, a frame, a block where a face
// would be. Different seeds give pages that do not resemble each other.
func passportPicture(t testing.TB, seed uint64) string {
	t.Helper()
	rnd := rand.New(rand.NewPCG(seed, seed))
	paper := image.NewRGBA(image.Rect(0, 0, 1600, 1130))
	fill := func(r image.Rectangle, c color.Color) {
		draw.Draw(paper, r, image.NewUniform(c), image.Point{}, draw.Src)
	}
	fill(paper.Bounds(), color.RGBA{240, 228, 218, 255})
	fill(image.Rect(40, 40, 1560, 52), color.RGBA{120, 40, 50, 255})
	x := 60 + rnd.IntN(900)
	fill(image.Rect(x, 200+rnd.IntN(300), x+400, 700+rnd.IntN(300)), color.RGBA{uint8(60 + rnd.IntN(120)), 110, 140, 255})
	for y := 90; y < 1080; y += 34 + rnd.IntN(30) {
		for x := 60 + rnd.IntN(600); x < 1500; x += 9 + rnd.IntN(40) {
			fill(image.Rect(x, y, x+2+rnd.IntN(6), y+8+rnd.IntN(14)), color.RGBA{30, 24, 40, 255})
		}
	}
	path := filepath.Join(t.TempDir(), fmt.Sprintf("page-%d.jpg", seed))
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := jpeg.Encode(f, paper, &jpeg.Options{Quality: 88}); err != nil {
		t.Fatal(err)
	}
	return path
}

// Attach picks files for a file field, as the dialog of the system would.
func (p *Page) Attach(selector string, paths ...string) {
	p.t.Helper()
	p.until("document.querySelector("+quote(selector)+")", "the file field "+selector)
	p.taps++
	p.Do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		found, err := cdp.Call(ctx, t, runtime.Evaluate, runtime.EvaluateParams{Expression: "document.querySelector(" + quote(selector) + ")"})
		if err != nil {
			return err
		}
		_, err = cdp.Call(ctx, t, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: paths, ObjectID: found.Result.ObjectID})
		return err
	}))
}
