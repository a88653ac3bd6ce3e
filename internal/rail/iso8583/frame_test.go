package iso8583_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"rocketbank/internal/rail/iso8583"
)

func TestFrames(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]iso8583.Header{"two bytes": iso8583.Binary2{}, "four digits": iso8583.ASCII4{}} {
		var stream bytes.Buffer
		w := iso8583.NewWriter(&stream, h, 0)
		var want [][]byte
		for _, size := range []int{1, 2, 255, 256, iso8583.DefaultMax} {
			body := bytes.Repeat([]byte{byte(size)}, size)
			want = append(want, body)
			for _, b := range [][]byte{body, nil} { // each followed by a keep-alive
				if err := w.Write(b); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := w.Write(make([]byte, iso8583.DefaultMax+1)); !errors.Is(err, iso8583.ErrTooLong) {
			t.Errorf("%s: too long a body: %v", name, err)
		}
		sent := stream.Bytes()
		for how, src := range map[string]io.Reader{"whole": bytes.NewReader(sent), "byte by byte": iotest.OneByteReader(bytes.NewReader(sent)),
			"end with the last bytes": iotest.DataErrReader(bytes.NewReader(sent))} {
			r, alive := iso8583.NewReader(src, h, 0), 0
			r.KeepAlive = func() { alive++ }
			for i, body := range want {
				if got, err := r.Read(); err != nil || !bytes.Equal(got, body) {
					t.Fatalf("%s, %s: frame %d: %d bytes, %v", name, how, i, len(got), err)
				}
			}
			if _, err := r.Read(); err != io.EOF || alive != len(want) || r.Partial() {
				t.Errorf("%s, %s: %v, %d keep-alives", name, how, err, alive)
			}
		}
		for cut := 1; cut < h.Size()+1; cut++ {
			r := iso8583.NewReader(bytes.NewReader(sent[:cut]), h, 0)
			if _, err := r.Read(); err != io.ErrUnexpectedEOF {
				t.Errorf("%s cut at %d: %v", name, cut, err)
			}
		}
	}
}

// After a frame that is too long, or of no length, nothing more is read.
func TestOutOfStep(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		h      iso8583.Header
		stream string
		want   error
	}{
		"too long":             {nil, "\x00\x050800x\x00\x010", iso8583.ErrTooLong},
		"too long, in digits":  {iso8583.ASCII4{}, "00050800x00010", iso8583.ErrTooLong},
		"no digits":            {iso8583.ASCII4{}, "00x40800", iso8583.ErrHeader},
		"a sign":               {iso8583.ASCII4{}, "+0040800", iso8583.ErrHeader},
		"two bytes for digits": {iso8583.ASCII4{}, "\x00\x040800", iso8583.ErrHeader},
	} {
		r := iso8583.NewReader(strings.NewReader(c.stream), c.h, 4)
		for range 2 {
			if body, err := r.Read(); !errors.Is(err, c.want) || body != nil {
				t.Errorf("%s: %q, %v", name, body, err)
			}
		}
	}
	if _, err := iso8583.AppendFrame(nil, iso8583.ASCII4{}, make([]byte, 10000)); !errors.Is(err, iso8583.ErrTooLong) {
		t.Errorf("more than four digits can say: %v", err)
	}
	if err := iso8583.NewWriter(io.Discard, nil, 1<<20).Write(make([]byte, 1<<16)); !errors.Is(err, iso8583.ErrTooLong) {
		t.Errorf("more than two bytes can say: %v", err)
	}
}

// A deadline that passes anywhere in a frame loses nothing of it.
func TestReadGoesOnAfterADeadline(t *testing.T) {
	t.Parallel()
	frame := vectors[2].frame(t)
	for cut := range frame {
		src := io.MultiReader(bytes.NewReader(frame[:cut]), &late{}, bytes.NewReader(frame[cut:]))
		r := iso8583.NewReader(src, nil, 0)
		if _, err := r.Read(); !errors.Is(err, os.ErrDeadlineExceeded) || r.Partial() != (cut > 0) {
			t.Fatalf("cut at %d: %v, partial %v", cut, err, r.Partial())
		}
		if body, err := r.Read(); err != nil || !bytes.Equal(body, frame[2:]) {
			t.Fatalf("cut at %d: %d bytes, %v", cut, len(body), err)
		}
	}
}

// late fails once for want of time.
type late struct{ told bool }

func (l *late) Read([]byte) (int, error) {
	if l.told {
		return 0, io.EOF
	}
	l.told = true
	return 0, os.ErrDeadlineExceeded
}

// counting counts how often it is written to.
type counting struct{ n int }

func (c *counting) Write(p []byte) (int, error) { c.n++; return len(p), nil }

func TestOneWriteAFrame(t *testing.T) {
	t.Parallel()
	var c counting
	w := iso8583.NewWriter(&c, nil, 0)
	for range 3 {
		if err := w.Write(make([]byte, 4000)); err != nil {
			t.Fatal(err)
		}
	}
	if c.n != 3 {
		t.Errorf("%d writes", c.n)
	}
}

// FuzzReader: a stream is cut into the same frames whether it comes in one
// piece or byte by byte, and frames put together again give the stream.
func FuzzReader(f *testing.F) {
	f.Add([]byte("\x00\x040800\x00\x00\x00\x010"), false)
	f.Add([]byte("0004080000000001"), true)
	f.Add(append(vectors[0].frame(f), vectors[1].frame(f)...), false)
	f.Fuzz(func(t *testing.T, stream []byte, inDigits bool) {
		h := iso8583.Header(iso8583.Binary2{})
		if inDigits {
			h = iso8583.ASCII4{}
		}
		whole := iso8583.NewReader(bytes.NewReader(stream), h, 300)
		pieces := iso8583.NewReader(iotest.OneByteReader(bytes.NewReader(stream)), h, 300)
		var again []byte
		whole.KeepAlive = func() { again = h.Append(again, 0) }
		for {
			a, errA := whole.Read()
			b, errB := pieces.Read()
			if !bytes.Equal(a, b) || !errors.Is(errA, errB) {
				t.Fatalf("%x, %v and %x, %v", a, errA, b, errB)
			}
			if errA != nil {
				if errA == io.EOF && !bytes.Equal(again, stream) || !bytes.HasPrefix(stream, again) {
					t.Fatalf("%x became %x", stream, again)
				}
				return
			}
			if len(a) == 0 || len(a) > 300 {
				t.Fatalf("a body of %d", len(a))
			}
			var err error
			if again, err = iso8583.AppendFrame(again, h, a); err != nil {
				t.Fatal(err)
			}
		}
	})
}
