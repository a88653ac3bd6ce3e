package scan_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
	"golang.org/x/image/draw"

	"rocketbank/internal/bank/scan"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/vault"
)

var bg = context.Background()

// page draws something like a printed page, the same for the same seed.
func page(w, h int, seed uint64) *image.RGBA {
	rnd := rand.New(rand.NewPCG(seed, 1))
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(m, m.Rect, image.NewUniform(color.RGBA{uint8(200 + seed%40), 220, 210, 255}), image.Point{}, draw.Src)
	for range 40 { // fields of different grey, for the look
		x, y := rnd.IntN(w), rnd.IntN(h)
		draw.Draw(m, image.Rect(x, y, x+w/6, y+h/8), image.NewUniform(color.Gray{uint8(120 + rnd.IntN(120))}), image.Point{}, draw.Src)
	}
	for y := h / 20; y < h; y += max(1, h/40) { // lines of print
		for x := w / 12; x < w*11/12; x += 3 + rnd.IntN(7) {
			draw.Draw(m, image.Rect(x, y, x+1+rnd.IntN(3), y+max(1, h/100)), image.Black, image.Point{}, draw.Src)
		}
	}
	return m
}

func blurred(m *image.RGBA) *image.RGBA {
	small := image.NewRGBA(image.Rect(0, 0, m.Rect.Dx()/14, m.Rect.Dy()/14))
	draw.BiLinear.Scale(small, small.Rect, m, m.Rect, draw.Src, nil)
	out := image.NewRGBA(m.Rect)
	draw.CatmullRom.Scale(out, out.Rect, small, small.Rect, draw.Src, nil)
	return out
}

func asJPEG(t testing.TB, m image.Image, quality int) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asPNG(t testing.TB, m image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// service needs no database for what it does before Put.
func service(v *vault.Vault) *scan.Service {
	return scan.New(nil, v, id.NewSource(time.Now))
}

func prepare(t testing.TB, raw []byte) (scan.Prepared, error) {
	t.Helper()
	return service(vault.Ephemeral()).Prepare(bg, bytes.NewReader(raw))
}

// exif writes an orientation and a canary into a JPEG, as a phone does.
func exif(raw []byte, turn uint16, canary string) []byte {
	tiff := []byte("MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01")
	tiff = binary.BigEndian.AppendUint16(tiff, turn)
	tiff = append(tiff, 0, 0, 0, 0, 0, 0)
	body := append([]byte("Exif\x00\x00"), append(tiff, canary...)...)
	return segment(raw, 0xe1, body)
}

func segment(raw []byte, marker byte, body []byte) []byte {
	out := append([]byte{0xff, 0xd8, 0xff, marker}, binary.BigEndian.AppendUint16(nil, uint16(len(body)+2))...)
	return append(append(out, body...), raw[2:]...)
}

func chunk(kind string, body []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	out = append(out, kind...)
	out = append(out, body...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

// pngSaying is a PNG whose header promises such a size.
func pngSaying(w, h uint32) []byte {
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	head = append(head, 8, 2, 0, 0, 0)
	var z bytes.Buffer
	zw := zlib.NewWriter(&z)
	zw.Write(make([]byte, 1<<20))
	zw.Close()
	out := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", head)...)
	out = append(out, chunk("IDAT", z.Bytes())...)
	return append(out, chunk("IEND", nil)...)
}

// document is a PDF with one JPEG on each page; no picture where it is nil.
func document(pages ...[]byte) []byte {
	var b bytes.Buffer
	var at []int
	object := func(format string, args ...any) {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n"+format+"\nendobj\n", append([]any{len(at)}, args...)...)
	}
	b.WriteString("%PDF-1.4\n")
	var kids []string
	for i := range pages {
		kids = append(kids, fmt.Sprintf("%d 0 R", 3+3*i))
	}
	object("<< /Type /Catalog /Pages 2 0 R >>")
	object("<< /Type /Pages /Kids [%s] /Count %d >>", strings.Join(kids, " "), len(pages))
	for i, p := range pages {
		use := ""
		if p != nil {
			use = fmt.Sprintf("/XObject << /Im0 %d 0 R >>", 5+3*i)
		}
		object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << %s >> /Contents %d 0 R >>", use, 4+3*i)
		content := "q 595 0 0 842 0 0 cm /Im0 Do Q"
		if p == nil {
			content = "q Q"
		}
		object("<< /Length %d >>\nstream\n%s\nendstream", len(content), content)
		if p == nil {
			object("null")
			continue
		}
		c, _ := jpeg.DecodeConfig(bytes.NewReader(p))
		object("<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode /Length %d >>\nstream\n%s\nendstream",
			c.Width, c.Height, len(p), p)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, a := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", a)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, start)
	return b.Bytes()
}

// W09: what is no photo of a page is refused, with words in both languages.
func TestW09_Refused(t *testing.T) {
	t.Parallel()
	good, picture := asJPEG(t, page(1200, 800, 1), 85), asPNG(t, page(700, 500, 2))
	heic, err := os.ReadFile("testdata/photo.heic")
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		raw  []byte
		want error
	}{
		"nothing":                      {nil, scan.ErrEmpty},
		"a text":                       {[]byte("паспорт"), scan.ErrKind},
		"GIF":                          {[]byte("GIF89a\x01\x00\x01\x00"), scan.ErrKind},
		"a program":                    {[]byte("\x7fELF\x02\x01\x01"), scan.ErrKind},
		"ZIP":                          {[]byte("PK\x03\x04aaaa"), scan.ErrKind},
		"SVG":                          {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), scan.ErrSVG},
		"SVG behind a BOM":             {[]byte("\ufeff\n <?xml version=\"1.0\"?><svg/>"), scan.ErrSVG},
		"HTML":                         {[]byte("<!doctype html><script>1</script>"), scan.ErrSVG},
		"AVIF":                         {[]byte("\x00\x00\x00\x1cftypavif\x00\x00\x00\x00"), scan.ErrKind},
		"16 MB":                        {append(bytes.Clone(good), make([]byte, 16<<20)...), scan.ErrBig},
		"JPEG cut in half":             {good[:len(good)/2], scan.ErrBroken},
		"JPEG without its end":         {good[:len(good)-2], scan.ErrBroken},
		"JPEG of a header":             {good[:300], scan.ErrBroken},
		"JPEG and ZIP":                 {append(bytes.Clone(good), "PK\x03\x04xxxxxxxx"...), scan.ErrBroken},
		"JPEG and page":                {append(bytes.Clone(good), "<html><SCRIPT>alert(1)</script>"...), scan.ErrBroken},
		"JPEG with script in comment":  {segment(good, 0xfe, []byte("<script>alert(1)</script>")), scan.ErrBroken},
		"JPEG with PDF in APP2":        {segment(good, 0xe2, []byte("%PDF-1.7 1 0 obj")), scan.ErrBroken},
		"PNG cut":                      {picture[:len(picture)/2], scan.ErrBroken},
		"PNG and anything":             {append(bytes.Clone(picture), 'x'), scan.ErrBroken},
		"PNG of 4 gigapixels":          {pngSaying(65000, 65000), scan.ErrPixels},
		"PNG of 51 megapixels":         {pngSaying(10200, 5000), scan.ErrPixels},
		"PNG that promises too much":   {pngSaying(7000, 7000), scan.ErrBroken},
		"PNG of no size":               {pngSaying(0, 100), scan.ErrBroken},
		"a dot":                        {asPNG(t, page(20, 20, 1)), scan.ErrTiny},
		"a strip":                      {asPNG(t, page(2000, 30, 1)), scan.ErrTiny},
		"HEIC cut":                     {heic[:len(heic)/2], scan.ErrBroken},
		"HEIC of a header":             {heic[:40], scan.ErrBroken},
		"HEIC of nothing":              {append([]byte("\x00\x00\x00\x18ftypheic"), make([]byte, 2000)...), scan.ErrBroken},
		"PDF without pictures":         {document(nil, nil), scan.ErrNoPicture},
		"PDF of six pages":             {document(good, good, good, good, good, good), scan.ErrPages},
		"PDF cut":                      {document(good)[:400], scan.ErrNoPicture},
		"PDF of a header":              {[]byte("%PDF-1.7\n"), scan.ErrBroken},
		"PDF with ZIP":                 {append(document(good), "PK\x03\x04"...), scan.ErrBroken},
		"PDF whose picture is a strip": {document(asJPEG(t, page(1000, 20, 1), 80)), scan.ErrNoPicture},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := prepare(t, tc.raw)
			if !errors.Is(err, tc.want) {
				t.Fatalf("%v; want %v", err, tc.want)
			}
			f, _ := fault.As(err)
			for _, lang := range locale.Langs() {
				if text := locale.For(lang).Fault(f); text == f.Key {
					t.Errorf("%s has no words", f.Key)
				}
			}
		})
	}
}

// W09: each kind is taken, upright, bounded, without what stood beside the picture.
func TestW09_Taken(t *testing.T) {
	t.Parallel()
	const canary = "CANARY-GPS-55.7558"
	heic, err := os.ReadFile("testdata/photo.heic")
	if err != nil {
		t.Fatal(err)
	}
	wide := asJPEG(t, page(3000, 2000, 3), 85)
	for name, tc := range map[string]struct {
		raw           []byte
		kind          string
		width, height int
	}{
		"JPEG":             {exif(wide, 1, canary), "jpeg", 2400, 1600},
		"JPEG on its side": {exif(wide, 6, canary), "jpeg", 1600, 2400},
		"JPEG and a film":  {append(bytes.Clone(wide), "\x00\x00\x00\x18ftypmp42"+canary...), "jpeg", 2400, 1600},
		"PNG":              {asPNG(t, page(800, 1100, 4)), "png", 800, 1100},
		"HEIC":             {heic, "heic", 0, 0},
		"PDF":              {document(wide), "pdf", 2400, 1600},
		"PDF of two pages": {document(asJPEG(t, page(900, 600, 5), 80), nil, asJPEG(t, page(900, 600, 6), 80)), "pdf", 900, 1232},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := prepare(t, tc.raw)
			if err != nil {
				t.Fatal(err)
			}
			if p.Kind != tc.kind || tc.width != 0 && (p.Width != tc.width || p.Height != tc.height) || max(p.Width, p.Height) > 2400 {
				t.Errorf("%+v", p.Scan)
			}
			picture, thumb := scan.Kept(p)
			for _, raw := range [][]byte{picture, thumb} {
				if bytes.Contains(raw, []byte(canary)) || bytes.Contains(raw, []byte("Exif")) {
					t.Error("what stood beside the picture is kept")
				}
			}
			if c, err := jpeg.DecodeConfig(bytes.NewReader(thumb)); err != nil || max(c.Width, c.Height) != min(320, max(p.Width, p.Height)) {
				t.Errorf("thumbnail %dx%d, %v", c.Width, c.Height, err)
			}
		})
	}
}

// Each of the eight orientations of EXIF puts the dark corner where it belongs.
func TestOrientation(t *testing.T) {
	t.Parallel()
	m := image.NewRGBA(image.Rect(0, 0, 300, 200))
	draw.Draw(m, m.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(m, image.Rect(0, 0, 100, 60), image.Black, image.Point{}, draw.Src) // top left
	raw := asJPEG(t, m, 95)
	for turn, corner := range map[uint16]string{1: "tl", 2: "tr", 3: "br", 4: "bl", 5: "tl", 6: "tr", 7: "br", 8: "bl", 9: "tl", 0: "tl"} {
		p, err := prepare(t, exif(raw, turn, ""))
		if err != nil {
			t.Fatal(err)
		}
		picture, _ := scan.Kept(p)
		got, err := jpeg.Decode(bytes.NewReader(picture))
		if err != nil {
			t.Fatal(err)
		}
		b := got.Bounds()
		if side := turn >= 5 && turn <= 8; side != (b.Dy() > b.Dx()) {
			t.Errorf("%d: %v", turn, b)
		}
		for name, at := range map[string]image.Point{"tl": {10, 10}, "tr": {b.Dx() - 10, 10}, "bl": {10, b.Dy() - 10}, "br": {b.Dx() - 10, b.Dy() - 10}} {
			if r, _, _, _ := got.At(at.X, at.Y).RGBA(); (r < 0x8000) != (name == corner) {
				t.Errorf("orientation %d: corner %s is %x", turn, name, r)
			}
		}
	}
}

// A blurred, a small and a twice sent picture are noticed; honest ones are not.
func TestMeasures(t *testing.T) {
	t.Parallel()
	take := func(raw []byte) scan.Scan {
		p, err := prepare(t, raw)
		if err != nil {
			t.Fatal(err)
		}
		return p.Scan
	}
	sharp, other := page(1800, 1300, 7), page(1800, 1300, 8)
	a := take(asJPEG(t, sharp, 90))
	if a.Blurred() || a.Small() {
		t.Errorf("a good photo: %+v", a)
	}
	if b := take(asJPEG(t, blurred(sharp), 90)); !b.Blurred() {
		t.Errorf("a blurred photo is as sharp as %d", b.Sharpness)
	}
	smaller := image.NewRGBA(image.Rect(0, 0, 900, 650))
	draw.BiLinear.Scale(smaller, smaller.Rect, sharp, sharp.Rect, draw.Src, nil)
	again := take(asJPEG(t, smaller, 60))
	if !again.Small() {
		t.Errorf("900 pixels: %+v", again)
	}
	if !a.Same(again) || !a.Same(take(asPNG(t, sharp))) {
		t.Errorf("the same page saved again: %x, %x", a.Look, again.Look)
	}
	if o := take(asJPEG(t, other, 90)); a.Same(o) {
		t.Errorf("another page: %x, %x", a.Look, o.Look)
	}
}

// A picture that its decoder would chew on for hours is given up in time.
func TestSlowPictureIsGivenUp(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(bg, time.Nanosecond)
	defer cancel()
	<-ctx.Done()
	_, err := service(vault.Ephemeral()).Prepare(ctx, bytes.NewReader(asJPEG(t, page(1200, 900, 1), 90)))
	if !errors.Is(err, scan.ErrBroken) && !errors.Is(err, scan.ErrBusy) {
		t.Errorf("%v", err)
	}
}

// Where the decoder of HEIC cannot be made, for the system refuses memory that
// is run, each such photo is refused with the same words, the first and the
// next, and the other kinds are taken.
func TestHEICWithoutItsDecoder(t *testing.T) {
	t.Parallel()
	heic, err := os.ReadFile("testdata/photo.heic")
	if err != nil {
		t.Fatal(err)
	}
	for name, build := range map[string]func(context.Context, wazero.Runtime) (wazero.CompiledModule, error){
		"an error": func(context.Context, wazero.Runtime) (wazero.CompiledModule, error) { return nil, errors.New("no") },
		"a panic":  func(context.Context, wazero.Runtime) (wazero.CompiledModule, error) { panic("operation not permitted") },
	} {
		s := service(vault.Ephemeral())
		s.WithHEIC(build)
		for range 3 {
			if _, err := s.Prepare(bg, bytes.NewReader(heic)); !errors.Is(err, scan.ErrHEIC) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := s.Prepare(bg, bytes.NewReader(asJPEG(t, page(300, 200, 1), 80))); err != nil {
			t.Errorf("%s: a JPEG: %v", name, err)
		}
	}
}

// At rest a scan is ciphertext; it is found only by its owner; staff see it marked.
func TestKeptSealed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		v := vault.Ephemeral()
		ids := id.NewSource(time.Now)
		s := scan.New(d, v, ids)
		owner, stranger := ids.New(), ids.New()
		sc, err := s.Take(bg, owner, bytes.NewReader(asJPEG(t, page(1500, 1000, 9), 85)))
		if err != nil {
			t.Fatal(err)
		}
		check := func() {
			t.Helper()
			picture, err := s.Picture(bg, owner, sc.ID)
			if err != nil {
				t.Fatal(err)
			}
			if c, err := jpeg.DecodeConfig(bytes.NewReader(picture)); err != nil || c.Width != 1500 {
				t.Errorf("%+v, %v", c, err)
			}
			marked, err := s.Marked(picture, "для проверки · Ирина К. · 23.11.2026")
			if err != nil || bytes.Equal(marked, picture) {
				t.Errorf("marked: %v", err)
			}
			if _, err := s.Picture(bg, stranger, sc.ID); !errors.Is(err, scan.ErrMissing) {
				t.Errorf("a stranger: %v", err)
			}
			thumb, err := s.Thumb(bg, owner, sc.ID)
			if err != nil {
				t.Fatal(err)
			}
			if c, err := jpeg.DecodeConfig(bytes.NewReader(thumb)); err != nil || max(c.Width, c.Height) != 320 {
				t.Errorf("the thumb: %+v, %v", c, err)
			}
			if _, err := s.Thumb(bg, stranger, sc.ID); !errors.Is(err, scan.ErrMissing) {
				t.Errorf("a stranger's look at the thumb: %v", err)
			}
			var raw, small []byte
			if err := d.Row(bg, qRaw, sc.ID.Bytes()).Scan(&raw, &small); err != nil {
				t.Fatal(err)
			}
			for name, rests := range map[string][]byte{"picture": raw, "thumb": small} {
				if len(rests) == 0 || bytes.Contains(rests, []byte{0xff, 0xd8, 0xff}) && jpegAt(rests) {
					t.Errorf("the %s rests in the open", name)
				}
				if bytes.Contains(rests, picture[:64]) || bytes.Contains(rests, thumb[:64]) {
					t.Errorf("the %s rests in the open", name)
				}
			}
		}
		check()
		if err := d.Write(bg, func(tx db.Tx) error { return s.Belong(bg, tx, owner, 1001) }); err != nil {
			t.Fatal(err)
		}
		check()
		if err := d.Write(bg, func(tx db.Tx) error { return v.Shred(bg, tx, 1001) }); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Picture(bg, owner, sc.ID); !errors.Is(err, vault.ErrSealed) {
			t.Errorf("after shredding: %v", err)
		}
		if _, err := s.Thumb(bg, owner, sc.ID); !errors.Is(err, vault.ErrSealed) {
			t.Errorf("the thumb after shredding: %v", err)
		}
		if err := d.Write(bg, func(tx db.Tx) error { return s.DropAll(bg, tx, owner) }); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Thumb(bg, owner, sc.ID); !errors.Is(err, scan.ErrMissing) {
			t.Errorf("after dropping: %v", err)
		}
	})
}

// jpegAt tells whether what rests somewhere begins a JPEG that decodes.
func jpegAt(raw []byte) bool {
	_, err := jpeg.DecodeConfig(bytes.NewReader(raw[bytes.Index(raw, []byte{0xff, 0xd8, 0xff}):]))
	return err == nil
}

var qRaw = db.Query(`SELECT picture, thumb FROM scan WHERE id = $1`)

// Whatever a stranger sends: words or a bounded picture, never a crash.
func FuzzPrepare(f *testing.F) {
	small := page(200, 150, 1)
	heic, err := os.ReadFile("testdata/photo.heic")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{asJPEG(f, small, 50), asPNG(f, small), document(asJPEG(f, small, 50)), document(nil), exif(asJPEG(f, small, 50), 6, "x"), heic[:4000], pngSaying(70, 70)} {
		f.Add(seed)
	}
	s := service(vault.Ephemeral())
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := s.Prepare(bg, bytes.NewReader(raw))
		if _, ok := fault.As(err); err != nil && !ok {
			t.Fatalf("no words: %v", err)
		}
		if err == nil && (max(p.Width, p.Height) > 2400 || min(p.Width, p.Height) < 1) {
			t.Fatalf("%+v", p.Scan)
		}
	})
}
