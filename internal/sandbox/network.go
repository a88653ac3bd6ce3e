package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"rocketbank/internal/rail/iso8583"
)

// Times of the network's line to the issuer.
const (
	networkDial   = 5 * time.Second
	networkAnswer = 12 * time.Second
)

// errNoAnswer tells that the issuer said nothing in time.
var errNoAnswer = errors.New("sandbox: the issuer did not answer")

// network is the card network between terminals and the bank that issued the
// card: one line of ISO 8583, opened when it is needed, many questions at once.
type network struct {
	addr string
	now  func() time.Time
	spec *iso8583.Spec

	mu    sync.Mutex
	conn  net.Conn
	out   *iso8583.Writer
	waits map[iso8583.Key]chan *iso8583.Message
	stan  int
}

func newNetwork(addr string, now func() time.Time) *network {
	return &network{addr: addr, now: now, spec: iso8583.Standard(), waits: map[iso8583.Key]chan *iso8583.Message{}}
}

// stamp gives a message its time and trace number.
func (n *network) stamp(m *iso8583.Message) {
	n.mu.Lock()
	n.stan = n.stan%999_999 + 1
	stan := n.stan
	n.mu.Unlock()
	m.Set(7, iso8583.FormatSent(n.now().UTC()))
	m.Set(11, fmt.Sprintf("%06d", stan))
}

// ask sends a message and waits for its answer.
func (n *network) ask(ctx context.Context, m *iso8583.Message) (*iso8583.Message, error) {
	if err := n.open(ctx); err != nil {
		return nil, err
	}
	return n.exchange(ctx, m)
}

func (n *network) exchange(ctx context.Context, m *iso8583.Message) (*iso8583.Message, error) {
	body, err := n.spec.Pack(m)
	if err != nil {
		return nil, fmt.Errorf("sandbox message: %w", err)
	}
	answer := make(chan *iso8583.Message, 1)
	n.mu.Lock()
	if n.conn == nil {
		n.mu.Unlock()
		return nil, errNoAnswer
	}
	n.waits[m.Key()] = answer
	err = n.out.Write(body)
	n.mu.Unlock()
	if err != nil {
		n.drop()
		return nil, fmt.Errorf("sandbox line: %w", err)
	}
	defer func() {
		n.mu.Lock()
		delete(n.waits, m.Key())
		n.mu.Unlock()
	}()
	ctx, cancel := context.WithTimeout(ctx, networkAnswer)
	defer cancel()
	select {
	case a := <-answer:
		if a == nil {
			return nil, errNoAnswer
		}
		return a, nil
	case <-ctx.Done():
		return nil, errNoAnswer
	}
}

// open makes sure that there is a line, and signs on over a new one.
func (n *network) open(ctx context.Context) error {
	n.mu.Lock()
	if n.conn != nil {
		n.mu.Unlock()
		return nil
	}
	d := net.Dialer{Timeout: networkDial}
	conn, err := d.DialContext(ctx, "tcp", n.addr)
	if err != nil {
		n.mu.Unlock()
		return fmt.Errorf("sandbox line: %w", err)
	}
	n.conn, n.out = conn, iso8583.NewWriter(conn, nil, 0)
	n.mu.Unlock()
	go n.read(conn)
	hello := iso8583.NewMessage("0800")
	n.stamp(hello)
	hello.Set(70, "001")
	if _, err := n.exchange(ctx, hello); err != nil {
		n.drop()
		return err
	}
	return nil
}

// read hands answers to those who wait, and answers the bank's echoes.
func (n *network) read(conn net.Conn) {
	in := iso8583.NewReader(conn, nil, 0)
	for {
		body, err := in.Read()
		if err != nil {
			n.drop()
			return
		}
		m, err := n.spec.Unpack(body)
		if err != nil {
			continue
		}
		if m.MTI == "0800" {
			n.echo(m)
			continue
		}
		n.mu.Lock()
		if w := n.waits[m.Key()]; w != nil {
			select {
			case w <- m:
			default:
			}
		}
		n.mu.Unlock()
	}
}

func (n *network) echo(m *iso8583.Message) {
	body, err := n.spec.Pack(m.Answer("00"))
	if err != nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.out != nil {
		_ = n.out.Write(body) // a line that is gone is opened anew by the next question
	}
}

// drop closes the line and tells everybody who waits.
func (n *network) drop() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.conn == nil {
		return
	}
	_ = n.conn.Close()
	n.conn, n.out = nil, nil
	for _, w := range n.waits {
		select {
		case w <- nil:
		default:
		}
	}
}
