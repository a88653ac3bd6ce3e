package cabinet

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"rocketbank/internal/bank/claim"
	"strings"
	"time"

	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// Bounds of an event stream. How many of them a client may have is the hub's.
const (
	streamBeat  = 15 * time.Second // a silent stream is heard, and its session looked at, this often
	streamWrite = 10 * time.Second // a reader that takes nothing for this long is gone
	streamLife  = 15 * time.Minute // then the browser comes back by itself
	streamFull  = time.Minute      // told to whoever has too many
)

// getEvents tells an open page what is new: a message holds the parts of the
// home page drawn anew by the components of the page itself. It keeps no
// session awake, and says goodbye when the session is over, because a browser
// comes back to a stream that merely ended.
func (d *Door) getEvents(w http.ResponseWriter, r *http.Request) error {
	wake, stop, ok := d.Live.Subscribe(of(r).session.Client)
	if !ok {
		return web.ErrTooOften.With("wait", streamFull)
	}
	defer stop()
	s := &stream{d: d, w: w, r: r, out: http.NewResponseController(w)}
	if asked := r.URL.Query().Get("payout"); asked != "" {
		which, err := id.Parse(payout.Prefix, asked)
		if err != nil {
			return web.ErrNotFound.Because(err)
		}
		if _, err := d.Payouts.One(r.Context(), of(r).session.Client, which); err != nil {
			return err
		}
		s.payout = which
	}
	if asked := r.URL.Query().Get("link"); asked != "" {
		which, err := id.Parse(claim.Prefix, asked)
		if err != nil {
			return web.ErrNotFound.Because(err)
		}
		if _, err := d.Links.One(r.Context(), of(r).session.Client, which); err != nil {
			return err
		}
		s.link = which
	}
	// The server's deadlines are for pages. A transport without deadlines
	// (a test's recorder) does without.
	_ = s.out.SetReadDeadline(time.Time{})
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // or a proxy keeps the news to itself
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	if s.send(": hello\n\n") != nil || s.missed() != nil {
		return nil // the reader has gone; so it is below
	}
	beat := time.NewTicker(streamBeat)
	defer beat.Stop()
	end := time.NewTimer(streamLife)
	defer end.Stop()
	for {
		var err error
		select {
		case <-r.Context().Done():
			return nil
		case <-d.Stopping:
			return nil
		case <-end.C:
			return nil
		case <-wake:
			err = s.news()
		case <-beat.C:
			err = s.still()
		}
		if err != nil {
			return nil
		}
	}
}

// stream is one open event stream.
type stream struct {
	d      *Door
	w      http.ResponseWriter
	r      *http.Request
	out    *http.ResponseController
	newest id.ID // the newest operation that the page shows
	link   id.ID // the page of this link waits; zero: it does not
	payout id.ID // the page of this payout waits for its end; zero: it is the home page
}

// missed draws what has happened since the page was: while it was on its way,
// or while its stream was cut or its tab hidden.
func (s *stream) missed() error {
	if !s.payout.IsZero() || !s.link.IsZero() {
		return nil // the first wake-up draws it
	}
	if after, err := id.Parse("op", s.r.URL.Query().Get("after")); err == nil {
		s.newest = after
	}
	feed, err := s.d.Operations.Feed(s.r.Context(), of(s.r).session.Client, operation.Filter{Limit: 1})
	if err != nil || len(feed.Operations) == 0 || feed.Operations[0].ID == s.newest {
		return err
	}
	return s.news()
}

// alive looks whether the session still stands; if not, it says goodbye.
func (s *stream) alive() error {
	in, err := s.d.Access.Alive(s.r.Context(), of(s.r).session)
	if err == nil {
		of(s.r).session = in
		return nil
	}
	if fault.CodeOf(err) == fault.Unauthenticated {
		_ = s.send("event: bye\ndata: bye\n\n")
	}
	return err
}

func (s *stream) still() error {
	if !s.payout.IsZero() || !s.link.IsZero() {
		return s.news() // another process may have moved it
	}
	if err := s.alive(); err != nil {
		return err
	}
	return s.send(": still here\n\n")
}

// ended draws a payout once its end is known, and says goodbye: the page waits
// for nothing more.
func (s *stream) ended() error {
	p, err := s.d.Payouts.One(s.r.Context(), of(s.r).session.Client, s.payout)
	if err != nil {
		return s.broken(err)
	}
	if !p.State.Final() {
		return s.send(": still here\n\n")
	}
	v, err := s.d.payoutView(s.r, p)
	if err != nil {
		return s.broken(err)
	}
	var b bytes.Buffer
	if err := PayoutLive(v).Render(s.r.Context(), &b); err != nil {
		return s.broken(err)
	}
	if err := s.send(message(b.String()) + "event: bye\ndata: bye\n\n"); err != nil {
		return err
	}
	return io.EOF
}

// linkNews draws a link anew; once it is over, it says goodbye.
func (s *stream) linkNews() error {
	l, err := s.d.Links.One(s.r.Context(), of(s.r).session.Client, s.link)
	if err != nil {
		return s.broken(err)
	}
	v, err := s.d.linkPage(s.r, l)
	if err != nil {
		return s.broken(err)
	}
	var b bytes.Buffer
	if err := LinkLive(v).Render(s.r.Context(), &b); err != nil {
		return s.broken(err)
	}
	text := message(b.String())
	if l.State.Final() {
		text += "event: bye\ndata: bye\n\n"
	}
	if err := s.send(text); err != nil || !l.State.Final() {
		return err
	}
	return io.EOF
}

// news draws the home page's parts anew, or the payout a page waits for.
func (s *stream) news() error {
	if err := s.alive(); err != nil {
		return err
	}
	if !s.payout.IsZero() {
		return s.ended()
	}
	if !s.link.IsZero() {
		return s.linkNews()
	}
	v, err := s.d.home(s.r)
	if err != nil {
		return s.broken(err)
	}
	v.Path = "/home" // where its forms come back to
	s.mark(&v)
	var b bytes.Buffer
	if err := HomeLive(v).Render(s.r.Context(), &b); err != nil {
		return s.broken(err)
	}
	return s.send(message(b.String()))
}

// broken writes down why nothing could be drawn, unless the reader has gone.
func (s *stream) broken(err error) error {
	if s.r.Context().Err() == nil {
		s.d.Log.Error("event stream", "id", web.VisitOf(s.r).ID, "err", err)
	}
	return err
}

// mark shows which rows are new to the page and says the newest one.
func (s *stream) mark(v *HomeView) {
	before := s.newest
	for i := len(v.Feed) - 1; i >= 0; i-- {
		op := &v.Feed[i]
		x, err := id.Parse("op", strings.TrimPrefix(op.Href, "/operations/"))
		if err != nil || bytes.Compare(x[:], before[:]) <= 0 {
			continue
		}
		s.newest = x
		op.New = true
		if op.Amount.Minor > 0 {
			v.Notice = &ui.Notice{Tone: ui.Good, Text: arrived(v.Page, *op)}
		}
	}
}

func arrived(p ui.Page, op ui.Operation) string {
	switch {
	case p.SumsHidden:
		return p.P.T("cabinet.live.money")
	case op.Title == "":
		return p.P.T("cabinet.live.topup", locale.A("amount", op.Amount))
	}
	return p.P.T("cabinet.live.from", locale.A("name", op.Title), locale.A("amount", op.Amount))
}

// message writes an unnamed message: every line of the data behind its name.
func message(data string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(strings.ReplaceAll(data, "\r", ""), "\n") {
		fmt.Fprintf(&b, "data: %s\n", line)
	}
	b.WriteString("\n")
	return b.String()
}

// send writes and flushes with a deadline of its own, which then is lifted: an
// idle stream is no slow reader.
func (s *stream) send(text string) error {
	_ = s.out.SetWriteDeadline(time.Now().Add(streamWrite))
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	if err := s.out.Flush(); err != nil {
		return err
	}
	_ = s.out.SetWriteDeadline(time.Time{})
	return nil
}
