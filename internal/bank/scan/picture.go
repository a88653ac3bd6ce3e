package scan

import (
	"image"
	"image/color"
	"math/bits"
	"slices"

	"golang.org/x/image/draw"
)

// shrink makes a picture opaque and its longer side at most so long.
func shrink(m image.Image, side int) *image.RGBA {
	b := m.Bounds()
	w, h := b.Dx(), b.Dy()
	if long := max(w, h); long > side {
		w, h = max(1, w*side/long), max(1, h*side/long)
	} else if same, ok := m.(*image.RGBA); ok && same.Opaque() {
		return same
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(out, out.Rect, image.NewUniform(color.White), image.Point{}, draw.Src) // paper shines through
	if w == b.Dx() && h == b.Dy() {
		draw.Draw(out, out.Rect, m, b.Min, draw.Over)
	} else {
		draw.BiLinear.Scale(out, out.Rect, m, b, draw.Over, nil)
	}
	return out
}

// turned puts a picture upright as EXIF says (values 1 to 8).
func turned(m *image.RGBA, turn int) *image.RGBA {
	if turn <= 1 || turn > 8 {
		return m
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if turn >= 5 {
		out = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			tx, ty := x, y
			switch turn {
			case 2:
				tx = w - 1 - x
			case 3:
				tx, ty = w-1-x, h-1-y
			case 4:
				ty = h - 1 - y
			case 5:
				tx, ty = y, x
			case 6:
				tx, ty = h-1-y, x
			case 7:
				tx, ty = h-1-y, w-1-x
			case 8:
				tx, ty = y, w-1-x
			}
			copy(out.Pix[out.PixOffset(tx, ty):][:4], m.Pix[m.PixOffset(x, y):][:4])
		}
	}
	return out
}

// measureSide is the size at which pictures are judged, so that the same page
// is as sharp from a good camera as from a better one.
const measureSide = 1200

func greyOf(m *image.RGBA) *image.Gray {
	out := image.NewGray(m.Rect)
	draw.Draw(out, out.Rect, m, m.Rect.Min, draw.Src)
	return out
}

// tiles is into how many parts each side is cut for measuring.
const tiles = 12

// sharpness is the variance of the Laplacian where the picture has most to
// show: a photo of a page on a plain table is judged by the page.
func sharpness(g *image.Gray) int {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	var all []int
	for ty := range tiles {
		for tx := range tiles {
			var n, sum, squares int
			for y := max(1, h*ty/tiles); y < min(h-1, h*(ty+1)/tiles); y++ {
				for x := max(1, w*tx/tiles); x < min(w-1, w*(tx+1)/tiles); x++ {
					at := y*g.Stride + x
					l := 4*int(g.Pix[at]) - int(g.Pix[at-1]) - int(g.Pix[at+1]) - int(g.Pix[at-g.Stride]) - int(g.Pix[at+g.Stride])
					n, sum, squares = n+1, sum+l, squares+l*l
				}
			}
			if n > 0 {
				all = append(all, squares/n-(sum/n)*(sum/n))
			}
		}
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	best := all[len(all)*9/10:]
	sum := 0
	for _, v := range best {
		sum += v
	}
	return sum / len(best)
}

// look is a perceptual hash (difference hash): whether each of 8 by 8 fields is
// brighter than its right neighbour. Saving again, making smaller and a little
// more light leave it nearly as it was.
func look(g *image.Gray) uint64 {
	var out uint64
	for y := range 8 {
		for x := range 8 {
			out <<= 1
			if mean(g, x, y) > mean(g, x+1, y) {
				out |= 1
			}
		}
	}
	return out
}

// mean is the brightness of one field of 9 by 8.
func mean(g *image.Gray, fx, fy int) int {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	sum, n := 0, 0
	for y := h * fy / 8; y < h*(fy+1)/8; y++ {
		for x := w * fx / 9; x < w*(fx+1)/9; x++ {
			sum += int(g.Pix[y*g.Stride+x])
			n++
		}
	}
	return sum * 16 / max(n, 1)
}

func distance(a, b uint64) int { return bits.OnesCount64(a ^ b) }
