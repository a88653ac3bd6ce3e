package ui

import (
	"bytes"
	"encoding/xml"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "draw the icons again and write them to static/")

// The app's PNG icons are drawn from the SVG files beside them, by the few
// lines below. The test draws them again and compares; -update writes them.
func TestIconsAreDrawnFromTheirSVG(t *testing.T) {
	for _, icon := range []struct {
		name, from string
		size       int
	}{
		{"icon-192.png", "logo.svg", 192},
		{"icon-512.png", "logo.svg", 512},
		{"icon-maskable-512.png", "icon-maskable.svg", 512},
	} {
		if icon.size > 192 && !*update {
			continue // the large ones come from the same drawings and take seconds
		}
		raw, err := os.ReadFile("static/" + icon.from)
		if err != nil {
			t.Fatal(err)
		}
		shapes, err := parseSVG(raw)
		if err != nil {
			t.Fatalf("%s: %v", icon.from, err)
		}
		var out bytes.Buffer
		enc := png.Encoder{CompressionLevel: png.BestCompression}
		want := paint(shapes, icon.size)
		if err := enc.Encode(&out, want); err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile("static/"+icon.name, out.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		have, err := os.ReadFile("static/" + icon.name)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(have))
		if err != nil {
			t.Fatal(err)
		}
		if d := difference(img, want); d > 2 {
			t.Errorf("%s differs from %s by %d of 255: run go test ./internal/door/ui -run Icons -update", icon.name, icon.from, d)
		}
	}
}

func difference(a, b image.Image) int {
	if a.Bounds() != b.Bounds() {
		return 255
	}
	worst := 0
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			r1, g1, b1, a1 := a.At(x, y).RGBA()
			r2, g2, b2, a2 := b.At(x, y).RGBA()
			for _, d := range []int{int(r1) - int(r2), int(g1) - int(g2), int(b1) - int(b2), int(a1) - int(a2)} {
				worst = max(worst, d>>8, -d>>8)
			}
		}
	}
	return worst
}

type point struct{ x, y float64 }

type shape struct {
	rings [][]point
	fill  color.NRGBA
	even  bool
	min   point // of the box around it
	max   point
}

// matrix is an affine map (a b c d e f) as in SVG.
type matrix [6]float64

func (m matrix) at(p point) point {
	return point{m[0]*p.x + m[2]*p.y + m[4], m[1]*p.x + m[3]*p.y + m[5]}
}

func (m matrix) then(n matrix) matrix {
	return matrix{
		m[0]*n[0] + m[2]*n[1], m[1]*n[0] + m[3]*n[1],
		m[0]*n[2] + m[2]*n[3], m[1]*n[2] + m[3]*n[3],
		m[0]*n[4] + m[2]*n[5] + m[4], m[1]*n[4] + m[3]*n[5] + m[5],
	}
}

// parseSVG reads what our drawings use: rect, circle, path with absolute M, L,
// C, Z, and groups with rotate, translate and scale. The view box is 32×32.
func parseSVG(raw []byte) ([]shape, error) {
	var out []shape
	stack := []matrix{{1, 0, 0, 1, 0, 0}}
	dec := xml.NewDecoder(bytes.NewReader(raw))
	for {
		tok, err := dec.Token()
		if err != nil {
			if len(out) == 0 {
				return nil, err
			}
			return out, nil
		}
		switch el := tok.(type) {
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.StartElement:
			attr := map[string]string{}
			for _, a := range el.Attr {
				attr[a.Name.Local] = a.Value
			}
			m, err := transform(attr["transform"])
			if err != nil {
				return nil, err
			}
			m = stack[len(stack)-1].then(m)
			stack = append(stack, m)
			rings, err := outline(el.Name.Local, attr)
			if err != nil {
				return nil, err
			}
			if rings == nil {
				continue
			}
			for _, ring := range rings {
				for i := range ring {
					ring[i] = m.at(ring[i])
				}
			}
			fill, err := colour(attr["fill"])
			if err != nil {
				return nil, err
			}
			s := shape{rings: rings, fill: fill, even: attr["fill-rule"] == "evenodd", min: point{99, 99}}
			for _, ring := range rings {
				for _, p := range ring {
					s.min = point{min(s.min.x, p.x), min(s.min.y, p.y)}
					s.max = point{max(s.max.x, p.x), max(s.max.y, p.y)}
				}
			}
			out = append(out, s)
		}
	}
}

func num(s string) float64 { f, _ := strconv.ParseFloat(s, 64); return f }

func transform(s string) (matrix, error) {
	m := matrix{1, 0, 0, 1, 0, 0}
	for s = strings.TrimSpace(s); s != ""; {
		name, rest, _ := strings.Cut(s, "(")
		args, after, ok := strings.Cut(rest, ")")
		if !ok {
			return m, fmt.Errorf("transform %q", s)
		}
		s = strings.TrimSpace(after)
		var v [3]float64
		for i, f := range strings.Fields(args) {
			v[i] = num(f)
		}
		switch strings.TrimSpace(name) {
		case "rotate":
			sin, cos := math.Sincos(v[0] * math.Pi / 180)
			m = m.then(matrix{1, 0, 0, 1, v[1], v[2]}).then(matrix{cos, sin, -sin, cos, 0, 0}).then(matrix{1, 0, 0, 1, -v[1], -v[2]})
		case "translate":
			m = m.then(matrix{1, 0, 0, 1, v[0], v[1]})
		case "scale":
			m = m.then(matrix{v[0], 0, 0, v[0], 0, 0})
		default:
			return m, fmt.Errorf("transform %q", name)
		}
	}
	return m, nil
}

func colour(s string) (color.NRGBA, error) {
	if len(s) == 4 {
		s = "#" + strings.Repeat(s[1:2], 2) + strings.Repeat(s[2:3], 2) + strings.Repeat(s[3:4], 2)
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(s, "#"), 16, 32)
	return color.NRGBA{uint8(n >> 16), uint8(n >> 8), uint8(n), 255}, err
}

func outline(name string, a map[string]string) ([][]point, error) {
	switch name {
	case "rect":
		x, y, w, h := num(a["x"]), num(a["y"]), num(a["width"]), num(a["height"])
		return [][]point{{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}}}, nil
	case "circle":
		var ring []point
		for i := range 96 {
			sin, cos := math.Sincos(float64(i) * math.Pi / 48)
			ring = append(ring, point{num(a["cx"]) + num(a["r"])*cos, num(a["cy"]) + num(a["r"])*sin})
		}
		return [][]point{ring}, nil
	case "path":
		return pathRings(a["d"])
	}
	return nil, nil
}

func pathRings(d string) ([][]point, error) {
	for _, c := range "MLCZ" {
		d = strings.ReplaceAll(d, string(c), " "+string(c)+" ")
	}
	words := strings.Fields(d)
	var rings [][]point
	take := func(n int) ([]float64, error) {
		if len(words) < n {
			return nil, fmt.Errorf("path ends early")
		}
		v := make([]float64, n)
		for i := range v {
			v[i] = num(words[i])
		}
		words = words[n:]
		return v, nil
	}
	for len(words) > 0 {
		op := words[0]
		words = words[1:]
		switch op {
		case "M":
			v, err := take(2)
			if err != nil {
				return nil, err
			}
			rings = append(rings, []point{{v[0], v[1]}})
		case "L":
			v, err := take(2)
			if err != nil {
				return nil, err
			}
			rings[len(rings)-1] = append(rings[len(rings)-1], point{v[0], v[1]})
		case "C":
			v, err := take(6)
			if err != nil {
				return nil, err
			}
			ring := rings[len(rings)-1]
			p := ring[len(ring)-1]
			for i := 1; i <= 12; i++ {
				t := float64(i) / 12
				u := 1 - t
				ring = append(ring, point{
					u*u*u*p.x + 3*u*u*t*v[0] + 3*u*t*t*v[2] + t*t*t*v[4],
					u*u*u*p.y + 3*u*u*t*v[1] + 3*u*t*t*v[3] + t*t*t*v[5],
				})
			}
			rings[len(rings)-1] = ring
		case "Z":
		default:
			return nil, fmt.Errorf("path has %q", op)
		}
	}
	return rings, nil
}

// paint fills the shapes with 4×4 samples a pixel.
func paint(shapes []shape, size int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, size, size))
	const grid = 4
	scale := 32 / float64(size)
	for y := range size {
		for x := range size {
			var r, g, b, n float64
			for s := range grid * grid {
				p := point{(float64(x) + (float64(s%grid)+.5)/grid) * scale, (float64(y) + (float64(s/grid)+.5)/grid) * scale}
				for i := len(shapes) - 1; i >= 0; i-- {
					if shapes[i].holds(p) {
						c := shapes[i].fill
						r, g, b, n = r+float64(c.R), g+float64(c.G), b+float64(c.B), n+1
						break
					}
				}
			}
			if n > 0 {
				img.SetNRGBA(x, y, color.NRGBA{uint8(r/n + .5), uint8(g/n + .5), uint8(b/n + .5), uint8(255*n/(grid*grid) + .5)})
			}
		}
	}
	return img
}

func (s shape) holds(p point) bool {
	if p.x < s.min.x || p.x > s.max.x || p.y < s.min.y || p.y > s.max.y {
		return false
	}
	wind, cross := 0, 0
	for _, ring := range s.rings {
		for i, a := range ring {
			b := ring[(i+1)%len(ring)]
			if (a.y <= p.y) == (b.y <= p.y) {
				continue
			}
			if a.x+(p.y-a.y)/(b.y-a.y)*(b.x-a.x) > p.x {
				cross++
				if a.y < b.y {
					wind++
				} else {
					wind--
				}
			}
		}
	}
	if s.even {
		return cross%2 == 1
	}
	return wind != 0
}
