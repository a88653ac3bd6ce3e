package cardnetwork

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"rocketbank/internal/rail/iso8583"
)

// Options say where the line goes and who we are on it. Zero values of the
// second part take the usual ones.
type Options struct {
	Address  string      // host:port
	TLS      *tls.Config // the bank's certificate and the network's roots; nil: loopback only
	Acquirer string      // our number as an institution, up to 11 digits
	Terminal string      // up to 8 characters
	Merchant string      // up to 15
	Place    string      // name and place, up to 40

	Header iso8583.Header // how frames tell their length; two bytes
	Log    *slog.Logger
	Now    func() time.Time // business time, for messages about the line itself
	// Late is called with the numbers of a credit whose answer came when nobody
	// waited for it, or came again: a hint to Ask. It must not block.
	Late func(stan, rrn string)
	// Final are response codes that on this link mean a definite no although
	// elsewhere they do not: 91 of a network that gives late approvals back.
	Final []string

	Answer   time.Duration // how long an answer is waited for: 15 s
	Idle     time.Duration // silence after which the line is tried with an echo: 45 s
	Missed   int           // unanswered echoes that end it: 3
	Pause    time.Duration // before the first new try after a cut: 1 s, doubled each time
	MaxPause time.Duration // 1 min
	InFlight int           // credits under way at once: 256
	MaxBody  int           // bytes of a message: 4,096

	// Dial makes the connection instead of Address and TLS; for tests.
	Dial func(ctx context.Context) (net.Conn, error)
}

func (o Options) orUsual() Options {
	if o.Header == nil {
		o.Header = iso8583.Binary2{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Late == nil {
		o.Late = func(string, string) {}
	}
	o.Answer, o.Idle = orUsual(o.Answer, 15*time.Second), orUsual(o.Idle, 45*time.Second)
	o.Pause, o.MaxPause = orUsual(o.Pause, time.Second), orUsual(o.MaxPause, time.Minute)
	o.Missed, o.InFlight, o.MaxBody = orUsual(o.Missed, 3), orUsual(o.InFlight, 256), orUsual(o.MaxBody, iso8583.DefaultMax)
	return o
}

func orUsual[T comparable](v, usual T) T {
	var zero T
	if v == zero {
		return usual
	}
	return v
}

// ErrOpen tells a line that others could read.
var ErrOpen = errors.New("cardnetwork: without TLS the line may only go to a loopback address such as 127.0.0.1:8584")

// Line is the bank's line into the network.
type Line struct {
	o     Options
	spec  *iso8583.Spec
	under chan struct{} // a place for each credit that is under way

	mu      sync.Mutex
	session *session // nil when there is none
}

// New makes a line; Run opens it.
func New(o Options) (*Line, error) {
	if len(o.Acquirer) > 11 || !digits(o.Acquirer) || len(o.Terminal) > 8 || len(o.Merchant) > 15 || len(o.Place) > 40 || !plain(o.Terminal+o.Merchant+o.Place, "") {
		return nil, errors.New("cardnetwork: acquirer is up to 11 digits; terminal, merchant and place are up to 8, 15 and 40 printable characters")
	}
	if o.Dial == nil {
		host, _, err := net.SplitHostPort(o.Address)
		if err != nil {
			return nil, fmt.Errorf("cardnetwork: the address must look like network.example:8583: %w", err)
		}
		if ip, err := netip.ParseAddr(host); o.TLS == nil && (err != nil || !ip.IsLoopback()) {
			return nil, ErrOpen
		}
		o.Dial = dialer(o.Address, o.TLS)
	}
	o = o.orUsual()
	return &Line{o: o, spec: iso8583.Standard(), under: make(chan struct{}, o.InFlight)}, nil
}

// dialIn is how long a connection and its handshake may take.
const dialIn = 10 * time.Second

func dialer(address string, config *tls.Config) func(context.Context) (net.Conn, error) {
	plain := &net.Dialer{Timeout: dialIn}
	if config == nil {
		return func(ctx context.Context) (net.Conn, error) { return plain.DialContext(ctx, "tcp", address) }
	}
	config = config.Clone()
	config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	sealed := &tls.Dialer{NetDialer: plain, Config: config}
	return func(ctx context.Context) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, dialIn)
		defer cancel()
		return sealed.DialContext(ctx, "tcp", address)
	}
}

// Run keeps the line open until ctx ends; then it lets the answers of what is
// under way come in, and signs off.
func (l *Line) Run(ctx context.Context) {
	pause := l.o.Pause
	for ctx.Err() == nil {
		signed, err := l.once(ctx)
		if ctx.Err() != nil {
			return
		}
		if signed {
			pause = l.o.Pause
		}
		l.o.Log.Warn("cardnetwork: no line", "why", err, "again_in", pause)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
		pause = min(2*pause, l.o.MaxPause)
	}
}

// Up tells whether the line is signed on.
func (l *Line) Up() bool { return l.current() != nil }

// current gives the connection that is signed on.
func (l *Line) current() *session {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.session == nil || !l.session.signed.Load() {
		return nil
	}
	return l.session
}

func (l *Line) use(s *session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.session = s
}

// Send asks for a credit, once. Its record says already that it may have been
// sent: after a crash it is Ask that finds out. An outcome that is NotSent or
// Unknown comes with an error that says why.
func (l *Line) Send(ctx context.Context, c Credit) (Outcome, error) {
	return l.credit(ctx, c, "0200")
}

// Ask repeats a credit under its own numbers to learn how it stands. It is
// never NotSent, for an earlier message may have arrived.
func (l *Line) Ask(ctx context.Context, c Credit) (Outcome, error) {
	out, err := l.credit(ctx, c, "0201")
	if out.State == NotSent {
		out.State = Unknown
	}
	return out, err
}

func (l *Line) credit(ctx context.Context, c Credit, mti string) (Outcome, error) {
	if err := c.check(); err != nil {
		return Outcome{State: NotSent}, err
	}
	m, err := l.o.message(c, mti)
	if err != nil {
		return Outcome{State: NotSent}, err
	}
	if !l.Up() {
		return Outcome{State: NotSent}, ErrOffline
	}
	leave, err := l.enter(ctx)
	if err != nil {
		return Outcome{State: NotSent}, err
	}
	defer leave()
	s := l.current()
	if s == nil {
		return Outcome{State: NotSent}, ErrOffline
	}
	ctx, cancel := context.WithTimeout(ctx, l.o.Answer)
	defer cancel()
	a, sent, err := s.ask(ctx, m)
	switch {
	case err != nil && !sent:
		return Outcome{State: NotSent}, err
	case err != nil:
		return Outcome{}, err
	}
	out, err := l.o.outcome(m, a)
	if err != nil {
		l.o.Log.Warn("cardnetwork: an answer that is no outcome", "why", err, "answer", a) // prints masked
	}
	return out, err
}

// enter takes a place among the credits that are under way.
func (l *Line) enter(ctx context.Context) (leave func(), err error) {
	timer := time.NewTimer(l.o.Answer)
	defer timer.Stop()
	select {
	case l.under <- struct{}{}:
		return func() { <-l.under }, nil
	case <-timer.C:
	case <-ctx.Done():
	}
	return nil, ErrBusy
}
