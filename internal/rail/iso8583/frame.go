package iso8583

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// DefaultMax is the longest body a link takes when nothing else is agreed on.
const DefaultMax = 4096

// Errors of frames. After either the stream is out of step and the connection
// must be closed.
var (
	ErrTooLong = errors.New("iso8583: a frame longer than the link allows")
	ErrHeader  = errors.New("iso8583: a frame's length is no number")
)

// Header is how a link writes the length of a body in front of it. Others in
// use are two bytes of BCD and the four bytes of Visa's VML; a link that has
// one implements it.
type Header interface {
	// Size is how many bytes the header has.
	Size() int
	// Max is the longest body it can tell of.
	Max() int
	// Append writes the header of a body of n bytes, 0 ≤ n ≤ Max.
	Append(dst []byte, n int) []byte
	// Length reads a header of Size bytes.
	Length(head []byte) (int, error)
}

// Binary2 is two bytes, big-endian: the bank's own.
type Binary2 struct{}

// Size is 2.
func (Binary2) Size() int { return 2 }

// Max is 65535.
func (Binary2) Max() int { return 1<<16 - 1 }

// Append writes the header.
func (Binary2) Append(dst []byte, n int) []byte {
	return binary.BigEndian.AppendUint16(dst, uint16(n)) // #nosec G115 -- n ≤ Max
}

// Length reads a header.
func (Binary2) Length(head []byte) (int, error) { return int(binary.BigEndian.Uint16(head)), nil }

// ASCII4 is four decimal digits.
type ASCII4 struct{}

// Size is 4.
func (ASCII4) Size() int { return 4 }

// Max is 9999.
func (ASCII4) Max() int { return 9999 }

// Append writes the header.
func (ASCII4) Append(dst []byte, n int) []byte {
	return append(dst, '0'+byte(n/1000), '0'+byte(n/100%10), '0'+byte(n/10%10), '0'+byte(n%10))
}

// Length reads a header; anything but four digits is ErrHeader.
func (ASCII4) Length(head []byte) (int, error) {
	n := 0
	for _, c := range head {
		if c < '0' || c > '9' {
			return 0, ErrHeader
		}
		n = n*10 + int(c-'0')
	}
	return n, nil
}

// Reader cuts a stream into the bodies of its frames. A read that fails for
// want of time (a deadline of the connection) loses nothing: the next Read
// goes on where that one stopped.
type Reader struct {
	// KeepAlive, when set, is called for each frame of no length. Such frames
	// are passed over.
	KeepAlive func()

	in   *bufio.Reader
	head Header
	max  int
	body []byte // of the frame that has begun
	got  int    // how much of it is there
	err  error  // the stream is out of step
}

// NewReader makes a reader that takes bodies of up to max bytes (0:
// DefaultMax) under a header (nil: Binary2).
func NewReader(r io.Reader, h Header, max int) *Reader {
	if h == nil {
		h = Binary2{}
	}
	if max <= 0 {
		max = DefaultMax
	}
	return &Reader{in: bufio.NewReader(r), head: h, max: max}
}

// Read gives the next body, which is the caller's to keep. It is io.EOF when
// the stream ends between frames and io.ErrUnexpectedEOF within one.
func (r *Reader) Read() ([]byte, error) {
	for r.body == nil {
		if err := r.begin(); err != nil {
			return nil, err
		}
	}
	for r.got < len(r.body) {
		n, err := r.in.Read(r.body[r.got:])
		if r.got += n; err != nil && r.got < len(r.body) {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
	body := r.body
	r.body, r.got = nil, 0
	return body, nil
}

// Partial tells whether a frame has begun and is not whole: silence now is not
// idleness.
func (r *Reader) Partial() bool { return r.body != nil || r.in.Buffered() > 0 }

// begin reads a header and makes room for its body; a keep-alive needs none.
func (r *Reader) begin() error {
	if r.err != nil {
		return r.err
	}
	head, err := r.in.Peek(r.head.Size())
	if err != nil {
		if err == io.EOF && len(head) > 0 {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	n, err := r.head.Length(head)
	if err == nil && n > r.max {
		err = ErrTooLong
	}
	if err != nil {
		r.err = err
		return err
	}
	if _, err := r.in.Discard(len(head)); err != nil {
		return err
	}
	if n > 0 {
		r.body = make([]byte, n)
	} else if r.KeepAlive != nil {
		r.KeepAlive()
	}
	return nil
}

// Writer puts bodies on a stream, each with its header and in one Write of
// the stream, so that a frame is not cut into two segments for nothing. It is
// not safe for several goroutines: a connection has one that writes.
type Writer struct {
	out  io.Writer
	head Header
	max  int
	buf  []byte
}

// NewWriter makes a writer of bodies of up to max bytes (0: DefaultMax) under
// a header (nil: Binary2).
func NewWriter(w io.Writer, h Header, max int) *Writer {
	if h == nil {
		h = Binary2{}
	}
	if max <= 0 {
		max = DefaultMax
	}
	return &Writer{out: w, head: h, max: max}
}

// Write sends a body; an empty one is a keep-alive. A body that is too long is
// ErrTooLong, and nothing of it is sent.
func (w *Writer) Write(body []byte) error {
	if len(body) > w.max {
		return ErrTooLong
	}
	var err error
	if w.buf, err = AppendFrame(w.buf[:0], w.head, body); err != nil {
		return err
	}
	_, err = w.out.Write(w.buf)
	return err
}

// AppendFrame appends a body with its header.
func AppendFrame(dst []byte, h Header, body []byte) ([]byte, error) {
	if len(body) > h.Max() {
		return dst, ErrTooLong
	}
	return append(h.Append(dst, len(body)), body...), nil
}
