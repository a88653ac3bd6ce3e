package scan

import (
	"bytes"
	"compress/gzip"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

//go:embed heif/heif.wasm.gz
var heifWASM []byte

// heicPages bounds the memory of one decoding: 512 MB in pages of 64 KB. A
// picture of 50 megapixels needs some 300.
const heicPages = 8192

// heicDecoder runs libheif in a WebAssembly room of its own: no files, no
// clock, no network, so much memory and so much time. A picture that breaks
// the decoder breaks that room and nothing else.
type heicDecoder struct {
	once    sync.Once
	runtime wazero.Runtime
	code    wazero.CompiledModule
	err     error
	build   func(context.Context, wazero.Runtime) (wazero.CompiledModule, error) // nil: buildHEIF
}

// compile translates the decoder once; it takes about a second. It needs
// memory that may be written and run: a system that forbids that makes wazero
// panic, and then every HEIC is refused with words, this one and the next.
// wazero's interpreter would do without, but takes 5 s for a quarter of a
// megapixel where 20 s are allowed for the 12 of a telephone.
func (h *heicDecoder) compile() error {
	h.once.Do(func() {
		defer func() {
			if p := recover(); p != nil {
				h.err = ErrHEIC.Because(fmt.Errorf("scan: the HEIC decoder: %v", p))
			}
		}()
		ctx := context.Background()
		h.runtime = wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithMemoryLimitPages(heicPages).WithCloseOnContextDone(true))
		build := buildHEIF
		if h.build != nil {
			build = h.build
		}
		var err error
		if h.code, err = build(ctx, h.runtime); err != nil {
			h.err = ErrHEIC.Because(fmt.Errorf("scan: the HEIC decoder: %w", err))
		}
	})
	return h.err
}

func buildHEIF(ctx context.Context, r wazero.Runtime) (wazero.CompiledModule, error) {
	z, err := gzip.NewReader(bytes.NewReader(heifWASM))
	if err != nil {
		return nil, err
	}
	code, err := io.ReadAll(io.LimitReader(z, 16<<20))
	if err != nil {
		return nil, err
	}
	compiled, err := r.CompileModule(ctx, code)
	if err != nil {
		return nil, err
	}
	_, err = wasi_snapshot_preview1.Instantiate(ctx, r)
	return compiled, err
}

// Words of libheif.
const (
	heifYCbCr      = 0
	heifRGB        = 1
	heifMonochrome = 2

	heif420 = 1
	heif422 = 2
	heif444 = 3
)

var errHEIF = errors.New("scan: libheif gave up")

func (h *heicDecoder) decode(ctx context.Context, raw []byte) (image.Image, error) {
	if err := h.compile(); err != nil {
		return nil, err
	}
	mod, err := h.runtime.InstantiateModule(ctx, h.code, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		return nil, broken(ctx, err)
	}
	defer mod.Close(context.WithoutCancel(ctx))
	room := heicRoom{ctx, mod}
	m, err := room.decode(raw)
	switch {
	case errors.Is(err, ErrPixels), errors.Is(err, ErrTiny):
		return nil, err
	case err != nil:
		return nil, broken(ctx, err)
	}
	return shrink(m, longSide), nil // a copy: the room's memory goes with it
}

// heicRoom is one running decoder.
type heicRoom struct {
	ctx context.Context
	mod api.Module
}

func (r heicRoom) call(name string, args ...uint64) (uint32, error) {
	out, err := r.mod.ExportedFunction(name).Call(r.ctx, args...)
	if err != nil {
		return 0, err
	}
	if len(out) == 0 || out[0] > math.MaxUint32 {
		return 0, errHEIF
	}
	return uint32(out[0]), nil
}

func (r heicRoom) alloc(n int) (uint32, error) {
	at, err := r.call("malloc", uint64(n)) // #nosec G115 -- never negative
	if err == nil && at == 0 {
		err = errHEIF
	}
	return at, err
}

func (r heicRoom) decode(raw []byte) (image.Image, error) {
	in, err := r.alloc(len(raw))
	if err != nil {
		return nil, err
	}
	if !r.mod.Memory().Write(in, raw) {
		return nil, errHEIF
	}
	about, err := r.alloc(5 * 4) // width, height, colours, chroma, premultiplied
	if err != nil {
		return nil, err
	}
	run := func(headOnly, out uint32) error {
		ok, err := r.call("decode", uint64(in), uint64(len(raw)), uint64(headOnly),
			uint64(about), uint64(about+4), uint64(about+8), uint64(about+12), uint64(about+16), uint64(out))
		if err == nil && ok == 0 {
			err = errHEIF
		}
		return err
	}
	if err := run(1, 0); err != nil {
		return nil, err
	}
	var v [4]int
	for i := range v {
		n, ok := r.mod.Memory().ReadUint32Le(about + uint32(4*i)) // #nosec G115 -- a small number
		if !ok || n > math.MaxInt32 {
			return nil, errHEIF
		}
		v[i] = int(n)
	}
	if err := fits(image.Config{Width: v[0], Height: v[1]}); err != nil {
		return nil, err
	}
	shape, size, err := heicShape(v[0], v[1], v[2], v[3])
	if err != nil {
		return nil, err
	}
	out, err := r.alloc(size)
	if err != nil {
		return nil, err
	}
	if err := run(0, out); err != nil {
		return nil, err
	}
	pix, ok := r.mod.Memory().Read(out, uint32(size)) // #nosec G115 -- bounded by the pixels
	if !ok {
		return nil, errHEIF
	}
	return shape(pix), nil
}

// heicShape tells how the decoder lays a picture out and how many bytes it is.
func heicShape(w, h, colours, chroma int) (func([]byte) image.Image, int, error) {
	align := func(n int) int { return (n + 15) &^ 15 }
	rect := image.Rect(0, 0, w, h)
	switch colours {
	case heifMonochrome:
		stride := align(w)
		return func(p []byte) image.Image { return &image.Gray{Pix: p, Stride: stride, Rect: rect} }, stride * h, nil
	case heifRGB:
		stride := align(w * 4)
		return func(p []byte) image.Image { return &image.NRGBA{Pix: p, Stride: stride, Rect: rect} }, stride * h, nil
	case heifYCbCr:
	default:
		return nil, 0, errHEIF
	}
	cw, ch, ratio := w, h, image.YCbCrSubsampleRatio444
	switch chroma {
	case heif420:
		cw, ch, ratio = (w+1)/2, (h+1)/2, image.YCbCrSubsampleRatio420
	case heif422:
		cw, ratio = (w+1)/2, image.YCbCrSubsampleRatio422
	case heif444:
	default:
		return nil, 0, errHEIF
	}
	ys, cs := align(w), align(cw)
	a, b, end := ys*h, ys*h+cs*ch, ys*h+2*cs*ch
	return func(p []byte) image.Image {
		return &image.YCbCr{Y: p[:a:a], Cb: p[a:b:b], Cr: p[b:end:end], SubsampleRatio: ratio, YStride: ys, CStride: cs, Rect: rect}
	}, end, nil
}
